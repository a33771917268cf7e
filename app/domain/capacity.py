"""Which places a change of capacity adds or takes away. Nobody is evicted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.domain.allocation.facts import Place


@dataclass(frozen=True, slots=True)
class StandingPlace:
    """A place that is to be there from the day of the change on, and whether a family holds it then."""

    id: UUID
    number: int
    held: bool


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """What a change does: the numbers to add, and the places that end, free ones first."""

    added: tuple[int, ...] = ()
    ended: tuple[StandingPlace, ...] = ()

    @property
    def still_held(self) -> tuple[StandingPlace, ...]:
        """Places that end but are held: what runs on them goes on to its own end."""
        return tuple(place for place in self.ended if place.held)


def plan_capacity(standing: Sequence[StandingPlace], used_numbers: Iterable[int], target: int) -> CapacityPlan:
    """Return how to come from the standing places to `target` places.

    New places are numbered after the highest number ever used, so that a number means one place for ever. A cut ends
    the free places first, from the highest number down, then held ones in the same order: those take no further
    family, and what runs on them is left alone.
    """
    surplus = len(standing) - target
    if surplus < 0:
        first = max(used_numbers, default=0) + 1
        return CapacityPlan(added=tuple(range(first, first - surplus)))
    order = sorted(standing, key=lambda place: (place.held, -place.number))
    return CapacityPlan(ended=tuple(order[:surplus]))


def offerable_of(free: Iterable[Place], held_after_cut: Mapping[UUID, int]) -> tuple[Place, ...]:
    """Of free places, those that may be offered, by number from the highest down.

    `held_after_cut` is, by lot, how many families are still held on places that a cut took away: so many free places,
    the highest numbers first, wait until those have gone. A lot never takes more families than it has places.
    """
    if not any(held_after_cut.values()):
        return tuple(free)
    withheld = Counter(held_after_cut)
    offerable = []
    for place in sorted(free, key=lambda place: (-place.number, place.id.int)):
        if withheld[place.lot_id] > 0:
            withheld[place.lot_id] -= 1
        else:
            offerable.append(place)
    return tuple(offerable)
