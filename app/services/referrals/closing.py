"""An officer's own close of a referral, in whatever state it is: the place goes back, and a shared case goes on."""

from typing import Final
from uuid import UUID

from app.db import BrokerSession, WriteSession, broker
from app.domain.referral import CASE_STATES, State
from app.domain.vocabulary import ClosureOutcome, ClosureReason
from app.errors import FieldFault, Invalid
from app.queries.writes import Writes
from app.services import events, history
from app.services.allocation import allocate_waiting
from app.services.answers_to_offers import withdraw_live_offer
from app.services.ended_cases import end_case
from app.services.household_cases import leave
from app.services.obligations import cancel, meet
from app.services.referrals.acting import Officer, Row, lock_open, note, open_to, parties

OFFICERS_OUTCOMES: Final = tuple(
    outcome for outcome in ClosureOutcome if outcome not in (ClosureOutcome.COMPLETED, ClosureOutcome.TRANSFERRED)
)
"""A provider completes its work, and a child is transferred by an act of its own."""


async def close_referral(
    session: WriteSession,
    writes: Writes,
    referral_id: UUID,
    ending: tuple[ClosureOutcome, ClosureReason],
    words: str,
    officer: Officer,
) -> None:
    """Close a referral as an officer, who has seen to the child's safety: what officers owed on it is met by it.

    A case ends with its last child. Where the family took its agreement back, the provider reads of it no more.
    Raises NotFound, ActionNotAvailable for a closed one, Invalid.
    """
    if ending[0] not in OFFICERS_OUTCOMES:
        sentence = "A provider completes its work; a child is transferred by its own act."
        raise Invalid(errors=[FieldFault("/outcome", "not_an_officers", sentence)])
    await open_to(session, referral_id, "close")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "close")
        await end_referral(wide, writes, referral, ending, words)
        note(wide, writes, referral_id, words, {
            "state": {"from": "open", "to": "closed"}, "officer": {"from": None, "to": officer.plain()},
        })  # fmt: skip
        await allocate_waiting(wide, writes, "closed_by_officer")
        await writes.flush(wide)


async def end_referral(
    wide: BrokerSession, writes: Writes, referral: Row, ending: tuple[ClosureOutcome, ClosureReason], words: str
) -> None:
    """Close a locked open referral: its offer is taken back, its part in a case ends, and a case of its own with it."""
    outcome, reason = ending
    referral_id = referral["id"]
    told = await parties(wide, referral)
    taken_back = await withdraw_live_offer(wide, writes, referral, "closed")
    case = None
    if referral["state"] in CASE_STATES and taken_back is None and not await leave(wide, referral):
        case = await end_case(wide, writes, referral["intervention_id"], outcome, reason.value)
    data: dict[str, object] = {"outcome": outcome.value, "reason": reason.value}
    event_type, subject = "referral.closed", ("referral", referral_id, history.next_version(referral))
    if case is not None:
        event_type, subject = "intervention.closed", ("intervention", case["id"], case["version"])
        data["referral_version"] = history.next_version(referral)
    event_id = events.tell(writes, wide, event_type, subject=subject, audience=told, referral_id=referral_id, data=data)
    withheld: Row = {}
    if reason is ClosureReason.AGREEMENT_WITHDRAWN:
        withheld = {"case_provider_id": None, "former_provider_id": None, "former_until": None}
    await history.move(
        wide, writes, referral, State.CLOSED,
        event_id=event_id, event_type=event_type, reason=reason.value,
        outcome=outcome.value, close_reason=reason.value, close_note=words, closed_at=wide.now, **withheld,
    )  # fmt: skip
    for kind in ("agreement_check", "safeguarding_action"):
        await meet(wide, kind, referral_id)
    await cancel(wide, referral_id, ("place_referral", "lead_officer_action", "band_review", "initial_contact"))
