"""Offering places: on arrival, and to the waiting list whenever places come free.

Every function here runs in broker context, which holds the authority's allocation lock: the snapshot is read, the
pure rule decides, and bookings, offers, decisions and events are written, all before another decision can begin.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson

from app.clock import london_moment
from app.db import BrokerSession, ReadSession
from app.domain.academic_year import academic_year_start
from app.domain.allocation import (
    Arrival,
    Caseload,
    Claim,
    Decision,
    Lot,
    Place,
    Plan,
    SchoolShare,
    Snapshot,
    Waits,
    Want,
    decide,
    verdicts_of,
)
from app.domain.allocation.facts_of_time import free_in, long_stop_on
from app.domain.allocation.order import over_entitled_schools
from app.domain.allocation.supply import Supply
from app.domain.attendance import attendance_band
from app.domain.calendar import Calendar
from app.domain.decision_record import record_of
from app.domain.policy import Policy, policy_from
from app.domain.referral import State
from app.domain.suspensions import suspension_band
from app.errors import InvariantBroken
from app.ids import new_id, new_reference
from app.models import demand
from app.models.allocation import decision as decision_table
from app.models.allocation import offer as offer_table
from app.models.supply import booking as booking_table
from app.queries import referrals
from app.queries import snapshot as snapshots
from app.queries.parties import authority_organisation, calendar_with
from app.queries.snapshot import SiblingWith
from app.queries.writes import Writes, change
from app.services import events, history
from app.services.followers import bring_forward
from app.services.obligations import meet, owe

JUDGED_AT_ONCE: Final = 100
"""Referrals whose flag is changed in one transaction: the authority's lock is held for as long as that takes."""
_LONGEST_WAIT = timedelta(days=3 * 365)
_WORKING_DAY_ENDS = 17


@dataclass(frozen=True, slots=True)
class Ground:
    """What decisions of one transaction stand on: the terms, the free places, the policy and the calendar."""

    lots: tuple[Lot, ...]
    free_places: tuple[Place, ...]
    ahead_places: tuple[Place, ...]
    """Planned to fall free within the widest window of the policy, and without a next family."""
    busy_places: tuple[Place, ...]
    """Those of the others that tell what their lot can do when they fall free."""
    caseloads: tuple[Caseload, ...]
    shares: tuple[SchoolShare, ...]
    claims: tuple[Claim, ...]
    """Of siblings who wait, on the practitioners of their brothers and sisters."""
    deemed_lots: frozenset[UUID]
    """The lots whose contract counts silence as yes today."""
    names: dict[UUID, str]
    """Of the lots' providers and services, by id."""
    policy: Policy
    policy_id: UUID
    calendar: Calendar

    def snapshot(self, wants: Iterable[Want]) -> Snapshot:
        """What is decided about some referrals."""
        return Snapshot(tuple(wants), self.lots, self.places, self.caseloads, self.claims, self.shares)

    @property
    def places(self) -> tuple[Place, ...]:
        """The places that may be offered, and what busy ones could do."""
        return (*self.open_places, *self.busy_places)

    @property
    def open_places(self) -> tuple[Place, ...]:
        """The places that may be offered to some band: free, or soon to be."""
        return (*self.free_places, *self.ahead_places)

    def with_claims(self, siblings: Iterable[SiblingWith], today: date) -> "Ground":
        """The same ground, with the claims of a referral that is not yet in the list."""
        return replace(self, claims=(*self.claims, *claims_of(siblings, self.policy, self.calendar, today)))

    def long_stop_on(self, band: str, banded_on: date) -> date | None:
        """The day on which a referral of a band will have waited as long as the policy's long-stop says."""
        return long_stop_on(self.calendar, self.policy, band, banded_on)


@lru_cache(1024)
def _policy(policy_id: UUID, content: str) -> Policy:  # noqa: ARG001 - the id is what tells one from another quickly
    """A version's policy: it never changes, so it is read once per process."""
    return policy_from(orjson.loads(content))


_USUAL: Final = Calendar()
_LOOKED_AHEAD_AT_MOST: Final = 1024
_looked_ahead: dict[UUID, tuple[date, date]] = {}
"""By authority, a day and how far ahead it was looked on it: a guess for the next survey, so that one is enough."""


async def _surveyed(session: ReadSession) -> tuple[snapshots.Survey, Policy, Calendar, UUID]:
    """The survey, with its policy, its calendar and the policy's id.

    How far ahead to look hangs on the policy and the calendar, which the same statement reads. So it is guessed, from
    the last survey of the day or by the usual policy and terms; only where that was too near is it read once more.
    """
    today = session.today
    day, until = _looked_ahead.get(session.authority_id, (None, today))
    if day != today:
        until = _USUAL.add_school_days(today, max(Policy().windows.values()))
    while True:
        found = await snapshots.survey(session, today, until)
        if found.policy_id is None:
            raise InvariantBroken
        policy = _policy(found.policy_id, found.policy_content)
        calendar = await calendar_with(session, found.calendar_stamps)
        furthest = calendar.add_school_days(today, max(policy.windows.values()))
        if len(_looked_ahead) >= _LOOKED_AHEAD_AT_MOST:
            _looked_ahead.clear()
        _looked_ahead[session.authority_id] = (today, furthest)
        if furthest <= until:
            return found, policy, calendar, found.policy_id
        until = furthest


