"""How many places may be taken: caseload limits of practitioners and volumes of lots, as caps on groups of pools."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app.domain.allocation.facts import Caseload, Place
from app.domain.allocation.matching import NO_GROUP

if TYPE_CHECKING:
    from app.domain.allocation.supply import Pool, Shape


class Caps(NamedTuple):
    """The capacity of each pool, its group, and the capacity of each group."""

    pools: list[int]
    groups: list[int]
    group_capacities: list[int]


def cap(pools: Sequence["Pool"], shapes: Sequence["Shape"], caseloads: Iterable[Caseload]) -> Caps:
    """The caps of some pools. Only limits that could bind make a group, and a pool has one group at most."""
    caps = Caps([sum(not place.taken for place in pool.places) for pool in pools], [NO_GROUP] * len(pools), [])
    by_practitioner: dict[UUID | None, list[int]] = {}
    for number, pool in enumerate(pools):
        by_practitioner.setdefault(pool.like.practitioner_id, []).append(number)
    for caseload in caseloads:
        if mine := by_practitioner.get(caseload.practitioner_id):
            _cap_caseload(caps, pools, mine, caseload)
    by_lot: dict[UUID, list[int]] = {}
    for number, pool in enumerate(pools):
        by_lot.setdefault(pool.like.lot_id, []).append(number)
    for mine in by_lot.values():
        _cap_volume(caps, mine, shapes[pools[mine[0]].shape].lot.volume_left)
    return caps


def _cap_caseload(caps: Caps, pools: Sequence["Pool"], mine: list[int], caseload: Caseload) -> None:
    """Never more at once than the limit: now, and when the families who are planned to leave have left.

    A practitioner who holds more than the limit (it was cut; nobody is evicted) is offered nothing until it drains.
    """
    now = [number for number in mine if pools[number].like.free_in == 0]
    leaving = sum(caps.pools[number] for number in mine if pools[number].like.free_in > 0)
    _trim(caps, now, caseload.limit - caseload.held)
    _limit(caps, mine, caseload.limit - caseload.held + leaving)


def _cap_volume(caps: Caps, mine: list[int], volume_left: int) -> None:
    """No more starts than the contract has volume for."""
    if any(caps.groups[number] != NO_GROUP for number in mine):
        _trim(caps, mine, volume_left)
    else:
        _limit(caps, mine, volume_left)


def _limit(caps: Caps, mine: list[int], most: int) -> None:
    if sum(caps.pools[number] for number in mine) > most:
        for number in mine:
            caps.groups[number] = len(caps.group_capacities)
        caps.group_capacities.append(max(most, 0))


def _trim(caps: Caps, mine: list[int], most: int) -> None:
    """Leave out the last of the pools until no more than `most` places are left."""
    left = max(most, 0)
    for number in mine:
        caps.pools[number] = min(caps.pools[number], left)
        left -= caps.pools[number]


def takeable(places: Iterable[Place], capacity: int) -> list[Place]:
    """The places of a pool that may be taken, lowest id first."""
    return [place for place in places if not place.taken][:capacity]
