"""What a sender or an officer does to a referral after it was sent."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from app.db import BrokerSession, WriteSession, broker
from app.domain.allocation import Hold
from app.domain.clocks import in_hours
from app.domain.obligations import ObligationKind
from app.domain.referral import CASE_STATES, State
from app.domain.referral_facts import Facts, agreement_faults, amendment_faults
from app.domain.vocabulary import WITHHELD, ClosureOutcome
from app.errors import FieldFault, Invalid
from app.ids import new_id
from app.models.demand import referral_amendment
from app.queries import offers
from app.queries.panel_items import close_to_members
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, to_json
from app.services import events, history
from app.services.allocation import allocate_waiting
from app.services.answers_to_offers import withdraw_live_offer
from app.services.ended_cases import end_case
from app.services.household_cases import leave
from app.services.obligations import cancel, meet, owe
from app.services.panels import sending
from app.services.policies import policy_today
from app.services.referrals.acting import check_read_version, lock_open, open_to, parties, refresh_offer, update
from app.services.referrals.arrival import keep_home
from app.services.referrals.attention import hearing_changed
from app.services.referrals.bands import BAND_COLUMNS, band_asked_by_sender
from app.services.referrals.submit import check_refused_providers

Row = dict[str, Any]

OFFICERS_OBLIGATIONS: Final[tuple[ObligationKind, ...]] = (
    "safeguarding_action", "agreement_check", "place_referral", "lead_officer_action",
)  # fmt: skip
_COLUMNS = (
    "sender_reference", "needs", "language", "interpreter_needed", "modes", "preferred_mode", "refused_provider_ids",
    "safe_contact", "visit_risks", "referrer", "safeguarding", "circumstances", "child_view", "parent_view",
)  # fmt: skip
# Null is the absence of these; for any other field it means nothing and is refused.
_CLEARABLE = frozenset({"sender_reference", "preferred_mode", "child_view", "parent_view"})


async def amend_referral(
    session: WriteSession, writes: Writes, referral_id: UUID, reason: str, changes: Facts, version: int | None
) -> None:
    """Change what was sent, keeping what it was; the provider that has the case or the offer is told.

    `version` is the one the sender read; None is checked by the caller. Raises Invalid, NotFound,
    ActionNotAvailable, PreconditionFailed.
    """
    faults = amendment_faults(changes)
    faults += [
        FieldFault(f"/{name}", "null", "This field cannot be emptied.")
        for name, value in changes.items()
        if value is None and name not in _CLEARABLE
    ]
    if faults:
        raise Invalid(errors=faults)
    await open_to(session, referral_id, "amend")
    await check_refused_providers(session, changes.get("refused_provider_ids", []))
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "amend")
        check_read_version(referral, version)
        changed = {
            name: {"from": referral[name], "to": changes[name]}
            for name in _COLUMNS
            if name in changes and to_json(changes[name]) != to_json(referral[name])
        }
        for name in ("household", "contacts"):
            if name in changes:
                changed[name] = {"from": None, "to": "replaced"}
        asked = await band_asked_by_sender(wide, writes, referral, changes.get("band"), reason)
        changed |= {name: {"from": referral[name], "to": value} for name, value in asked.items()}
        changes = {**changes, **asked}
        if changed:
            await _write_amendment(wide, writes, referral, reason, changes, changed)
        await writes.flush(wide)


async def _write_amendment(
    wide: BrokerSession, writes: Writes, referral: Row, reason: str, changes: Facts, changed: Row
) -> None:
    await keep_home(wide, writes, referral["household_id"], changes, known=True)
    columns = {name: changes[name] for name in (*_COLUMNS, *BAND_COLUMNS) if name in changed}
    if "needs" in columns:
        columns["need_codes"] = [need["code"] for need in columns["needs"]]
    if "visit_risks" in columns:
        columns["visit_risk_level"] = columns["visit_risks"]["level"]
    await update(wide, referral, columns)
    await refresh_offer(wide, writes, referral)
    if "circumstances" in columns:
        await hearing_changed(wide, writes, referral["id"])
    writes.add(
        referral_amendment,
        id=new_id(),
        referral_id=referral["id"],
        organisation_id=wide.organisation_id,
        amended_at=wide.now,
        reason=reason,
        changes=changed,
    )
    events.tell(
        writes,
        wide,
        "referral.amended",
        subject=("referral", referral["id"], referral["version"]),
        audience=await parties(wide, referral),
        referral_id=referral["id"],
        data={"fields": sorted(changed)},
    )
    await _take_back_from_refused(wide, writes, referral)
    if referral["state"] == State.WAITING:
        await allocate_waiting(wide, writes, "amendment")


async def _take_back_from_refused(wide: BrokerSession, writes: Writes, referral: Row) -> None:
    """Take the live offer back from a provider that the family will not work with."""
    offer = await offers.unread_of_referral(wide, referral["id"])
    if offer is None or offer["provider_id"] not in referral["refused_provider_ids"]:
        return
    withdrawn = await withdraw_live_offer(wide, writes, referral, "refused_by_family")
    if withdrawn is not None:
        await history.move(wide, writes, referral, State.WAITING, event_id=withdrawn, event_type="allocation.withdrawn")


async def withdraw_referral(
    session: WriteSession, writes: Writes, referral_id: UUID, reason: str, note: str | None
) -> None:
    """Take a referral back before the work with the family has begun. Raises NotFound, ActionNotAvailable."""
    await open_to(session, referral_id, "withdraw")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "withdraw")
        told = await parties(wide, referral)
        taken_back = await withdraw_live_offer(wide, writes, referral, "withdrawn")
        if referral["state"] == State.ACCEPTED and taken_back is None:
            await _leave_or_end(wide, writes, referral)
        event_id = events.tell(
            writes,
            wide,
            "referral.closed",
            subject=("referral", referral_id, history.next_version(referral)),
            audience=told,
            referral_id=referral_id,
            data={"outcome": "withdrawn", "reason": reason},
        )
        await history.move(
            wide, writes, referral, State.CLOSED,
            event_id=event_id, event_type="referral.closed", reason=reason,
            outcome="withdrawn", close_reason=reason, close_note=note, closed_at=wide.now,
            # A provider that had accepted loses the family's details at once; only closed work keeps them for a while.
            case_provider_id=None, former_provider_id=None, former_until=None,
        )  # fmt: skip
        await cancel(wide, referral_id, (*OFFICERS_OBLIGATIONS, "band_review"))
        await sending.take_off(wide, referral_id)
        await allocate_waiting(wide, writes, "withdrawal")


async def _leave_or_end(wide: BrokerSession, writes: Writes, referral: Row) -> None:
    """End a case that was accepted and not begun, or the child's part in one that it shares."""
    if not await leave(wide, referral):
        await end_case(wide, writes, referral["intervention_id"], ClosureOutcome.WITHDRAWN)


