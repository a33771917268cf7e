"""What a panel's decision does to the referral, in the transaction of the decision; and how a correction undoes it."""

from dataclasses import dataclass
from typing import Final, assert_never
from uuid import UUID

from app.db import BrokerSession, WriteSession
from app.domain.panels import Deciding, Effect, ItemState, PanelOutcome, SittingState
from app.domain.referral import State
from app.domain.vocabulary import ClosureOutcome, ClosureReason, OverrideReason
from app.errors import ActionNotAvailable, Conflict, InvariantBroken, NotFound, PlaceTaken
from app.models.panels import panel_item
from app.queries import panel_items, panels, referrals
from app.queries.writes import Writes, change
from app.services import events, history
from app.services.answers_to_offers import withdraw_live_offer
from app.services.obligations import cancel
from app.services.panels.acting import Row
from app.services.referrals.acting import Officer, parties
from app.services.referrals.acts import OFFICERS_OBLIGATIONS
from app.services.referrals.override import Override, place_by_choice
from app.services.referrals.reopen import reopen_referral

_CLOSES: Final = {
    PanelOutcome.REDIRECT: (ClosureOutcome.REDIRECTED, ClosureReason.SUPPORTED_ELSEWHERE),
    PanelOutcome.NO_FURTHER_ACTION: (ClosureOutcome.NOT_SUITABLE, ClosureReason.OUTSIDE_CRITERIA),
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with its words: who says it, and why."""

    deciding: Deciding
    person: Officer
    reason: str
    panel_name: str


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a decision."""

    effect: Effect
    offer_id: UUID | None = None


async def decidable(wide: BrokerSession, item: Row, version: int | None) -> Row:
    """The referral of an item, locked, while a panel can decide of it.

    Raises ActionNotAvailable for one that is before the panel no longer, and Conflict when it is not as it was read.
    """
    referral = await referrals.lock(wide, item["referral_id"])
    if referral is None:
        raise NotFound
    if referral["state"] != State.IN_PANEL:
        raise ActionNotAvailable(f"The referral is {referral['state']} by now: the panel cannot decide of it.")
    if version is not None and referral["version"] != version:
        raise Conflict("The referral has changed since you read it: read what is new, and decide then.")
    return referral


async def take_effect(wide: BrokerSession, writes: Writes, referral: Row, item: Row, ruling: Ruling) -> Done:
    """Do to a locked referral what was decided. Raises Invalid, OverrideRefused where no rule lets the lot have it."""
    match ruling.deciding.outcome:
        case PanelOutcome.ALLOCATE:
            return await _allocate(wide, writes, referral, ruling)
        case PanelOutcome.REQUEST_INFORMATION:
            return await _ask(wide, writes, referral, item, ruling)
        case PanelOutcome.HOLD:
            return Done(Effect.HELD)
        case PanelOutcome.REDIRECT | PanelOutcome.NO_FURTHER_ACTION:
            return await _close(wide, writes, referral, ruling)
        case _ as unknown:
            assert_never(unknown)


async def _allocate(wide: BrokerSession, writes: Writes, referral: Row, ruling: Ruling) -> Done:
    """Let it wait, and offer it a place of the lot in the same moment, if one is free."""
    event_id = events.tell(
        writes,
        wide,
        "referral.waiting",
        subject=("referral", referral["id"], history.next_version(referral)),
        audience=await parties(wide, referral),
        referral_id=referral["id"],
    )
    await history.move(
        wide, writes, referral, State.WAITING, event_id=event_id, event_type="referral.waiting", reason="panel"
    )
    note = f"Decided by {ruling.panel_name}: {ruling.reason}"
    asked = Override(ruling.person, OverrideReason.COURT_OR_PANEL, note, lot_id=ruling.deciding.lot_id)
    try:
        offer_id = await place_by_choice(wide, writes, referral, asked)
    except PlaceTaken:
        return Done(Effect.WAITING)
    return Done(Effect.OFFERED, offer_id)


async def _ask(wide: BrokerSession, writes: Writes, referral: Row, item: Row, ruling: Ruling) -> Done:
    """Put the panel's question to the sender; the answer brings the referral back before the panel."""
    event_id = events.tell(
        writes,
        wide,
        "referral.information_requested",
        subject=("referral", referral["id"], history.next_version(referral)),
        audience=await parties(wide, referral),
        referral_id=referral["id"],
        data={"panel_id": str(item["panel_id"])},
    )
    question = {
        "question": ruling.deciding.question,
        "asked_at": wide.now,
        "answer": None,
        "panel_id": str(item["panel_id"]),
    }
    await history.move(
        wide, writes, referral, State.INFORMATION_REQUESTED,
        event_id=event_id, event_type="referral.information_requested", reason="panel", information_request=question,
    )  # fmt: skip
    return Done(Effect.INFORMATION_REQUESTED)


async def _close(wide: BrokerSession, writes: Writes, referral: Row, ruling: Ruling) -> Done:
    outcome, reason = _CLOSES[ruling.deciding.outcome]
    event_id = events.tell(
        writes,
        wide,
        "referral.closed",
        subject=("referral", referral["id"], history.next_version(referral)),
        audience=await parties(wide, referral),
        referral_id=referral["id"],
        data={"outcome": outcome.value, "reason": reason.value},
    )
    await history.move(
        wide, writes, referral, State.CLOSED,
        event_id=event_id, event_type="referral.closed", reason="panel",
        outcome=outcome.value, close_reason=reason.value, redirected_to=ruling.deciding.redirected_to,
        # The panel's words stay with the decision: its sender reads what was decided, and not who said what.
        closed_at=wide.now,
    )  # fmt: skip
    await cancel(wide, referral["id"], (*OFFICERS_OBLIGATIONS, "band_review"))
    return Done(Effect.CLOSED)


async def undo(
    session: WriteSession, wide: BrokerSession, writes: Writes, item: Row, decision: Row, person: Officer, reason: str
) -> Row | None:
    """Take back what a decision did, as far as it can be; the referral, locked, as it stands then. None without one.

    `session` is the officer's own. Raises ActionNotAvailable where others have acted upon it.
    """
    if decision["effect"] == Effect.HELD:
        await _uncarry(wide, item)
    if item["referral_id"] is None:
        return None
    referral = await _locked(wide, item["referral_id"])
    if decision["effect"] == Effect.CLOSED:
        await reopen_referral(session, writes, referral["id"], reason, person)
        # Reopened it stands on the next agenda: the decision that comes instead is of this one.
        await _off_next_agenda(wide, await panel_items.listed_item_of(wide, referral["id"]))
        return await _locked(wide, item["referral_id"])
    if referral["state"] == State.OFFERED:
        withdrawn = await withdraw_live_offer(wide, writes, referral, "panel_corrected")
        if withdrawn is None:
            raise ActionNotAvailable("The provider has the case already: the decision can no longer be corrected.")
        await history.move(
            wide, writes, referral, State.WAITING,
            event_id=withdrawn, event_type="allocation.withdrawn", reason="panel_corrected",
        )  # fmt: skip
    if referral["state"] == State.WAITING:
        event_id = events.tell(
            writes,
            wide,
            "referral.sent_to_panel",
            subject=("referral", referral["id"], history.next_version(referral)),
            audience=await parties(wide, referral),
            referral_id=referral["id"],
            data={"panel_id": str(item["panel_id"]), "by": "correction"},
        )
        await history.move(
            wide, writes, referral, State.IN_PANEL,
            event_id=event_id, event_type="referral.sent_to_panel", reason="correction",
        )  # fmt: skip
    return referral


async def _locked(wide: BrokerSession, referral_id: UUID) -> Row:
    referral = await referrals.lock(wide, referral_id)
    if referral is None:
        raise InvariantBroken
    return referral


async def _uncarry(wide: BrokerSession, item: Row) -> None:
    """Take an item that was carried over off the agenda on which it came, while that is open."""
    carried = await panel_items.carried_item_of(wide, item["id"])
    if carried is None or carried["state"] != ItemState.LISTED:
        raise ActionNotAvailable("A later sitting has dealt with it: correct what was decided there.")
    if carried["sitting_id"] is not None:
        sitting = await panels.get_sitting(wide, carried["panel_id"], carried["sitting_id"])
        if sitting is not None and sitting["state"] != SittingState.PLANNED:
            raise ActionNotAvailable("It stands on an agenda that was circulated: decide of it there.")
    await _off_next_agenda(wide, carried)


async def _off_next_agenda(wide: BrokerSession, item: Row | None) -> None:
    if item is not None:
        values = {"state": ItemState.TAKEN_OFF.value, "version": item["version"] + 1}
        await change(wide, panel_item, {"id": item["id"]}, values)
