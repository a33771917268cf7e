"""Courses, their sessions and their free seats."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession
from app.domain.courses import OPEN_COURSES
from app.queries.filters import Filters

Row = dict[str, Any]

_COURSE: Final = (
    "SELECT c.id, c.lot_id, c.service_id, s.name AS service_name, c.provider_id, o.name AS provider_name, c.title,"
    " c.venue, c.audience, c.key_stages, c.languages, c.seats, c.first_on, c.last_on, c.state, c.cancel_reason,"
    " c.version, c.created_at"
    " FROM course c JOIN service s ON s.authority_id = c.authority_id AND s.id = c.service_id"
    " JOIN organisation o ON o.authority_id = c.authority_id AND o.id = c.provider_id WHERE c.authority_id = $1"
)

# Seats that nobody has, on a place that stands, in service, for what is left of the course. $3: today.
_FREE: Final = (
    "SELECT t.course_id, t.number, t.place_id, greatest(t.starts_on, $3) AS starts_on, t.ends_on FROM course_seat t"
    " JOIN place p ON p.authority_id = t.authority_id AND p.id = t.place_id"
    " JOIN course c ON c.authority_id = t.authority_id AND c.id = t.course_id AND c.state IN ('planned', 'running')"
    " WHERE t.authority_id = $1 AND t.course_id = ANY ($2) AND t.ends_on > $3"
    " AND p.available_from <= greatest(t.starts_on, $3)"
    " AND (p.available_until IS NULL OR p.available_until >= t.ends_on)"
    " AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.authority_id = t.authority_id AND b.place_id = t.place_id"
    "  AND b.state <> 'released' AND b.starts_on < t.ends_on AND b.ends_on > greatest(t.starts_on, $3))"
    " AND NOT EXISTS (SELECT 1 FROM place_out_of_service x WHERE x.authority_id = t.authority_id"
    "  AND x.place_id = t.place_id AND x.starts_on < t.ends_on AND x.ends_on > greatest(t.starts_on, $3))"
)


async def list_courses(
    session: ReadSession,
    *,
    lot_id: UUID | None = None,
    service_id: UUID | None = None,
    state: str | None = None,
    first_from: date | None = None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Courses by their first day: one more than `limit` when there are further ones."""
    filters = Filters(session.authority_id)
    if lot_id is not None:
        filters.add("c.lot_id = {0}", lot_id)
    if service_id is not None:
        filters.add("c.service_id = {0}", service_id)
    if state is not None:
        filters.add("c.state = {0}", state)
    if first_from is not None:
        filters.add("c.first_on >= {0}", first_from)
    if after is not None:
        filters.add("(c.first_on, c.id) > ({0}, {1})", *after)
    return await session.rows(
        f"{_COURSE}{filters.sql} ORDER BY c.first_on, c.id LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )


async def get_course(session: ReadSession, course_id: UUID) -> asyncpg.Record | None:
    """One course."""
    return await session.row(f"{_COURSE} AND c.id = $2", session.authority_id, course_id)


async def lock_course(session: WriteSession, course_id: UUID) -> Row | None:
    """One course, locked. Needs the broker's reach."""
    row = await session.row(f"{_COURSE} AND c.id = $2 FOR UPDATE OF c", session.authority_id, course_id)
    return dict(row) if row else None


async def sessions_of(session: ReadSession, course_ids: Sequence[UUID]) -> dict[UUID, list[asyncpg.Record]]:
    """The sessions of some courses in order, by course."""
    rows = await session.rows(
        "SELECT course_id, number, starts_at, ends_at, registered_at FROM course_session"
        " WHERE authority_id = $1 AND course_id = ANY ($2) ORDER BY course_id, number",
        session.authority_id,
        list(course_ids),
    )
    found: dict[UUID, list[asyncpg.Record]] = {course_id: [] for course_id in course_ids}
    for row in rows:
        found[row["course_id"]].append(row)
    return found


async def next_by_service(session: ReadSession, service_ids: Sequence[UUID], limit: int) -> list[asyncpg.Record]:
    """Of each service, the first courses that have still to begin."""
    return await session.rows(
        "SELECT n.* FROM unnest($2::uuid[]) AS wanted (id) CROSS JOIN LATERAL ("
        " SELECT c.id, c.service_id, c.lot_id, c.title, c.first_on, c.last_on, c.audience FROM course c"
        " WHERE c.authority_id = $1 AND c.service_id = wanted.id AND c.state = ANY ($3) AND c.first_on >= $4"
        " ORDER BY c.first_on, c.id LIMIT $5) n",
        session.authority_id,
        list(service_ids),
        [state.value for state in OPEN_COURSES],
        session.today,
        limit,
    )


async def seats_free(session: ReadSession, course_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many seats of some courses nobody has. Counts bookings: needs the whole authority's reach."""
    rows = await session.rows(
        f"SELECT course_id, count(*)::int AS count FROM ({_FREE}) f GROUP BY course_id",  # noqa: S608 - our own text
        session.authority_id,
        list(course_ids),
        session.today,
    )
    return {**dict.fromkeys(course_ids, 0), **{row["course_id"]: row["count"] for row in rows}}


async def first_free_seat(session: WriteSession, course_id: UUID) -> asyncpg.Record | None:
    """The lowest numbered seat that nobody has, with its place and the days that are left of it; None when full."""
    return await session.row(f"{_FREE} ORDER BY t.number LIMIT 1", session.authority_id, [course_id], session.today)


async def end_seats(session: WriteSession, course_id: UUID) -> None:
    """Give the places of a cancelled course's seats back to the lot."""
    await session.run(
        "DELETE FROM course_seat WHERE authority_id = $1 AND course_id = $2", session.authority_id, course_id
    )


async def set_registered(session: WriteSession, course_id: UUID, number: int) -> None:
    """Note that a session's register is filled; when it first was stays."""
    await session.run(
        "UPDATE course_session SET registered_at = coalesce(registered_at, $4)"
        " WHERE authority_id = $1 AND course_id = $2 AND number = $3",
        session.authority_id,
        course_id,
        number,
        session.now,
    )
