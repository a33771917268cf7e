"""An authority's school calendar: which days are school days, and counting in them.

A school day is a weekday inside a half-term that is neither a bank holiday nor a closure (a training day, or a
day proclaimed once). All dates are London civil dates; turn an instant into one before asking.

An academic year that the authority has not loaded follows `default_terms`, so every date has an answer and
counting runs on over the edge of what is loaded; `is_loaded` tells the two apart.

Counting bisects a sorted list of a year's school days that is built once per calendar and year, so an answer
costs a few comparisons plus one step per academic year crossed. Keep a calendar rather than making it again.
Dates near the first and last year that Python knows raise ValueError or OverflowError.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from app.domain.academic_year import HalfTerm, Term, academic_year_of, start_year_of
from app.domain.default_terms import default_half_terms
from app.domain.working_days import add_working_days, is_bank_holiday, is_working_day, working_days_between

DAYS_IN_SCHOOL_WEEK: Final = 5
STANDARD_WEEKS: Final = 6

_AUGUST: Final = 8
_SATURDAY: Final = 5
_HALF_TERMS: Final = (1, 2, 3, 4, 5, 6)


class ClosureKind(StrEnum):
    """Why schools are closed on a weekday in term."""

    INSET = "inset"
    BANK_HOLIDAY = "bank_holiday"


@dataclass(frozen=True, slots=True, order=True)
class Closure:
    """One day without pupils. Bank holidays need listing only when they were proclaimed once."""

    on: date
    kind: ClosureKind


@dataclass(frozen=True, slots=True)
class NamedClosure:
    """A closure and what it is called."""

    closure: Closure
    name: str


class Shut(StrEnum):
    """Why a date is no school day; of several reasons the first in this order."""

    WEEKEND = "weekend"
    BANK_HOLIDAY = "bank_holiday"
    HOLIDAY = "holiday"
    INSET = "inset"


@dataclass(frozen=True, slots=True)
class _Year:
    half_terms: tuple[HalfTerm, ...]
    school_days: tuple[date, ...]


@dataclass(frozen=True)
class Calendar:
    """The half-terms and closures that an authority has loaded; `Calendar()` is the default one throughout.

    Raises ValueError with the sentences of `calendar_faults` when what was loaded is not sound.
    """

    half_terms: tuple[HalfTerm, ...] = ()
    closures: tuple[Closure, ...] = ()
    _closed: frozenset[date] = field(init=False, repr=False, compare=False)
    _proclaimed: frozenset[date] = field(init=False, repr=False, compare=False)
    _loaded: dict[int, tuple[HalfTerm, ...]] = field(init=False, repr=False, compare=False)
    _years: dict[int, _Year] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Check what was loaded and sort it by year."""
        faults = calendar_faults(self.half_terms)
        if faults:
            raise ValueError(" ".join(faults))
        loaded: dict[int, tuple[HalfTerm, ...]] = {}
        for half_term in sorted(self.half_terms):
            start_year = start_year_of(half_term.academic_year)
            loaded[start_year] = (*loaded.get(start_year, ()), half_term)
        proclaimed = frozenset(closure.on for closure in self.closures if closure.kind is ClosureKind.BANK_HOLIDAY)
        object.__setattr__(self, "_loaded", loaded)
        object.__setattr__(self, "_closed", frozenset(closure.on for closure in self.closures))
        object.__setattr__(self, "_proclaimed", proclaimed)

    # School days

    def is_school_day(self, on: date) -> bool:
        """Say whether pupils are in school on a date."""
        days = self._year(calendar_start_year(on)).school_days
        place = bisect_left(days, on)
        return place < len(days) and days[place] == on

    def why_shut(self, on: date) -> Shut | None:
        """Why a date is no school day; None when it is one."""
        if on.weekday() >= _SATURDAY:
            return Shut.WEEKEND
        if not self.is_working_day(on):
            return Shut.BANK_HOLIDAY
        if self.half_term_of(on) is None:
            return Shut.HOLIDAY
        return Shut.INSET if on in self._closed else None

    def add_school_days(self, start: date, count: int) -> date:
        """Return the school day that is `count` school days from `start`.

        `start` itself never counts: 1 is the first school day after it, -1 the last one before it. With 0 the
        answer is `start` when it is a school day, else the first one after it.
        """
        year = calendar_start_year(start)
        days = self._year(year).school_days
        place = bisect_right(days, start) + count - 1 if count > 0 else bisect_left(days, start) + count
        while place < 0:
            year -= 1
            days = self._year(year).school_days
            place += len(days)
        while place >= len(days):
            place -= len(days)
            year += 1
            days = self._year(year).school_days
        return days[place]

    def school_days_between(self, start: date, end: date) -> int:
        """Count the school days after `start` up to and including `end`.

        So `school_days_between(d, add_school_days(d, n)) == n` for n from 1, and counts over adjoining spans
        add up. Negative when `end` is before `start`.
        """
        first, last = calendar_start_year(start), calendar_start_year(end)
        step = 1 if first <= last else -1
        whole_years = sum(len(self._year(year).school_days) for year in range(*sorted((first, last))))
        before_end = bisect_right(self._year(last).school_days, end)
        before_start = bisect_right(self._year(first).school_days, start)
        return step * whole_years + before_end - before_start

    def school_days(self, first: date, last: date) -> list[date]:
        """The school days between two dates, both included, in order."""
        years = range(calendar_start_year(first), calendar_start_year(last) + 1)
        days = [day for year in years for day in self._year(year).school_days]
        return days[bisect_left(days, first) : bisect_right(days, last)]

    def planned_end(self, start: date, weeks: int = STANDARD_WEEKS) -> date:
        """Return the first school day that an intervention of so many school weeks no longer needs.

        A school week is five school days, so holidays, bank holidays and training days do not use any up. The
        first day is `start`, or the next school day when `start` is none; 5 x weeks school days are then
        covered, and the answer is the school day after them: the open end of `[start, end)`.
        Raises ValueError for less than one week.
        """
        if weeks < 1:
            message = "An intervention lasts one school week or more."
            raise ValueError(message)
        return self.add_school_days(self.add_school_days(start, 0), weeks * DAYS_IN_SCHOOL_WEEK)

    def add_working_days(self, start: date, count: int) -> date:
        """Return the working day `count` from `start`, as `working_days.add_working_days`.

        Holidays and training days are working days; bank holidays and days proclaimed in this calendar are not.
        """
        return add_working_days(start, count, self._proclaimed)

    def is_working_day(self, on: date) -> bool:
        """Say whether a date is a weekday that is no bank holiday, proclaimed ones included."""
        return is_working_day(on, self._proclaimed)

    def working_days_between(self, start: date, end: date) -> int:
        """Count the working days after `start` up to and including `end`; negative when `end` is before `start`."""
        return working_days_between(start, end, self._proclaimed)

    # Half-terms and terms

    def is_loaded(self, academic_year: str) -> bool:
        """Say whether the authority loaded this academic year, or the default stands in for it."""
        return start_year_of(academic_year) in self._loaded

    def half_terms_of(self, academic_year: str) -> tuple[HalfTerm, ...]:
        """Return the six half-terms of an academic year, loaded or default."""
        return self._year(start_year_of(academic_year)).half_terms

    def terms_of(self, academic_year: str) -> tuple[Term, ...]:
        """Return the three terms of an academic year."""
        return _terms(self.half_terms_of(academic_year))

    def half_term_of(self, on: date) -> HalfTerm | None:
        """Return the half-term that holds a date, weekends included; None in a holiday."""
        return next((half for half in self._year(calendar_start_year(on)).half_terms if on in half), None)

    def term_of(self, on: date) -> Term | None:
        """Return the term that holds a date, its half-term holiday included; None in the longer holidays."""
        return next((term for term in _terms(self._year(calendar_start_year(on)).half_terms) if on in term), None)

    def academic_year_of(self, on: date) -> str:
        """Return a date's academic year: that of its half-term, else by the turn on 1 September."""
        half_term = self.half_term_of(on)
        return half_term.academic_year if half_term else academic_year_of(on)

    def last_half_term_before(self, on: date) -> HalfTerm:
        """Return the latest half-term that ended before a date."""
        return next(half for half in self._half_terms_back_from(on) if half.ends_on < on)

    def first_half_term_after(self, on: date) -> HalfTerm:
        """Return the earliest half-term that starts after a date."""
        return next(half for half in self._half_terms_on_from(on) if half.starts_on > on)

    def last_term_before(self, on: date) -> Term:
        """Return the latest term that ended before a date."""
        year = calendar_start_year(on)
        around = (*_terms(self._year(year - 1).half_terms), *_terms(self._year(year).half_terms))
        return next(term for term in reversed(around) if term.ends_on < on)

    def first_term_after(self, on: date) -> Term:
        """Return the earliest term that starts after a date."""
        year = calendar_start_year(on)
        around = (*_terms(self._year(year).half_terms), *_terms(self._year(year + 1).half_terms))
        return next(term for term in around if term.starts_on > on)

    def next_half_term(self, half_term: HalfTerm) -> HalfTerm:
        """Return the half-term that follows one of this calendar."""
        return self.first_half_term_after(half_term.ends_on)

    def previous_half_term(self, half_term: HalfTerm) -> HalfTerm:
        """Return the half-term that precedes one of this calendar."""
        return self.last_half_term_before(half_term.starts_on)

    def next_term(self, term: Term) -> Term:
        """Return the term that follows one of this calendar."""
        return self.first_term_after(term.ends_on)

    def previous_term(self, term: Term) -> Term:
        """Return the term that precedes one of this calendar."""
        return self.last_term_before(term.starts_on)

    def _half_terms_back_from(self, on: date) -> Iterator[HalfTerm]:
        year = calendar_start_year(on)
        yield from reversed(self._year(year).half_terms)
        yield from reversed(self._year(year - 1).half_terms)

    def _half_terms_on_from(self, on: date) -> Iterator[HalfTerm]:
        year = calendar_start_year(on)
        yield from self._year(year).half_terms
        yield from self._year(year + 1).half_terms

    def _year(self, start_year: int) -> _Year:
        # Two threads may build the same year; they build equal values, so the last one kept does no harm.
        year = self._years.get(start_year)
        if year is None:
            half_terms = self._loaded.get(start_year) or default_half_terms(start_year)
            days = tuple(on for half in half_terms for on in _weekdays(half) if self._is_open(on))
            year = self._years[start_year] = _Year(half_terms, days)
        return year

    def _is_open(self, on: date) -> bool:
        return on not in self._closed and not is_bank_holiday(on)


