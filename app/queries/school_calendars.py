"""Schools' own dates, and the calendar that each school's days are counted in.

Whose school days count: **what is owed about a pupil runs on the days of the pupil's school** (a family is met through
its school, so its training days are no days to act on), **and all else on the authority's**: how long a place is booked
and an intervention lasts, periods, returns, waits and every figure, so that one place or contract is measured alike
whichever school it serves. `calendar_of_school` is asked for the former, `app.queries.parties.calendar_of` for the
latter.
"""

from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from app.db import ReadSession, WriteSession
from app.domain.academic_year import HalfTerm
from app.domain.calendar import Calendar, Closure, ClosureKind, NamedClosure
from app.domain.school_calendar import SchoolYear, school_calendar
from app.queries.parties import calendar_of, keep
from app.queries.writes import to_json

_STATED: Final = (
    "SELECT academic_year, version, stamp, half_terms::text, training_days::text FROM school_calendar"
    " WHERE authority_id = $1 AND school_id = $2"
)

_calendars: dict[UUID, tuple[Calendar, tuple[UUID, ...], Calendar]] = {}


async def calendar_of_school(
    session: ReadSession, school_id: UUID | None, authority: Calendar | None = None
) -> Calendar:
    """The calendar of a school of the session's authority; the authority's own where there is no school.

    `authority` is its authority's, when that was read already. What a school states is read each time, and made into a
    calendar again only when it, or the authority's, has changed.
    """
    common = authority or await calendar_of(session)
    if school_id is None:
        return common
    rows = await session.rows(f"{_STATED} ORDER BY academic_year", session.authority_id, school_id)
    if not rows:
        return common
    stamps = tuple(row["stamp"] for row in rows)
    known = _calendars.get(school_id)
    if known is not None and known[0] is common and known[1] == stamps:
        return known[2]
    calendar = school_calendar(common, [_year_of(row) for row in rows])
    keep(_calendars, school_id, (common, stamps, calendar))
    return calendar


async def stated_year(session: ReadSession, school_id: UUID, academic_year: str) -> tuple[SchoolYear, int]:
    """What a school states of a year, and its version; 0 when it never stated anything."""
    row = await session.row(f"{_STATED} AND academic_year = $3", session.authority_id, school_id, academic_year)
    return (SchoolYear(academic_year), 0) if row is None else (_year_of(row), row["version"])


async def lock_year(session: WriteSession, school_id: UUID, academic_year: str, stamp: UUID) -> int:
    """Make the year's row if there is none, and lock it; its version, 0 for a new one."""
    await session.run(
        "INSERT INTO school_calendar (authority_id, school_id, academic_year, version, stamp)"
        " VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING",
        session.authority_id,
        school_id,
        academic_year,
        stamp,
    )
    version: int = await session.value(
        "SELECT version FROM school_calendar WHERE authority_id = $1 AND school_id = $2 AND academic_year = $3"
        " FOR UPDATE",
        session.authority_id,
        school_id,
        academic_year,
    )
    return version


async def put_year(session: WriteSession, school_id: UUID, year: SchoolYear, stamp: UUID) -> None:
    """Put what a school states of a locked year in place of what it stated before."""
    halves, days = year.half_terms, year.training_days
    await session.run(
        "UPDATE school_calendar SET version = version + 1, stamp = $4, half_terms = $5, training_days = $6"
        " WHERE authority_id = $1 AND school_id = $2 AND academic_year = $3",
        session.authority_id,
        school_id,
        year.academic_year,
        stamp,
        None if halves is None else to_json([[half.starts_on, half.ends_on] for half in sorted(halves)]),
        None if days is None else to_json([{"on": named.closure.on, "name": named.name} for named in days]),
    )


def _year_of(row: asyncpg.Record) -> SchoolYear:
    label = row["academic_year"]
    halves = row["half_terms"] and orjson.loads(row["half_terms"])
    days = row["training_days"] and orjson.loads(row["training_days"])
    return SchoolYear(
        label,
        None
        if halves is None
        else tuple(
            HalfTerm(label, number, date.fromisoformat(first), date.fromisoformat(last))
            for number, (first, last) in enumerate(halves, start=1)
        ),
        None
        if days is None
        else tuple(
            NamedClosure(Closure(date.fromisoformat(day["on"]), ClosureKind.INSET), day["name"]) for day in days
        ),
    )
