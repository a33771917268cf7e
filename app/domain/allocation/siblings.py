"""Siblings: decided together, with one practitioner where that can be, and a claim on the next place of that one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from app.domain.allocation.matching import Costs


class Together(NamedTuple):
    """One pool for each of some siblings, with one practitioner, and what they cost in all."""

    cost: int
    pools: tuple[int, ...]


def together(
    siblings: Sequence[Costs], practitioner_of: Callable[[int], UUID | None], spare: Callable[[int], int]
) -> Together | None:
    """The cheapest practitioner who has a place for each of the siblings, first come first; None when there is none."""
    practitioners = {
        who for _, pool in siblings[0].listed if spare(pool) > 0 and (who := practitioner_of(pool)) is not None
    }
    found = (_with(who, siblings, practitioner_of, spare) for who in practitioners)
    return min((each for each in found if each is not None), default=None)


def _with(
    who: UUID, siblings: Sequence[Costs], practitioner_of: Callable[[int], UUID | None], spare: Callable[[int], int]
) -> Together | None:
    taken: list[int] = []
    total = 0
    for costs in siblings:
        choice = cheapest_with(who, costs, practitioner_of, lambda pool: spare(pool) - taken.count(pool))
        if choice is None:
            return None
        taken.append(choice)
        total += costs.by_pool[choice]
    return Together(total, tuple(taken))


def cheapest_with(
    who: UUID, costs: Costs, practitioner_of: Callable[[int], UUID | None], spare: Callable[[int], int]
) -> int | None:
    """The cheapest pool of one practitioner with a place to spare, or None."""
    return next((pool for _, pool in costs.listed if practitioner_of(pool) == who and spare(pool) > 0), None)
