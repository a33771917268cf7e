"""What nearly every act asks of the parties: the authority's own organisation, and its school calendar.

Both are kept in memory per process. The organisation never changes. A kept calendar is used only while the stamps of
its years are those in the database, which one small read tells; so a calendar put through another process, or in this
very transaction, is seen at once, and one that was rolled back is forgotten.
"""

from typing import Final, TypeVar
from uuid import UUID

from app.access import Kind
from app.db import ReadSession
from app.domain.academic_year import HalfTerm
from app.domain.calendar import Calendar, Closure, ClosureKind
from app.errors import InvariantBroken

Kept = TypeVar("Kept")

_KEPT_AT_MOST: Final = 1024

_organisations: dict[UUID, UUID] = {}
_calendars: dict[UUID, tuple[tuple[UUID, ...], Calendar]] = {}


async def authority_organisation(session: ReadSession) -> UUID:
    """The id of the organisation that the session's authority itself is. Raises InvariantBroken without one."""
    if session.kind is Kind.AUTHORITY:
        return session.organisation_id
    known = _organisations.get(session.authority_id)
    if known is not None:
        return known
    found: UUID | None = await session.value(
        "SELECT id FROM organisation WHERE authority_id = $1 AND kind = 'authority'", session.authority_id
    )
    if found is None:
        raise InvariantBroken
    keep(_organisations, session.authority_id, found)
    return found


async def every_organisation(session: ReadSession) -> list[UUID]:
    """Every organisation of the session's authority, which each of them may know of."""
    rows = await session.rows("SELECT id FROM organisation WHERE authority_id = $1 ORDER BY id", session.authority_id)
    return [row["id"] for row in rows]


async def calendar_of(session: ReadSession) -> Calendar:
    """The school calendar of the session's authority; years that it has not loaded follow the default."""
    rows = await session.rows(
        "SELECT stamp FROM calendar_year WHERE authority_id = $1 ORDER BY academic_year", session.authority_id
    )
    return await calendar_with(session, tuple(row["stamp"] for row in rows))


async def calendar_with(session: ReadSession, stamps: tuple[UUID, ...]) -> Calendar:
    """The calendar, when the stamps of its years, in their order, have just been read with something else."""
    known = _calendars.get(session.authority_id)
    if known is not None and known[0] == stamps:
        return known[1]
    stamps, calendar = await _load(session)
    keep(_calendars, session.authority_id, (stamps, calendar))
    return calendar


async def _load(session: ReadSession) -> tuple[tuple[UUID, ...], Calendar]:
    """The calendar and the stamps that it was read with, in one statement: a change cannot come between them."""
    rows = await session.rows(
        "SELECT y.stamp, p.academic_year, p.half_term, p.starts_on, p.ends_on, NULL::date AS closed_on, NULL AS kind"
        " FROM calendar_year y JOIN calendar_period p USING (authority_id, academic_year) WHERE y.authority_id = $1"
        " UNION ALL"
        " SELECT NULL, academic_year, NULL, NULL, NULL, closed_on, kind FROM calendar_closure WHERE authority_id = $1"
        " ORDER BY 2, 3",
        session.authority_id,
    )
    halves = [row for row in rows if row["half_term"] is not None]
    calendar = Calendar(
        half_terms=tuple(
            HalfTerm(row["academic_year"], row["half_term"], row["starts_on"], row["ends_on"]) for row in halves
        ),
        closures=tuple(
            Closure(row["closed_on"], ClosureKind(row["kind"])) for row in rows if row["closed_on"] is not None
        ),
    )
    # One stamp per year: that of its first half-term.
    return tuple(row["stamp"] for row in halves if row["half_term"] == 1), calendar


def keep(kept: dict[UUID, Kept], key: UUID, value: Kept) -> None:
    """Remember a value; the oldest goes when there are too many."""
    if len(kept) >= _KEPT_AT_MOST:
        kept.pop(next(iter(kept)))
    kept[key] = value
