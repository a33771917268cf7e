"""Decisions kept and offers made: the record, the booking, the offer, what it may say, and the events of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.db import BrokerSession
from app.domain.allocation import (
    Arrival,
    Decision,
    Place,
    Plan,
    Want,
)
from app.domain.attendance import attendance_band
from app.domain.clocks import due_at
from app.domain.decision_record import record_of
from app.domain.referral import State
from app.domain.suspensions import suspension_band
from app.ids import new_id, new_reference
from app.models.allocation import decision as decision_table
from app.models.allocation import offer as offer_table
from app.models.supply import booking as booking_table
from app.queries import snapshot as snapshots
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import events, history
from app.services.ground import Ground, lot_of
from app.services.obligations import owe


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, with what its record needs to tell how it came about."""

    decision: Decision
    remaining: tuple[Place, ...]
    """The places that nobody had been given when all were decided."""
    arrival: Arrival | None = None


def keep_decision(
    session: BrokerSession,
    writes: Writes,
    ground: Ground,
    want: Want,
    decided: Decided,
    trigger: str,
    run_id: UUID | None = None,
) -> UUID:
    """Queue the decision record; its id. `run_id` is the run on demand that it came of."""
    decision_id = new_id()
    record = record_of(
        want,
        decided.decision,
        ground.lots,
        decided.remaining,
        ground.policy,
        session.today,
        taken=ground.places,
        arrival=decided.arrival,
        claims=ground.claims,
        shares=ground.shares,
    )
    writes.add(
        decision_table,
        id=decision_id,
        referral_id=want.referral_id,
        policy_version_id=ground.policy_id,
        run_id=run_id,
        decided_at=session.now,
        as_of=session.today,
        trigger=trigger,
        outcome=decided.decision.outcome,
        excuse=decided.decision.excuse,
        record=record,
    )
    return decision_id


def make_offer(
    session: BrokerSession,
    writes: Writes,
    ground: Ground,
    referral: Mapping[str, Any],
    place: Place,
    decision_id: UUID,
    *,
    known_to_you: bool,
    authority_id: UUID,
    version: int,
    joins: UUID | None = None,
) -> tuple[dict[str, Any], UUID]:
    """Queue a booking, an offer, its obligation and its event; the offer's row and the event's id.

    `version` is the referral's version after the move to `offered`; the move itself is the caller's to record. `joins`
    is the case that has the place, when the child is to join it: then nothing is booked.
    """
    lot = lot_of(ground, place.lot_id)
    offer_id = new_id()
    starts_on = place.free_on or session.today
    booking_id = None
    if joins is None:
        booking_id = new_id()
        writes.add(
            booking_table,
            id=booking_id,
            place_id=place.id,
            lot_id=lot.id,
            provider_id=lot.provider_id,
            household_id=referral["household_id"],
            state="offered",
            starts_on=starts_on,
            ends_on=ground.calendar.planned_end(starts_on, lot.standard_weeks),
            cause="offer",
        )
    days = ground.policy.answer_days[referral["band"]]
    answer_due_at = due_at("working_day", ground.calendar, session.now, days)
    deemed = lot.id in ground.deemed_lots
    row = {
        "id": offer_id,
        "referral_id": referral["id"],
        "provider_id": lot.provider_id,
        "referring_organisation_id": referral["referring_organisation_id"],
        "school_id": referral["school_id"],
        "lot_id": lot.id,
        "service_id": lot.service_id,
        "place_id": place.id,
        "booking_id": booking_id,
        "joins_intervention_id": joins,
        "decision_id": decision_id,
        "practitioner_id": place.practitioner_id,
        "reference": new_reference("A"),
        "state": "pending",
        "starts_on": starts_on,
        "offered_at": session.now,
        "answer_due_at": answer_due_at,
        "deemed_acceptance": deemed,
        "updated_at": session.now,
        "summary": offer_summary(referral, known_to_you=known_to_you),
    }
    writes.add(offer_table, **row)
    event_id = events.tell(
        writes,
        session,
        "allocation.offered",
        subject=("allocation", offer_id, 1),
        audience=[authority_id, referral["referring_organisation_id"], referral["school_id"], lot.provider_id],
        referral_id=referral["id"],
        data={"referral_version": version, "starts_on": starts_on},
    )
    if not deemed:  # where silence is an answer, none is owed
        owe(
            writes,
            session,
            "answer_offer",
            lot.provider_id,
            subject=("offer", offer_id),
            clock="working_day",
            due_at=answer_due_at,
        )
    return row, event_id


def offer_summary(referral: Mapping[str, Any], *, known_to_you: bool) -> dict[str, Any]:
    """What a provider may know before it accepts: enough to judge the offer, nothing that says whose it is."""
    attendance = referral["attendance"]
    if isinstance(attendance, str):
        attendance = orjson.loads(attendance)
    suspensions = referral["suspensions"]
    return {
        "year_group": referral["year_group"],
        "key_stage": referral["key_stage"],
        "band": referral["band"],
        "needs": list(referral["need_codes"]),
        "area_id": referral["area_id"],
        "language": referral["language"],
        "interpreter_needed": referral["interpreter_needed"],
        "modes": list(referral["modes"]),
        "preferred_mode": referral["preferred_mode"],
        "visit_risk_level": referral["visit_risk_level"],
        "known_to_you": known_to_you,
        "attendance_band": attendance_band(attendance["sessions_possible"], attendance["sessions_attended"])
        if attendance
        else None,
        "suspensions_band": suspension_band(suspensions) if suspensions is not None else None,
    }


async def make_offers(
    session: BrokerSession,
    writes: Writes,
    ground: Ground,
    wants: list[Want],
    plan: Plan,
    trigger: str,
    run_id: UUID | None = None,
) -> int:
    """Make the offers of a plan; how many. Flushes `writes`."""
    made = [(decision, place) for decision in plan.offered if (place := decision.place) is not None]
    if not made:
        await writes.flush(session)
        return 0
    by_id = {want.referral_id: want for want in wants}
    authority_id = await authority_organisation(session)
    rows = await snapshots.referral_for_offer(session, [decision.referral_id for decision, _ in made])
    referrals_: dict[UUID, dict[str, Any]] = {row["id"]: dict(row) for row in rows}
    for decision, place in made:
        referral = referrals_[decision.referral_id]
        want = by_id[decision.referral_id]
        decision_id = keep_decision(session, writes, ground, want, Decided(decision, plan.spare), trigger, run_id)
        provider_id = lot_of(ground, place.lot_id).provider_id
        known = await snapshots.known_households(session, provider_id, [want.household_id])
        _, event_id = make_offer(
            session,
            writes,
            ground,
            referral,
            place,
            decision_id,
            known_to_you=want.household_id in known,
            authority_id=authority_id,
            version=history.next_version(referral),
        )
        await history.move(
            session,
            writes,
            referral,
            State.OFFERED,
            event_id=event_id,
            event_type="allocation.offered",
            unplaceable=False,
        )
    await writes.flush(session)
    return len(made)
