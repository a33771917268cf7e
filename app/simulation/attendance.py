"""What a pupil's register would say: attendance and suspensions, term by term, with and without support.

The model, so that nobody takes simulated results for evidence:

* A term is better or worse than the pupil's usual by up to half of it (less for those who are hardly there), by
  chance. Pupils are referred after bad terms, so many improve with no help at all: regression to the mean. A comparison
  of before and after shows it in full, as it does in life.
* Support that was completed lowers later absence by 10 per cent of it on average (standard deviation 15 points, so for
  one family in four it does nothing or the reverse), half of that while it runs. Support that ended early is worth 30
  per cent of it.
* Completed support prevents one later suspension in five.
* Days lost to a suspension are not taken out of attendance as well.

These sizes are assumptions on the modest side of what evaluations of family support report. They are not estimates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.simulation.draws import Draws
from app.simulation.pupils import PupilTraits
from app.simulation.school_days import SESSIONS_PER_DAY, SchoolDays, SimTerm

EFFECT_MEAN = 0.10
EFFECT_DEVIATION = 0.15
EFFECT_WHILE_RUNNING = 0.5
EFFECT_WHEN_ENDED_EARLY = 0.3
SUSPENSIONS_PREVENTED = 0.2
TERM_SPREAD = 0.5

_WHOLE_DAY_PART = 0.9
_RARELY_MORE_THAN = 12
_SUSPENSION_DAYS = {1: 0.45, 2: 0.27, 3: 0.14, 4: 0.05, 5: 0.09}
_SUSPENSION_REASONS = {"DB": 0.5, "PP": 0.16, "VA": 0.16, "PA": 0.06, "VP": 0.05, "DM": 0.04, "DA": 0.03}


class SupportOutcome(StrEnum):
    """How far a piece of support got, as the attendance model sees it."""

    RUNNING = "running"
    COMPLETED = "completed"
    ENDED_EARLY = "ended_early"


@dataclass(frozen=True, slots=True)
class Support:
    """Support that a pupil's family had: from the first attended contact to the closure (None while it runs)."""

    started_on: date
    closed_on: date | None
    outcome: SupportOutcome


@dataclass(frozen=True, slots=True)
class AttendanceFacts:
    """Sessions (half days) over stated dates, both included. `authorised` and `unauthorised` add up to the absence."""

    starts_on: date
    ends_on: date
    possible: int
    attended: int
    authorised: int
    unauthorised: int


@dataclass(frozen=True, slots=True)
class SimSuspension:
    """One suspension: its first day, its length in school days, and its reason code (DfE)."""

    starts_on: date
    school_days: int
    reason: str


class Register:
    """One pupil's attendance and suspensions, the same in every process that asks."""

    def __init__(self, seed: int, key: tuple[str, int, int], traits: PupilTraits, days: SchoolDays) -> None:
        self._seed = seed
        self._key = key
        self._traits = traits
        self._days = days

    def attendance(self, starts_on: date, ends_on: date, supports: Sequence[Support] = ()) -> AttendanceFacts:
        """The sessions between two dates, given the support so far."""
        possible = attended = authorised = 0
        for term in self._days.terms:
            if term.ends_on < starts_on or term.starts_on > ends_on:
                continue
            draws = Draws(self._seed, *self._key, "attendance", term.key)
            usual = self.term_absence(term)
            # Every day of the term is drawn, so that a day is the same whatever span it is asked in.
            for day in term.days:
                away, reason = draws.unit(), draws.unit()
                if not starts_on <= day <= ends_on:
                    continue
                rate = usual * (1 - self._effect(day, supports))
                missed = 2 if away < rate * _WHOLE_DAY_PART else int(away < rate * (2 - _WHOLE_DAY_PART))
                possible += SESSIONS_PER_DAY
                attended += SESSIONS_PER_DAY - missed
                if reason < self._traits.authorised_part:
                    authorised += missed
        return AttendanceFacts(
            starts_on, ends_on, possible, attended, authorised, unauthorised=possible - attended - authorised
        )

    def term_absence(self, term: SimTerm) -> float:
        """The share of sessions (0 to 1) that this pupil is apt to miss in one term, before any support."""
        usual = self._traits.usual_absence
        swing = 2 * Draws(self._seed, *self._key, "term", term.key).unit() - 1
        return usual * (1 + swing * TERM_SPREAD * (1 - usual))

    def suspensions(self, starts_on: date, ends_on: date, supports: Sequence[Support] = ()) -> list[SimSuspension]:
        """The suspensions that begin between two dates, in order, less those that support prevented."""
        if not self._traits.suspension_prone:
            return []
        found = []
        for year in dict.fromkeys(term.academic_year for term in self._days.terms):
            for suspension, luck in self._bad_year(year):
                prevented = luck < SUSPENSIONS_PREVENTED and any(
                    support.outcome is SupportOutcome.COMPLETED
                    and support.closed_on is not None
                    and support.closed_on < suspension.starts_on
                    for support in supports
                )
                if starts_on <= suspension.starts_on <= ends_on and not prevented:
                    found.append(suspension)
        return sorted(found, key=lambda suspension: suspension.starts_on)

    def _bad_year(self, academic_year: str) -> list[tuple[SimSuspension, float]]:
        """Every suspension of one year with the luck (0 to 1) that decides whether support prevents it."""
        draws = Draws(self._seed, *self._key, "suspensions", academic_year)
        if not draws.chance(0.5):
            return []
        days = [day for term in self._days.terms if term.academic_year == academic_year for day in term.days]
        again = 1 - 1 / self._traits.suspensions_in_a_bad_year
        count = 1
        while count < _RARELY_MORE_THAN and draws.chance(again):
            count += 1
        return [
            (
                SimSuspension(draws.pick(days), draws.weighted(_SUSPENSION_DAYS), draws.weighted(_SUSPENSION_REASONS)),
                draws.unit(),
            )
            for _ in range(count)
        ]

    def _effect(self, on: date, supports: Sequence[Support]) -> float:
        """By what part (mostly 0 to 0.5) support lowers this pupil's absence on a day: the best of what applies."""
        effects = [
            self._full_effect(support) * _strength(support, on) for support in supports if support.started_on <= on
        ]
        return max(effects, default=0.0, key=abs)

    def _full_effect(self, support: Support) -> float:
        draws = Draws(self._seed, *self._key, "effect", support.started_on.isoformat())
        return min(max(draws.normal(EFFECT_MEAN, EFFECT_DEVIATION), -0.25), 0.5)


def _strength(support: Support, on: date) -> float:
    if support.closed_on is None or on <= support.closed_on:
        return EFFECT_WHILE_RUNNING
    return 1.0 if support.outcome is SupportOutcome.COMPLETED else EFFECT_WHEN_ENDED_EARLY
