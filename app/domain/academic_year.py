"""Academic years, half-terms and terms: the words of a school calendar.

All dates are London civil dates. An academic year is written `2026/27`.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

_LABEL: Final = re.compile(r"([0-9]{4})/([0-9]{2})")
_SEPTEMBER: Final = 9


class TermName(StrEnum):
    """The three terms: half-terms 1 and 2, 3 and 4, 5 and 6."""

    AUTUMN = "autumn"
    SPRING = "spring"
    SUMMER = "summer"


TERM_NAMES: Final = (TermName.AUTUMN, TermName.SPRING, TermName.SUMMER)


@dataclass(frozen=True, slots=True, order=True)
class HalfTerm:
    """The days between two holidays, 1 to 6 in an academic year. Both dates belong to it."""

    academic_year: str
    half_term: int
    starts_on: date
    ends_on: date

    @property
    def term_name(self) -> TermName:
        """The term that this half-term is part of."""
        return TERM_NAMES[(self.half_term - 1) // 2]

    def __contains__(self, on: date) -> bool:
        """Say whether a date, weekend or not, lies in the half-term."""
        return self.starts_on <= on <= self.ends_on


@dataclass(frozen=True, slots=True)
class Term:
    """Two half-terms and the half-term holiday between them. Both dates belong to it."""

    academic_year: str
    name: TermName
    starts_on: date
    ends_on: date

    def __contains__(self, on: date) -> bool:
        """Say whether a date lies in the term, its half-term holiday included."""
        return self.starts_on <= on <= self.ends_on


def academic_year_start(on: date) -> int:
    """Return the calendar year in which a date's academic year began; it turns on 1 September."""
    return on.year if on.month >= _SEPTEMBER else on.year - 1


def academic_year_label(start_year: int) -> str:
    """Return `2026/27` for 2026."""
    return f"{start_year:04d}/{(start_year + 1) % 100:02d}"


def academic_year_of(on: date) -> str:
    """Return the academic year of a date by the national rule: it turns on 1 September.

    An authority whose schools return in August has `Calendar.academic_year_of`.
    """
    return academic_year_label(academic_year_start(on))


def start_year_of(academic_year: str) -> int:
    """Return 2026 for `2026/27`. Raises ValueError when the two years do not follow each other."""
    match = _LABEL.fullmatch(academic_year)
    if match is None or int(match[2]) != (int(match[1]) + 1) % 100:
        message = "An academic year is written like 2026/27."
        raise ValueError(message)
    return int(match[1])