def calendar_faults(half_terms: tuple[HalfTerm, ...]) -> tuple[str, ...]:
    """Return a plain sentence for each thing wrong with half-terms to be loaded; none when they are sound.

    Each academic year has its half-terms 1 to 6, one after the other, between 1 August and 31 July (the span
    of the school census), so that years never overlap.
    """
    faults: list[str] = []
    by_year: dict[str, list[HalfTerm]] = {}
    for half_term in sorted(half_terms):
        by_year.setdefault(half_term.academic_year, []).append(half_term)
    for academic_year, halves in by_year.items():
        start_year = start_year_of(academic_year)
        if tuple(half.half_term for half in halves) != _HALF_TERMS:
            faults.append(f"{academic_year} needs the half-terms 1 to 6, each once.")
            continue
        edges = [edge for half in halves for edge in (half.starts_on, half.ends_on)]
        if any(half.ends_on < half.starts_on for half in halves):
            faults.append(f"{academic_year} has a half-term that ends before it starts.")
        elif any(earlier.ends_on >= later.starts_on for earlier, later in pairwise(halves)):
            faults.append(f"{academic_year} has half-terms that overlap or are out of order.")
        elif any(calendar_start_year(edge) != start_year for edge in edges):
            faults.append(f"{academic_year} must lie between 1 August {start_year} and 31 July {start_year + 1}.")
    return tuple(faults)


def default_calendar(academic_year: str) -> Calendar:
    """Return a calendar that holds the default half-terms of one academic year.

    For an authority that wants to start from the rule and change it: `default_terms` says how they are made.
    """
    return Calendar(default_half_terms(start_year_of(academic_year)))


def calendar_start_year(on: date) -> int:
    """Return the start year of the half-terms around a date: some schools return in August, none end in it."""
    return on.year if on.month >= _AUGUST else on.year - 1


def _terms(half_terms: tuple[HalfTerm, ...]) -> tuple[Term, ...]:
    pairs = zip(half_terms[::2], half_terms[1::2], strict=True)
    return tuple(Term(first.academic_year, first.term_name, first.starts_on, second.ends_on) for first, second in pairs)


def _weekdays(half_term: HalfTerm) -> Iterator[date]:
    on = half_term.starts_on
    while on <= half_term.ends_on:
        if on.weekday() < _SATURDAY:
            yield on
        on += timedelta(days=1)
