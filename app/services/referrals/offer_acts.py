"""What an officer does to the offers of a referral: take the live one back, and let a provider be asked again."""

from uuid import UUID

from app.db import WriteSession, broker
from app.domain.referral import State
from app.domain.vocabulary import OfferWithdrawalReason
from app.errors import ActionNotAvailable
from app.queries import officers_acts as queries
from app.queries.writes import Writes
from app.services import events, history
from app.services.allocation import allocate_waiting
from app.services.answers_to_offers import withdraw_live_offer
from app.services.referrals.acting import Officer, lock_open, note, open_to, parties, update


async def withdraw_offer(
    session: WriteSession,
    writes: Writes,
    referral_id: UUID,
    reason: OfferWithdrawalReason,
    words: str,
    officer: Officer,
) -> None:
    """Take the live offer of a referral back: the provider loses it at once, and the referral waits with its old date.

    The provider is not asked for this referral again until an officer lets it be. Raises NotFound, ActionNotAvailable.
    """
    await open_to(session, referral_id, "withdraw-offer")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "withdraw-offer")
        withdrawn = await withdraw_live_offer(wide, writes, referral, reason.value, officers_reason=reason.value)
        if withdrawn is None:
            raise ActionNotAvailable("The referral has no offer that could be taken back.")
        await history.move(
            wide, writes, referral, State.WAITING,
            event_id=withdrawn, event_type="allocation.withdrawn", reason=reason.value,
        )  # fmt: skip
        changes = {"offer": {"from": "pending", "to": "withdrawn"}, "officer": {"from": None, "to": officer.plain()}}
        note(wide, writes, referral_id, words, changes)
        await allocate_waiting(wide, writes, "offer_withdrawn")
        await writes.flush(wide)


async def allow_provider(
    session: WriteSession, writes: Writes, referral_id: UUID, provider_id: UUID, words: str, officer: Officer
) -> None:
    """Let a provider be asked for a referral again that it declined, let run out, or had taken back.

    A referral that waits is decided anew at once. Raises NotFound, ActionNotAvailable where nothing stands against it.
    """
    await open_to(session, referral_id, "allow-provider")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "allow-provider")
        if not await queries.let_be_asked(wide, referral_id, provider_id):
            raise ActionNotAvailable("Nothing keeps this provider from being asked for the referral.")
        await update(wide, referral, {})
        changes = {
            "provider_allowed": {"from": None, "to": provider_id},
            "officer": {"from": None, "to": officer.plain()},
        }
        note(wide, writes, referral_id, words, changes)
        events.tell(
            writes,
            wide,
            "referral.provider_allowed",
            subject=("referral", referral_id, referral["version"]),
            audience=await parties(wide, referral),
            referral_id=referral_id,
            data={"provider_id": str(provider_id)},
        )
        if referral["state"] == State.WAITING:
            await allocate_waiting(wide, writes, "provider_allowed")
        await writes.flush(wide)
