"""The supply of a snapshot, indexed by what it can serve.

Places of one lot with the same abilities are a *shape*: eligibility is judged by shape, and each fact of a referral
(its need, its language ...) names the shapes that would do as the bits of a number, found once per value. Places of one
shape with the same practitioner, free day and reach are a *pool*: whoever gets one could as well have another.
"""

from collections.abc import Callable
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from app.domain.allocation.caps import Caps, cap
from app.domain.allocation.cost import soft_mismatches
from app.domain.allocation.eligibility import offerable, serves_area, timing_reason
from app.domain.allocation.facts import Lot, Place, Snapshot, Want
from app.domain.allocation.matching import Costs
from app.domain.policy import Policy

_TIE_BITS = 20
_FEW = 3
_ELIGIBILITY = (
    "area_id", "key_stage", "primary_need", "language", "modes", "refused_provider_ids", "declined_provider_ids",
)  # fmt: skip
_SIGNATURE: Callable[[Want], tuple[Any, ...]] = attrgetter(*_ELIGIBILITY)
_WITH_SCHOOL: Callable[[Want], tuple[Any, ...]] = attrgetter(*_ELIGIBILITY, "school_id")

Shapes = int
"""Bits of shapes."""
Pools = int
"""Bits of pools."""
Outlook = tuple[Shapes, Pools]
"""What could serve a referral whenever it falls free (0: eligible nowhere), and what could be offered to it today."""


class Shape(NamedTuple):
    """A lot, and what some places of it can do (`like` one of them; None while no place of the lot is known)."""

    lot: Lot
    needs: tuple[str, ...]
    languages: tuple[str, ...]
    modes: tuple[str, ...]
    like: Place | None


class Pool(NamedTuple):
    """Interchangeable places that could be offered to someone today, by id."""

    shape: int
    places: list[Place]
    like: Place


