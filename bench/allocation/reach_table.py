"""The reach of each practitioner's places: made from the referrals of other seeds, as last year's would be."""

from collections.abc import Iterable

from app.domain.allocation.reach import reach_counts, reach_of
from bench.allocation.contract_year import PRACTITIONERS
from bench.allocation.trace import generate
from bench.allocation.world import World

PAST_SEEDS = (21, 22, 23, 24)
"""The seeds that the published index of the trace was made from."""


def reach_table(load_percent: int = 100, seeds: Iterable[int] = PAST_SEEDS) -> dict[str, int]:
    """By practitioner, how many past referrals a place could have served over the mean, in hundredths."""
    counts = [0] * len(PRACTITIONERS)
    for seed in seeds:
        world = World(generate(load_percent, seed), {})
        places = [(lot, place) for lot in world.lots for place in world.places if place.lot_id == lot.id]
        first = {place.practitioner_id: (lot, place) for lot, place in places if place.course_id is None}
        each = [first[who] for who in sorted(first, key=lambda who: who.int if who else 0)]
        past = (world.want(number, one_band=False) for number in range(len(world.trace["referrals"])))
        counts = [total + count for total, count in zip(counts, reach_counts(each, past), strict=True)]
    names = (practitioner["id"] for practitioner in PRACTITIONERS)
    return dict(zip(names, reach_of(counts), strict=True))
