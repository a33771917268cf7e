"""Who is referred when, and what the school says about it.

Referrals arrive as separate, rare events on each school day. How many: `load` times what the block can take in a year.
From where: schools in proportion to their roll and to the persistent absence that is usual for their phase. Who: pupils
in proportion to how badly the term before went, which is what makes many of them better afterwards whatever is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.simulation.attendance import AttendanceFacts, Register, SimSuspension
from app.simulation.draws import Draws
from app.simulation.pupils import SimPupil
from app.simulation.school_days import SchoolDays

_HALF_TERM_WEIGHTS = {1: 0.8, 2: 1.2, 3: 1.15, 4: 1.1, 5: 0.95, 6: 0.8}
"""Schools refer less while they get to know a new class, and less again before the summer."""

_BANDS = {"P1": 0.08, "P2": 0.27, "P3": 0.45, "P4": 0.20}
_NEEDS_BESIDE = {
    "routines_and_boundaries": 0.40,
    "parenting_support": 0.35,
    "emotional_wellbeing": 0.25,
    "family_relationships": 0.22,
    "parental_mental_health": 0.18,
    "housing": 0.06,
    "money": 0.08,
    "transition": 0.08,
}
_SEVERE, _PERSISTENT = 0.5, 0.1
_ANXIETY_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Arrival:
    """A referral that a school is going to make: on which day, for whom. `reference` is the school's own."""

    on: date
    number: int
    school_index: int
    position: int

    @property
    def reference(self) -> str:
        """The sender's reference: the same for everyone who knows the plan."""
        return f"SIM-{self.number:05d}"


@dataclass(frozen=True, slots=True)
class ReferralFacts:
    """What the school states in the referral. `needs` are keys of the needs list, the first one the main need."""

    attendance: AttendanceFacts
    suspensions_this_half_term: int
    suspensions_last_term: int
    needs: tuple[str, ...]
    band: str
    modes: tuple[str, ...]
    language: str
    interpreter_needed: bool
    early_help_assessment: bool
    support_tried: tuple[str, ...]
    child_view: str
    parent_view: str


def arrivals_per_day(days: SchoolDays, total: float) -> dict[date, float]:
    """How many referrals are expected on each school day of the year, `total` in all."""
    weights = {}
    for half_term in days.calendar.half_terms_of(days.academic_year):
        for day in days.between(half_term.starts_on, half_term.ends_on):
            weights[day] = _HALF_TERM_WEIGHTS[half_term.half_term]
    scale = total / sum(weights.values())
    return {day: weight * scale for day, weight in weights.items()}


def arrival_counts(seed: int, expected: Mapping[date, float]) -> dict[date, int]:
    """How many referrals come on each day."""
    return {day: Draws(seed, "arrivals", day.isoformat()).count(mean) for day, mean in expected.items()}


def need_weight(term_absence: float, suspensions_last_term: int) -> float:
    """How likely a pupil is to be referred, against others of the school: by absence (0 to 1) and by suspensions.

    The first few per cent of absence count for nothing, so pupils who are nearly always there are hardly ever referred;
    beyond a third more of it adds nothing, as the worst cases are often with other services already.
    """
    by_absence = float(min(max(term_absence - 0.04, 0.0), 0.3) ** 1.3)
    return by_absence + 0.06 * min(suspensions_last_term, 4) + 0.0005


def referral_facts(seed: int, arrival: Arrival, pupil: SimPupil, register: Register, days: SchoolDays) -> ReferralFacts:
    """What the school writes on the day, from its register: attendance since the start of the term before."""
    draws = Draws(seed, "referral", arrival.number)
    before = days.last_term_before(arrival.on)
    yesterday = arrival.on - timedelta(days=1)
    attendance = register.attendance(before.starts_on, yesterday)
    half_term = days.calendar.half_term_of(arrival.on)
    half_term_from = half_term.starts_on if half_term else arrival.on
    recent = register.suspensions(half_term_from, yesterday)
    last_term = register.suspensions(before.starts_on, before.ends_on)
    absence = 1 - attendance.attended / max(attendance.possible, 1)
    needs = _needs(draws, pupil, absence, [*recent, *last_term])
    carer = pupil.contacts[0]
    return ReferralFacts(
        attendance=attendance,
        suspensions_this_half_term=len(recent),
        suspensions_last_term=len(last_term),
        needs=needs,
        band=_band(draws, absence, len(recent) + len(last_term)),
        modes=draws.pick((("home", "school"), ("home",), ("school",), ("home", "school", "remote"))),
        language=carer.language,
        interpreter_needed=carer.interpreter_needed,
        early_help_assessment=draws.chance(0.3),
        support_tried=draws.some({"meeting with parents": 0.8, "attendance plan": 0.6, "mentor in school": 0.4}),
        child_view=draws.pick(("I would like mornings to be calmer.", "I want to be with my friends again.", "")),
        parent_view=draws.pick(("We have tried, and some days work.", "Help with mornings would be good.", "")),
    )


def _needs(draws: Draws, pupil: SimPupil, absence: float, suspensions: Sequence[SimSuspension]) -> tuple[str, ...]:
    needs = []
    if suspensions:
        needs.append("risk_of_exclusion" if len(suspensions) > 1 else "behaviour_at_school")
    if absence >= _PERSISTENT or not needs:
        needs.append("attendance")
    if absence >= _SEVERE and draws.chance(_ANXIETY_SHARE):
        needs.insert(0, "anxiety_based_avoidance")
    if pupil.sen_provision != "N" and draws.chance(0.3):
        needs.append("send_family_support")
    needs.extend(need for need in draws.some(_NEEDS_BESIDE) if need not in needs)
    return tuple(needs)


def _band(draws: Draws, absence: float, suspensions: int) -> str:
    """The published mix, moved up a band for severe absence or for three suspensions."""
    band = draws.weighted(_BANDS)
    if (absence >= _SEVERE or suspensions >= 3) and band != "P1":
        return f"P{int(band[1]) - 1}"
    return band
