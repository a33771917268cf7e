"""Offering places: on arrival, and to the waiting list whenever places come free.

Every function here runs in broker context, which holds the authority's allocation lock: the snapshot is read, the
pure rule decides, and bookings, offers, decisions and events are written, all before another decision can begin.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.db import BrokerSession, ReadSession
from app.domain.allocation import (
    Arrival,
    Place,
    Waits,
    Want,
    decide,
    verdicts_of,
)
from app.domain.allocation.order import over_entitled_schools
from app.domain.allocation.supply import Supply
from app.domain.clocks import in_hours
from app.domain.referral import State
from app.models import demand
from app.queries import referrals, who_waits
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services import events, history
from app.services.followers import bring_forward
from app.services.ground import Ground, survey, wants_of
from app.services.join_offers import offer_to_join
from app.services.made_offers import Decided, keep_decision, make_offers
from app.services.obligations import cancel, is_owed, owe

JUDGED_AT_ONCE: Final = 100
"""Referrals whose flag is changed in one transaction: the authority's lock is held for as long as that takes."""

_LONGEST_WAIT = timedelta(days=3 * 365)


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
    lots = [lot for lot in ground.lots if lot.id in able]
    places = [place for place in ground.open_places if place.lot_id in able]
    if not await who_waits.someone_may_fit(session, lots, places):
        return Decided(decision, alone.spare, arrival)
    others = await contenders(session, ground, places)
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
    rows = await who_waits.contenders(
        session,
        lots,
        places,
        long_stop=None
        if rule is None
        else who_waits.LongStop(
            rule["band"],
            rule["becomes"],
            rule["school_days"],
            ground.calendar.school_days(session.today - _LONGEST_WAIT, session.today),
        ),
        late_schools=over_entitled_schools(ground.shares, ground.policy),
    )
    return wants_of(ground, rows)


async def allocate_waiting(session: BrokerSession, writes: Writes, trigger: str) -> int:
    """Offer every free place, and those soon to be, to the waiting list, in order; the number of offers made.

    A family that was promised a place goes before the list: it begins at once when the case before it ended early.

    Call it last in an act that frees or adds places, after the act's own rows are written (it flushes `writes` first,
    so that what the act has queued counts), in broker context.
    """
    await writes.flush(session)
    joined = await offer_to_join(session, writes, trigger)
    ground = await survey(session)
    await bring_forward(session, writes, ground.calendar, ground.policy)
    if not ground.open_places:
        return joined
    wants = await contenders(session, ground, ground.open_places)
    if not wants:
        return joined
    plan = decide(ground.snapshot(wants), ground.policy, session.today)
    return joined + await make_offers(session, writes, ground, wants, plan, trigger)


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
    for want, row in await who_waits.kinds(session, by_school=any(lot.school_ids for lot in ground.lots)):
        unplaceable = not served(want)[0] and not row["household_has_place"]
        if unplaceable != row["unplaceable"]:
            (nowhere if unplaceable else again).extend(map(UUID, row["ids"].split()))
    # Some of the others are offered a place: as many as there are places, so enough are left to go on with.
    some = {*sorted(nowhere)[:JUDGED_AT_ONCE], *sorted(again)[: JUDGED_AT_ONCE + len(ground.open_places)]}
    if not some:
        return 0
    wants = {want.referral_id: want for want in wants_of(ground, await who_waits.waiting(session, sorted(some)))}
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
    return wants_of(ground, await who_waits.waiting(session))


async def flag_unplaceable(
    session: BrokerSession, writes: Writes, ground: Ground, referral_id: UUID, *, unplaceable: bool
) -> None:
    """Flag that no lot can serve a waiting referral, or no longer: then officers owe it a look, or none any more.

    A look that they owe already stays due when it was.
    """
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
    if not unplaceable:
        # Nobody looked: it has come right by itself.
        await cancel(session, referral_id, ["place_referral"])
    elif not await is_owed(session, "place_referral", referral_id):
        owe(
            writes,
            session,
            "place_referral",
            authority_id,
            subject=("referral", referral_id),
            clock="calendar_hour",
            due_at=in_hours(session.now, ground.policy.placement_hours),
        )
