"""Calendars sent as a file: read line by line, then taken whole or not at all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.domain.calendar_files.assembly import AssembledYear, assemble
from app.domain.calendar_files.csv_file import read_csv
from app.domain.calendar_files.entries import EntryKind, Reading, Remark, faults_of
from app.domain.calendar_files.icalendar_file import read_icalendar
from app.domain.school_calendar import SchoolYear
from app.errors import FieldFault
from app.queries import calendars
from app.queries.school_calendars import stated_year
from app.queries.writes import Writes
from app.services.calendars import lock_year, open_returns_of_ended_periods, put_year
from app.services.faults import refuse
from app.services.school_calendars import lock_school_year, put_school_year

READERS: Final[dict[str, Callable[[bytes], Reading]]] = {"text/csv": read_csv, "text/calendar": read_icalendar}
"""By media type."""
_MOST_FAULTS_TOLD: Final = 200


@dataclass
class CalendarFile:
    """A file that was read: the academic years in it, and what there is to say of its lines."""

    years: list[AssembledYear]
    reading: Reading
    replaced: set[str] = field(default_factory=set)
    """Those of its years that were loaded before."""

    @property
    def faults(self) -> list[Remark]:
        """Why it cannot be taken; none when it is sound."""
        return faults_of(self.reading.remarks)


def read_file(media_type: str, content: bytes, *, of_school: bool) -> CalendarFile:
    """Read a file of a media type in `READERS`. Takes a second for a large one. Raises Invalid for what is no calendar.

    A school may state training days alone; bank holidays are left to its authority.
    """
    reading = READERS[media_type](content)
    if of_school:
        kept = []
        for entry in reading.entries:
            if entry.kind is EntryKind.BANK_HOLIDAY:
                reading.leave_out(entry.line, "Bank holidays are the authority's to state.")
            else:
                kept.append(entry)
        reading.entries = kept
    return CalendarFile(assemble(reading, half_terms_needed=not of_school), reading)


async def compare(session: ReadSession, file: CalendarFile, school_id: UUID | None, *, replace: bool) -> None:
    """Note which years are loaded already; each is a fault unless the sender means to replace it."""
    for year in file.years:
        if await _is_loaded(session, school_id, year.academic_year):
            file.replaced.add(year.academic_year)
            if not replace:
                file.reading.refuse(0, f"{year.academic_year} is loaded already: send replace=true to replace it.")


async def take(
    session: WriteSession, writes: Writes, file: CalendarFile, school_id: UUID | None, *, replace: bool
) -> None:
    """Load every year of a file for the authority, or for a school. Raises Invalid, naming each line that is wrong."""
    versions = {year.academic_year: await _lock(session, school_id, year.academic_year) for year in file.years}
    await compare(session, file, school_id, replace=replace)
    refuse(
        [
            FieldFault(f"/lines/{fault.line}" if fault.line else "", "calendar", fault.detail)
            for fault in file.faults[:_MOST_FAULTS_TOLD]
        ]
    )
    put = _put_authority if school_id is None else _school_putter(school_id)
    for year in file.years:
        await put(session, writes, year, versions[year.academic_year])
    await writes.flush(session)
    if school_id is None:
        await open_returns_of_ended_periods(session)


async def _put_authority(session: WriteSession, writes: Writes, year: AssembledYear, version: int) -> None:
    await put_year(
        session, writes, year.academic_year, version=version, half_terms=year.half_terms, closures=year.closures
    )


def _school_putter(school_id: UUID) -> Callable[[WriteSession, Writes, AssembledYear, int], Awaitable[None]]:
    async def put(session: WriteSession, writes: Writes, year: AssembledYear, version: int) -> None:
        await put_school_year(session, writes, school_id, _stated_by_school(year), version=version)

    return put


def _stated_by_school(year: AssembledYear) -> SchoolYear:
    """What a school's file states: what it does not mention is left to the authority."""
    return SchoolYear(year.academic_year, year.half_terms or None, year.closures or None)


async def _lock(session: WriteSession, school_id: UUID | None, academic_year: str) -> int:
    if school_id is None:
        return await lock_year(session, academic_year)
    return await lock_school_year(session, school_id, academic_year)


async def _is_loaded(session: ReadSession, school_id: UUID | None, academic_year: str) -> bool:
    if school_id is None:
        return await calendars.version_of(session, academic_year) > 0
    stated, _ = await stated_year(session, school_id, academic_year)
    return stated.half_terms is not None or stated.training_days is not None
