"""What the rules of a policy find in a referral's facts, over which windows, and what that changes.

A half-term's window runs from its first day to the day before the next half-term's, so that every date lies in one: 31
August still belongs to the summer. Whose days they are, each school's own calendar says. Facts of the schools of a
pupil who moved are added up by window, by the window's name.

Of one school's figures for a term a return counts before a push, and a push before what came with the referral. How
many suspensions a half-term had is known where the school dates them, or says so with the referral; a term's total is
never divided by guess, but no half-term has more than its term. Nothing is rounded, and where no session was possible
there is no rate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from app.domain.academic_year import HalfTerm
from app.domain.attention_rules import HEARING, Rule
from app.domain.calendar import Calendar

Calendars = Mapping[UUID | None, Calendar]
"""By school; None for facts of no school of the authority."""

_STRENGTH: Final = {"return": 0, "push": 1, "referral": 2}


@dataclass(frozen=True, slots=True)
class Attendance:
    """Sessions over some dates, as one school sent them."""

    school_id: UUID | None
    source: str
    term: str | None
    starts_on: date
    ends_on: date
    possible: int
    attended: int


@dataclass(frozen=True, slots=True)
class Suspensions:
    """Suspensions over some dates, as one school sent them."""

    school_id: UUID | None
    source: str
    term: str | None
    """None for those of the half-term in which the referral was sent."""
    starts_on: date
    ends_on: date
    count: int
    permanent_count: int
    recorded_on: date
    dated: tuple[date, ...] | None = None
    """The first days of those that count; None where the school does not say."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules may look at, and nothing else of a referral."""

    attendance: Sequence[Attendance] = ()
    suspensions: Sequence[Suspensions] = ()
    hearing_on: date | None = None
    school_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that holds over a window."""

    rule: Rule
    window_key: str
    starts_on: date
    ends_on: date
    figures: Mapping[str, int]


def findings(rules: Iterable[Rule], facts: Facts, calendars: Calendars, today: date) -> list[Finding]:
    """Everything that the rules find in the facts, in the order of the rules and then of the windows."""
    return [found for rule in rules for found in _by_rule(rule, facts, calendars, today)]


def _by_rule(rule: Rule, facts: Facts, calendars: Calendars, today: date) -> list[Finding]:
    match rule.measure:
        case "school_days_to_hearing":
            return _hearing(rule, facts, calendars, today)
        case "absence_percent":
            windows = _absence(facts.attendance, rule.window)
            return [
                Finding(rule, key, span.starts_on, span.ends_on, span.figures)
                for key, span in sorted(windows.items())
                if (possible := span.figures["sessions_possible"]) > 0
                # In hundredths of the possible sessions: 9 of 90 are ten in a hundred, exactly.
                and rule.holds(span.figures["sessions_missed"] * 100, possible)
            ]
        case "suspension_count" | "permanent_exclusion_count":
            windows = _counts(facts.suspensions, rule, calendars)
            return [
                Finding(rule, key, span.starts_on, span.ends_on, span.figures)
                for key, span in sorted(windows.items())
                if rule.holds(span.figures[rule.measure])
            ]


def _hearing(rule: Rule, facts: Facts, calendars: Calendars, today: date) -> list[Finding]:
    on = facts.hearing_on
    if on is None or on < today:
        return []
    days = calendars[facts.school_id].school_days_between(today, on)
    return [Finding(rule, on.isoformat(), on, on, {HEARING: days})] if rule.holds(days) else []


@dataclass(slots=True)
class _Span:
    """A window as it adds up."""

    starts_on: date
    ends_on: date
    figures: dict[str, int] = field(default_factory=dict)

    def add(self, starts_on: date, ends_on: date, **figures: int) -> None:
        """Add one school's figures of the window."""
        self.starts_on, self.ends_on = min(self.starts_on, starts_on), max(self.ends_on, ends_on)
        for name, figure in figures.items():
            self.figures[name] = self.figures.get(name, 0) + figure


def _add(windows: dict[str, _Span], key: str, starts_on: date, ends_on: date, **figures: int) -> None:
    windows.setdefault(key, _Span(starts_on, ends_on)).add(starts_on, ends_on, **figures)


def _year_of(term: str) -> str:
    """`2026/27` of `2026/27-autumn`."""
    return term.partition("-")[0]


def _absence(records: Sequence[Attendance], window: str) -> dict[str, _Span]:
    windows: dict[str, _Span] = {}
    for record in _strongest(records).values():
        term = record.term
        if term is None:
            # Dates of the sender's own that span no term are a window of their own, and part of no year's.
            if window == "academic_year":
                continue
            key = f"{record.starts_on.isoformat()}/{record.ends_on.isoformat()}"
        else:
            key = _year_of(term) if window == "academic_year" else term
        _add(
            windows,
            key,
            record.starts_on,
            record.ends_on,
            sessions_possible=record.possible,
            sessions_missed=record.possible - record.attended,
        )
    return windows


def _strongest(records: Sequence[Any]) -> dict[tuple[UUID | None, str], Any]:
    """Of each school and term the record that counts; of no term, each."""
    found: dict[tuple[UUID | None, str], Any] = {}
    for record in records:
        key = (record.school_id, record.term or f"{record.source} {record.starts_on} {record.ends_on}")
        known = found.get(key)
        if known is None or _STRENGTH[record.source] < _STRENGTH[known.source]:
            found[key] = record
    return found


def half_term_at(calendar: Calendar, on: date) -> HalfTerm:
    """The half-term in whose window a date lies: its own, or of a holiday the one before."""
    return calendar.half_term_of(on) or calendar.last_half_term_before(on)


