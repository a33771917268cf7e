"""Proof that a plan passed nobody over: jumps found and tight sets checked, from the rules alone.

Nothing here uses the index or the matching that made the plan.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple
from uuid import UUID

from app.domain.allocation.answers import Decision, Excuse, Plan, TightSet
from app.domain.allocation.eligibility import lot_reason, offerable, place_reason, timing_reason, widened
from app.domain.allocation.facts import Hold, Lot, Place, Snapshot, Want
from app.domain.allocation.order import Order
from app.domain.policy import Policy


class Jump(NamedTuple):
    """An offer that went past someone ahead who could have had that very place and still waits."""

    referral_id: UUID
    over: UUID
    code: str | None
    """What excuses it (`Excuse`); None is a fault."""


class Rules:
    """Who could be offered which place, judged one by one."""

    def __init__(self, snapshot: Snapshot, policy: Policy, as_of: date) -> None:
        by_lot: dict[UUID, list[Place]] = {}
        for place in snapshot.places:
            by_lot.setdefault(place.lot_id, []).append(place)
        self._own = {lot.id: lot for lot in snapshot.lots}
        self._wide = {lot.id: widened(lot, by_lot.get(lot.id, ())) for lot in snapshot.lots}
        self._policy = policy
        self._as_of = as_of
        self.order = Order(policy, snapshot.shares, as_of)

    def could_have(self, want: Want, place: Place) -> bool:
        """Whether a place may be offered to a referral today by every hard rule, whoever else wants it."""
        lot: Lot | None = self._own.get(place.lot_id)
        return (
            lot is not None
            and offerable(place)
            and lot_reason(want, self._wide[lot.id], lot.volume_left, self._as_of) is None
            and place_reason(want, lot, place) is None
            and timing_reason(place, lot, self.order.rank(want)[0], self._policy) is None
        )


def jumps(snapshot: Snapshot, policy: Policy, as_of: date, decisions: Iterable[Decision]) -> list[Jump]:
    """Every case of an offer past a referral ahead, eligible for that very place and window, that still waits.

    One on hold is not passed over: the hold is a hard reason of its own. A family that paused is, with an excuse.
    """
    rules = Rules(snapshot, policy, as_of)
    made = {decision.referral_id: decision for decision in decisions if decision.place is not None}
    housed = {want.household_id for want in snapshot.wants if want.referral_id in made}
    ranked = sorted(snapshot.wants, key=rules.order.key)
    found = []
    waiting: list[Want] = []
    for want in ranked:
        decision = made.get(want.referral_id)
        if decision is None or decision.place is None:
            if want.household_id not in housed and all(hold == Hold.FAMILY_PAUSED for hold in want.holds):
                waiting.append(want)
            continue
        for ahead in waiting:
            if rules.could_have(ahead, decision.place):
                code = Excuse.FAMILY_PAUSED.value if ahead.holds else decision.excuse
                found.append(Jump(want.referral_id, ahead.referral_id, code))
    return found


def certificate_faults(snapshot: Snapshot, policy: Policy, as_of: date, plan: Plan) -> list[str]:
    """What is wrong with the proofs of a plan, in sentences; none when every unplaced referral was rightly left.

    Of each tight set: its places are all taken that may be, by its holders, each of whom could have no place outside
    it. Of each referral that waits its turn: every place that it could have lies in its tight set, whose holders are
    ahead of it (or siblings, placed before their turn).
    """
    proof = _Proof(snapshot, Rules(snapshot, policy, as_of), plan)
    return [
        *(fault for number, tight in enumerate(plan.tight_sets) for fault in proof.of_tight_set(number, tight)),
        *(fault for decision in plan.decisions for fault in proof.of_decision(decision)),
    ]


class _Proof:
    def __init__(self, snapshot: Snapshot, rules: Rules, plan: Plan) -> None:
        self._places = [place for place in snapshot.places if not place.taken]
        self._rules = rules
        self._plan = plan
        self._wants = {want.referral_id: want for want in snapshot.wants}
        self._decisions = {decision.referral_id: decision for decision in plan.decisions}
        self._spare = {place.id for place in plan.spare}
        self._could_have: dict[UUID, frozenset[UUID]] = {}

    def could_have(self, referral_id: UUID) -> frozenset[UUID]:
        if referral_id not in self._could_have:
            want = self._wants[referral_id]
            self._could_have[referral_id] = frozenset(
                place.id for place in self._places if self._rules.could_have(want, place)
            )
        return self._could_have[referral_id]

    def of_tight_set(self, number: int, tight: TightSet) -> Iterator[str]:
        places = set(tight.place_ids)
        if len(tight.holder_ids) != tight.capacity or places & self._spare:
            yield f"Tight set {number} has places to spare."
        for holder in tight.holder_ids:
            decision = self._decisions[holder]
            if decision.place is None or decision.place.id not in places:
                yield f"Tight set {number} names a holder of none of its places."
            if not decision.together and not self.could_have(holder) <= places:
                yield f"Tight set {number} has a holder who could go elsewhere."

    def of_decision(self, decision: Decision) -> Iterator[str]:
        if decision.tight_set is None:
            return
        want, tight = self._wants[decision.referral_id], self._plan.tight_sets[decision.tight_set]
        if not self.could_have(decision.referral_id) <= set(tight.place_ids):
            yield f"{want.reference} could have a place outside its tight set."
        key = self._rules.order.key(want)
        for holder in tight.holder_ids:
            if not self._decisions[holder].together and self._rules.order.key(self._wants[holder]) > key:
                yield f"{want.reference} was passed by {self._wants[holder].reference}."
