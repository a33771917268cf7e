"""Playing a trace: the game's clock and rules, with the product's `decide` making every choice.

The player knows on a day what an authority would: referrals that have come, planned ends, extensions inside their five
days' notice, ends that have happened. Answers, extensions and early ends are the game's secret until they happen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.allocation import Arrival, Claim, Decision, Place, Snapshot, Want, decide
from app.domain.allocation.certificate import jumps
from bench.allocation.contract_year import PROVIDERS
from bench.allocation.policies import Rule
from bench.allocation.score import LAST_DAY
from bench.allocation.trace import Referral, Trace, true_days
from bench.allocation.world import World, number_of, provider_id, slot_of

NOTICE = 5
"""School days before a planned end by which an extension must be declared."""


@dataclass(slots=True)
class _Booking:
    """A place's family: offered (`answer_on` to come), accepted, or begun."""

    referral: int
    offered_on: int
    answer_on: int
    accepted_on: int = -1
    started_on: int = -1


@dataclass(slots=True)
class _Held:
    """What a place is held by: the family that is there, and the next."""

    here: _Booking | None = None
    next: _Booking | None = None


@dataclass(slots=True)
class Played:
    """What a policy did with a trace, in the trace's own indices."""

    offers: list[dict[str, Any]] = field(default_factory=list)
    starts: list[dict[str, Any]] = field(default_factory=list)
    jumps: list[dict[str, Any]] = field(default_factory=list)
    decisions: int = 0

    def plan(self, trace: Trace) -> dict[str, Any]:
        """The plan as its file says it."""
        about = {"format": trace["format"], "seed": trace["seed"], "load_pct": trace["load_pct"]}
        return {"trace": about, "offers": self.offers, "starts": self.starts, "jumps": self.jumps}


