"""`decide(snapshot, policy, as_of) -> plan`: who gets which place, when, and why. One pure function, whatever asks."""

from datetime import date
from functools import reduce
from operator import or_
from uuid import UUID

from app.domain.allocation.answers import Decision, Excuse, Plan, TightSet, Waits
from app.domain.allocation.cadence import at_once
from app.domain.allocation.caps import takeable
from app.domain.allocation.cost import score
from app.domain.allocation.facts import Arrival, Claim, Hold, Place, Snapshot, Want
from app.domain.allocation.matching import Costs, Matching
from app.domain.allocation.order import Order
from app.domain.allocation.siblings import cheapest_with, together
from app.domain.allocation.supply import Pools, Supply, numbers
from app.domain.policy import Policy

_ALONE: frozenset[UUID] = frozenset()
_HOLD, _TURN, _PLACE = Waits.HOLD.value, Waits.TURN.value, Waits.PLACE.value
_HOUSED = Hold.HOUSEHOLD_HAS_PLACE.value


def decide(snapshot: Snapshot, policy: Policy, as_of: date, arrival: Arrival | None = None) -> Plan:
    """Decide every referral of the snapshot in the published order; each place goes to at most one of them.

    With `arrival`, decide that referral alone: those ahead of it, and siblings with a claim, keep the places that they
    would get, and the others only count as waiting (cadence). The same snapshot, policy and day give the same plan:
    nothing here reads a clock, a database or chance. Raises ValueError when the referral that arrived is not in the
    snapshot.
    """
    order = Order(policy, snapshot.shares, as_of)
    supply = Supply(snapshot, policy, as_of)
    if arrival is None:
        return _Run(supply, order, snapshot.claims).plan(snapshot.wants)
    arrived = next((want for want in snapshot.wants if want.referral_id == arrival.referral_id), None)
    if arrived is None:
        raise ValueError("The referral that arrived is not in the snapshot.")
    key = order.key(arrived)
    claimants = {claim.referral_id for claim in snapshot.claims}
    first = [want for want in snapshot.wants if order.key(want) <= key or want.referral_id in claimants]
    plan = _Run(supply, order, snapshot.claims).plan(first)
    decision = next(each for each in plan.decisions if each.referral_id == arrived.referral_id)
    spare = plan.spare
    if decision.place is not None and not _at_once(arrived, supply, order, snapshot, arrival):
        spare = (decision.place, *spare)
        decision = Decision(arrived.referral_id, "waiting", None, None, Waits.RUN.value)
    return Plan((decision,), plan.tight_sets, spare)


def _at_once(arrived: Want, supply: Supply, order: Order, snapshot: Snapshot, arrival: Arrival) -> bool:
    band = order.rank(arrived)[0]
    pools = _pools(arrived, band, supply)
    return at_once(
        band,
        sum(supply.caps.pools[number] for number in numbers(pools)),
        someone_waits=someone_waits(arrived, supply, order, snapshot, arrival),
        policy=supply.policy,
    )


def someone_waits(arrived: Want, supply: Supply, order: Order, snapshot: Snapshot, arrival: Arrival) -> bool:
    """Whether anybody else, of any band, waits for a place that the one who arrived could have."""
    pools = _pools(arrived, order.rank(arrived)[0], supply)
    return arrival.someone_waits or any(
        _pools(want, order.rank(want)[0], supply) & pools
        for want in snapshot.wants
        if want is not arrived and not want.holds
    )


def _pools(want: Want, band: str, supply: Supply) -> Pools:
    return supply.outlooks(band)(want)[1]