async def request_information(session: WriteSession, writes: Writes, referral_id: UUID, question: str) -> None:
    """Ask the sender a question; the referral's clock stops and a live offer is taken back until it is answered."""
    await open_to(session, referral_id, "request-information")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "request-information")
        await withdraw_live_offer(wide, writes, referral, "information_requested")
        event_id = events.tell(
            writes,
            wide,
            "referral.information_requested",
            subject=("referral", referral_id, history.next_version(referral)),
            audience=await parties(wide, referral),
            referral_id=referral_id,
        )
        await history.move(
            wide, writes, referral, State.INFORMATION_REQUESTED,
            event_id=event_id, event_type="referral.information_requested",
            information_request={"question": question, "asked_at": wide.now, "answer": None},
        )  # fmt: skip
        await allocate_waiting(wide, writes, "information_requested")


async def answer_information(session: WriteSession, writes: Writes, referral_id: UUID, answer: str) -> None:
    """Answer an officer's question; the referral goes on with its old date."""
    await open_to(session, referral_id, "information")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "information")
        asked = {**(referral["information_request"] or {}), "answer": answer, "answered_at": wide.now}
        answered: Row = {"information_request": asked}
        unchanged: Row = {}
        for target, event_type, columns in (
            (State.SUBMITTED, "referral.information_answered", answered),
            (State.WAITING, "referral.waiting", unchanged),
        ):
            if target is State.WAITING and await sending.answered(wide, writes, referral, asked.get("panel_id")):
                break
            event_id = events.tell(
                writes,
                wide,
                event_type,
                subject=("referral", referral_id, history.next_version(referral)),
                audience=await parties(wide, referral),
                referral_id=referral_id,
            )
            await history.move(wide, writes, referral, target, event_id=event_id, event_type=event_type, **columns)
        await allocate_waiting(wide, writes, "information_answered")