class Game:
    """One trace under one rule."""

    def __init__(self, trace: Trace, rule: Rule, reach: dict[str, int]) -> None:
        self._world = World(trace, reach)
        self._referrals: list[Referral] = trace["referrals"]
        self.rule = rule
        self._held = [_Held() for _ in self._world.slots]
        self.waiting: dict[int, Want] = {}
        self._declined: dict[int, tuple[UUID, ...]] = {}
        self._claims: dict[tuple[int, UUID], int] = {}
        """(referral, practitioner): the last day of the claim."""
        self._families: dict[str, list[int]] = {}
        for number, referral in enumerate(self._referrals):
            self._families.setdefault(referral["family"], []).append(number)
        self._arrivals: dict[int, list[int]] = {}
        for number, referral in enumerate(self._referrals):
            self._arrivals.setdefault(referral["day"], []).append(number)
        self._places: dict[tuple[int, int], Place] = {}
        self.day = 0
        self.played = Played()

    def play(self) -> Played:
        """Play the year through."""
        trace = self._world.trace
        for day in range(LAST_DAY):
            self.day = day
            self._end_and_start()
            self._answers(day)
            panel = day == 0 or trace["calendar"][day][2] != trace["calendar"][day - 1][2]
            if self.rule.daily:
                self._run()
            for number in self._arrivals.get(day, ()):
                self._arrive(number)
            if self.rule.daily or panel:
                self._run()
            self.evening()
        return self.played

    def evening(self) -> None:
        """Called at the end of each day, for those who watch."""

    def referral(self, number: int) -> Referral:
        """A referral of the trace."""
        return self._referrals[number]

    # The clock

    def _end_and_start(self) -> None:
        day = self.day
        for slot, held in zip(self._world.slots, self._held, strict=True):
            here = held.here
            if here is not None and slot.course < 0 and here.started_on + self._length(here.referral) <= day:
                held.here = here = None
            free = here is None and slot.first_free <= day
            if free and held.next is not None and 0 <= held.next.accepted_on < day:
                held.here, held.next = held.next, None
                held.here.started_on = day
                self._note_start(held.here, slot.practitioner, slot.course)

    def _length(self, number: int) -> int:
        return true_days(self._referrals[number])

    def _note_start(self, booking: _Booking, practitioner: int, course: int) -> None:
        self.played.starts.append(
            {
                "referral": booking.referral,
                "practitioner": _or_none(practitioner),
                "course": _or_none(course),
                "day": self.day,
            }
        )

    def _answers(self, day: int) -> bool:
        """Hear the answers that are due; whether a place came back."""
        came_back = False
        for place, held in enumerate(self._held):
            booking = held.next
            if booking is None or booking.accepted_on >= 0 or booking.answer_on != day:
                continue
            slot = self._world.slots[place]
            provider = self._provider(place)
            answer = self._referrals[booking.referral]["resp"][PROVIDERS.index(provider)][0]
            self.played.offers.append(
                {
                    "referral": booking.referral,
                    "practitioner": _or_none(slot.practitioner),
                    "course": _or_none(slot.course),
                    "day": booking.offered_on,
                    "answer": answer,
                    "answered_day": day,
                }
            )
            if answer == "A":
                booking.accepted_on = day
                self._claim_for_siblings(booking.referral, place)
            else:
                held.next = None
                came_back = True
                declined = self._declined.get(booking.referral, ())
                self._declined[booking.referral] = tuple(sorted({*declined, provider_id(provider)}))
                self.waiting[booking.referral] = self._want(booking.referral)
        return came_back

    def _provider(self, place: int) -> str:
        slot = self._world.slots[place]
        if slot.course >= 0:
            return str(self._world.trace["courses"][slot.course]["provider"])
        return str(self._world.trace["practitioners"][slot.practitioner]["provider"])

    def _claim_for_siblings(self, number: int, place: int) -> None:
        practitioner = self._world.places[place].practitioner_id
        if not self.rule.siblings or practitioner is None:
            return
        last = self.day + self.rule.policy.sibling_claim_school_days
        for sibling in self._families[self._referrals[number]["family"]]:
            if sibling != number:
                self._claims[sibling, practitioner] = last

    # What the policy is asked

    def _arrive(self, number: int) -> None:
        self.waiting[number] = self._want(number)
        if not self.rule.daily:
            return
        arrived = self.waiting[number].referral_id
        self._ask(Arrival(arrived))
        if self._answers(self.day):
            self._run()

    def _run(self) -> None:
        while self.waiting:
            self._ask(None)
            if not self._answers(self.day):
                return

    def _ask(self, arrival: Arrival | None) -> None:
        snapshot = self.snapshot()
        on = self.today()
        plan = decide(snapshot, self.rule.policy, on, arrival)
        self.played.decisions += 1
        made = plan.offered
        for jump in jumps(snapshot, self.rule.policy, on, made) if made else ():
            self.played.jumps.append(
                {
                    "day": self.day,
                    "referral": number_of(jump.referral_id),
                    "over": number_of(jump.over),
                    "code": jump.code,
                }
            )
        self._offer(made)

    def today(self) -> date:
        """The date of the day."""
        return self._world.date_of(self.day)

    def _offer(self, made: Iterable[Decision]) -> None:
        for decision in made:
            if decision.place is None:
                continue
            number, place = number_of(decision.referral_id), slot_of(decision.place)
            days = self._referrals[number]["resp"][PROVIDERS.index(self._provider(place))][1]
            self._held[place].next = _Booking(number, self.day, self.day + days)
            del self.waiting[number]

    def _want(self, number: int) -> Want:
        want = self._world.want(number, one_band=self.rule.one_band)
        stop = self.rule.policy.long_stop
        alone = len(self._families[self._referrals[number]["family"]]) == 1
        return replace(
            want,
            declined_provider_ids=self._declined.get(number, ()),
            sibling_group_id=None if alone or not self.rule.siblings else want.sibling_group_id,
            long_stop_on=self._world.date_of(self._referrals[number]["day"] + stop["school_days"])
            if stop and want.band == stop["band"]
            else None,
        )

    def snapshot(self, *, everything: bool = False) -> Snapshot:
        """What the authority knows now: of places those that could be offered, or every one."""
        places = []
        furthest = max(self.rule.policy.windows.values())
        for number, held in enumerate(self._held):
            if held.next is not None and not everything:
                continue
            free_in = self._free_in(number, held)
            if free_in is not None and (everything or free_in <= furthest or self._world.slots[number].course >= 0):
                place = self._place(number, free_in)
                places.append(place if held.next is None else replace(place, booked=True))
        claims = tuple(
            Claim(self.waiting[number].referral_id, practitioner)
            for (number, practitioner), last in self._claims.items()
            if number in self.waiting and last >= self.day
        )
        return Snapshot(tuple(self.waiting.values()), tuple(self._world.lots), tuple(places), claims=claims)

    def _free_in(self, number: int, held: _Held) -> int | None:
        """School days until a place is planned to be free, as the player knows; None for a seat that is gone."""
        slot = self._world.slots[number]
        if slot.course >= 0:
            return slot.first_free - self.day if held.here is None and slot.first_free > self.day else None
        if held.here is None:
            return max(0, slot.first_free - self.day)
        referral = self._referrals[held.here.referral]
        end = held.here.started_on + referral["planned"]
        if self.day >= end - NOTICE:
            end += referral["ext"]
        return int(max(0, end - self.day))

    def _place(self, number: int, free_in: int) -> Place:
        place = self._places.get((number, free_in))
        if place is None:
            place = self._places[number, free_in] = replace(self._world.places[number], free_in=free_in)
        return place


def _or_none(index: int) -> int | None:
    return index if index >= 0 else None
