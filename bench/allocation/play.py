"""Playing a trace: the game's rules, with the product's `decide` making every choice (`app.domain.allocation.replay`).

The player knows on a day what an authority would: referrals that have come, planned ends, extensions inside their five
days' notice, ends that have happened. Answers, extensions and early ends are the game's secret until they happen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.allocation import Claim, Plan, Snapshot, Want
from app.domain.allocation.certificate import jumps
from app.domain.allocation.replay import ACCEPTED, DECLINED, EXPIRED, Answer, Booking, Replay
from bench.allocation.contract_year import PROVIDERS
from bench.allocation.policies import Rule
from bench.allocation.score import LAST_DAY
from bench.allocation.trace import Referral, Trace, true_days
from bench.allocation.world import World, number_of

NOTICE = 5
"""School days before a planned end by which an extension must be declared."""
_NEVER = 1_000_000
_OUTCOMES = {"A": ACCEPTED, "D": DECLINED, "T": EXPIRED}
_CODES = {outcome: code for code, outcome in _OUTCOMES.items()}


@dataclass(slots=True)
class Played:
    """What a policy did with a trace, in the trace's own indices."""

    offers: list[dict[str, Any]] = field(default_factory=list)
    starts: list[dict[str, Any]] = field(default_factory=list)
    jumps: list[dict[str, Any]] = field(default_factory=list)

    def plan(self, trace: Trace) -> dict[str, Any]:
        """The plan as its file says it."""
        about = {"format": trace["format"], "seed": trace["seed"], "load_pct": trace["load_pct"]}
        return {"trace": about, "offers": self.offers, "starts": self.starts, "jumps": self.jumps}


class Game(Replay):
    """One trace under one rule."""

    def __init__(self, trace: Trace, rule: Rule, reach: dict[str, int]) -> None:
        self._world = World(trace, reach)
        super().__init__(
            rule.policy, self._world.lots, self._world.places, [slot.first_free for slot in self._world.slots]
        )
        self._referrals: list[Referral] = trace["referrals"]
        self.rule = rule
        self._claims: dict[tuple[int, UUID], int] = {}
        """(referral, practitioner): the last day of the claim."""
        self._families: dict[str, list[int]] = {}
        for number, referral in enumerate(self._referrals):
            self._families.setdefault(referral["family"], []).append(number)
        self._arrivals: dict[int, list[int]] = {}
        for number, referral in enumerate(self._referrals):
            self._arrivals.setdefault(referral["day"], []).append(number)
        self.played = Played()

    def play(self) -> Played:
        """Play the year through."""
        self.play_days(LAST_DAY)
        return self.played

    def referral(self, number: int) -> Referral:
        """A referral of the trace."""
        return self._referrals[number]

    # What the trace tells

    def date_of(self, day: int) -> date:
        """The date of a day of the trace."""
        return self._world.date_of(day)

    def arrivals(self, day: int) -> Sequence[int]:
        """Who comes on a day."""
        return self._arrivals.get(day, ())

    def answer(self, number: int, place: int) -> Answer:
        """The answer that the trace has for the referral and the place's provider."""
        code, days = self._referrals[number]["resp"][PROVIDERS.index(self._provider_of(place))]
        return Answer(_OUTCOMES[code], days)

    def stay(self, number: int, place: int) -> int:
        """How long the case truly lasts; a course's seat is used once."""
        return _NEVER if self._world.slots[place].course >= 0 else true_days(self._referrals[number])

    def planned_end(self, number: int, booking: Booking) -> int:  # noqa: ARG002 - of every place alike
        """The planned end, moved by an extension inside its notice."""
        referral = self._referrals[booking.referral]
        end = booking.begun_on + int(referral["planned"])
        return end + int(referral["ext"]) if self.day >= end - NOTICE else end

    def decides_daily(self) -> bool:
        """Whether the rule decides on arrival, on release and nightly."""
        return self.rule.daily

    def decides_today(self) -> bool:
        """Whether it does today: a weekly panel sits on the first school day of a week."""
        calendar = self._world.trace["calendar"]
        return self.rule.daily or self.day == 0 or calendar[self.day][2] != calendar[self.day - 1][2]

    def want(self, number: int) -> Want:
        """The facts of a referral, with its siblings where the rule knows them."""
        want = self._world.want(number, one_band=self.rule.one_band)
        stop = self.rule.policy.long_stop
        alone = len(self._families[self._referrals[number]["family"]]) == 1
        return replace(
            want,
            sibling_group_id=None if alone or not self.rule.siblings else want.sibling_group_id,
            long_stop_on=self._world.date_of(self._referrals[number]["day"] + stop["school_days"])
            if stop and want.band == stop["band"]
            else None,
        )

    def claims(self) -> tuple[Claim, ...]:
        """The siblings' claims that have not run out."""
        return tuple(
            Claim(self.waiting[number].referral_id, practitioner)
            for (number, practitioner), last in self._claims.items()
            if number in self.waiting and last >= self.day
        )

    # What is written down

    def decided(self, snapshot: Snapshot, plan: Plan) -> None:
        """Write down every jump of a plan."""
        made = plan.offered
        for jump in jumps(snapshot, self.rule.policy, self.today(), made) if made else ():
            self.played.jumps.append(
                {
                    "day": self.day,
                    "referral": number_of(jump.referral_id),
                    "over": number_of(jump.over),
                    "code": jump.code,
                }
            )

    def answered(self, place: int, booking: Booking) -> None:
        """Write down an offer with its answer; one that is accepted gives the siblings their claim."""
        slot = self._world.slots[place]
        self.played.offers.append(
            {
                "referral": booking.referral,
                "practitioner": _or_none(slot.practitioner),
                "course": _or_none(slot.course),
                "day": booking.offered_on,
                "answer": _CODES[booking.outcome],
                "answered_day": self.day,
            }
        )
        if booking.outcome == ACCEPTED:
            self._claim_for_siblings(booking.referral, place)

    def began(self, place: int, booking: Booking) -> None:
        """Write down a start."""
        slot = self._world.slots[place]
        self.played.starts.append(
            {
                "referral": booking.referral,
                "practitioner": _or_none(slot.practitioner),
                "course": _or_none(slot.course),
                "day": self.day,
            }
        )

    def _provider_of(self, place: int) -> str:
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


def _or_none(index: int) -> int | None:
    return index if index >= 0 else None
