"""A school's own calendar: what it states of an academic year in place of its authority's."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from app.access import Kind
from app.db import ReadSession, WriteSession
from app.domain.academic_year import HalfTerm
from app.domain.calendar import ClosureKind, NamedClosure
from app.domain.school_calendar import SchoolYear
from app.errors import FieldFault, Forbidden, NotFound
from app.ids import new_id
from app.queries import school_calendars, schools
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.calendars import calendar_id, closure_faults, half_term_faults, read_year
from app.services.events import tell
from app.services.faults import refuse

Source = Literal["school", "authority", "default"]


@dataclass(frozen=True, slots=True)
class SchoolCalendarYear:
    """The calendar that holds for a school in a year, and where each part of it comes from."""

    academic_year: str
    version: int
    """Of what the school states; 0 when it never stated anything."""
    half_terms: tuple[HalfTerm, ...]
    half_terms_source: Source
    closures: tuple[tuple[NamedClosure, Source], ...]
    training_days_source: Source


async def read_school_year(session: ReadSession, school_id: UUID, academic_year: str) -> SchoolCalendarYear:
    """The calendar that holds for a school in a year. Raises NotFound when the authority has no such school."""
    await _check_member(session, school_id)
    common = await read_year(session, academic_year)
    stated, version = await school_calendars.stated_year(session, school_id, academic_year)
    of_authority: Source = "authority" if common.version else "default"
    closures: list[tuple[NamedClosure, Source]] = [
        (named, of_authority)
        for named in common.closures
        if named.closure.kind is ClosureKind.BANK_HOLIDAY or stated.training_days is None
    ]
    closures += [(named, "school") for named in stated.training_days or ()]
    return SchoolCalendarYear(
        academic_year=academic_year,
        version=version,
        half_terms=common.half_terms if stated.half_terms is None else stated.half_terms,
        half_terms_source=of_authority if stated.half_terms is None else "school",
        closures=tuple(sorted(closures, key=lambda closed: closed[0].closure)),
        training_days_source=of_authority if stated.training_days is None else "school",
    )


async def check_may_state(session: ReadSession, school_id: UUID) -> None:
    """Raise NotFound for a school that the authority does not have, and Forbidden for another school's caller."""
    await _check_member(session, school_id)
    if session.kind is not Kind.AUTHORITY and session.organisation_id != school_id:
        raise Forbidden("A school's calendar is stated by the school itself or by the authority.")


async def lock_school_year(session: WriteSession, school_id: UUID, academic_year: str) -> int:
    """Lock a school's year against another change; its version, 0 when the school never stated it."""
    return await school_calendars.lock_year(session, school_id, academic_year, new_id())


async def put_school_year(
    session: WriteSession, writes: Writes, school_id: UUID, year: SchoolYear, *, version: int
) -> None:
    """Replace what a school states of a locked year of this version; a year without anything follows the authority.

    Raises Invalid naming each thing that is not sound. As with the authority's calendar, what is owed already keeps its
    due moment.
    """
    faults: list[FieldFault] = half_term_faults(year.half_terms or ())
    faults += closure_faults(year.academic_year, year.training_days or (), field="training_days")
    refuse(faults)
    await school_calendars.put_year(session, school_id, year, new_id())
    tell(
        writes,
        session,
        "school_calendar.changed",
        subject=("school_calendar", calendar_id(school_id, year.academic_year), version + 1),
        audience=[await authority_organisation(session), school_id],
        data={"academic_year": year.academic_year, "school_id": str(school_id)},
    )


async def _check_member(session: ReadSession, school_id: UUID) -> None:
    if await schools.get_school(session, school_id) is None:
        raise NotFound
