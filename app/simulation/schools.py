"""The made-up authority's areas and schools, sized like Norfolk's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.domain.school_entry import SchoolEntry
from app.domain.year_groups import YEAR_GROUPS
from app.simulation.draws import Draws
from app.simulation.names import family_name, place_names, school_kind, school_names
from app.simulation.shape import AuthorityShape, rate_group

T = TypeVar("T")

LA_CODE = "999"
AUTHORITY_NAME = "Wensmere County Council (sandbox)"
AREA_NAMES = ("North", "East", "West")
FIRST_URN = 900_001

_ESTABLISHMENT_FROM = {
    "primary": 2001,
    "secondary": 4001,
    "all_through": 6901,
    "special": 7001,
    "alternative_provision": 1101,
}
"""First establishment number by phase, in the ranges that real registers use."""
_RECEPTION_AGE = 4
_LAST_AGE = 17
_SIXTH_FORM_FROM = 16
_SIXTH_FORM_WEIGHT = 0.45
"""About as many pupils stay on in a school's sixth form as this, for each that is in Year 11."""


@dataclass(frozen=True, slots=True)
class SimSchool:
    """A made-up school. `absence_factor` multiplies the authority's absence; `year_rolls` counts pupils by year."""

    index: int
    urn: str
    laestab: str
    name: str
    phase: str
    low_age: int
    high_age: int
    area: str
    town: str
    postcode: str
    contact_name: str
    contact_email: str
    absence_factor: float
    year_rolls: tuple[tuple[str, int], ...]

    @property
    def roll(self) -> int:
        """Pupils on roll."""
        return sum(count for _, count in self.year_rolls)

    def year_group_at(self, position: int) -> str:
        """The year group of the pupil at a position of the roll, which runs from the youngest year up."""
        for year_group, count in self.year_rolls:
            if position < count:
                return year_group
            position -= count
        raise IndexError(f"{self.name} has only {self.roll} pupils.")

    def first_position_of(self, year_group: str) -> int:
        """The position of the first pupil of a year group."""
        position = 0
        for other, count in self.year_rolls:
            if other == year_group:
                return position
            position += count
        raise KeyError(year_group)

    def register_entry(self) -> SchoolEntry:
        """The school as a register would name it."""
        return SchoolEntry(
            urn=self.urn,
            laestab=self.laestab,
            la_code=LA_CODE,
            la_name=AUTHORITY_NAME,
            name=self.name,
            status="open",
            phase=self.phase,
            type="Sandbox school",
            low_age=self.low_age,
            high_age=self.high_age,
            pupils_on_roll=self.roll,
            ukprn=None,
            trust_uid=None,
            trust_name=None,
            street=None,
            town=self.town,
            postcode=self.postcode,
            source="sandbox",
        )


def build_schools(seed: int, count: int, shape: AuthorityShape) -> tuple[SimSchool, ...]:
    """`count` schools in the shape's proportion of phases, each phase sampled evenly over its sizes.

    Raises ValueError when fewer than six are asked for: every phase and area should be there.
    """
    if count < 6:
        raise ValueError("A sandbox authority needs at least six schools.")
    draws = Draws(seed, "schools")
    sizes = [
        (phase, *size)
        for phase, wanted in _phase_counts(shape, count).items()
        for size in _spread(shape.schools[phase], wanted)
    ]
    places = place_names(draws, (count + 1) // 2)
    used: set[str] = set()
    numbers = dict(_ESTABLISHMENT_FROM)
    schools = []
    sizes = draws.shuffled(sizes)
    factors = _absence_factors(draws, shape, sizes)
    for index, (phase, low_age, high_age, roll) in enumerate(sizes):
        place = places[index % len(places)]
        free = [name for name in school_names(place, school_kind(phase, low_age, high_age)) if name not in used]
        name = draws.pick(free)
        used.add(name)
        number = numbers[phase]
        numbers[phase] += 1
        schools.append(
            SimSchool(
                index=index,
                urn=str(FIRST_URN + index),
                laestab=f"{LA_CODE}{number}",
                name=name,
                phase=phase,
                low_age=low_age,
                high_age=high_age,
                area=AREA_NAMES[index % len(AREA_NAMES)],
                town=place,
                # No real postcode area is ZZ.
                postcode=f"ZZ{1 + index % 9} {1 + index // 9 % 9}{draws.pick('ABDEFGHJ')}{draws.pick('LNPQRSTU')}",
                contact_name=f"{draws.pick('ABCDEFGHJKLMNPRST')} {family_name(draws)}",
                contact_email=f"referrals@school-{FIRST_URN + index}.example",
                absence_factor=factors[index],
                year_rolls=_year_rolls(low_age, high_age, roll),
            )
        )
    return tuple(schools)


def _absence_factors(draws: Draws, shape: AuthorityShape, sizes: Sequence[tuple[str, int, int, int]]) -> list[float]:
    """Each school's absence over the authority's, spread as that of Norfolk's known secondary schools is.

    Where few schools are known (primary, special) the spread is half as wide. Weighted by roll the factors of a phase
    average 1, so that the authority's own rates come out however few schools there are.
    """
    factors = [1.0] * len(sizes)
    for phase in shape.schools:
        own = [index for index, size in enumerate(sizes) if size[0] == phase]
        width = 1.0 if rate_group(phase, "11") == "secondary" else 0.5
        known = draws.shuffled(_spread(shape.school_absence_factors, len(own)))
        for index, factor in zip(own, known, strict=True):
            factors[index] = 1 + (factor - 1) * width
        pupils = sum(sizes[index][3] for index in own)
        mean = sum(factors[index] * sizes[index][3] for index in own) / max(pupils, 1)
        for index in own:
            factors[index] = round(factors[index] / mean, 3)
    return factors


def _phase_counts(shape: AuthorityShape, count: int) -> dict[str, int]:
    """How many schools of each phase: largest remainders, and one at least of primary, secondary and special."""
    total = sum(len(sizes) for sizes in shape.schools.values())
    exact = {phase: len(sizes) * count / total for phase, sizes in shape.schools.items()}
    counts = {phase: int(share) for phase, share in exact.items()}
    for phase in ("primary", "secondary", "special"):
        counts[phase] = max(counts[phase], 1)
    by_remainder = sorted(exact, key=lambda phase: (counts[phase] - exact[phase], phase))
    for phase in by_remainder[: max(count - sum(counts.values()), 0)]:
        counts[phase] += 1
    counts["primary"] -= sum(counts.values()) - count
    return counts


def _spread(sizes: Sequence[T], wanted: int) -> list[T]:
    """`wanted` items at even steps through a sorted list."""
    return [sizes[(2 * step + 1) * len(sizes) // (2 * wanted)] for step in range(wanted)]


def _year_rolls(low_age: int, high_age: int, roll: int) -> tuple[tuple[str, int], ...]:
    """Pupils by year group: even, but for sixth forms, which are smaller; nursery children are not modelled."""
    ages = range(max(low_age, _RECEPTION_AGE), min(high_age, _LAST_AGE + 1))
    weights = {age: _SIXTH_FORM_WEIGHT if age >= _SIXTH_FORM_FROM else 1.0 for age in ages}
    total = sum(weights.values())
    reception = YEAR_GROUPS.index("R")
    rolls, given, share = [], 0, 0.0
    for age, weight in weights.items():
        share += weight
        upto = round(roll * share / total)
        rolls.append((YEAR_GROUPS[reception + age - _RECEPTION_AGE], upto - given))
        given = upto
    return tuple(rolls)
