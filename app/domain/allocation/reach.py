"""The reach index: how many of last year's referrals each place could have served, over the mean place.

A place that many could use is dear, so that it stays free for those who need just it. It is a published table of
counts, made again each half-term; it knows nothing of any child but what made them eligible.
"""

from collections.abc import Iterable, Sequence

from app.domain.allocation.eligibility import place_reason, serves_area
from app.domain.allocation.facts import Lot, Place, Want


def reach_counts(places: Sequence[tuple[Lot, Place]], past: Iterable[Want]) -> list[int]:
    """For each place, how many of some past referrals it could have served by area, key stage and abilities."""
    counts = [0] * len(places)
    for want in past:
        for number, (lot, place) in enumerate(places):
            counts[number] += _could_serve(want, lot, place)
    return counts


def _could_serve(want: Want, lot: Lot, place: Place) -> bool:
    return (
        want.key_stage in lot.key_stages
        and serves_area(lot, want.area_id, want.school_id)
        and place_reason(want, lot, place) is None
        and lot.provider_id not in want.refused_provider_ids
    )


def reach_of(counts: Sequence[int]) -> list[int]:
    """Each count over the mean, in whole hundredths rounded down; 100 each while there is nothing to go by."""
    total = sum(counts)
    if not total:
        return [100] * len(counts)
    return [100 * len(counts) * count // total for count in counts]
