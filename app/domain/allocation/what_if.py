"""Commissioner's levers: what would be with more places or fewer, another language, another worker, or fair share.

Pure: a snapshot and a policy in, changed ones out. Nothing that is asked here ever takes effect.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from app.domain.allocation.answers import Plan
from app.domain.allocation.facts import Lot, Place, Snapshot, Want
from app.domain.policy import Policy

_EXTRA = UUID("6f1c7e1a-5d0b-5f3e-9c55-0d5a4f0c9a11")
"""The namespace of places that do not exist."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would be otherwise. `places`: more in a lot, or fewer (below 0). The caller resolves what is a policy's."""

    places: tuple[tuple[UUID, int], ...] = ()
    languages: tuple[tuple[UUID, str], ...] = ()
    """Languages more of a practitioner."""
    practitioners: tuple[tuple[UUID, str, int], ...] = ()
    """In a lot, one practitioner more with a language beside the lot's own, and so many places."""
    fair_share: bool | None = None
    deemed_acceptance: bool = False
    """Silence counts as a yes; of a past year alone."""
    policy_id: UUID | None = None
    policy_fields: tuple[tuple[str, Any], ...] = ()
    """Fields of the policy that would say something else."""


def changed(
    snapshot: Snapshot, policy: Policy, asked: WhatIf, *, volume_per_place: Mapping[UUID, int] | None = None
) -> tuple[Snapshot, Policy]:
    """The snapshot and policy as they would be. `volume_per_place`: by lot, the volume that an extra place brings."""
    lots = {lot.id: lot for lot in snapshot.lots}
    more: Counter[UUID] = Counter()
    for lot_id, count in (*asked.places, *((lot_id, count) for lot_id, _, count in asked.practitioners)):
        more[lot_id] += count
    places = [_speaking(place, lots[place.lot_id], asked) for place in snapshot.places]
    for lot_id, count in asked.places:
        if count < 0:
            places = _without_last(places, lot_id, -count)
    reach = {place.lot_id: place.reach for place in places}
    places += [
        Place(
            id=uuid5(_EXTRA, f"{lot_id} {number}"),
            lot_id=lot_id,
            number=10_000 + number,
            reach=reach.get(lot_id, 100),
        )
        for lot_id, count in asked.places
        for number in range(count)
    ]
    places += [
        Place(
            id=uuid5(_EXTRA, f"{lot_id} {worker} {number}"),
            lot_id=lot_id,
            number=20_000 + 1000 * worker + number,
            practitioner_id=uuid5(_EXTRA, f"{lot_id} {worker}"),
            languages=tuple(sorted({*lots[lot_id].languages, language})),
            reach=reach.get(lot_id, 100),
        )
        for worker, (lot_id, language, count) in enumerate(asked.practitioners)
        for number in range(count)
    ]
    brought = volume_per_place or {}
    snapshot = replace(
        snapshot,
        places=tuple(places),
        lots=tuple(
            replace(
                lot,
                volume_left=lot.volume_left + max(0, more[lot.id]) * brought.get(lot.id, 1),
                place_count=None if lot.place_count is None else max(0, lot.place_count + more[lot.id]),
            )
            for lot in snapshot.lots
        ),
    )
    if asked.fair_share is not None:
        policy = replace(policy, fair_share={**policy.fair_share, "on": asked.fair_share})
    return snapshot, policy


def _without_last(places: list[Place], lot_id: UUID, count: int) -> list[Place]:
    """Give up so many places of a lot, the highest numbers first, as a capacity change does; a busy one stays."""
    mine = sorted((place for place in places if place.lot_id == lot_id and not place.booked), key=_by_number)
    gone = {place.id for place in mine[-count:]}
    return [place for place in places if place.id not in gone]


def _by_number(place: Place) -> int:
    return place.number


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
