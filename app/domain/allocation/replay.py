"""Days played over again: the clock of places and offers, with `decide` making every choice.

Who comes when, what a provider answers and how long a case lasts is told by a subclass, and only when it happens: no
decision can know of it. What is known on a day is what an authority would know: who has come, and planned ends.
Days are numbered from 0; referrals and places are known by number.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from uuid import UUID

from app.domain.allocation.answers import Decision, Plan
from app.domain.allocation.deciding import decide
from app.domain.allocation.facts import Arrival, Caseload, Claim, Lot, Place, SchoolShare, Snapshot, Want
from app.domain.policy import Policy

ACCEPTED, DECLINED, EXPIRED = "accepted", "declined", "expired"


class Answer(NamedTuple):
    """What becomes of an offer, and after how many days; `expired` is silence until its time had run out."""

    outcome: str
    days: int


@dataclass(slots=True)
class Booking:
    """A place's family: offered (its answer is to come on `answer_on`), accepted, or begun."""

    referral: int
    offered_on: int
    answer_on: int
    outcome: str
    accepted_on: int = -1
    begun_on: int = -1
    ends_on: int = -1
    """The day on which the place is free again; a secret until then."""


@dataclass(slots=True)
class Held:
    """What a place is held by: the family that is there, and the next."""

    here: Booking | None = None
    next: Booking | None = None


