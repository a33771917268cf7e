"""The index of a long waiting list: by what is wanted, so that a decision looks only at those who could be offered.

Of referrals that are alike in every hard fact and count as of one band, only as many as there are places can be
offered one, and those are the first in the order. So a decision about some places needs the first few of each kind,
however long the list is: `contenders` gives them, and a plan made from them offers what one from everyone would.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.allocation.facts import Lot, Place, SchoolShare, Snapshot, Want
from app.domain.allocation.order import Order
from app.domain.allocation.supply import Pools, Supply, numbers
from app.domain.policy import Policy

_Coarse = tuple[UUID | None, str, str]
_Alike = tuple[Any, ...]


class Waiting:
    """A waiting list on a day. Those on hold are not in the way of anybody, and are kept apart.

    `by_school` when some lot names schools; without it the index is smaller.
    """

    def __init__(
        self,
        wants: Iterable[Want],
        policy: Policy,
        as_of: date,
        shares: Iterable[SchoolShare] = (),
        *,
        by_school: bool = False,
    ) -> None:
        self._by_school = by_school
        self._policy = policy
        self._as_of = as_of
        self._shares = tuple(shares)
        self._order = Order(policy, self._shares, as_of)
        self._kinds: dict[_Coarse, dict[_Alike, list[Want]]] = {}
        self._families: dict[UUID, list[Want]] = {}
        self._held: dict[UUID, Want] = {}
        made: dict[int, list[Want]] = {}
        for want in wants:
            if not self._keep_apart(want):
                kind = self._kind(want)
                kind.append(want)
                made[id(kind)] = kind
        for kind in made.values():
            kind.sort(key=self._order.key)

    def add(self, want: Want) -> None:
        """Take in one more referral."""
        if not self._keep_apart(want):
            insort(self._kind(want), want, key=self._order.key)

    def remove(self, want: Want) -> None:
        """Leave out a referral that is in the list. Raises ValueError when it is not."""
        if want.holds:
            del self._held[want.referral_id]
            return
        if want.sibling_group_id is not None:
            self._families[want.sibling_group_id].remove(want)
        kind = self._kind(want)
        at = bisect_left(kind, self._order.key(want), key=self._order.key)
        if at == len(kind) or kind[at].referral_id != want.referral_id:
            raise ValueError(f"{want.reference} is not in the list.")
        del kind[at]

    def _keep_apart(self, want: Want) -> bool:
        if want.holds:
            self._held[want.referral_id] = want
            return True
        if want.sibling_group_id is not None:
            self._families.setdefault(want.sibling_group_id, []).append(want)
        return False

    def _kind(self, want: Want) -> list[Want]:
        band, bucket, _ = self._order.rank(want)
        school = want.school_id if self._by_school else None
        alike = (
            band, bucket, school, want.language, want.modes, want.refused_provider_ids,
            want.declined_provider_ids,
        )  # fmt: skip
        coarse = (want.area_id, want.key_stage, want.primary_need)
        return self._kinds.setdefault(coarse, {}).setdefault(alike, [])

    def contenders(self, lots: tuple[Lot, ...], places: tuple[Place, ...]) -> tuple[Want, ...]:
        """Those who could be offered one of some places: the first of each kind, with the siblings of those.

        Raises ValueError when a lot names schools and the index does not tell them apart.
        """
        if not self._by_school and any(lot.school_ids for lot in lots):
            raise ValueError("A lot names schools, so the waiting list must be indexed by school.")
        theirs = {place.lot_id for place in places}
        of_these = tuple(lot for lot in lots if lot.id in theirs)
        supply = Supply(Snapshot((), of_these, places), self._policy, self._as_of)
        found = {want.referral_id: want for want in self._first_of_each(supply)}
        for want in tuple(found.values()):
            if want.sibling_group_id is not None:
                found.update((sibling.referral_id, sibling) for sibling in self._families[want.sibling_group_id])
        return tuple(found.values())

    def _first_of_each(self, supply: Supply) -> Iterator[Want]:
        """Of those who could have just the same pools, the first, as many families as there are places."""
        could: dict[Pools, list[list[Want]]] = {}
        for (area_id, key_stage, need), kinds in self._kinds.items():
            if supply.offers_any(area_id, key_stage, need):
                for alike, kind in kinds.items():
                    pools = supply.outlooks(alike[0])(kind[0])[1] if kind else 0
                    if pools:
                        could.setdefault(pools, []).append(kind)
        for pools, lists in could.items():
            count = sum(supply.caps.pools[number] for number in numbers(pools))
            firsts = [want for kind in lists for want in _families(kind, count)]
            yield from _families(sorted(firsts, key=self._order.key), count)


def _families(wants: Iterable[Want], count: int) -> Iterator[Want]:
    """The first wants of some in order, until so many households are among them."""
    seen: set[UUID] = set()
    for want in wants:
        if len(seen) == count and want.household_id not in seen:
            return
        seen.add(want.household_id)
        yield want