def term_key_at(calendar: Calendar, on: date) -> str:
    """The term in whose window a date lies: `2026/27-autumn`."""
    return _term_of(half_term_at(calendar, on))


def _term_of(half_term: HalfTerm) -> str:
    return f"{half_term.academic_year}-{half_term.term_name.value}"


def _key_of(half_term: HalfTerm) -> str:
    return f"{half_term.academic_year}-{half_term.half_term}"


def _counts(records: Sequence[Suspensions], rule: Rule, calendars: Calendars) -> dict[str, _Span]:
    halves = _half_terms(records, calendars)
    windows: dict[str, _Span] = {}
    if rule.window == "half_term":
        for _, half_term, count in halves:
            _add(windows, _key_of(half_term), half_term.starts_on, half_term.ends_on, suspension_count=count)
        return windows
    of_terms = [record for record in _strongest(records).values() if record.term is not None]
    told = {(record.school_id, record.term) for record in of_terms}
    for record in of_terms:
        key = _year_of(record.term) if rule.window == "academic_year" else record.term
        count = record.count if rule.measure == "suspension_count" else record.permanent_count
        _add(windows, key, record.starts_on, record.ends_on, **{rule.measure: count})
    if rule.measure == "suspension_count":
        for school_id, half_term, count in halves:
            # Where no figure of the whole term is known, it had those of its half-term.
            if (school_id, _term_of(half_term)) not in told:
                key = half_term.academic_year if rule.window == "academic_year" else _term_of(half_term)
                _add(windows, key, half_term.starts_on, half_term.ends_on, suspension_count=count)
    return windows


def _half_terms(records: Sequence[Suspensions], calendars: Calendars) -> list[tuple[UUID | None, HalfTerm, int]]:
    """By school and half-term, the suspensions that are known to have begun in it."""
    totals = {
        (record.school_id, record.term): record.count
        for record in _strongest([record for record in records if record.term is not None]).values()
    }
    dated = {
        (record.school_id, record.term): record.dated
        for record in records
        if record.term is not None and record.dated is not None
    }
    found: dict[tuple[UUID | None, str], tuple[HalfTerm, int]] = {}
    for record in records:
        half_term = half_term_at(calendars[record.school_id], record.recorded_on)
        if record.term is None and (record.school_id, _term_of(half_term)) not in dated:
            found[record.school_id, _key_of(half_term)] = (half_term, record.count)
    for (school_id, _), days in dated.items():
        for on in days:
            half_term = half_term_at(calendars[school_id], on)
            known = found.get((school_id, _key_of(half_term)))
            found[school_id, _key_of(half_term)] = (half_term, 1 + (known[1] if known else 0))
    return [
        (school_id, half_term, min(count, totals.get((school_id, _term_of(half_term)), count)))
        for (school_id, _), (half_term, count) in found.items()
    ]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a rule and a window."""

    id: UUID
    rule: str
    window_key: str
    figures: Mapping[str, int]
    is_cleared: bool
    is_looked_at: bool

    @property
    def is_open(self) -> bool:
        """Whether it asks for attention."""
        return not (self.is_cleared or self.is_looked_at)


@dataclass(frozen=True, slots=True)
class Changes:
    """What findings change of what is kept."""

    new: tuple[Finding, ...] = ()
    again: tuple[tuple[Kept, Finding], ...] = ()
    """Was cleared, and holds once more."""
    refreshed: tuple[tuple[Kept, Finding], ...] = ()
    """Holds as before, with other figures."""
    cleared: tuple[Kept, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.new or self.again or self.refreshed or self.cleared)


def changes_of(found: Sequence[Finding], kept: Iterable[Kept]) -> Changes:
    """What is to be written so that what asks for attention is what was found.

    Whoever looked at a rule and a window has settled it: it is neither raised again nor cleared.
    """
    by_window = {(each.rule, each.window_key): each for each in kept}
    pairs = [(by_window.get((each.rule.key, each.window_key)), each) for each in found]
    holds = {(each.rule.key, each.window_key) for each in found}
    known = [(old, each) for old, each in pairs if old is not None and not old.is_looked_at]
    return Changes(
        new=tuple(each for old, each in pairs if old is None),
        again=tuple((old, each) for old, each in known if old.is_cleared),
        refreshed=tuple(
            (old, each)
            for old, each in known
            # Of a hearing it stays how far ahead it was when it was seen: nearer it comes each day.
            if not old.is_cleared and old.figures != each.figures and each.rule.measure != HEARING
        ),
        cleared=tuple(each for key, each in by_window.items() if each.is_open and key not in holds),
    )


def state_of(*, cleared: bool, looked_at: bool) -> str:
    """`open`, `looked_at` or `cleared`."""
    if looked_at:
        return "looked_at"
    return "cleared" if cleared else "open"


def explained(rule: Mapping[str, Any], window_key: str, ends_on: date, figures: Mapping[str, int]) -> str:
    """What was found, in plain English, for whoever sent the facts."""
    match rule["measure"]:
        case "absence_percent":
            counted = f"{figures['sessions_missed']} of {figures['sessions_possible']} sessions in {window_key}"
        case "school_days_to_hearing":
            days = figures[HEARING]
            counted = (
                f"on {ends_on.day} {ends_on:%B %Y}, {days} school {'day' if days == 1 else 'days'} ahead when seen"
            )
        case measure:
            counted = f"{figures[measure]} in {window_key}"
    asks = " and review its band" if "review_band" in rule["then"] else ""
    return (
        f"{rule['plain_english']} Counted: {counted}. This asks an officer to look at the referral{asks}; by itself it"
        " changes neither the band nor the order."
    )
