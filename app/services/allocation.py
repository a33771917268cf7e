"""Offering places: on arrival, and to the waiting list whenever places come free.

Every function here runs in broker context, which holds the authority's allocation lock: the snapshot is read, the
pure rule decides, and bookings, offers, decisions and events are written, all before another decision can begin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from app.clock import london_moment
from app.db import BrokerSession
from app.domain.allocation import Decision, Lot, Place, Snapshot, Want, decide
from app.domain.attendance import attendance_band
from app.domain.calendar import Calendar
from app.domain.decision_record import record_of
from app.domain.policy import Policy, policy_from
from app.domain.referral import State
from app.domain.suspensions import suspension_band
from app.errors import InvariantBroken
from app.ids import new_id, new_reference
from app.models.allocation import decision as decision_table
from app.models.allocation import offer as offer_table
from app.models.supply import booking as booking_table
from app.queries import snapshot as snapshots
from app.queries.parties import authority_organisation, calendar_with
from app.queries.writes import Writes
from app.services import events, history
from app.services.obligations import owe

_WAITING_LOOKED_AT = 5000
_WORKING_DAY_ENDS = 17


@dataclass(frozen=True, slots=True)
class Ground:
    """What decisions of one transaction stand on: the terms, the free places, the policy and the calendar."""

    lots: tuple[Lot, ...]
    free_places: tuple[Place, ...]
    names: dict[UUID, str]
    """Of the lots' providers and services, by id."""
    policy: Policy
    policy_id: UUID
    policy_content: dict[str, Any]
    calendar: Calendar


async def survey(session: BrokerSession) -> Ground:
    """Read the ground for decisions today. Raises InvariantBroken if the authority has no policy in force."""
    found = await snapshots.survey(session, session.today)
    if found.policy_id is None:
        raise InvariantBroken
    content = orjson.loads(found.policy_content)
    return Ground(
        lots=found.lots,
        free_places=found.free_places,
        names=found.names,
        policy=policy_from(content),
        policy_id=found.policy_id,
        policy_content=content,
        calendar=await calendar_with(session, found.calendar_stamps),
    )


async def decide_arrival(session: BrokerSession, ground: Ground, want: Want) -> tuple[Decision, Ground]:
    """The decision for a referral that has just arrived, and the ground that was left when all were decided.

    Places that come free are offered at once, so as a rule nobody who fits a free place waits; should someone wait
    all the same (a place that became available at midnight), whoever stands ahead goes first.
    """
    alone = decide(Snapshot((want,), ground.lots, ground.free_places), ground.policy, session.today).decisions[0]
    if alone.place is None:
        return alone, ground
    ahead = await snapshots.waiting(session, [lot_of(ground, alone.place.lot_id)], _WAITING_LOOKED_AT)
    plan = decide(Snapshot((want, *ahead), ground.lots, ground.free_places), ground.policy, session.today)
    for decision in plan.decisions:
        if decision.referral_id == want.referral_id:
            return decision, replace(ground, free_places=plan.spare)
    raise InvariantBroken


def keep_decision(
    session: BrokerSession, writes: Writes, ground: Ground, want: Want, decision: Decision, trigger: str
) -> UUID:
    """Queue the decision record; its id. `ground` is what was left when all of the run were decided."""
    decision_id = new_id()
    writes.add(
        decision_table,
        id=decision_id,
        referral_id=want.referral_id,
        policy_version_id=ground.policy_id,
        decided_at=session.now,
        as_of=session.today,
        trigger=trigger,
        outcome=decision.outcome,
        record=record_of(want, decision, ground.lots, ground.free_places, ground.policy_content, session.today),
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
) -> tuple[dict[str, Any], UUID]:
    """Queue a booking, an offer, its obligation and its event; the offer's row and the event's id.

    `version` is the referral's version after the move to `offered`; the move itself is the caller's to record.
    """
    lot = lot_of(ground, place.lot_id)
    booking_id, offer_id = new_id(), new_id()
    writes.add(
        booking_table,
        id=booking_id,
        place_id=place.id,
        lot_id=lot.id,
        provider_id=lot.provider_id,
        household_id=referral["household_id"],
        state="offered",
        starts_on=session.today,
        ends_on=ground.calendar.planned_end(session.today, lot.standard_weeks),
        cause="offer",
    )
    days = ground.policy.answer_days[referral["band"]]
    due_at = london_moment(ground.calendar.add_working_days(session.today, days), _WORKING_DAY_ENDS)
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
        "decision_id": decision_id,
        "practitioner_id": place.practitioner_id,
        "reference": new_reference("A"),
        "state": "pending",
        "offered_at": session.now,
        "answer_due_at": due_at,
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
        data={"referral_version": version},
    )
    owe(
        writes,
        session,
        "answer_offer",
        lot.provider_id,
        subject=("offer", offer_id),
        clock="working_day",
        due_at=due_at,
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


async def allocate_waiting(session: BrokerSession, writes: Writes, trigger: str) -> int:
    """Offer every free place to the waiting list, in order; the number of offers made.

    Call it last in an act that frees or adds places, after the act's own rows are written (it flushes `writes` first,
    so that what the act has queued counts), in broker context.
    """
    await writes.flush(session)
    ground = await survey(session)
    if not ground.free_places:
        return 0
    open_lots = {place.lot_id for place in ground.free_places}
    wants = await snapshots.waiting(session, [lot for lot in ground.lots if lot.id in open_lots], _WAITING_LOOKED_AT)
    if not wants:
        return 0
    plan = decide(Snapshot(tuple(wants), ground.lots, ground.free_places), ground.policy, session.today)
    by_id = {want.referral_id: want for want in wants}
    made = [decision for decision in plan.decisions if decision.place is not None]
    if not made:
        return 0
    # Each record keeps what was left when all were decided: with the referral's own place, that gives its choice again.
    ground = replace(ground, free_places=plan.spare)
    authority_id = await authority_organisation(session)
    rows = await snapshots.referral_for_offer(session, [decision.referral_id for decision in made])
    referrals: dict[UUID, dict[str, Any]] = {row["id"]: dict(row) for row in rows}
    for decision in made:
        place = decision.place
        if place is None:
            continue
        referral = referrals[decision.referral_id]
        want = by_id[decision.referral_id]
        decision_id = keep_decision(session, writes, ground, want, decision, trigger)
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


def lot_of(ground: Ground, lot_id: UUID) -> Lot:
    """A lot of the ground by its id. Raises InvariantBroken when the authority has no such casework lot."""
    for lot in ground.lots:
        if lot.id == lot_id:
            return lot
    raise InvariantBroken
