"""Cases that were accepted by silence: their first read by the provider, and the officer's look at the urgent ones."""

from uuid import UUID

import asyncpg

from app.db import BrokerSession, WriteSession, broker
from app.domain.clocks import due_at
from app.errors import ActionNotAvailable, NotFound
from app.models import casework, demand
from app.queries import offers
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services import audit, events, history
from app.services.ground import Ground, survey
from app.services.obligations import meet
from app.services.offer_rows import Row, audience_of, change_offer, locked, visible_offer
from app.services.unread_cases import is_unread


async def read_first(session: WriteSession, writes: Writes, offer_id: UUID) -> None:
    """Release whose case it is to the provider that reads it now; nothing where another read came first.

    Raises NotFound for an offer that is not the caller's.
    """
    visible = await visible_offer(session, offer_id)
    async with broker(session) as wide:
        referral, offer = await locked(wide, visible)
        if is_unread(offer):
            await release_identity(wide, writes, referral, offer, await survey(wide))
            await writes.flush(wide)


async def release_identity(
    wide: BrokerSession, writes: Writes, referral: Row, offer: asyncpg.Record, ground: Ground
) -> None:
    """Open a case that was accepted by silence to its provider: it is logged, and the time to object runs from now."""
    objection_until = due_at("working_day", ground.calendar, wide.now, ground.policy.objection_working_days)
    await change_offer(wide, offer, identity_released_at=wide.now, objection_until=objection_until)
    await change(
        wide,
        casework.intervention,
        {"id": offer["intervention_id"]},
        {"sealed": False, "updated_at": wide.now},
        also=", version = version + 1",
    )
    opened = {
        "case_provider_id": offer["provider_id"],
        "version": history.next_version(referral),
        "updated_at": wide.now,
    }
    await change(wide, demand.referral, {"id": referral["id"]}, opened)
    events.tell(
        writes,
        wide,
        "allocation.identity_released",
        subject=("allocation", offer["id"], offer["version"] + 1),
        audience=await audience_of(wide, referral, offer["provider_id"]),
        referral_id=referral["id"],
        data={"referral_version": opened["version"]},
    )
    audit.note(writes, wide.principal, "release_identity", "allocation", offer["id"], ["identity"])


async def check_deemed_acceptance(session: WriteSession, writes: Writes, offer_id: UUID) -> None:
    """Record that an officer has looked at a case that was accepted by silence.

    Raises NotFound, and ActionNotAvailable where no look is owed.
    """
    offer = await offers.lock(session, offer_id)
    if offer is None:
        raise NotFound
    if not await meet(session, "deemed_acceptance_check", offer_id):
        raise ActionNotAvailable("No check of this allocation is owed.")
    await change_offer(session, offer)
    events.tell(
        writes,
        session,
        "allocation.checked",
        subject=("allocation", offer_id, offer["version"] + 1),
        audience=[await authority_organisation(session)],
        referral_id=offer["referral_id"],
    )
    audit.note(writes, session.principal, "check_deemed_acceptance", "allocation", offer_id)
