"""Contracts that come to their end: which are in sight, what is open in one, and the offers that lapse with it."""

from datetime import datetime
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession


async def live_offers(session: BrokerSession) -> list[asyncpg.Record]:
    """Every live offer of the authority with the contract of its lot, oldest first."""
    return await session.rows(
        "SELECT o.id, o.referral_id, l.contract_id FROM offer o"
        " JOIN lot l ON l.authority_id = o.authority_id AND l.id = o.lot_id"
        " WHERE o.authority_id = $1 AND o.state IN ('proposed', 'pending') ORDER BY o.offered_at, o.id",
        session.authority_id,
    )


async def told_of(session: ReadSession) -> set[tuple[UUID, datetime]]:
    """The contracts whose end officers were told of, each with the moment of that end."""
    rows = await session.rows(
        "SELECT subject_id, due_at FROM obligation WHERE authority_id = $1 AND kind = 'contract_ending'",
        session.authority_id,
    )
    return {(row["subject_id"], row["due_at"]) for row in rows}


async def open_in(session: ReadSession, contract_id: UUID) -> list[asyncpg.Record]:
    """A contract's lots by name, each with what is open in it: live offers, cases by state, the last planned end."""
    return await session.rows(
        "SELECT l.id, l.name, l.provider_id, o.name AS provider_name, l.service_id,"
        " count(b.id) FILTER (WHERE b.state = 'offered') AS open_offer_count,"
        " count(b.id) FILTER (WHERE b.state = 'accepted') AS not_begun_count,"
        " count(b.id) FILTER (WHERE b.state = 'active') AS running_count,"
        " max(i.planned_end_on) AS last_planned_end_on,"
        " array_remove(array_agg(i.planned_end_on), NULL) AS planned_ends_on"
        " FROM lot l JOIN organisation o ON o.authority_id = l.authority_id AND o.id = l.provider_id"
        " LEFT JOIN booking b ON b.authority_id = l.authority_id AND b.lot_id = l.id AND b.state <> 'released'"
        " LEFT JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id"
        " WHERE l.authority_id = $1 AND l.contract_id = $2"
        " GROUP BY l.id, l.name, l.provider_id, o.name, l.service_id ORDER BY l.name, l.id",
        session.authority_id,
        contract_id,
    )
