"""Priority matching: referrals inserted in order into a least-cost matching, by shortest augmenting paths.

Each insertion may move those already placed to another of their places, never out: so the placed set is the
lexicographically best there is, which is also a largest one, and among the ways to place it the cost is least
(successive shortest paths over integer reduced costs; the pools are a matroid, capped by at most one group each).
An insertion that finds no path leaves behind a tight set: the pools that it could reach, all taken.

No solver library: another release of one may break ties otherwise, and none gives the tight set.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

NO_GROUP = -1
_FAR = 1 << 62


class Costs(NamedTuple):
    """What a class of referrals with the same wishes pays for each pool, cheapest first, and by pool."""

    listed: tuple[tuple[int, int], ...]
    """(cost, pool)"""
    by_pool: dict[int, int]


@dataclass(slots=True)
class _Pool:
    capacity: int
    group: int
    used: int = 0
    members: dict[int, list[int]] = field(default_factory=dict)
    """By class, the referrals that are here now."""


@dataclass(slots=True)
class _Group:
    capacity: int
    pools: list[int]
    used: int = 0


class Matching:
    """A least-cost matching that grows by one referral at a time."""

    def __init__(self, capacities: Sequence[int], groups: Sequence[int], group_capacities: Sequence[int]) -> None:
        self._pools = [_Pool(capacity, group) for capacity, group in zip(capacities, groups, strict=True)]
        self._groups = [_Group(capacity, []) for capacity in group_capacities]
        for number, pool in enumerate(self._pools):
            if pool.group != NO_GROUP:
                self._groups[pool.group].pools.append(number)
        # Nodes: pools, then groups. The price of a node bounds from below what it costs to get one more unit from it
        # to free capacity, so that every residual edge has a reduced cost of 0 or more.
        self._price = [0] * (len(self._pools) + len(self._groups))
        self._costs: dict[int, Costs] = {}
        self.tight = 0
        """Bits of the pools in tight sets."""
        self.pool_of: dict[int, int] = {}

    def spare(self, pool: int) -> int:
        """How many more a pool can take as things are."""
        room = self._pools[pool].capacity - self._pools[pool].used
        group = self._pools[pool].group
        return room if group == NO_GROUP else min(room, self._groups[group].capacity - self._groups[group].used)

    def pin(self, pool: int) -> None:
        """Take one unit of a pool out of the matching for good. It must have one to spare."""
        self._pools[pool].capacity -= 1
        group = self._pools[pool].group
        if group != NO_GROUP:
            self._groups[group].capacity -= 1

    def members(self, pool: int) -> list[int]:
        """The referrals matched to a pool, in order."""
        return sorted(number for numbers in self._pools[pool].members.values() for number in numbers)

    def insert(self, referral: int, kind: int, costs: Costs) -> int:
        """Place one more referral, of a class `kind` with these costs. 0, or the bits of the tight set against it."""
        self._costs[kind] = costs
        pool = min((cost + self._price[pool], pool) for cost, pool in costs.listed)[1]
        if self.spare(pool) > 0:
            self._put(referral, kind, pool)
            return 0
        search = _Search(self, costs)
        if search.end < 0:
            return self._close(search.settled)
        for node in search.settled:
            if search.distance[node] < search.best:
                self._price[node] += search.best - search.distance[node]
        self._augment(referral, kind, search.end, search.before)
        return 0

    def handed_on(self, node: int) -> list[int]:
        """Where a node can hand a unit at no cost: a pool with room to its group, a full group back to its pools."""
        if node >= len(self._pools):
            return [other for other in self._groups[node - len(self._pools)].pools if self._pools[other].used]
        at = self._pools[node]
        return [len(self._pools) + at.group] if at.used < at.capacity and at.group != NO_GROUP else []

    def moves(self, node: int) -> Iterator[tuple[int, int, Costs]]:
        """The classes of those in a pool: (class, what it pays here, what it would pay elsewhere)."""
        if node < len(self._pools):
            for mover, members in self._pools[node].members.items():
                if members:
                    costs = self._costs[mover]
                    yield mover, costs.by_pool[node], costs

    def roomy(self) -> frozenset[int]:
        """The nodes that can keep one unit more: groups below their cap, and pools with room that have no group."""
        groups = (len(self._pools) + n for n, group in enumerate(self._groups) if group.used < group.capacity)
        pools = (n for n, at in enumerate(self._pools) if at.group == NO_GROUP and at.used < at.capacity)
        return frozenset((*pools, *groups))

    @property
    def prices(self) -> list[int]:
        """The price of each node."""
        return self._price

    def _close(self, nodes: Iterable[int]) -> int:
        bits = 0
        for node in nodes:
            if node < len(self._pools):
                bits |= 1 << node
        self.tight |= bits
        return bits

    def _augment(self, referral: int, kind: int, end: int, before: dict[int, tuple[int, int]]) -> None:
        node = end
        while True:
            source, mover = before[node]
            if source < 0:
                break
            if mover >= 0:
                moved = self._pools[source].members[mover].pop()
                self._take(source)
                self._put(moved, mover, node)
            node = source
        self._put(referral, kind, node)

    def _put(self, referral: int, kind: int, pool: int) -> None:
        at = self._pools[pool]
        at.used += 1
        at.members.setdefault(kind, []).append(referral)
        if at.group != NO_GROUP:
            self._groups[at.group].used += 1
        self.pool_of[referral] = pool

    def _take(self, pool: int) -> None:
        at = self._pools[pool]
        at.used -= 1
        if at.group != NO_GROUP:
            self._groups[at.group].used -= 1


class _Search:
    """Dijkstra's algorithm from a new referral to free capacity, over reduced costs."""

    def __init__(self, matching: Matching, costs: Costs) -> None:
        self._matching = matching
        self._heap: list[tuple[int, int]] = []
        self.distance = [_FAR] * len(matching.prices)
        self.before: dict[int, tuple[int, int]] = {}
        self.settled: list[int] = []
        self.end = -1
        """The node where free capacity was found; -1 when there is none to be reached."""
        self.best = _FAR
        self._roomy = matching.roomy()
        for cost, pool in costs.listed:
            if not matching.tight >> pool & 1:
                self._reach(pool, cost + matching.prices[pool], -1)
        self._run()

    def _reach(self, node: int, distance: int, source: int, mover: int = -1) -> None:
        if distance < self.distance[node]:
            self.distance[node] = distance
            self.before[node] = (source, mover)
            if node in self._roomy:
                if distance - self._matching.prices[node] < self.best:
                    self.best, self.end = distance - self._matching.prices[node], node
            else:
                heappush(self._heap, (distance, node))

    def _run(self) -> None:
        matching, price = self._matching, self._matching.prices
        done: set[int] = set()
        while self._heap:
            here, node = heappop(self._heap)
            if here >= self.best:
                return
            if node in done:
                continue
            done.add(node)
            self.settled.append(node)
            onward = here - price[node]
            for other in matching.handed_on(node):
                self._reach(other, onward + price[other], node)
            self._move_on(node, onward)

    def _move_on(self, node: int, onward: int) -> None:
        """Reach other pools by moving someone on from this one; the inner loop, written for speed."""
        distance, price = self.distance, self._matching.prices
        for mover, here, costs in self._matching.moves(node):
            base = onward - here
            for cost, other in costs.listed:
                reach = base + cost
                if reach >= self.best:
                    break
                reach += price[other]
                if reach < distance[other]:
                    self._reach(other, reach, node, mover)
