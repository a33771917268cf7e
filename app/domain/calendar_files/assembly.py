"""Academic years made of the entries of a file, with everything that is wrong with them said by line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from app.domain.academic_year import TERM_NAMES, HalfTerm, academic_year_label, start_year_of
from app.domain.calendar import Closure, ClosureKind, NamedClosure, calendar_faults, calendar_start_year
from app.domain.calendar_files.entries import Entry, EntryKind, Reading
from app.domain.working_days import is_bank_holiday

_SATURDAY: Final = 5
_CLOSURES: Final = {EntryKind.INSET: ClosureKind.INSET, EntryKind.BANK_HOLIDAY: ClosureKind.BANK_HOLIDAY}
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2099
_LONGEST: Final = timedelta(days=200)
_MOST_YEARS: Final = 20
_MOST_CLOSURES: Final = 100
"""In an academic year."""
_MOST_CLOSED_DAYS: Final = 10
"""More days at a stretch are a holiday."""


@dataclass(frozen=True, slots=True)
class AssembledYear:
    """One academic year of a file. No half-terms: the file has closed days alone."""

    academic_year: str
    half_terms: tuple[HalfTerm, ...]
    closures: tuple[NamedClosure, ...]


def assemble(reading: Reading, *, half_terms_needed: bool) -> list[AssembledYear]:
    """The academic years of a file, in order; what is wrong is added to the reading's remarks.

    A year has six half-terms, or three terms with a half-term holiday in each. Schools may state closed days alone
    (`half_terms_needed` false). A file may hold several years, one after the other.
    """
    by_year: dict[int, list[Entry]] = {}
    for entry in reading.entries:
        start_year = calendar_start_year(entry.first)
        if entry.first.year < _FIRST_YEAR or entry.last.year > _LAST_YEAR or entry.last - entry.first > _LONGEST:
            reading.refuse(entry.line, f"Its dates cannot be right: {entry.first} to {entry.last}.")
        elif entry.academic_year is not None and start_year_of(entry.academic_year) != start_year:
            reading.refuse(entry.line, f"The day does not lie in {entry.academic_year}.")
        elif calendar_start_year(entry.last) != start_year and entry.kind is not EntryKind.HOLIDAY:
            reading.refuse(entry.line, "It runs past 31 July, where an academic year ends.")
        else:
            by_year.setdefault(start_year, []).append(entry)
    if len(by_year) > _MOST_YEARS:
        reading.refuse(0, f"The file has more than {_MOST_YEARS} academic years.")
    for earlier, later in pairwise(sorted(by_year)):
        if later != earlier + 1:
            missing = academic_year_label(earlier + 1)
            reading.refuse(0, f"{missing} is missing between {academic_year_label(earlier)} and"
                              f" {academic_year_label(later)}: send the years one after the other.")  # fmt: skip
    if not by_year and not any(remark.refused for remark in reading.remarks):
        reading.refuse(0, "The file holds no dates of a school calendar.")
    return [_year(reading, year, by_year[year], half_terms_needed=half_terms_needed) for year in sorted(by_year)]


def _year(reading: Reading, start_year: int, entries: list[Entry], *, half_terms_needed: bool) -> AssembledYear:
    label = academic_year_label(start_year)
    stated = [entry for entry in entries if entry.kind is EntryKind.HALF_TERM]
    terms = [entry for entry in entries if entry.kind is EntryKind.TERM]
    holidays = [entry for entry in entries if entry.kind is EntryKind.HOLIDAY]
    halves: tuple[HalfTerm, ...] = ()
    if stated:
        halves = tuple(HalfTerm(label, entry.number or 0, entry.first, entry.last) for entry in stated)
        _check_halves(reading, stated, halves)
    elif terms:
        halves = _halves_of_terms(reading, label, terms, holidays)
    elif half_terms_needed:
        reading.refuse(0, f"{label} has no half-terms: state its six half-terms, or its three terms.")
    _check_holidays(reading, holidays, halves)
    return AssembledYear(label, tuple(sorted(halves)), tuple(_closures(reading, entries)))


def _check_halves(reading: Reading, stated: Sequence[Entry], halves: tuple[HalfTerm, ...]) -> None:
    """Say what `calendar_faults` says, at the line that it is about where there is one."""
    line = 0
    order = sorted(stated, key=lambda entry: entry.number or 0)
    for earlier, later in pairwise(order):
        if earlier.number == later.number or earlier.last >= later.first:
            line = later.line
            break
    missing = sorted({1, 2, 3, 4, 5, 6} - {entry.number for entry in stated})
    for fault in calendar_faults(halves):
        told = f" Missing: {', '.join(map(str, missing))}." if missing else ""
        reading.refuse(line, fault + told)


def _halves_of_terms(
    reading: Reading, label: str, terms: Sequence[Entry], holidays: Sequence[Entry]
) -> tuple[HalfTerm, ...]:
    """Two half-terms of each term: up to the last weekday before the half-term holiday, and from the first after it."""
    halves: list[HalfTerm] = []
    for number, name in enumerate(TERM_NAMES, start=1):
        found = [entry for entry in terms if entry.number == number]
        if len(found) != 1:
            how = "is missing" if not found else "stands there twice"
            reading.refuse(found[1].line if found else 0, f"The {name} term of {label} {how}.")
            continue
        (term,) = found
        inside = [entry for entry in holidays if term.first < entry.first and entry.last < term.last]
        if len(inside) != 1:
            how = "no half-term holiday" if not inside else "more than one holiday"
            reading.refuse(term.line, f"The {name} term has {how}: state one, or state the half-terms themselves.")
            continue
        (away,) = inside
        halves += (
            HalfTerm(label, 2 * number - 1, term.first, _weekday(away.first - timedelta(days=1), -1)),
            HalfTerm(label, 2 * number, _weekday(away.last + timedelta(days=1), 1), term.last),
        )
    if len(halves) == 2 * len(TERM_NAMES):
        for fault in calendar_faults(tuple(halves)):
            reading.refuse(0, fault)
    return tuple(halves)


def _check_holidays(reading: Reading, holidays: Sequence[Entry], halves: Sequence[HalfTerm]) -> None:
    for entry in holidays:
        days = set(_weekdays(entry))
        for half in halves:
            if any(on in half for on in days):
                reading.refuse(entry.line, f"The holiday lies in half-term {half.half_term}, at least in part.")
                break


def _closures(reading: Reading, entries: Iterable[Entry]) -> list[NamedClosure]:
    found: dict[date, NamedClosure] = {}
    lines: dict[date, int] = {}
    for entry in entries:
        kind = _CLOSURES.get(entry.kind)
        if kind is None:
            continue
        days = list(_weekdays(entry))
        if not days:
            reading.leave_out(entry.line, "It falls on a weekend.")
        if len(days) > _MOST_CLOSED_DAYS:
            reading.refuse(entry.line, f"It lasts {len(days)} days: state a holiday between half-terms instead.")
            continue
        for on in days:
            if kind is ClosureKind.BANK_HOLIDAY and is_bank_holiday(on):
                reading.leave_out(
                    entry.line, "England's bank holidays are known: only one proclaimed once needs stating."
                )
            elif on in found:
                reading.refuse(entry.line, f"{on.isoformat()} stands on line {lines[on]} already.")
            else:
                found[on], lines[on] = NamedClosure(Closure(on, kind), entry.name), entry.line
    if len(found) > _MOST_CLOSURES:
        reading.refuse(0, f"An academic year has at most {_MOST_CLOSURES} closed days.")
    return [found[on] for on in sorted(found)]


def _weekdays(entry: Entry) -> Iterable[date]:
    days = (entry.first + timedelta(days=passed) for passed in range((entry.last - entry.first).days + 1))
    return (on for on in days if on.weekday() < _SATURDAY)


def _weekday(on: date, step: int) -> date:
    while on.weekday() >= _SATURDAY:
        on += timedelta(days=step)
    return on
