"""Numbered places of a lot, and the recorded changes of how many there are."""

from datetime import date
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession


async def list_places(
    session: ReadSession, lot_id: UUID, on: date, *, after: int | None, limit: int
) -> list[asyncpg.Record]:
    """A lot's places by number, each with what it is on a date: one more than `limit` when there are further ones.

    States are those of `app.queries.lots.figures_on`, place by place.
    """
    return await session.rows(
        "WITH shown AS ("
        "SELECT p.id, p.number, p.practitioner_id, w.name AS practitioner_name, p.needs, p.languages, p.modes,"
        " p.available_from, p.available_until, p.extra_reason, b.state AS booking_state, b.starts_on AS booked_from,"
        " b.ends_on AS booked_until, b.id IS NOT NULL AND p.available_until <= $3 AS held_after_cut,"
        " n.starts_on AS promised_from,"
        " CASE WHEN b.id IS NOT NULL THEN 'held'"
        "  WHEN p.available_from > $3 THEN 'to_come'"
        "  WHEN p.available_until <= $3 THEN 'ended'"
        "  WHEN x.id IS NOT NULL THEN 'out_of_service' ELSE 'free' END AS state"
        " FROM place p"
        " LEFT JOIN practitioner w ON w.authority_id = p.authority_id AND w.id = p.practitioner_id"
        " LEFT JOIN LATERAL (SELECT b.id, b.state, b.starts_on, b.ends_on FROM booking b"
        "  WHERE b.authority_id = p.authority_id AND b.place_id = p.id AND b.lot_id = p.lot_id AND b.starts_on <= $3"
        "  AND coalesce(b.released_on, CASE b.format WHEN 'casework' THEN greatest(b.ends_on, $4::date + 1)"
        "   ELSE b.ends_on END) > $3 ORDER BY b.starts_on DESC LIMIT 1) b"
        "  ON true"
        " LEFT JOIN LATERAL (SELECT min(n.starts_on) AS starts_on FROM booking n WHERE n.authority_id = p.authority_id"
        "  AND n.place_id = p.id AND n.lot_id = p.lot_id AND n.state <> 'released' AND n.starts_on > $3) n ON true"
        " LEFT JOIN LATERAL (SELECT x.id FROM place_out_of_service x WHERE x.authority_id = p.authority_id"
        "  AND x.place_id = p.id AND x.starts_on <= $3 AND x.ends_on > $3 LIMIT 1) x ON true"
        " WHERE p.authority_id = $1 AND p.lot_id = $2"
        ") SELECT id, number, practitioner_id, practitioner_name, needs, languages, modes, available_from,"
        " available_until, extra_reason, booking_state, booked_from, booked_until, promised_from,"
        # As the allocation withholds them (`app.queries.snapshot`): the highest numbers first.
        " CASE WHEN state = 'free' AND (SELECT count(*) FROM shown o WHERE o.state = 'free' AND o.number >= s.number)"
        "  <= (SELECT count(*) FROM shown o WHERE o.held_after_cut) THEN 'withheld' ELSE state END AS state"
        " FROM shown s WHERE $5::integer IS NULL OR number > $5 ORDER BY number LIMIT $6",
        session.authority_id,
        lot_id,
        on,
        session.today,
        after,
        limit + 1,
    )


async def free_on_days(session: WriteSession, lot_id: UUID, starts_on: date, ends_on: date) -> list[UUID]:
    """A lot's places, by number, that stand in service and are no course's or family's on any day of a range."""
    rows = await session.rows(
        "SELECT p.id FROM place p WHERE p.authority_id = $1 AND p.lot_id = $2 AND p.available_from <= $3"
        " AND (p.available_until IS NULL OR p.available_until >= $4)"
        " AND NOT EXISTS (SELECT 1 FROM course_seat t WHERE t.authority_id = p.authority_id AND t.place_id = p.id"
        "  AND t.starts_on < $4 AND t.ends_on > $3)"
        " AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.authority_id = p.authority_id AND b.place_id = p.id"
        "  AND b.state <> 'released' AND b.starts_on < $4 AND b.ends_on > $3)"
        " AND NOT EXISTS (SELECT 1 FROM place_out_of_service x WHERE x.authority_id = p.authority_id"
        "  AND x.place_id = p.id AND x.starts_on < $4 AND x.ends_on > $3)"
        " ORDER BY p.number",
        session.authority_id,
        lot_id,
        starts_on,
        ends_on,
    )
    return [row["id"] for row in rows]


async def is_place(session: ReadSession, place_id: UUID, lot_id: UUID | None) -> bool:
    """Whether the authority has a place of this id, in this lot where one is named."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM place WHERE authority_id = $1 AND id = $2 AND ($3::uuid IS NULL OR lot_id = $3))",
        session.authority_id,
        place_id,
        lot_id,
    )
    return found


async def places_from(session: WriteSession, lot_id: UUID, on: date) -> list[asyncpg.Record]:
    """Every place of a lot, whether it stands on a date, and whether a booking holds it then or later."""
    return await session.rows(
        "SELECT p.id, p.number,"
        " p.available_from <= $3 AND (p.available_until IS NULL OR p.available_until > $3) AS stands,"
        " EXISTS (SELECT 1 FROM booking b WHERE b.authority_id = p.authority_id AND b.place_id = p.id"
        "  AND b.state <> 'released' AND greatest(b.ends_on, $4::date + 1) > $3) AS held"
        " FROM place p WHERE p.authority_id = $1 AND p.lot_id = $2",
        session.authority_id,
        lot_id,
        on,
        session.today,
    )


async def end_places(session: WriteSession, place_ids: list[UUID], on: date) -> None:
    """Let places take no family from a date on, but the one that a place is promised to already."""
    await session.run(
        "UPDATE place p SET available_until = greatest($3, (SELECT max(b.starts_on) + 1 FROM booking b"
        "  WHERE b.authority_id = p.authority_id AND b.place_id = p.id AND b.state <> 'released' AND b.starts_on > $4))"
        " WHERE p.authority_id = $1 AND p.id = ANY ($2)",
        session.authority_id,
        place_ids,
        on,
        session.today,
    )


async def capacity_changes(session: ReadSession, lot_id: UUID) -> list[asyncpg.Record]:
    """The newest 200 changes of a lot's places, newest first."""
    return await session.rows(
        "SELECT id, lot_id, effective_on, places_from, places_to, reason, recorded_at, recorded_by_id"
        " FROM capacity_change WHERE authority_id = $1 AND lot_id = $2 ORDER BY effective_on DESC, id DESC LIMIT 200",
        session.authority_id,
        lot_id,
    )


async def last_change_on(session: ReadSession, lot_id: UUID) -> date | None:
    """The latest day from which a recorded change holds; None without one."""
    latest: date | None = await session.value(
        "SELECT max(effective_on) FROM capacity_change WHERE authority_id = $1 AND lot_id = $2",
        session.authority_id,
        lot_id,
    )
    return latest