async def change_agreement(session: WriteSession, writes: Writes, referral_id: UUID, agreement: Facts) -> None:
    """Record that the family agreed after all, or took its agreement back.

    Withdrawn or refused agreement stops work, takes a live offer back, holds the referral, and asks an officer for a
    safeguarding check before it is closed. Only what would have been enough to send the referral lets it go on again.
    Raises NotFound, ActionNotAvailable, Invalid.
    """
    stopped = agreement["status"] in WITHHELD
    if not stopped and (faults := agreement_faults(agreement, session.today)):
        raise Invalid(errors=[replace(fault, pointer=fault.pointer.removeprefix("/agreement")) for fault in faults])
    await open_to(session, referral_id, "agreement")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "agreement")
        holds = [hold for hold in referral["holds"] if hold != Hold.AGREEMENT_WITHDRAWN.value]
        if stopped:
            holds.append(Hold.AGREEMENT_WITHDRAWN.value)
        changes = {"agreement": agreement, "agreement_status": agreement["status"], "holds": holds}
        # A provider that handed the case over has nothing more to finish.
        narrowed = {"former_provider_id": None, "former_until": None} if stopped else {}
        await update(wide, referral, {**changes, **narrowed})
        events.tell(
            writes,
            wide,
            "referral.agreement_withdrawn" if stopped else "referral.agreement_given",
            subject=("referral", referral_id, referral["version"]),
            audience=await parties(wide, referral),
            referral_id=referral_id,
        )
        withdrawn = await withdraw_live_offer(wide, writes, referral, "agreement_withdrawn") if stopped else None
        if withdrawn is not None:
            await history.move(
                wide, writes, referral, State.WAITING, event_id=withdrawn, event_type="allocation.withdrawn"
            )
        await cancel(wide, referral_id, ["agreement_check"])
        if stopped:
            await close_to_members(wide, referral_id=referral_id)
            hours = (await policy_today(wide)).agreement_check_hours
            owe(
                writes, wide, "agreement_check", await authority_organisation(wide),
                subject=("referral", referral_id), clock="calendar_hour", due_at=in_hours(wide.now, hours),
            )  # fmt: skip
        if referral["state"] not in CASE_STATES:
            await allocate_waiting(wide, writes, "agreement")
        await writes.flush(wide)


async def release_referral(session: WriteSession, writes: Writes, referral_id: UUID, reason: str) -> None:
    """Record that an officer has looked at a held referral, and let it go on.

    A waiting referral is offered at once if a place is free; but where the family has taken its agreement back it
    stays unoffered until the family agrees anew. A case may then be closed.
    """
    await open_to(session, referral_id, "release")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "release")
        kept = [Hold.AGREEMENT_WITHDRAWN.value] if referral["state"] not in CASE_STATES else []
        left = [hold for hold in referral["holds"] if hold in kept]
        released = [hold for hold in referral["holds"] if hold not in kept]
        await update(wide, referral, {"holds": left})
        for kind in OFFICERS_OBLIGATIONS:
            await meet(wide, kind, referral_id)
        events.tell(
            writes,
            wide,
            "referral.released",
            subject=("referral", referral_id, referral["version"]),
            audience=await _told_of_release(wide, referral, released),
            referral_id=referral_id,
        )
        writes.add(
            referral_amendment,
            id=new_id(),
            referral_id=referral_id,
            organisation_id=wide.organisation_id,
            amended_at=wide.now,
            reason=reason,
            changes={"holds": {"from": [*left, *released], "to": left}},
        )
        if referral["state"] == State.WAITING:
            await allocate_waiting(wide, writes, "released")
        await writes.flush(wide)


async def _told_of_release(wide: BrokerSession, referral: Row, released: list[str]) -> list[UUID | None]:
    """Officers alone where a possible duplicate is let go: to the sender it would tell of another's referral."""
    if Hold.POSSIBLE_DUPLICATE.value in released:
        return [await authority_organisation(wide)]
    return await parties(wide, referral)
