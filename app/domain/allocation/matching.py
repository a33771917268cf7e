"""Priority matching: referrals inserted in order into a least-cost matching, by shortest augmenting paths.

Each insertion may move those already placed to another of their places, never out: so the placed set is the
lexicographically best there is, which is also a largest one, and among the ways to place it the cost is least
(successive shortest paths over integer reduced costs; the pools are a matroid, capped by at most one group each).
An insertion that finds no path leaves behind a tight set: the pools that it could reach, all taken.

No solver library: another release of one may break ties otherwise, and none gives the tight set.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

NO_GROUP = -1


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
        cost, pool = min((cost + self._price[pool], pool) for cost, pool in costs.listed)
        if self.spare(pool) > 0:
            self._put(referral, kind, pool)
            return 0
        return self._search(referral, kind, costs)

    def _search(self, referral: int, kind: int, costs: Costs) -> int:
        pools, groups, price = self._pools, self._groups, self._price
        count = len(pools)
        far = 1 << 62
        distance = [far] * len(price)
        before: list[tuple[int, int]] = [(-1, -1)] * len(price)
        settled: list[int] = []
        done = bytearray(len(price))
        heap: list[tuple[int, int]] = []
        for cost, pool in costs.listed:
            reach = cost + price[pool]
            if reach < distance[pool] and not self.tight >> pool & 1:
                distance[pool] = reach
                heappush(heap, (reach, pool))
        end, best = -1, far
        while heap:
            here, node = heappop(heap)
            if here >= best:
                break
            if done[node]:
                continue
            done[node] = 1
            settled.append(node)
            onward = here - price[node]
            if node >= count:
                group = groups[node - count]
                if group.used < group.capacity:
                    if onward < best:
                        best, end = onward, node
                    continue
                for other in group.pools:
                    reach = onward + price[other]
                    if pools[other].used and reach < distance[other]:
                        distance[other] = reach
                        before[other] = (node, -1)
                        heappush(heap, (reach, other))
                continue
            at = pools[node]
            if at.used < at.capacity:
                if at.group == NO_GROUP:
                    if onward < best:
                        best, end = onward, node
                    continue
                reach = onward + price[count + at.group]
                if reach < distance[count + at.group]:
                    distance[count + at.group] = reach
                    before[count + at.group] = (node, -1)
                    heappush(heap, (reach, count + at.group))
            for mover, members in at.members.items():
                if not members:
                    continue
                listed, by_pool = self._costs[mover]
                base = onward - by_pool[node]
                for cost, other in listed:
                    reach = base + cost
                    if reach >= best:
                        break
                    reach += price[other]
                    if reach < distance[other]:
                        distance[other] = reach
                        before[other] = (node, mover)
                        heappush(heap, (reach, other))
        if end < 0:
            return self._close(node for node in settled if node < count)
        for node in settled:
            if distance[node] < best:
                price[node] += best - distance[node]
        self._augment(referral, kind, end, before)
        return 0

    def _close(self, nodes: object) -> int:
        bits = 0
        for node in nodes:  # type: ignore[attr-defined]
            bits |= 1 << node
        self.tight |= bits
        return bits

    def _augment(self, referral: int, kind: int, end: int, before: list[tuple[int, int]]) -> None:
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
