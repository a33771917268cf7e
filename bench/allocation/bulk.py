"""The bulk case: a contract's first day, 110 families waiting for 110 places, against greedy and scipy's assignment."""

from dataclasses import replace
from statistics import mean
from uuid import UUID

import numpy as np
from scipy.optimize import linear_sum_assignment

from app.domain.allocation import Lot, Place, Snapshot, Want, decide
from app.domain.allocation.certificate import Rules, certificate_faults
from app.domain.allocation.cost import soft_mismatches
from app.domain.policy import Policy
from bench.allocation.trace import generate
from bench.allocation.world import World

WAITING = 110
_NEVER = 10**9
_UNPLACED = 10**6


def case(seed: int, reach: dict[str, int]) -> Snapshot:
    """The first referrals of a year, all waiting on the first day for the contract's places, all free."""
    world = World(generate(100, seed), reach)
    wants = tuple(
        replace(
            world.want(number, one_band=False), sibling_group_id=None, modes=world.trace["referrals"][number]["modes"]
        )
        for number in range(WAITING)
    )
    places = tuple(place for place in world.places if place.course_id is None)
    return Snapshot(tuple(replace(want, modes=tuple(want.modes)) for want in wants), tuple(world.lots), places)


def run(seeds: range, reach: dict[str, int]) -> str:
    """The table of the bulk case: placed and soft mismatches, means over seeds."""
    policy = Policy()
    names = (
        "this policy",
        "greedy, first fit",
        "scipy, fewest soft, same families",
        "scipy, fewest soft, any families",
    )
    rows: dict[str, list[tuple[int, int]]] = {name: [] for name in names}
    faults = 0
    for seed in seeds:
        snapshot = case(seed, reach)
        on = snapshot.lots[0].starts_on
        plan = decide(snapshot, policy, on)
        faults += len(certificate_faults(snapshot, policy, on, plan))
        lots = {lot.id: lot for lot in snapshot.lots}
        by_id = {want.referral_id: want for want in snapshot.wants}
        chosen = [(by_id[each.referral_id], each.place) for each in plan.offered if each.place]
        rules = Rules(snapshot, policy, on)
        open_to = [[rules.could_have(want, place) for place in snapshot.places] for want in snapshot.wants]
        rows["this policy"].append((len(chosen), _soft(chosen, lots)))
        rows["greedy, first fit"].append(_greedy(snapshot, rules, lots))
        same = {want.referral_id for want, _ in chosen}
        rows[names[2]].append(_assignment(snapshot, open_to, lots, same))
        rows[names[3]].append(_assignment(snapshot, open_to, lots, set(by_id)))
    lines = ["| bulk | placed | soft mismatches |", "|---|---|---|"]
    for name, found in rows.items():
        lines.append(f"| {name} | {mean(placed for placed, _ in found):.1f} | {mean(soft for _, soft in found):.1f} |")
    return "\n".join([*lines, "", f"{faults} faults in certificates."])


def _soft(chosen: list[tuple[Want, Place]], lots: dict[UUID, Lot]) -> int:
    return sum(len(soft_mismatches(want, lots[place.lot_id], place, frozenset())) for want, place in chosen)


def _greedy(snapshot: Snapshot, rules: Rules, lots: dict[UUID, Lot]) -> tuple[int, int]:
    free = list(snapshot.places)
    chosen = []
    for want in sorted(snapshot.wants, key=rules.order.key):
        place = next((place for place in free if rules.could_have(want, place)), None)
        if place is not None:
            free.remove(place)
            chosen.append((want, place))
    return len(chosen), _soft(chosen, lots)


def _assignment(
    snapshot: Snapshot, open_to: list[list[bool]], lots: dict[UUID, Lot], among: set[UUID]
) -> tuple[int, int]:
    """The most of some families that can be placed, with the fewest soft mismatches.

    Every referral has a dummy place of its own, dear enough that nobody is left out to save costs.
    """
    count, places = len(snapshot.wants), snapshot.places
    costs = np.full((count, len(places) + count), _NEVER)
    for row, want in enumerate(snapshot.wants):
        costs[row, len(places) + row] = _UNPLACED
        for column, place in enumerate(places):
            if open_to[row][column] and want.referral_id in among:
                costs[row, column] = len(soft_mismatches(want, lots[place.lot_id], place, frozenset()))
    rows, columns = linear_sum_assignment(costs)
    chosen = [
        (snapshot.wants[row], places[column])
        for row, column in zip(rows, columns, strict=True)
        if column < len(places) and costs[row, column] < _UNPLACED
    ]
    return len(chosen), _soft(chosen, lots)
