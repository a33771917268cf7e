"""The last year played over again, under the policy and the places as they were or as they would have been.

Nothing is left to chance. What a provider answers to a family is what it really answered to that family; to one that it
was never offered, the next of its answers of the year, told off by the family's number, so that both worlds of a
comparison hear the same. A family's work takes as long as it really did; one that never began, as long as the next of
the lot's cases of the year.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

from app.domain.allocation.deciding import decide
from app.domain.allocation.facts import Caseload, Hold, Lot, SchoolShare, Want
from app.domain.allocation.replay import ACCEPTED, EXPIRED, Answer, Booking, Replay
from app.domain.allocation.year import Case, Wait, Work, Year
from app.domain.policy import Policy

_NO_ANSWERS = Answer(ACCEPTED, 1)
"""Where nobody answered anything all year."""
_FIRST_CONTACT = 2
"""School days to a first contact, where no case of the year tells."""

Model = TypeVar("Model")


class LotUse(NamedTuple):
    """How far the places of a lot were used: the days on which one stood, those on which one was held, and starts."""

    place_days: int
    held_days: int
    starts: int


@dataclass(frozen=True, slots=True)
class Played:
    """What became of each family of a year, in their order, and of each lot."""

    waits: tuple[Wait, ...]
    left: frozenset[int]
    """Who was closed before a first contact."""
    unplaceable: frozenset[int]
    """Who waited at the end and could be served by no lot."""
    lots: dict[UUID, LotUse]
    time_outs: int
    """Offers that ran out unanswered."""
    place_days_asked: int
    """The days for which the families who came within the year would hold places."""


def play_year(year: Year, policy: Policy) -> Played:
    """Play a year. The same year and policy always give the same."""
    replay = YearReplay(year, policy)
    replay.play_days(len(year.days))
    return replay.played()


class YearReplay(Replay):
    """One year under one policy."""

    def __init__(self, year: Year, policy: Policy) -> None:
        places = [spot.place for spot in year.places]
        super().__init__(policy, year.lots, places, [spot.opens for spot in year.places])
        self._year = year
        self._by_lot = {lot.id: lot for lot in year.lots}
        self._volume = {lot.id: lot.volume_left for lot in year.lots}
        self._terms: tuple[Lot, ...] | None = None
        self._standing: Counter[UUID] = Counter()
        self._held_by: Counter[UUID] = Counter()
        self._with_place: Counter[UUID] = Counter()
        households = Counter(case.want.household_id for case in year.cases)
        households.update(holder.household_id for holder in year.holders)
        self._several = {household for household, count in households.items() if count > 1}
        self._starts: Counter[UUID] = Counter(year.starts_before or {})
        self._begun: dict[int, tuple[int, int]] = {}
        """By family: the day on which its place began to be held, and the place."""
        self._left: dict[int, int] = {}
        self._use = {lot.id: [0, 0, 0] for lot in year.lots}
        self._time_outs = 0
        self._all_answers = _together(year.answers)
        self._all_works = _together(year.works)
        self._arrivals: dict[int, list[int]] = {}
        self._leavers: dict[int, list[int]] = {}
        for number, case in enumerate(year.cases):
            self._arrivals.setdefault(max(0, case.arrives), []).append(number)
            if case.leaves is not None:
                self._leavers.setdefault(max(0, case.leaves), []).append(number)
        for number, holder in enumerate(year.holders):
            here = Booking(-1 - number, holder.began, holder.began, ACCEPTED, holder.began, holder.began, holder.ends)
            self.held[holder.place].here = here
            self._count(holder.place, holder.household_id, 1)

    def played(self) -> Played:
        """What became of everyone."""
        year, last = self._year, len(self._year.days) - 1
        waits = tuple(self._wait(number, case, last) for number, case in enumerate(year.cases))
        return Played(
            waits=waits,
            left=frozenset(self._left) | self._ended_without_contact(waits),
            unplaceable=self._unplaceable(),
            lots={lot_id: LotUse(*use) for lot_id, use in self._use.items()},
            time_outs=self._time_outs,
            place_days_asked=sum(
                self._work(number, None).stay
                for number, case in enumerate(year.cases)
                if case.counted and case.leaves is None
            ),
        )

    # What the year tells

    def date_of(self, day: int) -> date:
        """The date of a school day; days after the last one lie on the days after it."""
        last = len(self._year.days) - 1
        return self._year.days[day] if day <= last else self._year.days[last] + timedelta(days=day - last)

    def arrivals(self, day: int) -> Sequence[int]:
        """Who can be decided from this day on."""
        return [number for number in self._arrivals.get(day, ()) if number not in self._left]

    def want(self, number: int) -> Want:
        """The facts that a decision may know, with the long-stop of this policy."""
        case, stop = self._year.cases[number], self.policy.long_stop
        if stop is None or stop["band"] != case.want.band:
            return case.want
        return replace(case.want, long_stop_on=self.date_of(max(0, case.banded + stop["school_days"])))

    def answer(self, number: int, place: int) -> Answer:
        """The provider's own answer to this family, or the next of its answers."""
        provider = self._by_lot[self.places[place].lot_id].provider_id
        for who, given in self._year.cases[number].answers:
            if who == provider:
                return given
        return _nth(number, (self._year.answers or {}).get(provider), self._all_answers) or _NO_ANSWERS

    def stay(self, number: int, place: int) -> int:
        """How long the family's work takes."""
        return max(1, self._work(number, place).stay)

    def planned_end(self, number: int, booking: Booking) -> int:
        """As many school weeks as the service takes, moved by the extensions declared by now; never today."""
        if booking.referral < 0:
            extensions = self._year.holders[-1 - booking.referral].extensions
        else:
            extensions = self._work(booking.referral, number).extensions
        end = booking.begun_on + 5 * self._by_lot[self.places[number].lot_id].standard_weeks
        end += sum(more for on, more in extensions if booking.begun_on + on <= self.day)
        return max(end, self.day + 1)

    def in_service(self, place: int) -> bool | None:
        """Whether a place stands, and is in service."""
        spot = self._year.places[place]
        if self.day < spot.opens or (spot.closes is not None and spot.closes <= self.day):
            return None
        return not any(first <= self.day < end for first, end in spot.out)

    def lots(self) -> tuple[Lot, ...]:
        """The lots with the volume and the places that are left today."""
        if self._terms is None:
            self._terms = tuple(
                replace(lot, volume_left=self._volume[lot.id], place_count=self._standing[lot.id])
                for lot in self._year.lots
            )
        return self._terms

    def caseloads(self) -> tuple[Caseload, ...]:
        """The limits, with what is held today."""
        return tuple(replace(each, held=self._held_by[each.practitioner_id]) for each in self._year.caseloads)

    def shares(self) -> tuple[SchoolShare, ...]:
        """What each school has had of this academic year's starts, where the policy weighs it."""
        rolls = {school: roll for school, roll in (self._year.rolls or {}).items() if roll > 0}
        if not self.policy.fair_share["on"] or not rolls:
            return ()
        everyone, starts = sum(rolls.values()), sum(self._starts[school] for school in rolls)
        return tuple(
            SchoolShare(school, self._starts[school], (200 * starts * roll + everyone) // (2 * everyone))
            for school, roll in rolls.items()
        )

    def wants(self) -> tuple[Want, ...]:
        """Who waits; of a household that has a place, nobody is offered another."""
        if not self._several:
            return super().wants()
        return tuple(
            replace(want, holds=(Hold.HOUSEHOLD_HAS_PLACE.value,))
            if want.household_id in self._several and self._with_place[want.household_id]
            else want
            for want in self.waiting.values()
        )

    # What is written down

    def morning(self) -> None:
        """Count the places that stand, and take away who leaves today."""
        if self.day == self._year.new_year:
            self._starts.clear()
        self._standing = Counter(
            self.places[number].lot_id for number in range(len(self.places)) if self.in_service(number) is not None
        )
        self._terms = None
        for number in self._leavers.get(self.day, ()):
            if number not in self._begun:
                self.leave(number)
                self._left[number] = self.day

    def evening(self) -> None:
        """Count the places that stand and those that are held."""
        for number, held in enumerate(self.held):
            use = self._use[self.places[number].lot_id]
            taken = held.here is not None or held.next is not None
            # A place that was given up counts for as long as its last family is there.
            use[0] += taken or self._stands_under_contract(number)
            use[1] += taken

    def _stands_under_contract(self, place: int) -> bool:
        lot = self._by_lot[self.places[place].lot_id]
        return lot.starts_on <= self.today() <= lot.ends_on and self.in_service(place) is not None

    def offered(self, number: int, place: int) -> None:
        """The place, its volume and its worker's time are promised."""
        self._count(place, self._year.cases[number].want.household_id, 1)
        self._promise(place, 1)

    def answered(self, place: int, booking: Booking) -> None:
        """A no, or silence, gives them back."""
        if booking.outcome != ACCEPTED:
            self._count(place, self._year.cases[booking.referral].want.household_id, -1)
            self._promise(place, -1)
            self._time_outs += booking.outcome == EXPIRED

    def began(self, place: int, booking: Booking) -> None:
        """A family takes its place."""
        number = booking.referral
        self._begun[number] = (self.day, place)
        school = self._year.cases[number].want.school_id
        if self._work(number, place).first_contact is not None:
            self._use[self.places[place].lot_id][2] += 1
            if school is not None:
                self._starts[school] += 1

    def ended(self, place: int, booking: Booking) -> None:
        """A place is free again; without a first contact its volume is, too."""
        number = booking.referral
        if number < 0:
            self._count(place, self._year.holders[-1 - number].household_id, -1)
            return
        self._count(place, self._year.cases[number].want.household_id, -1)
        if booking.begun_on < 0 or self._work(number, place).first_contact is None:
            self._promise(place, -1)

    def _count(self, place: int, household: UUID, more: int) -> None:
        self._with_place[household] += more
        practitioner = self.places[place].practitioner_id
        if practitioner is not None:
            self._held_by[practitioner] += more

    def _promise(self, place: int, count: int) -> None:
        self._volume[self.places[place].lot_id] -= count
        self._terms = None

    # What is not known beforehand

    def _work(self, number: int, place: int | None) -> Work:
        own = self._year.cases[number].work
        if own is not None and not own.running:
            return own
        lot = None if place is None else self._by_lot[self.places[place].lot_id]
        modelled = _nth(number, (self._year.works or {}).get(lot.id) if lot else None, self._all_works)
        if modelled is None:
            modelled = Work(5 * (lot.standard_weeks if lot else 6), _FIRST_CONTACT)
        if own is None:
            return modelled
        return own._replace(stay=max(own.stay, modelled.stay))

    def _wait(self, number: int, case: Case, last: int) -> Wait:
        begun = self._begun.get(number)
        if begun is not None:
            work = self._work(number, begun[1])
            if work.first_contact is None:
                return Wait(max(0, min(last, begun[0] + work.stay) - case.received), reached=False)
            if begun[0] + work.first_contact <= last:
                return Wait(max(0, begun[0] + work.first_contact - case.received), reached=True)
        return Wait(max(0, self._left.get(number, last) - case.received), reached=False)

    def _ended_without_contact(self, waits: Sequence[Wait]) -> frozenset[int]:
        return frozenset(
            number
            for number, (_, place) in self._begun.items()
            if not waits[number].reached and self._work(number, place).first_contact is None
        )

    def _unplaceable(self) -> frozenset[int]:
        if not self.waiting or not self._year.days:
            return frozenset()
        plan = decide(self.snapshot(everything=True), self.policy, self.today())
        none = {decision.referral_id for decision in plan.decisions if decision.outcome == "unplaceable"}
        return frozenset(number for number, want in self.waiting.items() if want.referral_id in none)


def _nth(number: int, own: Sequence[Model] | None, all_of_them: Sequence[Model]) -> Model | None:
    """The one whose turn it is, of one's own or else of all; None where there are none."""
    models = own or all_of_them
    return models[number % len(models)] if models else None


def _together(by_id: Mapping[UUID, tuple[Model, ...]] | None) -> tuple[Model, ...]:
    known = by_id or {}
    return tuple(each for key in sorted(known) for each in known[key])
