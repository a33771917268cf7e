"""An offer's row and its referral's: seen, locked in one order, changed, and who is told of it."""

from typing import Any
from uuid import UUID

import asyncpg

from app.db import BrokerSession, WriteSession
from app.errors import NotFound
from app.models.allocation import offer as offer_table
from app.queries import offers
from app.queries import referrals as referral_queries
from app.queries.parties import authority_organisation
from app.queries.writes import change

Row = dict[str, Any]


async def visible_offer(session: WriteSession, offer_id: UUID) -> asyncpg.Record:
    """The offer as the caller's own row policy shows it. Raises NotFound."""
    row = await session.row(
        "SELECT id, referral_id FROM offer WHERE authority_id = $1 AND id = $2 AND provider_id = $3",
        session.authority_id,
        offer_id,
        session.organisation_id,
    )
    if row is None:
        raise NotFound
    return row


async def locked(wide: BrokerSession, visible: asyncpg.Record) -> tuple[Row, asyncpg.Record]:
    """The referral and the offer, locked in that order. Raises NotFound."""
    referral = await referral_queries.lock(wide, visible["referral_id"])
    offer = await offers.lock(wide, visible["id"])
    if referral is None or offer is None:
        raise NotFound
    return referral, offer


async def change_offer(session: WriteSession, offer: asyncpg.Record, **columns: object) -> None:
    """Write columns of a locked offer; its version rises, and the worklist has it as changed."""
    values = {**columns, "version": offer["version"] + 1, "updated_at": session.now}
    await change(session, offer_table, {"id": offer["id"]}, values, also=", changed_xid = pg_current_xact_id()")


async def audience_of(wide: BrokerSession, referral: Row, provider_id: UUID) -> list[UUID | None]:
    """Who is told of an offer: the authority, the sender, the school, and the provider that has or had it."""
    return [
        await authority_organisation(wide),
        referral["referring_organisation_id"],
        referral["school_id"],
        provider_id,
    ]
