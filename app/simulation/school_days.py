"""The school days of the simulated year and of the years on both sides: attendance before and after needs them too."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date

from app.domain.academic_year import TermName, academic_year_label, start_year_of
from app.domain.calendar import Calendar

SESSIONS_PER_DAY = 2


@dataclass(frozen=True, slots=True)
class SimTerm:
    """One term: its year, its name, and its school days in order."""

    academic_year: str
    name: TermName
    days: tuple[date, ...]

    @property
    def key(self) -> str:
        """Such as `2026/27-autumn`."""
        return f"{self.academic_year}-{self.name.value}"

    @property
    def starts_on(self) -> date:
        """The first school day."""
        return self.days[0]

    @property
    def ends_on(self) -> date:
        """The last school day."""
        return self.days[-1]


class SchoolDays:
    """Three academic years of one calendar, as plain lists: simulated registers walk them day by day."""

    def __init__(self, calendar: Calendar, academic_year: str) -> None:
        """Raises ValueError unless the academic year is written like 2026/27."""
        start_year = start_year_of(academic_year)
        self.calendar = calendar
        self.academic_year = academic_year
        self.terms = tuple(
            term
            for year in range(start_year - 1, start_year + 2)
            for term in _terms(calendar, academic_year_label(year))
        )
        self.days = tuple(day for term in self.terms for day in term.days)
        self.year_days = tuple(day for term in self.terms_of(academic_year) for day in term.days)

    def terms_of(self, academic_year: str) -> tuple[SimTerm, ...]:
        """The three terms of one of the three years."""
        return tuple(term for term in self.terms if term.academic_year == academic_year)

    def last_term_before(self, on: date) -> SimTerm:
        """The latest term that ended before a date of the simulated year or of the year after it."""
        return next(term for term in reversed(self.terms) if term.ends_on < on)

    def between(self, starts_on: date, ends_on: date) -> tuple[date, ...]:
        """The school days from one date to another, both included."""
        return self.days[bisect_left(self.days, starts_on) : bisect_right(self.days, ends_on)]


def _terms(calendar: Calendar, academic_year: str) -> list[SimTerm]:
    terms = []
    for term in calendar.terms_of(academic_year):
        days, day = [], calendar.add_school_days(term.starts_on, 0)
        while day <= term.ends_on:
            days.append(day)
            day = calendar.add_school_days(day, 1)
        terms.append(SimTerm(academic_year, term.name, tuple(days)))
    return terms