class Supply:
    """The shapes and pools of a snapshot on a day."""

    def __init__(self, snapshot: Snapshot, policy: Policy, as_of: date) -> None:
        self.policy = policy
        self.shapes: list[Shape] = []
        self.pools: list[Pool] = []
        self._names_schools = any(lot.school_ids for lot in snapshot.lots)
        self._signature = _WITH_SCHOOL if self._names_schools else _SIGNATURE
        self._group(snapshot, as_of)
        self.caps: Caps = cap(self.pools, self.shapes, snapshot.caseloads)
        self._open = self._bits(
            lambda shape: (
                shape.lot.starts_on <= as_of <= shape.lot.ends_on
                and shape.lot.volume_left > 0
                and shape.lot.place_count != 0
            )
        )
        self._by_area: dict[Any, Shapes] = {}
        self._by_area_or_school: dict[UUID | None, Shapes] = {}
        self._by_stage: dict[str, Shapes] = {}
        self._by_need: dict[str, Shapes] = {}
        self._by_language: dict[str, Shapes] = {}
        self._by_modes: dict[tuple[str, ...], Shapes] = {}
        self._by_refusals: dict[Any, Shapes] = {((), ()): -1}
        self._pools_of: dict[Shapes, Pools] = {0: 0}
        self._outlooks: dict[str, dict[Any, Outlook]] = {}
        self._classes: dict[Any, tuple[int, Costs]] = {}
        self._windows: dict[str, Pools] = {}

    def _group(self, snapshot: Snapshot, as_of: date) -> None:
        lots = {lot.id.int: lot for lot in snapshot.lots}
        if 0 < len(snapshot.wants) <= _FEW:  # for one arrival, most places need not be looked at
            lots = {key: lot for key, lot in lots.items() if any(_takes(lot, want, as_of) for want in snapshot.wants)}
        furthest = max(self.policy.windows.values())
        furthest_course = max(self.policy.course_windows.values())
        shapes: dict[tuple[Any, ...], int] = {}
        grouped: dict[tuple[Any, ...], Pool] = {}
        shaped: set[int] = set()
        for place in snapshot.places:
            lot = lots.get(place.lot_id.int)
            if lot is None:
                continue
            abilities = (place.lot_id.int, place.needs, place.languages, place.modes)
            shape = shapes.get(abilities)
            if shape is None:
                shape = shapes[abilities] = len(self.shapes)
                self.shapes.append(_shape(lot, place))
                shaped.add(place.lot_id.int)
            if place.free_in > (furthest if place.course_id is None else furthest_course) or not offerable(place):
                continue
            worker = place.practitioner_id
            same = (shape, worker and worker.int, place.free_in, place.reach, place.course_id, place.free_on)
            pool = grouped.get(same)
            if pool is None:
                grouped[same] = Pool(shape, [place], place)
            else:
                pool.places.append(place)
        self.shapes.extend(_shape(lot, None) for key, lot in lots.items() if key not in shaped)
        self.pools = sorted(grouped.values(), key=_tie)
        for pool in self.pools:
            if len(pool.places) > 1:
                pool.places.sort(key=lambda place: (place.taken, place.id.int))

    # Eligibility

    def outlooks(self, band: str) -> Callable[[Want], Outlook]:
        """What a referral that counts as of a band may have: a function that knows referrals alike by their facts."""
        known = self._outlooks.setdefault(band, {})
        signature = self._signature

        def outlook(want: Want) -> Outlook:
            facts = signature(want)
            found = known.get(facts)
            if found is None:
                shapes = self._serving(want)
                found = known[facts] = (shapes, self._pools_in(shapes) & self._in_window(band))
            return found

        return outlook

    def _serving(self, want: Want) -> Shapes:
        shapes = self._kind(want.key_stage, want.primary_need)
        if not shapes:
            return 0
        where = (want.area_id, want.school_id if self._names_schools else None)
        language, modes = want.language, want.modes
        if where not in self._by_area:
            self._by_area[where] = self._bits(lambda shape: serves_area(shape.lot, *where))
        shapes &= self._by_area[where]
        if language not in self._by_language:
            self._by_language[language] = self._bits(lambda shape: language in shape.languages)
        shapes &= self._by_language[language]
        if modes not in self._by_modes:
            self._by_modes[modes] = self._bits(lambda shape: any(mode in shape.modes for mode in modes))
        shapes &= self._by_modes[modes]
        providers = (want.refused_provider_ids, want.declined_provider_ids)
        if providers not in self._by_refusals:
            against = {*want.refused_provider_ids, *want.declined_provider_ids}
            self._by_refusals[providers] = self._bits(lambda shape: shape.lot.provider_id not in against)
        return shapes & self._by_refusals[providers]

    def _kind(self, stage: str, need: str) -> Shapes:
        if stage not in self._by_stage:
            self._by_stage[stage] = self._bits(lambda shape: stage in shape.lot.key_stages)
        if need not in self._by_need:
            self._by_need[need] = self._bits(lambda shape: need in shape.needs)
        return self._open & self._by_stage[stage] & self._by_need[need]

    def offers_any(self, area_id: UUID | None, stage: str, need: str) -> bool:
        """Whether some place that could be offered is for a key stage and a need in an area (or for some school)."""
        shapes = self._kind(stage, need)
        if shapes and area_id not in self._by_area_or_school:
            self._by_area_or_school[area_id] = self._bits(
                lambda shape: bool(shape.lot.school_ids) or serves_area(shape.lot, area_id, None)
            )
        return bool(shapes and self._pools_in(shapes & self._by_area_or_school[area_id]))

    def _bits(self, fits: Callable[[Shape], bool]) -> Shapes:
        bits = 0
        for number, shape in enumerate(self.shapes):
            if fits(shape):
                bits |= 1 << number
        return bits

    def _pools_in(self, shapes: Shapes) -> Pools:
        """The pools of some shapes."""
        bits = self._pools_of.get(shapes)
        if bits is None:
            bits = 0
            for number, pool in enumerate(self.pools):
                bits |= (shapes >> pool.shape & 1) << number
            self._pools_of[shapes] = bits
        return bits

    def _in_window(self, band: str) -> Pools:
        """The pools that may be offered to a band today, for when they fall free."""
        bits = self._windows.get(band)
        if bits is None:
            bits = 0
            for number, pool in enumerate(self.pools):
                if timing_reason(pool.like, self.shapes[pool.shape].lot, band, self.policy) is None:
                    bits |= 1 << number
            self._windows[band] = bits
        return bits

    # Cost

    def costs(self, want: Want, band: str, pools: Pools, siblings_with: frozenset[UUID]) -> tuple[int, Costs]:
        """What the pools cost for a referral: the number of its class of equal costs, and those.

        Equal costs are told apart by the pools' own order, in the lowest bits.
        """
        kind = (pools, band, want.secondary_needs, want.preferred_mode, want.previous_provider_id, siblings_with)
        known = self._classes.get(kind)
        if known is None:
            known = self._classes[kind] = (len(self._classes), self._costs(want, band, pools, siblings_with))
        return known

    def _costs(self, want: Want, band: str, pools: Pools, siblings_with: frozenset[UUID]) -> Costs:
        figures = self.policy.costs
        a_day = figures["day"] * self.policy.weights[band]
        wishes = bool(
            want.secondary_needs or want.preferred_mode is not None or want.previous_provider_id or siblings_with
        )
        by_pool: dict[int, int] = {}
        for number in numbers(pools):
            pool = self.pools[number]
            place = pool.like
            cost = figures["reach"] * place.reach // 100 + a_day * place.free_in
            if wishes:
                soft = soft_mismatches(want, self.shapes[pool.shape].lot, place, siblings_with)
                cost += figures["soft"] * len(soft)
            by_pool[number] = cost << _TIE_BITS | number
        return Costs(tuple(sorted((cost, number) for number, cost in by_pool.items())), by_pool)


def _takes(lot: Lot, want: Want, as_of: date) -> bool:
    """Whether a lot could take a referral for all that no single place of it changes."""
    return (
        want.key_stage in lot.key_stages
        and serves_area(lot, want.area_id, want.school_id)
        and lot.starts_on <= as_of <= lot.ends_on
    )


def _shape(lot: Lot, place: Place | None) -> Shape:
    return Shape(
        lot,
        lot.needs if place is None or place.needs is None else place.needs,
        lot.languages if place is None or place.languages is None else place.languages,
        lot.modes if place is None or place.modes is None else place.modes,
        place,
    )


def _tie(pool: Pool) -> tuple[Any, ...]:
    """The order of pools of equal cost: by what they are, never by how they came."""
    place = pool.like
    return (
        place.free_in,
        place.lot_id.int,
        place.practitioner_id.int if place.practitioner_id else -1,
        place.reach,
        place.course_id.int if place.course_id else -1,
        place.needs or (),
        place.languages or (),
        place.modes or (),
        str(place.free_on),
    )


def numbers(bits: int) -> list[int]:
    """The numbers of the bits that are set, lowest first."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found
