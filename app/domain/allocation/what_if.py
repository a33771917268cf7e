"""Commissioner's levers: what the waiting list would look like with more places, another language, or fair share.

Pure: a snapshot and a policy in, changed ones out. Nothing that is asked here ever takes effect.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from app.domain.allocation.answers import Plan
from app.domain.allocation.facts import Lot, Place, Snapshot, Want
from app.domain.policy import Policy

_EXTRA = UUID("6f1c7e1a-5d0b-5f3e-9c55-0d5a4f0c9a11")
"""The namespace of places that do not exist."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would be otherwise: places more in a lot, languages more of a practitioner, fair share on or off."""

    places: tuple[tuple[UUID, int], ...] = ()
    languages: tuple[tuple[UUID, str], ...] = ()
    fair_share: bool | None = None


def changed(snapshot: Snapshot, policy: Policy, asked: WhatIf) -> tuple[Snapshot, Policy]:
    """The snapshot and policy as they would be."""
    lots = {lot.id: lot for lot in snapshot.lots}
    more = dict(asked.places)
    places = [_speaking(place, lots[place.lot_id], asked) for place in snapshot.places]
    places += [
        Place(id=uuid5(_EXTRA, f"{lot_id} {number}"), lot_id=lot_id, number=10_000 + number)
        for lot_id, count in asked.places
        for number in range(count)
    ]
    snapshot = replace(
        snapshot,
        places=tuple(places),
        lots=tuple(
            replace(
                lot,
                volume_left=lot.volume_left + more.get(lot.id, 0),
                place_count=None if lot.place_count is None else lot.place_count + more.get(lot.id, 0),
            )
            for lot in snapshot.lots
        ),
    )
    if asked.fair_share is not None:
        policy = replace(policy, fair_share={**policy.fair_share, "on": asked.fair_share})
    return snapshot, policy


def _speaking(place: Place, lot: Lot, asked: WhatIf) -> Place:
    learned = {language for practitioner, language in asked.languages if practitioner == place.practitioner_id}
    if not learned:
        return place
    spoken = lot.languages if place.languages is None else place.languages
    return replace(place, languages=tuple(sorted({*spoken, *learned})))


def tally(wants: tuple[Want, ...], plan: Plan, by: Callable[[Want], Hashable]) -> dict[Hashable, dict[str, int]]:
    """How many would be offered a place, and how many would wait, by what `by` says of each."""
    placed = {decision.referral_id for decision in plan.offered}
    counts = Counter((by(want), want.referral_id in placed) for want in wants)
    return {
        key: {"offered": counts[key, True], "waiting": counts[key, False]}
        for key in sorted({key for key, _ in counts}, key=str)
    }
