"""The whole made-up authority, as a function of one seed.

Separate processes (a school's system, a provider's portal, a dashboard) each build the same `World` and so agree on who
is referred when and how the work goes, without a word between them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from app.domain.calendar import Calendar
from app.domain.term_dates import shipped_half_terms
from app.simulation.attendance import Register
from app.simulation.behaviour import CasePlan, OfferAnswer, answer_offer, plan_case
from app.simulation.demand import (
    Arrival,
    ReferralFacts,
    arrival_counts,
    arrivals_per_day,
    need_weight,
    referral_facts,
)
from app.simulation.draws import Draws
from app.simulation.pupils import PupilTraits, SimPupil, draw_pupil, draw_traits
from app.simulation.school_days import SchoolDays
from app.simulation.schools import AREA_NAMES, AUTHORITY_NAME, LA_CODE, SimSchool, build_schools
from app.simulation.shape import norfolk_shape, rate_group
from app.simulation.supply import Supply, build_supply

ACADEMIC_YEAR = "2026/27"
DEFAULT_SCHOOLS = 60
DEFAULT_PLACES = 24
SCHOOL_DAYS_PER_INTERVENTION = 30
"""Six school weeks: what a place takes up, and so how many interventions a place is good for in a year."""


@dataclass(frozen=True)
class World:
    """The authority of a seed. `load` is referrals over what the block can take: above 1, families wait."""

    seed: int
    school_count: int = DEFAULT_SCHOOLS
    place_count: int = DEFAULT_PLACES
    load: float = 1.1
    academic_year: str = ACADEMIC_YEAR

    authority_name = AUTHORITY_NAME
    la_code = LA_CODE
    areas = AREA_NAMES

    @cached_property
    def days(self) -> SchoolDays:
        """The sandbox calendar's school days."""
        return SchoolDays(Calendar(shipped_half_terms()[LA_CODE]), self.academic_year)

    @cached_property
    def schools(self) -> tuple[SimSchool, ...]:
        """All schools, by index."""
        return build_schools(self.seed, self.school_count, norfolk_shape())

    @cached_property
    def supply(self) -> Supply:
        """What was block-booked for the year."""
        year = self.days.year_days
        volume = round(len(year) / SCHOOL_DAYS_PER_INTERVENTION)
        return build_supply(self.seed, self.place_count, date(year[0].year, 9, 1), date(year[-1].year, 8, 31), volume)

    @cached_property
    def arrivals(self) -> tuple[Arrival, ...]:
        """Every referral of the year, in order; nobody is referred twice."""
        capacity = self.place_count * len(self.days.year_days) / SCHOOL_DAYS_PER_INTERVENTION
        counts = arrival_counts(self.seed, arrivals_per_day(self.days, capacity * self.load))
        weights = self._school_weights()
        pools: dict[tuple[int, str], dict[int, float]] = {}
        taken: set[tuple[int, int]] = set()
        plan: list[Arrival] = []
        for day, count in counts.items():
            draws = Draws(self.seed, "who", day.isoformat())
            before = self.days.last_term_before(day)
            for _ in range(count):
                school = self.schools[draws.weighted(weights)]
                pool = pools.setdefault((school.index, before.key), {})
                if not pool:
                    pool.update(self._need_weights(school, before.starts_on))
                left = {position: weight for position, weight in pool.items() if (school.index, position) not in taken}
                if not left:
                    continue
                position = draws.weighted(left)
                taken.add((school.index, position))
                plan.append(Arrival(day, len(plan) + 1, school.index, position))
        return tuple(plan)

    def pupil(self, school_index: int, position: int) -> SimPupil:
        """One pupil's identity. Raises IndexError for a position beyond the roll."""
        school = self.schools[school_index]
        year_group = school.year_group_at(position)
        before = self._serial_starts[school_index, year_group]
        serial = before + position - school.first_position_of(year_group)
        return draw_pupil(
            self.seed, school, position, serial=serial, academic_year=self.academic_year, shape=norfolk_shape()
        )

    def traits(self, school_index: int, position: int) -> PupilTraits:
        """How often one pupil is away."""
        return draw_traits(self.seed, self.schools[school_index], position, norfolk_shape())

    def register(self, school_index: int, position: int) -> Register:
        """One pupil's attendance and suspensions."""
        key = ("pupil", school_index, position)
        return Register(self.seed, key, self.traits(school_index, position), self.days)

    def referral_facts(self, arrival: Arrival) -> ReferralFacts:
        """What the school states in a referral of the plan."""
        pupil = self.pupil(arrival.school_index, arrival.position)
        register = self.register(arrival.school_index, arrival.position)
        return referral_facts(self.seed, arrival, pupil, register, self.days)

    def answer(self, provider_key: str, reference: str, earlier_offers: int = 0) -> OfferAnswer:
        """What a provider answers to an offer of the referral with that sender's reference."""
        return answer_offer(self.seed, self.supply.provider(provider_key), reference, earlier_offers)

    def case(self, provider_key: str, reference: str, *, standard_weeks: int, modes: tuple[str, ...]) -> CasePlan:
        """How a provider's work on that referral goes, once accepted."""
        provider = self.supply.provider(provider_key)
        return plan_case(self.seed, provider, reference, standard_weeks=standard_weeks, modes=modes)

    def digest(self) -> str:
        """A SHA-256 of all that the world says, so that processes can check that they live in the same one."""
        parts: list[object] = [*self.schools, self.supply, *self.arrivals]
        for arrival in self.arrivals:
            parts += [self.pupil(arrival.school_index, arrival.position), self.referral_facts(arrival)]
            for provider in self.supply.providers:
                parts += [
                    self.answer(provider.key, arrival.reference),
                    self.case(provider.key, arrival.reference, standard_weeks=6, modes=("home", "school")),
                ]
        return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()

    @cached_property
    def _serial_starts(self) -> Mapping[tuple[int, str], int]:
        """How many pupils of a year group come before each school's, so that no two share a UPN."""
        upto: dict[str, int] = {}
        starts = {}
        for school in self.schools:
            for year_group, count in school.year_rolls:
                starts[school.index, year_group] = upto.get(year_group, 0)
                upto[year_group] = starts[school.index, year_group] + count
        return starts

    def _school_weights(self) -> dict[int, float]:
        absence = norfolk_shape().absence
        return {
            school.index: school.absence_factor
            * sum(count * absence[rate_group(school.phase, year)].persistent_share for year, count in school.year_rolls)
            for school in self.schools
        }

    def _need_weights(self, school: SimSchool, term_starts_on: date) -> dict[int, float]:
        term = next(term for term in self.days.terms if term.starts_on == term_starts_on)
        weights = {}
        for position in range(school.roll):
            if school.year_group_at(position) == "R" and term.academic_year != self.academic_year:
                weights[position] = 0.0  # not at school yet in the term that the need is read from
                continue
            register = self.register(school.index, position)
            suspensions = register.suspensions(term.starts_on, term.ends_on)
            weights[position] = need_weight(register.term_absence(term), len(suspensions))
        return weights
