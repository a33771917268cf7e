"""Link days and the actions that a school and a provider agreed on."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

Row = dict[str, Any]

_DAY: Final = (
    'SELECT d.id, d.lot_id, d.provider_id, o.name AS provider_name, d.school_id, d.practitioner_id, d.on_day AS "on",'
    " d.part, d.state, d.reason, d.families_seen_count, d.activities, d.requested_at, d.updated_at, d.version"
    " FROM link_day d JOIN organisation o ON o.authority_id = d.authority_id AND o.id = d.provider_id"
    " WHERE d.authority_id = $1"
)
_ACTION: Final = (
    "SELECT a.id, a.link_day_id, a.lot_id, a.provider_id, a.school_id, a.owed_by_id, a.term, a.what, a.due_on, a.state,"
    " a.done_on, a.created_at, a.version FROM link_day_action a WHERE a.authority_id = $1"
)


async def list_days(
    session: ReadSession,
    *,
    school_id: UUID | None,
    lot_id: UUID | None,
    state: str | None,
    on_from: date | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Link days by date: one more than `limit` when there are further ones."""
    filters = Filters(session.authority_id)
    if school_id is not None:
        filters.add("d.school_id = {0}", school_id)
    if lot_id is not None:
        filters.add("d.lot_id = {0}", lot_id)
    if state is not None:
        filters.add("d.state = {0}", state)
    if on_from is not None:
        filters.add("d.on_day >= {0}", on_from)
    if after is not None:
        filters.add("(d.on_day, d.id) > ({0}, {1})", *after)
    return await session.rows(
        f"{_DAY}{filters.sql} ORDER BY d.on_day, d.id LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )


async def get_day(session: ReadSession, link_day_id: UUID) -> asyncpg.Record | None:
    """One link day, if the caller may see it."""
    return await session.row(f"{_DAY} AND d.id = $2", session.authority_id, link_day_id)


async def lock_day(session: WriteSession, link_day_id: UUID) -> Row | None:
    """One link day, locked. Needs the broker's reach."""
    row = await session.row(
        "SELECT * FROM link_day WHERE authority_id = $1 AND id = $2 FOR UPDATE", session.authority_id, link_day_id
    )
    return dict(row) if row else None


async def parts_taken(session: WriteSession, practitioner_id: UUID, on: date) -> list[asyncpg.Record]:
    """What a practitioner does on a day already: the parts, and the booking, lot and provider of each."""
    return await session.rows(
        "SELECT part, booking_id, lot_id FROM link_day WHERE authority_id = $1 AND practitioner_id = $2 AND on_day = $3"
        " AND state IN ('confirmed', 'done') ORDER BY id",
        session.authority_id,
        practitioner_id,
        on,
    )


async def places_of(session: WriteSession, place_ids: list[UUID], practitioner_id: UUID) -> list[UUID]:
    """Those of some places that a practitioner may be booked on: the own ones first, then those of nobody."""
    rows = await session.rows(
        "SELECT id FROM place WHERE authority_id = $1 AND id = ANY ($2)"
        " AND (practitioner_id IS NULL OR practitioner_id = $3) ORDER BY practitioner_id NULLS LAST, number",
        session.authority_id,
        place_ids,
        practitioner_id,
    )
    return [row["id"] for row in rows]


async def others_of_booking(session: WriteSession, booking_id: UUID, link_day_id: UUID) -> bool:
    """Whether another link day that is not cancelled shares a booking: the other half of the day."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM link_day WHERE authority_id = $1 AND booking_id = $2 AND id <> $3"
        " AND state IN ('confirmed', 'done'))",
        session.authority_id,
        booking_id,
        link_day_id,
    )
    return found


async def set_active(session: WriteSession, booking_id: UUID) -> None:
    """Note that what a booking is for was done; one whose day is over stays released."""
    await session.run(
        "UPDATE booking SET state = 'active' WHERE authority_id = $1 AND id = $2 AND state = 'accepted'",
        session.authority_id,
        booking_id,
    )


async def list_actions(
    session: ReadSession,
    *,
    school_id: UUID | None,
    term: str | None,
    state: str | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Actions by the day on which they are due: one more than `limit` when there are further ones."""
    filters = Filters(session.authority_id)
    if school_id is not None:
        filters.add("a.school_id = {0}", school_id)
    if term is not None:
        filters.add("a.term = {0}", term)
    if state is not None:
        filters.add("a.state = {0}", state)
    if after is not None:
        filters.add("(a.due_on, a.id) > ({0}, {1})", *after)
    return await session.rows(
        f"{_ACTION}{filters.sql} ORDER BY a.due_on, a.id LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )


async def get_action(session: ReadSession, action_id: UUID) -> asyncpg.Record | None:
    """One action, if the caller may see it."""
    return await session.row(f"{_ACTION} AND a.id = $2", session.authority_id, action_id)


async def lock_action(session: WriteSession, action_id: UUID) -> Row | None:
    """One action, locked. Needs the broker's reach."""
    row = await session.row(f"{_ACTION} AND a.id = $2 FOR UPDATE", session.authority_id, action_id)
    return dict(row) if row else None