async def survey(session: ReadSession) -> Ground:
    """Read the ground for decisions today. Raises InvariantBroken if the authority has no policy in force."""
    found, policy, calendar, policy_id = await _surveyed(session)
    furthest = max(policy.windows.values())
    shares: tuple[SchoolShare, ...] = ()
    if policy.fair_share["on"]:
        shares = await snapshots.shares(session, date(academic_year_start(session.today), 9, 1))
    return Ground(
        lots=found.lots,
        free_places=found.free_places,
        ahead_places=tuple(
            place
            for place in (_ahead(place, calendar, session.today) for place in found.ahead_places)
            if place.free_in <= furthest
        ),
        busy_places=found.busy_places,
        caseloads=found.caseloads,
        shares=shares,
        claims=claims_of(found.siblings, policy, calendar, session.today),
        deemed_lots=found.deemed_lots,
        names=found.names,
        policy=policy,
        policy_id=policy_id,
        calendar=calendar,
    )


def claims_of(siblings: Iterable[SiblingWith], policy: Policy, calendar: Calendar, today: date) -> tuple[Claim, ...]:
    """The claims that stand today: from the sibling's offer until so many school days after its first contact."""
    return tuple(
        Claim(each.referral_id, each.practitioner_id)
        for each in siblings
        if each.started_on is None
        or calendar.school_days_between(each.started_on, today) <= policy.sibling_claim_school_days
    )


def _ahead(place: Place, calendar: Calendar, today: date) -> Place:
    """A busy place with the school days until it is free: one at least, for a family has it today."""
    return replace(place, free_in=max(1, free_in(calendar, today, place.free_on or today)))


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, with what its record needs to tell how it came about."""

    decision: Decision
    remaining: tuple[Place, ...]
    """The places that nobody had been given when all were decided."""
    arrival: Arrival | None = None


async def decide_arrival(session: BrokerSession, ground: Ground, want: Want) -> Decided:
    """The decision for a referral that has just arrived.

    Places that come free are offered at once, so as a rule nobody who fits an open place waits; should someone wait
    all the same (a place that became available at midnight, a band that waits for the next run or whose window a place
    has not reached), whoever stands ahead goes first, and the policy says who is decided on arrival.
    """
    arrival = Arrival(want.referral_id)
    alone = decide(ground.snapshot((want,)), ground.policy, session.today, arrival)
    decision = alone.decisions[0]
    if decision.place is None:
        return Decided(decision, alone.spare, arrival)
    able = {
        verdict.lot_id
        for verdict in verdicts_of(want, ground.snapshot((want,)), ground.policy, session.today, want.band)
        if verdict.free_count
    }
    others = await contenders(session, ground, [place for place in ground.open_places if place.lot_id in able])
    if not others:
        return Decided(decision, alone.spare, arrival)
    plan = decide(ground.snapshot((want, *others)), ground.policy, session.today, arrival)
    decision = plan.decisions[0]
    # Alone it would have had a place: if its band has to wait for a run, then because someone waits.
    return Decided(decision, plan.spare, Arrival(want.referral_id, decision.waits_for == Waits.RUN))


async def contenders(session: BrokerSession, ground: Ground, places: Sequence[Place]) -> list[Want]:
    """Of those who wait, everyone who could be offered one of some places, however long the list is."""
    open_lots = {place.lot_id for place in places}
    lots = [lot for lot in ground.lots if lot.id in open_lots]
    rule = ground.policy.long_stop
    rows = await snapshots.contenders(
        session,
        lots,
        places,
        long_stop=None
        if rule is None
        else snapshots.LongStop(
            rule["band"],
            rule["becomes"],
            rule["school_days"],
            ground.calendar.school_days(session.today - _LONGEST_WAIT, session.today),
        ),
        late_schools=over_entitled_schools(ground.shares, ground.policy),
    )
    return wants_of(ground, rows)


def wants_of(ground: Ground, rows: Iterable[Mapping[str, Any]]) -> list[Want]:
    """The wants of waiting referrals' rows."""
    return [snapshots.want_of(row, ground.long_stop_on(row["band"], row["banded_on"])) for row in rows]


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
) -> tuple[dict[str, Any], UUID]:
    """Queue a booking, an offer, its obligation and its event; the offer's row and the event's id.

    `version` is the referral's version after the move to `offered`; the move itself is the caller's to record.
    """
    lot = lot_of(ground, place.lot_id)
    booking_id, offer_id = new_id(), new_id()
    starts_on = place.free_on or session.today
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
    due_at = london_moment(ground.calendar.add_working_days(session.today, days), _WORKING_DAY_ENDS)
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
        "decision_id": decision_id,
        "practitioner_id": place.practitioner_id,
        "reference": new_reference("A"),
        "state": "pending",
        "starts_on": starts_on,
        "offered_at": session.now,
        "answer_due_at": due_at,
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
    """Offer every free place, and those soon to be, to the waiting list, in order; the number of offers made.

    A family that was promised a place goes before the list: it begins at once when the case before it ended early.

    Call it last in an act that frees or adds places, after the act's own rows are written (it flushes `writes` first,
    so that what the act has queued counts), in broker context.
    """
    await writes.flush(session)
    ground = await survey(session)
    await bring_forward(session, writes, ground.calendar, ground.policy)
    if not ground.open_places:
        return 0
    wants = await contenders(session, ground, ground.open_places)
    if not wants:
        return 0
    plan = decide(ground.snapshot(wants), ground.policy, session.today)
    return await make_offers(session, writes, ground, wants, plan, trigger)


