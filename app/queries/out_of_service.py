"""Ranges for which a place is out of service: a practitioner's leave, say."""

from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession

_RANGE: Final = (
    "SELECT x.id, x.place_id, p.lot_id, p.number AS place_number, p.practitioner_id, x.starts_on, x.ends_on, x.reason"
    " FROM place_out_of_service x JOIN place p ON p.authority_id = x.authority_id AND p.id = x.place_id"
    " WHERE x.authority_id = $1 AND p.lot_id = $2"
)


async def list_ranges(
    session: ReadSession, lot_id: UUID, *, after: tuple[date, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """The ranges of a lot's places, past ones too, by first day: one more than `limit` when there are further ones."""
    starts_on, range_id = after or (None, None)
    return await session.rows(
        f"{_RANGE} AND ($3::date IS NULL OR (x.starts_on, x.id) > ($3, $4::uuid)) ORDER BY x.starts_on, x.id LIMIT $5",
        session.authority_id,
        lot_id,
        starts_on,
        range_id,
        limit + 1,
    )


async def get_range(session: ReadSession, lot_id: UUID, range_id: UUID) -> asyncpg.Record | None:
    """One range of a lot's places, if the caller may see it."""
    return await session.row(f"{_RANGE} AND x.id = $3", session.authority_id, lot_id, range_id)


async def place_of(session: ReadSession, lot_id: UUID, place_id: UUID) -> asyncpg.Record | None:
    """A place of a lot, with the last day of the booking that holds it; None when the caller may not see it."""
    return await session.row(
        "SELECT p.id, p.number, p.provider_id, p.practitioner_id,"
        " (SELECT max(b.ends_on) FROM booking b WHERE b.authority_id = p.authority_id AND b.place_id = p.id"
        "  AND b.state <> 'released') AS held_until"
        " FROM place p WHERE p.authority_id = $1 AND p.lot_id = $2 AND p.id = $3",
        session.authority_id,
        lot_id,
        place_id,
    )


async def overlapping(session: ReadSession, place_id: UUID, starts_on: date, ends_on: date) -> date | None:
    """The first day of a range of a place that has days in common with another range, or None."""
    first: date | None = await session.value(
        "SELECT min(starts_on) FROM place_out_of_service"
        " WHERE authority_id = $1 AND place_id = $2 AND starts_on < $4 AND ends_on > $3",
        session.authority_id,
        place_id,
        starts_on,
        ends_on,
    )
    return first


async def end_range(session: WriteSession, range_id: UUID, on: date) -> None:
    """Let a range end on a day, exclusive; one that would have no day left has never been."""
    await session.run(
        "DELETE FROM place_out_of_service WHERE authority_id = $1 AND id = $2 AND starts_on >= $3",
        session.authority_id,
        range_id,
        on,
    )
    await session.run(
        "UPDATE place_out_of_service SET ends_on = $3 WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        range_id,
        on,
    )
