"""Who is enrolled on courses, and how they came."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession
from app.domain.courses import OPEN_ENROLMENTS
from app.queries.filters import Filters

Row = dict[str, Any]

# The name stands in a row of its own, which the course's provider sees only while row policy lets it.
_ENROLMENT: Final = (
    "SELECT e.id, e.course_id, e.lot_id, e.provider_id, e.booking_id, e.seat_number,"
    " (SELECT r.id FROM referral r WHERE r.authority_id = e.authority_id AND r.id = e.referral_id) AS referral_id,"
    " e.enrolled_by_id, e.referring_organisation_id, e.school_id, e.who, n.name, e.language, e.interpreter_needed,"
    " e.state, e.reason, e.enrolled_at, e.updated_at, e.used_on, e.version"
    " FROM course_enrolment e LEFT JOIN course_participant n ON n.authority_id = e.authority_id"
    " AND n.enrolment_id = e.id WHERE e.authority_id = $1"
)


async def list_enrolments(
    session: ReadSession,
    *,
    course_id: UUID | None,
    referral_id: UUID | None,
    state: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Enrolments in the order of asking: one more than `limit` when there are further ones."""
    filters = Filters(session.authority_id)
    if course_id is not None:
        filters.add("e.course_id = {0}", course_id)
    if referral_id is not None:
        filters.add("e.referral_id = {0}", referral_id)
    if state is not None:
        filters.add("e.state = {0}", state)
    if after is not None:
        filters.add("(e.enrolled_at, e.id) > ({0}, {1})", *after)
    return await session.rows(
        f"{_ENROLMENT}{filters.sql} ORDER BY e.enrolled_at, e.id LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )


async def get_enrolment(session: ReadSession, enrolment_id: UUID) -> asyncpg.Record | None:
    """One enrolment, if the caller may see it."""
    return await session.row(f"{_ENROLMENT} AND e.id = $2", session.authority_id, enrolment_id)


async def lock_enrolment(session: WriteSession, enrolment_id: UUID) -> Row | None:
    """One enrolment, locked. Its course is locked before it, always."""
    row = await session.row(
        "SELECT * FROM course_enrolment WHERE authority_id = $1 AND id = $2 FOR UPDATE",
        session.authority_id,
        enrolment_id,
    )
    return dict(row) if row else None


async def lock_open(session: WriteSession, course_id: UUID) -> list[Row]:
    """The open enrolments of a course in the order of asking, locked."""
    rows = await session.rows(
        "SELECT * FROM course_enrolment WHERE authority_id = $1 AND course_id = $2 AND state = ANY ($3)"
        " ORDER BY enrolled_at, id FOR UPDATE",
        session.authority_id,
        course_id,
        [state.value for state in OPEN_ENROLMENTS],
    )
    return [dict(row) for row in rows]


async def is_enrolled(session: WriteSession, course_id: UUID, person_id: UUID) -> bool:
    """Whether a person is on a course, or waits for it."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM course_enrolment WHERE authority_id = $1 AND course_id = $2 AND person_id = $3"
        " AND state IN ('waiting', 'offered', 'taken', 'completed'))",
        session.authority_id,
        course_id,
        person_id,
    )
    return found


async def register_of(session: ReadSession, course_id: UUID, number: int) -> list[asyncpg.Record]:
    """How those on the register of a session came, in the order of asking; only those whom the caller may see."""
    return await session.rows(
        "SELECT a.enrolment_id, a.result, a.reason FROM course_attendance a"
        " JOIN course_enrolment e ON e.authority_id = a.authority_id AND e.id = a.enrolment_id"
        " WHERE a.authority_id = $1 AND a.course_id = $2 AND a.number = $3 ORDER BY e.enrolled_at, e.id",
        session.authority_id,
        course_id,
        number,
    )


async def attendance_of(session: ReadSession, enrolment_id: UUID) -> list[asyncpg.Record]:
    """How one enrolled person came, session by session."""
    return await session.rows(
        "SELECT number, result, reason FROM course_attendance WHERE authority_id = $1 AND enrolment_id = $2"
        " ORDER BY number",
        session.authority_id,
        enrolment_id,
    )


async def lock_register(session: WriteSession, course_id: UUID, number: int, held_on: date) -> list[Row]:
    """Who belongs on the register of a session: who has a seat and had it by then, or stands on it already; locked."""
    rows = await session.rows(
        "SELECT e.* FROM course_enrolment e WHERE e.authority_id = $1 AND e.course_id = $2 AND ("
        "  e.state = 'taken' AND EXISTS (SELECT 1 FROM booking b WHERE b.authority_id = e.authority_id"
        "   AND b.id = e.booking_id AND b.starts_on <= $4)"
        "  OR EXISTS (SELECT 1 FROM course_attendance a WHERE a.authority_id = e.authority_id"
        "   AND a.enrolment_id = e.id AND a.number = $3))"
        " ORDER BY e.enrolled_at, e.id FOR UPDATE OF e",
        session.authority_id,
        course_id,
        number,
        held_on,
    )
    return [dict(row) for row in rows]


async def clear_register(session: WriteSession, course_id: UUID, number: int) -> None:
    """Take away what a register said, so that it can be put anew."""
    await session.run(
        "DELETE FROM course_attendance WHERE authority_id = $1 AND course_id = $2 AND number = $3",
        session.authority_id,
        course_id,
        number,
    )


async def count_use(session: WriteSession, course_id: UUID) -> None:
    """Date the use of volume of everyone on a course by the first session that they came to, by all its registers."""
    await session.run(
        "UPDATE course_enrolment e SET used_on = u.used_on FROM (SELECT x.id,"
        "  (SELECT min((t.starts_at AT TIME ZONE 'Europe/London')::date) FROM course_attendance a"
        "   JOIN course_session t ON t.authority_id = a.authority_id AND t.course_id = a.course_id"
        "    AND t.number = a.number"
        "   WHERE a.authority_id = x.authority_id AND a.enrolment_id = x.id AND a.result <> 'absent') AS used_on"
        "  FROM course_enrolment x WHERE x.authority_id = $1 AND x.course_id = $2) u"
        " WHERE e.authority_id = $1 AND e.id = u.id AND e.used_on IS DISTINCT FROM u.used_on",
        session.authority_id,
        course_id,
    )
    await session.run(
        "UPDATE booking b SET state = CASE WHEN e.used_on IS NULL THEN 'accepted' ELSE 'active' END"
        " FROM course_enrolment e WHERE b.authority_id = $1 AND e.authority_id = $1 AND e.course_id = $2"
        " AND e.booking_id = b.id AND e.state = 'taken' AND b.state IN ('accepted', 'active')",
        session.authority_id,
        course_id,
    )


async def set_provider_reads(session: WriteSession, enrolment_ids: Sequence[UUID], *, reads: bool) -> None:
    """Open who somebody is to the provider of the course, or close it."""
    await session.run(
        "UPDATE course_participant SET provider_reads = $3 WHERE authority_id = $1 AND enrolment_id = ANY ($2)",
        session.authority_id,
        list(enrolment_ids),
        reads,
    )


async def end_identity_access(session: WriteSession, *, closed_by: datetime) -> int:
    """Close the names of enrolments that ended by a moment to the providers of their courses; how many."""
    return await session.run(
        "UPDATE course_participant n SET provider_reads = false FROM course_enrolment e"
        " WHERE n.authority_id = $1 AND n.provider_reads AND e.authority_id = $1 AND e.id = n.enrolment_id"
        " AND e.state IN ('completed', 'left', 'cancelled') AND e.updated_at <= $2",
        session.authority_id,
        closed_by,
    )