async def judge_waiting(session: BrokerSession, writes: Writes) -> int:
    """Judge everyone who waits anew: who can be served at all? How many stand otherwise now, at most `JUDGED_AT_ONCE`.

    Who has come to be eligible nowhere is flagged, and an officer owes an answer; who is served again is not. Those
    alike are judged as one, so a long list takes little longer than a short one. Who is served again and would be
    offered a place at once is left to the offer, which says so itself.
    """
    await writes.flush(session)
    ground = await survey(session)
    await bring_forward(session, writes, ground.calendar, ground.policy)
    supply = Supply(ground.snapshot(()), ground.policy, session.today)
    served = supply.outlooks("P4")  # what could serve whenever it falls free is the same for every band
    nowhere: list[UUID] = []
    again: list[UUID] = []
    for want, row in await snapshots.kinds(session, by_school=any(lot.school_ids for lot in ground.lots)):
        unplaceable = not served(want)[0] and not row["household_has_place"]
        if unplaceable != row["unplaceable"]:
            (nowhere if unplaceable else again).extend(map(UUID, row["ids"].split()))
    # Some of the others are offered a place: as many as there are places, so enough are left to go on with.
    some = {*sorted(nowhere)[:JUDGED_AT_ONCE], *sorted(again)[: JUDGED_AT_ONCE + len(ground.open_places)]}
    if not some:
        return 0
    wants = {want.referral_id: want for want in wants_of(ground, await snapshots.waiting(session, sorted(some)))}
    rivals = await contenders(session, ground, ground.open_places) if again and ground.open_places else []
    every = {**{want.referral_id: want for want in rivals}, **wants}
    plan = decide(ground.snapshot(every.values()), ground.policy, session.today)
    changed = [each for each in plan.decisions if each.referral_id in wants and each.place is None][:JUDGED_AT_ONCE]
    for decision in changed:
        keep_decision(session, writes, ground, wants[decision.referral_id], Decided(decision, plan.spare), "nightly")
        unplaceable = decision.outcome == "unplaceable"
        await flag_unplaceable(session, writes, ground, decision.referral_id, unplaceable=unplaceable)
    return len(changed)


async def waiting_wants(session: ReadSession, ground: Ground) -> list[Want]:
    """Everyone who waits and is not on hold, in no order."""
    return wants_of(ground, await snapshots.waiting(session))


async def flag_unplaceable(
    session: BrokerSession, writes: Writes, ground: Ground, referral_id: UUID, *, unplaceable: bool
) -> None:
    """Flag that no lot can serve a waiting referral, or no longer; the officers owe it an answer, or have given it."""
    referral = await referrals.lock(session, referral_id)
    if referral is None or referral["state"] != State.WAITING:
        return
    version = history.next_version(referral)
    await change(
        session,
        demand.referral,
        {"id": referral_id},
        {"unplaceable": unplaceable, "version": version, "updated_at": session.now},
    )
    authority_id = await authority_organisation(session)
    events.tell(
        writes,
        session,
        "referral.unplaceable" if unplaceable else "referral.placeable",
        subject=("referral", referral_id, version),
        audience=[authority_id, referral["referring_organisation_id"], referral["school_id"]],
        referral_id=referral_id,
    )
    await meet(session, "place_referral", referral_id)
    if unplaceable:
        owe(
            writes,
            session,
            "place_referral",
            authority_id,
            subject=("referral", referral_id),
            clock="calendar_hour",
            due_at=session.now + timedelta(hours=ground.policy.placement_hours),
        )


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


def lot_of(ground: Ground, lot_id: UUID) -> Lot:
    """A lot of the ground by its id. Raises InvariantBroken when the authority has no such casework lot."""
    for lot in ground.lots:
        if lot.id == lot_id:
            return lot
    raise InvariantBroken
