"""The authority's school calendar, one academic year at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from uuid import UUID, uuid5

from app.db import ReadSession, WriteSession, broker
from app.domain.academic_year import HalfTerm, start_year_of
from app.domain.calendar import (
    Calendar,
    Closure,
    ClosureKind,
    NamedClosure,
    calendar_faults,
    calendar_start_year,
)
from app.errors import FieldFault
from app.ids import new_id
from app.models.parties import calendar_closure, calendar_period
from app.queries import calendars
from app.queries.parties import authority_organisation, every_organisation
from app.queries.writes import Writes
from app.services.events import tell
from app.services.faults import refuse
from app.services.returns.opening import open_due_returns


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """One academic year of an authority. `version` 0: it has loaded none, and the default stands in."""

    academic_year: str
    version: int
    half_terms: tuple[HalfTerm, ...]
    closures: tuple[NamedClosure, ...]


async def read_year(session: ReadSession, academic_year: str) -> CalendarYear:
    """An academic year as loaded, or the default one."""
    version = await calendars.version_of(session, academic_year)
    if version == 0:
        return CalendarYear(academic_year, 0, Calendar().half_terms_of(academic_year), ())
    halves = [
        HalfTerm(academic_year, row["half_term"], row["starts_on"], row["ends_on"])
        for row in await calendars.half_terms_of(session, academic_year)
    ]
    closures = [
        NamedClosure(Closure(row["on"], ClosureKind(row["kind"])), row["name"])
        for row in await calendars.closures_of(session, academic_year)
    ]
    return CalendarYear(academic_year, version, tuple(halves), tuple(closures))


async def lock_year(session: WriteSession, academic_year: str) -> int:
    """Lock a year against another change; its version, 0 when none is loaded."""
    return await calendars.lock_year(session, academic_year, new_id())


async def put_year(
    session: WriteSession,
    writes: Writes,
    academic_year: str,
    *,
    version: int,
    half_terms: Sequence[HalfTerm],
    closures: Sequence[NamedClosure],
) -> int:
    """Replace a locked year of this version; the new version. Raises Invalid naming each thing that is not sound.

    What was promised or is owed already keeps its dates: a planned end is a family's, a due moment its debtor's, and
    neither moves because a calendar did. What is counted from now on follows the new one.
    """
    refuse([*half_term_faults(half_terms), *closure_faults(academic_year, closures)])
    await calendars.clear_year(session, academic_year, new_id())
    for half in half_terms:
        writes.add(
            calendar_period,
            academic_year=academic_year,
            half_term=half.half_term,
            starts_on=half.starts_on,
            ends_on=half.ends_on,
        )
    for closed in closures:
        writes.add(
            calendar_closure,
            academic_year=academic_year,
            closed_on=closed.closure.on,
            kind=closed.closure.kind.value,
            name=closed.name,
        )
    tell(
        writes,
        session,
        "calendar.changed",
        subject=("calendar", calendar_id(await authority_organisation(session), academic_year), version + 1),
        audience=await every_organisation(session),
        data={"academic_year": academic_year},
    )
    return version + 1


async def open_returns_of_ended_periods(session: WriteSession) -> None:
    """Open the returns of periods that a calendar just written has ended already.

    The clock opens returns on the night after a period's end; one that a new calendar ends in the past has no such
    night before it.
    """
    async with broker(session) as wide:
        writes = Writes()
        await open_due_returns(wide, writes, wide.today)
        await writes.flush(wide)


def calendar_id(owner_id: UUID, academic_year: str) -> UUID:
    """The id, for ever, of an owner's calendar of a year: events name it, and its version rises with each change."""
    return uuid5(owner_id, academic_year)


def half_term_faults(half_terms: Sequence[HalfTerm]) -> list[FieldFault]:
    """What `calendar_faults` finds, each with a pointer to the half-term that it is about where there is one."""
    pointer = "/half_terms"
    for index, half in enumerate(half_terms):
        if half.ends_on < half.starts_on:
            pointer = f"/half_terms/{index}/ends_on"
            break
    else:
        order = sorted(range(len(half_terms)), key=lambda position: half_terms[position].half_term)
        for earlier, later in pairwise(order):
            if half_terms[earlier].ends_on >= half_terms[later].starts_on:
                pointer = f"/half_terms/{later}/starts_on"
                break
    return [FieldFault(pointer, "calendar", sentence) for sentence in calendar_faults(tuple(half_terms))]


def closure_faults(
    academic_year: str, closures: Sequence[NamedClosure], *, field: str = "closures"
) -> list[FieldFault]:
    """Closures outside the academic year (1 August to 31 July), and days that stand in the list twice."""
    seen: set[date] = set()
    faults = []
    for index, closed in enumerate(closures):
        on = closed.closure.on
        pointer = f"/{field}/{index}/on"
        if calendar_start_year(on) != start_year_of(academic_year):
            faults.append(FieldFault(pointer, "out_of_range", f"The day does not lie in {academic_year}."))
        if on in seen:
            faults.append(FieldFault(pointer, "repeated", "The day stands in the list already."))
        seen.add(on)
    return faults