class _Run:
    """One plan in the making."""

    def __init__(self, supply: Supply, order: Order, claims: tuple[Claim, ...]) -> None:
        self._supply = supply
        self._order = order
        self._matching = Matching(*supply.caps)
        self._claims: dict[UUID, frozenset[UUID]] = {}
        for claim in claims:
            held = self._claims.get(claim.referral_id, _ALONE)
            self._claims[claim.referral_id] = held | {claim.practitioner_id}
        self._wants: list[Want] = []
        self._bands: list[str] = []
        self._siblings: dict[UUID, list[int]] = {}
        self._pinned: dict[int, int] = {}
        self._housed: set[UUID] = set()
        self._tight: list[Pools] = []
        self._tight_of: dict[Pools, int] = {}

    def plan(self, wants: tuple[Want, ...] | list[Want]) -> Plan:
        """The plan for some referrals, in order."""
        for rank, run in self._order.sorted(wants):
            self._wants.extend(run)
            self._bands.extend([rank[0]] * len(run))
        self._link_siblings()
        self._honour_claims()
        decisions = self._in_turn()
        self._hand_out(decisions)
        return Plan(tuple(decisions), tuple(self._certificate(bits) for bits in self._tight), self._spare())

    def _link_siblings(self) -> None:
        for number, want in enumerate(self._wants):
            if want.sibling_group_id is not None and not want.holds:
                self._siblings.setdefault(want.sibling_group_id, []).append(number)

    def _honour_claims(self) -> None:
        """Siblings whose first has a practitioner take the next place of that one, before their turn."""
        if not self._claims:
            return
        for number, (band, want) in enumerate(zip(self._bands, self._wants, strict=True)):
            if want.referral_id not in self._claims or want.holds or want.household_id in self._housed:
                continue
            pools = _pools(want, band, self._supply)
            if not pools:
                continue
            _, costs = self._costs(want, band, pools)
            found = [
                pool
                for who in self._claims[want.referral_id]
                if (pool := cheapest_with(who, costs, self._practitioner, self._matching.spare)) is not None
            ]
            if found:
                self._pin(number, min(found, key=lambda pool: costs.by_pool[pool]))

    def _in_turn(self) -> list[Decision]:
        outlooks = {band: self._supply.outlooks(band) for band in set(self._bands)}
        pinned, housed = self._pinned, self._housed
        decisions: list[Decision] = []
        tight_of = self._tight_of
        for number, (band, want) in enumerate(zip(self._bands, self._wants, strict=True)):
            shapes, pools = outlooks[band](want)
            if number in pinned:
                decisions.append(Decision(want.referral_id, "offered"))
            elif want.holds:
                decisions.append(Decision(want.referral_id, "waiting", None, want.holds[0], _HOLD))
            elif not shapes:
                decisions.append(Decision(want.referral_id, "unplaceable"))
            elif want.household_id in housed:
                decisions.append(Decision(want.referral_id, "waiting", None, _HOUSED, _HOLD))
            elif not pools:
                decisions.append(Decision(want.referral_id, "waiting", None, None, _PLACE))
            elif pools in tight_of:  # most of a long list: told before of others like it
                tight = tight_of[pools]
                decisions.append(Decision(want.referral_id, "waiting", None, None, _TURN, None, None, tight))
            else:
                decisions.append(self._turn(number, band, want, pools))
        return decisions

    def _turn(self, number: int, band: str, want: Want, pools: Pools) -> Decision:
        """A turn, when some place could be offered; the place itself is handed out at the end."""
        if pools & ~self._matching.tight and self._place(number, band, want, pools):
            self._housed.add(want.household_id)
            return Decision(want.referral_id, "offered")
        return Decision(want.referral_id, "waiting", None, None, _TURN, None, None, self._tight_around(pools))

    def _place(self, number: int, band: str, want: Want, pools: Pools) -> bool:
        if want.sibling_group_id is not None and self._place_together(number, want):
            return True
        kind, costs = self._costs(want, band, pools)
        closed = self._matching.insert(number, kind, costs)
        if closed:
            self._tight.append(closed)
        return not closed

    def _place_together(self, number: int, want: Want) -> bool:
        """Place those of a family who wait, with one practitioner, when the first of them has its turn."""
        group = want.sibling_group_id
        if group is None:
            return False
        numbers_: list[int] = []
        costs: list[Costs] = []
        for other in self._siblings.get(group, ()):
            band, sibling = self._bands[other], self._wants[other]
            if other < number or other in self._pinned or other in self._matching.pool_of:
                continue
            if other > number and (sibling.household_id in self._housed or sibling.household_id == want.household_id):
                continue
            pools = _pools(sibling, band, self._supply)
            if pools:
                numbers_.append(other)
                costs.append(self._costs(sibling, band, pools)[1])
        while len(costs) > 1:
            found = together(costs, self._practitioner, self._matching.spare)
            if found is not None:
                for other, pool in zip(numbers_, found.pools, strict=True):
                    if self._matching.spare(pool) > 0:
                        self._pin(other, pool)
                return number in self._pinned
            numbers_.pop()
            costs.pop()
        return False

    def _pin(self, number: int, pool: int) -> None:
        self._matching.pin(pool)
        self._pinned[number] = pool
        self._housed.add(self._wants[number].household_id)

    def _costs(self, want: Want, band: str, pools: Pools) -> tuple[int, Costs]:
        return self._supply.costs(want, band, pools, self._siblings_with(want))

    def _siblings_with(self, want: Want) -> frozenset[UUID]:
        return self._claims.get(want.referral_id, _ALONE) if self._claims else _ALONE

    def _practitioner(self, pool: int) -> UUID | None:
        return self._supply.pools[pool].like.practitioner_id

    def _tight_around(self, pools: Pools) -> int:
        """The number of a tight set that holds some pools: one that is there, or the union of those they touch."""
        known = self._tight_of.get(pools)
        if known is None:
            within = (number for number, tight in enumerate(self._tight) if not pools & ~tight)
            known = next(within, None)
            if known is None:
                known = len(self._tight)
                self._tight.append(reduce(or_, (tight for tight in self._tight if pools & tight)))
            self._tight_of[pools] = known
        return known

    def _hand_out(self, decisions: list[Decision]) -> None:
        """Give those of each pool its places, lowest id first, in the published order."""
        by_pool: dict[int, list[int]] = {}
        for number, pool in (*self._matching.pool_of.items(), *self._pinned.items()):
            by_pool.setdefault(pool, []).append(number)
        for pool, members in by_pool.items():
            shape = self._supply.shapes[self._supply.pools[pool].shape]
            places = takeable(self._supply.pools[pool].places, len(members))
            for number, place in zip(sorted(members), places, strict=True):
                band, want = self._bands[number], self._wants[number]
                decisions[number] = Decision(
                    want.referral_id,
                    "offered",
                    place,
                    score=score(want, band, shape.lot, place, self._siblings_with(want), self._supply.policy),
                    excuse=self._excuse(number, pool, decisions) if number in self._pinned else None,
                    together=number in self._pinned,
                )

    def _spare(self) -> tuple[Place, ...]:
        """The places of each pool that nobody got and that its caps leave to be taken."""
        used = [0] * len(self._supply.pools)
        for pool in (*self._matching.pool_of.values(), *self._pinned.values()):
            used[pool] += 1
        return tuple(
            place
            for number, pool in enumerate(self._supply.pools)
            for place in takeable(pool.places, used[number] + self._matching.spare(number))[used[number] :]
        )

    def _excuse(self, number: int, pool: int, decisions: list[Decision]) -> str | None:
        """The code under which a sibling was placed before its turn, when someone ahead waits for such a place."""
        for other in range(number):
            band, want = self._bands[other], self._wants[other]
            if decisions[other].waits_for in (_TURN, _PLACE) and _pools(want, band, self._supply) >> pool & 1:
                return Excuse.SIBLING_HOLD.value
        return None

    def _certificate(self, bits: Pools) -> TightSet:
        pools = numbers(bits)
        members = [self._matching.members(pool) for pool in pools]
        pinned = [number for number, pool in self._pinned.items() if bits >> pool & 1]
        holders = sorted([number for numbers_ in members for number in numbers_] + pinned)
        return TightSet(
            place_ids=tuple(sorted(place.id for pool in pools for place in _of(self._supply.pools[pool].places))),
            holder_ids=tuple(self._wants[number].referral_id for number in holders),
            capacity=len(holders),
        )


def _of(places: list[Place]) -> list[Place]:
    return [place for place in places if not place.taken]
