"""An officer's own choice: a free place for a referral, whatever the published order would have done.

The rule is asked all the same, at that very moment, and what it would have done is kept beside the officer's reason.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db import BrokerSession, WriteSession, broker
from app.domain.allocation import Decision, Lot, Place, Plan, Want, decide
from app.domain.allocation.override import (
    STANDS,
    excused,
    is_free,
    officers_choice,
    passed_over,
    stands_against,
)
from app.domain.decision_record import record_of
from app.domain.referral import State
from app.domain.vocabulary import OverrideReason
from app.errors import FieldFault, Invalid, OverrideRefused, PlaceTaken
from app.ids import new_id
from app.models.allocation import override as override_table
from app.queries import places, referrals, who_waits
from app.queries import snapshot as snapshots
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import history
from app.services.allocation import waiting_wants
from app.services.ground import Ground, survey, wants_of
from app.services.made_offers import Decided, keep_decision, make_offer
from app.services.obligations import meet
from app.services.referrals.acting import Officer, Row, lock_open, open_to


@dataclass(frozen=True, slots=True)
class Override:
    """What an officer asks for: a place, or any place of a lot, by whom and why."""

    officer: Officer
    reason: OverrideReason
    note: str
    lot_id: UUID | None = None
    place_id: UUID | None = None


async def override_allocation(session: WriteSession, writes: Writes, referral_id: UUID, asked: Override) -> None:
    """Offer a waiting referral the free place that an officer chose.

    Raises NotFound, ActionNotAvailable for one that does not wait, Invalid for a lot or place that the authority does
    not have, PlaceTaken for one that is not free, and OverrideRefused naming a rule that no officer may set aside.
    """
    seen = await referrals.visible(session, referral_id)
    if seen is not None and seen["state"] == State.WAITING and seen["holds"]:
        raise _refused(seen["holds"][0])
    await open_to(session, referral_id, "override")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "override")
        await place_by_choice(wide, writes, referral, asked)
        await writes.flush(wide)


async def place_by_choice(wide: BrokerSession, writes: Writes, referral: Row, asked: Override) -> UUID:
    """Offer a locked referral that waits the place that people chose: an officer, or a panel; the offer's id.

    Nothing is written before it is known that the place can be had. Raises Invalid, PlaceTaken, OverrideRefused.
    """
    ground = await survey(wide)
    want = await _want(wide, ground, referral["id"])
    lot, place = await _chosen(wide, ground, want, asked)
    wants = [*(one for one in await waiting_wants(wide, ground) if one.referral_id != want.referral_id), want]
    snapshot = ground.snapshot(wants)
    plan = decide(snapshot, ground.policy, wide.today)
    choice = officers_choice(want, lot, place, ground.policy, wide.today)
    over = passed_over(snapshot, ground.policy, wide.today, choice)
    offer_id = await _offer(wide, writes, ground, referral, want, excused(choice, over), asked, (plan, over))
    # An officer may have been asked to see it placed: now one has.
    await meet(wide, "place_referral", referral["id"])
    return offer_id


async def _want(wide: BrokerSession, ground: Ground, referral_id: UUID) -> Want:
    """What may be known of the referral. Raises OverrideRefused while it is on hold."""
    row = await who_waits.want_row(wide, referral_id)
    (want,) = wants_of(ground, [row] if row else [])
    if want.holds:
        raise _refused(want.holds[0])
    return want


async def _chosen(wide: BrokerSession, ground: Ground, want: Want, asked: Override) -> tuple[Lot, Place]:
    """The lot and the place: the one named, or of a lot the one that suits best of those that may be given."""
    lots = {lot.id: lot for lot in ground.lots}
    if asked.lot_id is not None and asked.lot_id not in lots:
        raise Invalid(errors=[FieldFault("/lot_id", "unknown", "The authority has no casework lot of this id.")])
    free = [
        place
        for place in ground.free_places
        if place.lot_id in lots
        and is_free(place)
        and asked.lot_id in (None, place.lot_id)
        and asked.place_id in (None, place.id)
    ]
    if not free:
        if asked.place_id is None:
            raise PlaceTaken("No place of the lot is free today.")
        if not await places.is_place(wide, asked.place_id, asked.lot_id):
            raise Invalid(errors=[FieldFault("/place_id", "unknown", "There is no place of this id there.")])
        raise PlaceTaken("The place is not free today: it is held, out of service, or not in the block.")
    against = {
        place.id: stands_against(want, lots[place.lot_id], place, ground.caseloads, wide.today) for place in free
    }
    possible = [place for place in free if against[place.id] is None]
    if not possible:
        raise _refused(against[free[0].id] or "")

    def cost(place: Place) -> tuple[int, int]:
        choice = officers_choice(want, lots[place.lot_id], place, ground.policy, wide.today)
        return choice.score.cost if choice.score else 0, place.id.int

    place = min(possible, key=cost)
    return lots[place.lot_id], place


def _refused(rule: str) -> OverrideRefused:
    return OverrideRefused(f"An officer cannot set this aside: {STANDS[rule]}.", extra={"rule": rule})


async def _offer(
    wide: BrokerSession,
    writes: Writes,
    ground: Ground,
    referral: Row,
    want: Want,
    choice: Decision,
    asked: Override,
    rule: tuple[Plan, tuple[UUID, ...]],
) -> UUID:
    """Queue the decision, the offer and the override, and move the referral; the offer's id.

    `rule` is (its plan, whom this passes).
    """
    plan, over = rule
    if choice.place is None:
        raise AssertionError("An officer's choice is a place.")
    decision_id = keep_decision(wide, writes, ground, want, Decided(choice, ground.free_places), "override")
    (facts,) = await snapshots.referral_for_offer(wide, [referral["id"]])
    lot_id = choice.place.lot_id
    provider_id = next(lot.provider_id for lot in ground.lots if lot.id == lot_id)
    known = await snapshots.known_households(wide, provider_id, [want.household_id])
    offer, event_id = make_offer(
        wide,
        writes,
        ground,
        facts,
        choice.place,
        decision_id,
        known_to_you=want.household_id in known,
        authority_id=await authority_organisation(wide),
        version=history.next_version(referral),
    )
    await history.move(
        wide, writes, referral, State.OFFERED,
        event_id=event_id, event_type="allocation.offered", reason="override", unplaceable=False,
    )  # fmt: skip
    writes.add(
        override_table,
        id=new_id(),
        referral_id=referral["id"],
        decision_id=decision_id,
        offer_id=offer["id"],
        lot_id=lot_id,
        place_id=choice.place.id,
        decided_at=wide.now,
        client_id=wide.principal.client_id,
        officer_name=asked.officer.name,
        officer_role=asked.officer.role,
        reason=asked.reason.value,
        note=asked.note,
        rule_record=_rule_record(ground, want, plan, wide),
        passed_over_ids=list(over),
    )
    offer_id: UUID = offer["id"]
    return offer_id


def _rule_record(ground: Ground, want: Want, plan: Plan, wide: BrokerSession) -> dict[str, Any]:
    """The record of what the rule would have done: like any other, it can be made again from itself."""
    decision = next(one for one in plan.decisions if one.referral_id == want.referral_id)
    return record_of(
        want,
        decision,
        ground.lots,
        plan.spare,
        ground.policy,
        wide.today,
        taken=ground.places,
        claims=ground.claims,
        shares=ground.shares,
    )