class Replay(ABC):
    """A world of places under a policy. `opens`: by place, the first day on which it can take a family."""

    def __init__(self, policy: Policy, lots: Sequence[Lot], places: Sequence[Place], opens: Sequence[int]) -> None:
        self.policy = policy
        self.day = 0
        self.waiting: dict[int, Want] = {}
        self.held = [Held() for _ in places]
        self.places = places
        self._opens = opens
        self._lots = tuple(lots)
        providers = {lot.id: lot.provider_id for lot in lots}
        self._provider = [providers[place.lot_id] for place in places]
        self._number_of_place = {place.id: number for number, place in enumerate(places)}
        self._number_of: dict[UUID, int] = {}
        self._declined: dict[int, tuple[UUID, ...]] = {}
        self._due: dict[int, list[int]] = {}
        self._furthest = max(policy.windows.values())
        self._known_places: tuple[Place, ...] | None = None

    def play_days(self, days: int) -> None:
        """Play so many days."""
        for day in range(days):
            self.day = day
            self._known_places = None
            self.morning()
            self._end_and_begin()
            self._hear_answers()
            if self.decides_daily():
                self._run()
            came = self.arrivals(day)
            for number in came:
                self._arrive(number)
            if came or not self.decides_daily():
                self._run()
            self.evening()

    # What a subclass tells

    @abstractmethod
    def date_of(self, day: int) -> date:
        """The date of a day; those after the last may be asked for too."""

    @abstractmethod
    def arrivals(self, day: int) -> Sequence[int]:
        """Who comes on a day, in order."""

    @abstractmethod
    def want(self, number: int) -> Want:
        """The facts of a referral, when it comes."""

    @abstractmethod
    def answer(self, number: int, place: int) -> Answer:
        """What its provider answers to the offer of a place to a referral."""

    @abstractmethod
    def stay(self, number: int, place: int) -> int:
        """For how many days a case holds its place once it has begun."""

    @abstractmethod
    def planned_end(self, number: int, booking: Booking) -> int:
        """The day on which a place is planned to fall free, as it is known today."""

    def morning(self) -> None:  # noqa: B027 - may be left out
        """Called at the start of each day."""

    def evening(self) -> None:  # noqa: B027 - may be left out
        """Called at the end of each day."""

    def decides_daily(self) -> bool:
        """Whether referrals are decided on arrival and every day; else only `decides_today`."""
        return True

    def decides_today(self) -> bool:
        """Whether the waiting list is decided at the end of today."""
        return True

    def in_service(self, place: int) -> bool | None:  # noqa: ARG002 - for those that override it
        """Whether a place can be offered today; None when it does not stand at all."""
        return True

    def lots(self) -> tuple[Lot, ...]:
        """The lots with their terms today."""
        return self._lots

    def caseloads(self) -> tuple[Caseload, ...]:
        """The practitioners' limits and what they hold."""
        return ()

    def claims(self) -> tuple[Claim, ...]:
        """The siblings' claims that have not run out."""
        return ()

    def shares(self) -> tuple[SchoolShare, ...]:
        """What each school has had of the starts."""
        return ()

    def wants(self) -> tuple[Want, ...]:
        """Who waits."""
        return tuple(self.waiting.values())

    def decided(self, snapshot: Snapshot, plan: Plan) -> None:  # noqa: B027 - may be left out
        """Called with each plan, before it takes effect."""

    def offered(self, number: int, place: int) -> None:  # noqa: B027 - may be left out
        """Called when a place is offered."""

    def answered(self, place: int, booking: Booking) -> None:  # noqa: B027 - may be left out
        """Called when an offer is accepted, declined, or has run out."""

    def began(self, place: int, booking: Booking) -> None:  # noqa: B027 - may be left out
        """Called when a family that had accepted takes its place."""

    def ended(self, place: int, booking: Booking) -> None:  # noqa: B027 - may be left out
        """Called when a place is free again."""

    # What a subclass can do

    def today(self) -> date:
        """The date of the day."""
        return self.date_of(self.day)

    def leave(self, number: int) -> bool:
        """Take away a referral that has not begun; whether it was there."""
        if self.waiting.pop(number, None) is not None:
            return True
        for place, held in enumerate(self.held):
            if held.next is not None and held.next.referral == number:
                held.next = None
                self._known_places = None
                self.ended(place, Booking(number, -1, -1, EXPIRED))
                return True
        return False

    def snapshot(self, wants: Iterable[Want] | None = None, *, everything: bool = False) -> Snapshot:
        """What is known now: of places those that could be offered to somebody, or every one."""
        if everything:
            places = self._places_of_today(everything=True)
        else:
            if self._known_places is None:
                self._known_places = self._places_of_today(everything=False)
            places = self._known_places
        return Snapshot(
            self.wants() if wants is None else tuple(wants),
            self.lots(),
            places,
            self.caseloads(),
            self.claims(),
            self.shares(),
        )

    # The clock

    def _end_and_begin(self) -> None:
        day = self.day
        for number, held in enumerate(self.held):
            here = held.here
            if here is not None and here.ends_on <= day:
                held.here = None
                self.ended(number, here)
            coming = held.next
            if coming is None or held.here is not None or self._opens[number] > day:
                continue
            if 0 <= coming.accepted_on < day:
                held.here, held.next = coming, None
                coming.begun_on = day
                coming.ends_on = day + self.stay(coming.referral, number)
                self.began(number, coming)

    def _hear_answers(self) -> bool:
        """Hear the answers that are due; whether a place came back."""
        came_back = False
        for place in sorted(self._due.pop(self.day, ())):
            held = self.held[place]
            booking = held.next
            if booking is None or booking.accepted_on >= 0 or booking.answer_on != self.day:
                continue
            if booking.outcome == ACCEPTED:
                booking.accepted_on = self.day
            else:
                held.next = None
                self._known_places = None
                came_back = True
                number = booking.referral
                declined = {*self._declined.get(number, ()), self._provider[place]}
                self._declined[number] = tuple(sorted(declined))
                self.waiting[number] = self._want(number)
            self.answered(place, booking)
        return came_back

    # What the policy is asked

    def _arrive(self, number: int) -> None:
        want = self.waiting[number] = self._want(number)
        self._number_of[want.referral_id] = number
        # Whoever could have no place alone can have none beside others, and that is soon found.
        if self.decides_daily() and self._ask(Arrival(want.referral_id), alone=want):
            self._ask(Arrival(want.referral_id))
            if self._hear_answers():
                self._run()

    def _want(self, number: int) -> Want:
        want = self.want(number)
        declined = self._declined.get(number)
        return want if declined is None else replace(want, declined_provider_ids=declined)

    def _run(self) -> None:
        if not self.decides_today():
            return
        while self.waiting:
            self._ask(None)
            if not self._hear_answers():
                return

    def _ask(self, arrival: Arrival | None, alone: Want | None = None) -> bool:
        """Ask for a plan, and make its offers unless it is about one referral `alone`; whether it has any."""
        snapshot = self.snapshot() if alone is None else self.snapshot([alone])
        if not any(not place.booked and place.in_service for place in snapshot.places):
            return False
        plan = decide(snapshot, self.policy, self.today(), arrival)
        if alone is None:
            self.decided(snapshot, plan)
            self._offer(plan.offered)
        return bool(plan.offered)

    def _offer(self, made: Iterable[Decision]) -> None:
        for decision in made:
            if decision.place is None:
                continue
            number, place = self._number_of[decision.referral_id], self._number_of_place[decision.place.id]
            outcome, days = self.answer(number, place)
            self.held[place].next = Booking(number, self.day, self.day + days, outcome)
            self._due.setdefault(self.day + days, []).append(place)
            del self.waiting[number]
            self._known_places = None
            self.offered(number, place)

    def _places_of_today(self, *, everything: bool) -> tuple[Place, ...]:
        found = []
        for number, held in enumerate(self.held):
            place = self.places[number]
            in_service = self.in_service(number)
            free_in = self._free_in(number, held)
            if in_service is None or free_in is None:
                continue
            booked = held.next is not None
            near = free_in <= self._furthest or place.course_id is not None
            if not everything and (booked or not in_service or not near) and not _has_abilities(place):
                continue
            if booked or not in_service or free_in:
                place = replace(
                    place,
                    free_in=free_in,
                    free_on=self.date_of(self.day + free_in) if free_in else None,
                    booked=booked,
                    in_service=in_service,
                )
            found.append(place)
        return tuple(found)

    def _free_in(self, number: int, held: Held) -> int | None:
        """Days until a place is planned to be free, as is known today; None for a course seat that is gone."""
        opens = self._opens[number]
        if self.places[number].course_id is not None:
            return opens - self.day if held.here is None and opens > self.day else None
        if held.here is None:
            return max(0, opens - self.day)
        return max(0, self.planned_end(number, held.here) - self.day)


def _has_abilities(place: Place) -> bool:
    """Whether a place can do other things than its lot, so that the lot can do them when it falls free."""
    return not (place.needs is place.languages is place.modes is None)
