"""Lots: the block-booked parts of contracts, and the figures of their places and volume."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from app.db import ReadSession
from app.queries.volume import committed_of, used_of

_LOT: Final = (
    "SELECT l.id, l.contract_id, l.provider_id, o.name AS provider_name, l.prime_id, l.service_id,"
    " s.name AS service_name, s.format AS service_format, l.name, l.key_stages, l.needs, l.volume, l.volume_unit,"
    " l.volume_profile, l.area_ids,"
    " l.school_ids, l.version"
    " FROM lot l JOIN organisation o ON o.authority_id = l.authority_id AND o.id = l.provider_id"
    " JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id"
    " WHERE l.authority_id = $1"
)


async def list_lots(
    session: ReadSession,
    *,
    contract_id: UUID | None,
    provider_id: UUID | None,
    service_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Lots, oldest first: one more than `limit` when there are further ones."""
    return await session.rows(
        f"{_LOT} AND ($2::uuid IS NULL OR l.contract_id = $2) AND ($3::uuid IS NULL OR l.provider_id = $3)"
        " AND ($4::uuid IS NULL OR l.service_id = $4) AND ($5::uuid IS NULL OR l.id > $5) ORDER BY l.id LIMIT $6",
        session.authority_id,
        contract_id,
        provider_id,
        service_id,
        after,
        limit + 1,
    )


async def get_lot(session: ReadSession, lot_id: UUID) -> asyncpg.Record | None:
    """One lot, if the caller may see it."""
    return await session.row(f"{_LOT} AND l.id = $2", session.authority_id, lot_id)


async def lots_in(session: ReadSession, contract_id: UUID, lot_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are lots of a contract."""
    rows = await session.rows(
        "SELECT id FROM lot WHERE authority_id = $1 AND contract_id = $2 AND id = ANY ($3)",
        session.authority_id,
        contract_id,
        list(lot_ids),
    )
    return {row["id"] for row in rows}


async def figures_on(session: ReadSession, lot_ids: Sequence[UUID], on: date) -> dict[UUID, asyncpg.Record]:
    """What stood, was held, was free and was used of lots on a date, counted from the rows that the session sees.

    A booking holds its place from its start until its release; one that is not released holds it at least until
    today, however late it is; one of another format than casework ends on its day. One that begins later promises its
    place and holds nothing yet. Volume is used by an intervention from its first attended contact on; until then its
    booking commits it. What other formats use, `app.queries.volume` says.
    """
    rows = await session.rows(
        # What holds a place now, and what still held it on an earlier date, by an index each: one condition for both
        # would read every booking that the lots ever had.
        "WITH held AS MATERIALIZED ("  # noqa: S608 - our own texts
        " SELECT b.id, b.lot_id, b.place_id FROM booking b WHERE b.authority_id = $1 AND b.lot_id = ANY ($2)"
        "  AND b.state <> 'released' AND b.starts_on <= $3"
        "  AND CASE b.format WHEN 'casework' THEN greatest(b.ends_on, $4::date + 1) ELSE b.ends_on END > $3"
        " UNION ALL SELECT b.id, b.lot_id, b.place_id FROM booking b WHERE b.authority_id = $1 AND b.lot_id = ANY ($2)"
        "  AND b.released_on > $3 AND b.starts_on <= $3"
        "), spot AS ("
        " SELECT p.lot_id,"
        "  p.available_from <= $3 AND (p.available_until IS NULL OR p.available_until > $3) AS stands,"
        "  p.id IN (SELECT place_id FROM held) AS held,"
        "  EXISTS (SELECT 1 FROM place_out_of_service x WHERE x.authority_id = p.authority_id AND x.place_id = p.id"
        "   AND x.starts_on <= $3 AND x.ends_on > $3) AS closed,"
        "  EXISTS (SELECT 1 FROM booking b WHERE b.authority_id = p.authority_id AND b.place_id = p.id"
        "   AND b.lot_id = p.lot_id AND b.state <> 'released' AND b.starts_on > $3) AS promised"
        " FROM place p WHERE p.authority_id = $1 AND p.lot_id = ANY ($2))"
        " SELECT l.id AS lot_id, coalesce(c.places_count, 0) AS places_count, coalesce(c.held_count, 0) AS held_count,"
        # A lot that holds more than its places offers nothing until it has drained.
        " greatest(coalesce(c.free_count, 0) - coalesce(c.held_after_cut_count, 0), 0) AS free_count,"
        " least(coalesce(c.free_count, 0), coalesce(c.held_after_cut_count, 0)) AS withheld_count,"
        " coalesce(c.out_of_service_count, 0) AS out_of_service_count,"
        " coalesce(c.held_after_cut_count, 0) AS held_after_cut_count,"
        " greatest(coalesce(c.held_count, 0) - coalesce(c.places_count, 0), 0) AS over_held_count,"
        f" CASE WHEN s.format <> 'casework' THEN {used_of('l.id', '$3')} WHEN l.volume_unit = 'pupil' THEN"
        "  (SELECT count(DISTINCT (r.intervention_id, r.pupil_id)) FROM intervention i"
        "   JOIN booking k ON k.authority_id = i.authority_id AND k.id = i.booking_id"
        "   JOIN referral r ON r.authority_id = k.authority_id AND r.household_id = k.household_id"
        "    AND r.intervention_id = i.id"
        "   WHERE i.authority_id = l.authority_id AND i.lot_id = l.id AND i.started_on <= $3)"
        " ELSE (SELECT count(*) FROM intervention i"
        "   WHERE i.authority_id = l.authority_id AND i.lot_id = l.id AND i.started_on <= $3)"
        " END AS volume_used_count,"
        f" CASE WHEN s.format <> 'casework' THEN {committed_of('l.id', '$3')} ELSE"
        " (SELECT count(*) FROM held h WHERE h.lot_id = l.id AND NOT EXISTS (SELECT 1 FROM intervention i"
        "   WHERE i.authority_id = $1 AND i.booking_id = h.id AND i.started_on <= $3)"
        # Its case holds another place by now: it was handed over.
        "  AND NOT EXISTS (SELECT 1 FROM hand_over_case x JOIN intervention i ON i.authority_id = x.authority_id"
        "   AND i.id = x.intervention_id WHERE x.authority_id = $1 AND x.from_booking_id = h.id"
        "   AND x.outcome = 'moved' AND i.started_on <= $3))"
        "  + coalesce(c.promised_count, 0) END AS volume_committed_count,"
        " coalesce(c.promised_count, 0) AS promised_count"
        " FROM lot l JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id"
        " LEFT JOIN (SELECT lot_id,"
        "  count(*) FILTER (WHERE stands) AS places_count,"
        "  count(*) FILTER (WHERE held) AS held_count,"
        "  count(*) FILTER (WHERE promised) AS promised_count,"
        "  count(*) FILTER (WHERE stands AND NOT held AND NOT closed) AS free_count,"
        "  count(*) FILTER (WHERE stands AND NOT held AND closed) AS out_of_service_count,"
        "  count(*) FILTER (WHERE held AND NOT stands) AS held_after_cut_count"
        "  FROM spot GROUP BY lot_id) c ON c.lot_id = l.id"
        " WHERE l.authority_id = $1 AND l.id = ANY ($2)",
        session.authority_id,
        list(lot_ids),
        on,
        session.today,
    )
    return {row["lot_id"]: row for row in rows}
