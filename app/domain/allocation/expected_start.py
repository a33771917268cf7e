"""Expected starts: a date for the most urgent, a range for the next, a position and recent starts for the last.

What is promised is what can be known. P1 and P2: those ahead are put on the days that places are planned to fall free,
in order, and so is the referral: a date. P3: the same, and how far it stretches while more urgent referrals keep
coming: a range. P4: a position, and the range of waits of those of its band who began lately; never a date.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from heapq import heapify, heapreplace
from typing import NamedTuple
from uuid import UUID

from app.domain.allocation.facts import Snapshot
from app.domain.allocation.order import Order
from app.domain.allocation.supply import Shapes, Supply, numbers
from app.domain.policy import Policy

_FIRST_DAY = 2
"""School days from a decision to a start at the soonest: the offer is answered, then the first contact."""
_FULL = 95
"""A load of more urgent bands above this would stretch a range without end."""


class Method(StrEnum):
    """How an expected start was come by."""

    DATE = "DATE"
    RANGE = "RANGE"
    POSITION = "POSITION"


@dataclass(frozen=True, slots=True)
class Estimate:
    """When one referral may begin, in school days from the day it was made; None where nothing can be said."""

    referral_id: UUID
    method: str
    position: int
    """Its place among those who could have one of its places: 1 is next."""
    low: int | None
    high: int | None


class Schedule:
    """Those who wait, put in the published order on the days that places are planned to fall free.

    Made once for a whole list; each estimate is then a few look-ups. The snapshot should hold every place, busy ones
    with the day they are planned to fall free. Those on hold, and those whom nothing serves, are not in it.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy, as_of: date) -> None:
        supply = Supply(snapshot, policy, as_of)
        free = _free_days(snapshot, supply)
        self._turns: dict[UUID, _Turn] = {}
        self._alike: dict[Shapes, list[int]] = {}
        for rank, run in Order(policy, snapshot.shares, as_of).sorted(snapshot.wants):
            outlook = supply.outlooks(rank[0])
            for want in run:
                shapes = 0 if want.holds else outlook(want)[0]
                if shapes:
                    number = len(self._turns)
                    self._turns[want.referral_id] = _Turn(number, rank[0], shapes, _take_first(free, shapes, supply))
                    self._alike.setdefault(shapes, []).append(number)

    def __iter__(self) -> Iterator[UUID]:
        """The referrals in it, in order."""
        return iter(self._turns)

    def __contains__(self, referral_id: UUID) -> bool:
        """Whether a referral is in it."""
        return referral_id in self._turns

    def estimate(
        self, referral_id: UUID, *, recent_waits: Mapping[str, tuple[int, int]], load_ahead: int
    ) -> Estimate | None:
        """When one may begin; None when it is not in the schedule.

        `recent_waits`: by band, a low and a high wait of lately, in school days. `load_ahead`: the share of places
        that P1 and P2 take as they come, per cent.
        """
        turn = self._turns.get(referral_id)
        if turn is None:
            return None
        # Those alike are numbered in order, so whoever is ahead for one of its places is counted by bisection.
        ahead = sum(
            bisect_left(numbers_, turn.number) for shapes, numbers_ in self._alike.items() if shapes & turn.shapes
        )
        return _estimate(referral_id, turn.band, 1 + ahead, turn.day, recent_waits, load_ahead)


class _Turn(NamedTuple):
    number: int
    band: str
    shapes: Shapes
    day: int | None


def expected_starts(
    snapshot: Snapshot,
    policy: Policy,
    as_of: date,
    *,
    recent_waits: Mapping[str, tuple[int, int]],
    load_ahead: int,
    only: Collection[UUID] | None = None,
) -> tuple[Estimate, ...]:
    """The expected starts of those who wait (of `only` some), in the published order: see `Schedule`."""
    schedule = Schedule(snapshot, policy, as_of)
    made = (
        schedule.estimate(each, recent_waits=recent_waits, load_ahead=load_ahead)
        for each in schedule
        if only is None or each in only
    )
    return tuple(estimate for estimate in made if estimate is not None)


def load_ahead_of(place_days: int, places: int, days: int) -> int:
    """The share of places that some bands take, per cent, 0 to 100.

    They began work that takes `place_days` school days in all, in a time of so many school `days` with `places`.
    """
    if places < 1 or days < 1:
        return 0
    return min(100, 100 * place_days // (places * days))


def _estimate(
    referral_id: UUID,
    band: str,
    position: int,
    day: int | None,
    recent_waits: Mapping[str, tuple[int, int]],
    load_ahead: int,
) -> Estimate:
    if band in ("P1", "P2"):
        return Estimate(referral_id, Method.DATE.value, position, day, day)
    if band == "P3":
        latest = None if day is None else -(-day * 100 // (100 - min(max(load_ahead, 0), _FULL)))
        return Estimate(referral_id, Method.RANGE.value, position, day, latest)
    low, high = recent_waits.get(band, (None, None))
    return Estimate(referral_id, Method.POSITION.value, position, low, high)


def _free_days(snapshot: Snapshot, supply: Supply) -> list[list[int]]:
    """By shape, the days on which its places can next begin with someone, soonest first."""
    shapes = {
        (shape.lot.id.int, shape.like and (shape.like.needs, shape.like.languages, shape.like.modes)): number
        for number, shape in enumerate(supply.shapes)
    }
    free: list[list[int]] = [[] for _ in supply.shapes]
    for place in snapshot.places:
        number = shapes.get((place.lot_id.int, (place.needs, place.languages, place.modes)))
        if number is None or not place.in_service or place.taken:
            continue
        if place.course_id is not None:
            if not place.booked and place.free_in >= supply.policy.course_notice_school_days:
                free[number].append(place.free_in)
        else:
            next_family = _length(supply, number) if place.booked else 0
            free[number].append(max(place.free_in, _FIRST_DAY) + next_family)
    for days in free:
        heapify(days)
    return free


def _length(supply: Supply, shape: int) -> int:
    return 5 * supply.shapes[shape].lot.standard_weeks


def _take_first(free: list[list[int]], shapes: Shapes, supply: Supply) -> int | None:
    """The soonest day among some shapes, which is then taken for as long as a case takes; None without any place."""
    soonest = min(((free[number][0], number) for number in numbers(shapes) if free[number]), default=None)
    if soonest is None:
        return None
    day, number = soonest
    heapreplace(free[number], day + _length(supply, number))
    return day
