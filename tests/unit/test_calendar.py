"""School calendars: school days, half-terms and terms."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.academic_year import HalfTerm, TermName, academic_year_label, academic_year_of, start_year_of
from app.domain.calendar import Calendar, Closure, ClosureKind, NamedClosure, Shut, calendar_faults
from app.domain.default_terms import default_half_terms
from app.domain.school_calendar import SchoolYear, school_calendar
from app.domain.term_dates import shipped_half_terms
from app.domain.working_days import bank_holidays_by_rule

SANDBOX = Calendar(
    shipped_half_terms()["999"],
    (
        Closure(date(2026, 11, 27), ClosureKind.INSET),
        Closure(date(2027, 6, 18), ClosureKind.BANK_HOLIDAY),
        Closure(date(2026, 12, 25), ClosureKind.INSET),
    ),
)
LEICESTER = Calendar(shipped_half_terms()["856"])
DEFAULT = Calendar()
# A year that nobody loaded between two that were.
GAP = Calendar(
    tuple(half for half in SANDBOX.half_terms if half.academic_year != "2026/27"),
    (Closure(date(2026, 11, 27), ClosureKind.INSET), Closure(date(2027, 10, 1), ClosureKind.BANK_HOLIDAY)),
)


def training(*days: date) -> tuple[NamedClosure, ...]:
    return tuple(NamedClosure(Closure(on, ClosureKind.INSET), "Training day") for on in days)


@st.composite
def overridden(draw: st.DrawFn) -> Calendar:
    """An authority's calendar with what a school states of some years laid over it: terms, training days or both."""
    authority = draw(st.sampled_from([SANDBOX, LEICESTER, DEFAULT, GAP]))
    stated = []
    for start_year in draw(st.sets(st.integers(2024, 2028), max_size=3)):
        halves, own_days = None, None
        if draw(st.booleans()):
            first, *rest = default_half_terms(start_year)
            # As an academy's: back in August, and its last half-term a few days longer.
            *middle, last = rest
            halves = (
                HalfTerm(first.academic_year, 1, date(start_year, 8, draw(st.integers(1, 31))), first.ends_on),
                *middle,
                HalfTerm(last.academic_year, 6, last.starts_on, date(start_year + 1, 7, draw(st.integers(25, 31)))),
            )
        if draw(st.booleans()):
            offsets = draw(st.sets(st.integers(0, 364), max_size=8))
            own_days = training(*(date(start_year, 8, 1) + timedelta(days=offset) for offset in offsets))
        stated.append(SchoolYear(academic_year_label(start_year), halves, own_days))
    return school_calendar(authority, stated)


CALENDARS = st.one_of(st.sampled_from([SANDBOX, LEICESTER, DEFAULT, GAP]), overridden())

# Wider than what is loaded, so that counting runs over the edges.
dates = st.dates(date(2023, 1, 1), date(2030, 12, 31))


def walked(calendar: Calendar, on: date) -> bool:
    """Whether a date is a school day, from the definition and nothing else."""
    start_years = (on.year - 1, on.year)
    halves = [half for year in start_years for half in calendar.half_terms_of(academic_year_label(year))]
    return (
        on.weekday() < 5
        and any(half.starts_on <= on <= half.ends_on for half in halves)
        and on not in bank_holidays_by_rule(on.year)
        and on not in {closure.on for closure in calendar.closures}
    )


def walked_working(calendar: Calendar, on: date) -> bool:
    """Whether a date is a working day, from the definition and nothing else."""
    proclaimed = {closure.on for closure in calendar.closures if closure.kind is ClosureKind.BANK_HOLIDAY}
    return on.weekday() < 5 and on not in bank_holidays_by_rule(on.year) and on not in proclaimed


def day(text: str) -> date:
    return date.fromisoformat(text)


@given(CALENDARS, dates)
def test_school_day_is_as_defined(calendar: Calendar, on: date) -> None:
    assert calendar.is_school_day(on) == walked(calendar, on)


@given(CALENDARS, dates, st.integers(-250, 250))
def test_adding_is_walking(calendar: Calendar, start: date, count: int) -> None:
    on, left = start, abs(count)
    if count == 0:
        while not walked(calendar, on):
            on += timedelta(days=1)
    while left:
        on += timedelta(days=1 if count > 0 else -1)
        left -= walked(calendar, on)

    assert calendar.add_school_days(start, count) == on


@given(CALENDARS, dates, st.integers(-800, 800))
def test_counting_is_walking(calendar: Calendar, start: date, span: int) -> None:
    end = start + timedelta(days=span)
    first, last = sorted((start, end))
    count = sum(walked(calendar, first + timedelta(days=passed)) for passed in range(1, (last - first).days + 1))

    assert calendar.school_days_between(start, end) == (count if span >= 0 else -count)


@given(CALENDARS, dates, st.integers(-300, 300))
def test_adding_working_days_is_walking(calendar: Calendar, start: date, count: int) -> None:
    on, left = start, abs(count)
    if count == 0:
        while not walked_working(calendar, on):
            on += timedelta(days=1)
    while left:
        on += timedelta(days=1 if count > 0 else -1)
        left -= walked_working(calendar, on)

    assert calendar.add_working_days(start, count) == on
    assert calendar.working_days_between(start, on) == count or count <= 0


@given(CALENDARS, dates, st.integers(-800, 800))
def test_counting_working_days_is_walking(calendar: Calendar, start: date, span: int) -> None:
    end = start + timedelta(days=span)
    first, last = sorted((start, end))
    days = (first + timedelta(days=passed) for passed in range(1, (last - first).days + 1))
    count = sum(walked_working(calendar, on) for on in days)

    assert calendar.working_days_between(start, end) == (count if span >= 0 else -count)


@given(CALENDARS, dates)
def test_why_a_date_is_shut(calendar: Calendar, on: date) -> None:
    why = calendar.why_shut(on)

    assert (why is None) == walked(calendar, on)
    assert (why in (Shut.WEEKEND, Shut.BANK_HOLIDAY)) == (not walked_working(calendar, on))
    if why is Shut.HOLIDAY:
        assert calendar.half_term_of(on) is None
    if why is Shut.INSET:
        assert on in {closure.on for closure in calendar.closures if closure.kind is ClosureKind.INSET}


@given(CALENDARS, dates)
def test_half_terms_terms_and_years_of_a_date_are_walked(calendar: Calendar, on: date) -> None:
    halves = [half for year in range(2021, 2033) for half in calendar.half_terms_of(academic_year_label(year))]
    terms = [term for year in range(2021, 2033) for term in calendar.terms_of(academic_year_label(year))]
    around = [half for half in halves if half.starts_on <= on <= half.ends_on]

    assert len(around) <= 1
    assert calendar.half_term_of(on) == (around[0] if around else None)
    assert calendar.term_of(on) == next((term for term in terms if term.starts_on <= on <= term.ends_on), None)
    assert calendar.academic_year_of(on) == (around[0].academic_year if around else academic_year_of(on))
    assert calendar.last_half_term_before(on) == max(half for half in halves if half.ends_on < on)
    assert calendar.first_half_term_after(on) == min(half for half in halves if half.starts_on > on)
    assert calendar.last_term_before(on) == [term for term in terms if term.ends_on < on][-1]
    assert calendar.first_term_after(on) == next(term for term in terms if term.starts_on > on)


@given(CALENDARS, dates, st.integers(1, 500))
def test_counting_undoes_adding(calendar: Calendar, start: date, count: int) -> None:
    assert calendar.school_days_between(start, calendar.add_school_days(start, count)) == count


@given(CALENDARS, dates, st.integers(1, 12))
def test_planned_end_leaves_just_enough_school_days(calendar: Calendar, start: date, weeks: int) -> None:
    end = calendar.planned_end(start, weeks)
    covered = sum(walked(calendar, start + timedelta(days=passed)) for passed in range((end - start).days))

    assert covered == 5 * weeks
    assert calendar.is_school_day(end)


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-22", 0, "2026-11-23"),  # a Sunday
        ("2026-11-22", 1, "2026-11-23"),
        ("2026-11-26", 1, "2026-11-30"),  # over a training day and a weekend
        ("2026-11-30", -1, "2026-11-26"),
        ("2026-10-23", 1, "2026-11-03"),  # over the half-term holiday
        ("2026-12-18", 1, "2027-01-05"),
        ("2027-06-17", 1, "2027-06-21"),  # over a bank holiday proclaimed once
        ("2027-07-21", 1, "2027-09-01"),
        ("2027-09-01", -1, "2027-07-21"),
        ("2028-07-19", 1, "2028-09-04"),  # into a year that is not loaded
        ("2028-09-04", -1, "2028-07-19"),
    ],
)
def test_adding_school_days(start: str, count: int, expected: str) -> None:
    assert SANDBOX.add_school_days(day(start), count) == day(expected)


@pytest.mark.parametrize(
    ("start", "weeks", "expected"),
    [
        ("2026-11-03", 1, "2026-11-10"),
        ("2026-11-03", 6, "2026-12-16"),  # 30 school days, one training day among them
        ("2026-11-23", 6, "2027-01-20"),  # over Christmas
        ("2026-10-24", 6, "2026-12-16"),  # from a holiday: as from the first day back
        ("2027-08-01", 1, "2027-09-08"),
    ],
)
def test_planned_end(start: str, weeks: int, expected: str) -> None:
    assert SANDBOX.planned_end(day(start), weeks) == day(expected)


def test_planned_end_is_six_weeks_unless_said() -> None:
    assert SANDBOX.planned_end(day("2026-11-23")) == SANDBOX.planned_end(day("2026-11-23"), 6)


@pytest.mark.parametrize("weeks", [0, -1])
def test_planned_end_needs_a_week(weeks: int) -> None:
    with pytest.raises(ValueError, match="one school week"):
        SANDBOX.planned_end(day("2026-11-23"), weeks)


def test_working_days_run_through_holidays_and_training_days_but_not_proclaimed_days() -> None:
    assert SANDBOX.add_working_days(day("2026-11-26"), 1) == day("2026-11-27")
    assert SANDBOX.add_working_days(day("2026-10-23"), 1) == day("2026-10-26")
    assert SANDBOX.add_working_days(day("2027-06-17"), 1) == day("2027-06-21")


@pytest.mark.parametrize(
    ("on", "half_term", "term"),
    [
        ("2026-09-01", None, None),
        ("2026-09-02", 1, TermName.AUTUMN),
        ("2026-10-23", 1, TermName.AUTUMN),
        ("2026-10-28", None, TermName.AUTUMN),  # the half-term holiday is inside the term
        ("2026-11-22", 2, TermName.AUTUMN),  # a Sunday
        ("2026-12-18", 2, TermName.AUTUMN),
        ("2026-12-19", None, None),
        ("2027-01-05", 3, TermName.SPRING),
        ("2027-03-25", 4, TermName.SPRING),
        ("2027-03-26", None, None),
        ("2027-05-28", 5, TermName.SUMMER),
        ("2027-07-21", 6, TermName.SUMMER),
        ("2027-08-15", None, None),
    ],
)
def test_half_term_and_term_of_a_date(on: str, half_term: int | None, term: TermName | None) -> None:
    found_half, found_term = SANDBOX.half_term_of(day(on)), SANDBOX.term_of(day(on))

    assert (found_half.half_term if found_half else None) == half_term
    assert (found_term.name if found_term else None) == term
    assert found_half is None or found_half.academic_year == "2026/27"


@pytest.mark.parametrize(
    ("on", "before", "after"),
    [
        ("2026-11-22", ("2026/27", 1), ("2026/27", 3)),
        ("2026-10-23", ("2025/26", 6), ("2026/27", 2)),  # the last day has not ended
        ("2026-10-24", ("2026/27", 1), ("2026/27", 2)),
        ("2026-09-02", ("2025/26", 6), ("2026/27", 2)),  # the first day has started
        ("2026-08-15", ("2025/26", 6), ("2026/27", 1)),
        ("2027-07-22", ("2026/27", 6), ("2027/28", 1)),
        ("2026-08-01", ("2025/26", 6), ("2026/27", 1)),
        ("2026-07-31", ("2025/26", 6), ("2026/27", 1)),
    ],
)
def test_half_terms_before_and_after_a_date(on: str, before: tuple[str, int], after: tuple[str, int]) -> None:
    earlier, later = SANDBOX.last_half_term_before(day(on)), SANDBOX.first_half_term_after(day(on))

    assert (earlier.academic_year, earlier.half_term) == before
    assert (later.academic_year, later.half_term) == after


@pytest.mark.parametrize(
    ("on", "before", "after"),
    [
        ("2026-11-22", ("2025/26", "summer"), ("2026/27", "spring")),
        ("2026-10-28", ("2025/26", "summer"), ("2026/27", "spring")),
        ("2026-09-02", ("2025/26", "summer"), ("2026/27", "spring")),  # the first day has started
        ("2026-12-18", ("2025/26", "summer"), ("2026/27", "spring")),  # the last day has not ended
        ("2026-12-25", ("2026/27", "autumn"), ("2026/27", "spring")),
        ("2026-08-15", ("2025/26", "summer"), ("2026/27", "autumn")),
        ("2027-06-30", ("2026/27", "spring"), ("2027/28", "autumn")),
    ],
)
def test_terms_before_and_after_a_date(on: str, before: tuple[str, str], after: tuple[str, str]) -> None:
    earlier, later = SANDBOX.last_term_before(day(on)), SANDBOX.first_term_after(day(on))

    assert (earlier.academic_year, earlier.name) == before
    assert (later.academic_year, later.name) == after


@given(CALENDARS, st.integers(2023, 2029))
def test_following_and_preceding_are_opposites(calendar: Calendar, start_year: int) -> None:
    label = academic_year_label(start_year)
    halves, terms = calendar.half_terms_of(label), calendar.terms_of(label)

    assert [calendar.next_half_term(half) for half in halves[:-1]] == list(halves[1:])
    assert [calendar.next_term(term) for term in terms[:-1]] == list(terms[1:])
    assert calendar.next_term(terms[-1]) == calendar.terms_of(academic_year_label(start_year + 1))[0]
    assert all(calendar.previous_half_term(calendar.next_half_term(half)) == half for half in halves)
    assert all(calendar.previous_term(calendar.next_term(term)) == term for term in terms)
    assert [(term.starts_on, term.ends_on) for term in terms] == [
        (first.starts_on, second.ends_on) for first, second in zip(halves[::2], halves[1::2], strict=True)
    ]


@pytest.mark.parametrize(
    ("on", "national", "leicester"),
    [
        ("2025-08-25", "2024/25", "2024/25"),
        ("2025-08-26", "2024/25", "2025/26"),  # Leicester's schools return in August
        ("2025-08-31", "2024/25", "2025/26"),
        ("2025-09-01", "2025/26", "2025/26"),
        ("2026-08-31", "2025/26", "2025/26"),
    ],
)
def test_academic_year_of_a_date(on: str, national: str, leicester: str) -> None:
    assert academic_year_of(day(on)) == national
    assert LEICESTER.academic_year_of(day(on)) == leicester


def test_labels_of_academic_years() -> None:
    assert (academic_year_label(2026), academic_year_label(1999)) == ("2026/27", "1999/00")
    assert (start_year_of("2026/27"), start_year_of("1999/00")) == (2026, 1999)


@pytest.mark.parametrize("label", ["2026/28", "2026", "26/27", "2026-27", "2026/2027", "", "2026/27 "])
def test_no_label_of_an_academic_year(label: str) -> None:
    with pytest.raises(ValueError, match="like 2026/27"):
        start_year_of(label)


@pytest.mark.parametrize("la_code", ["330", "352", "856", "926", "999"])
def test_shipped_calendars_are_sound(la_code: str) -> None:
    halves = shipped_half_terms()[la_code]
    calendar = Calendar(halves)

    assert calendar_faults(halves) == ()
    assert all(calendar.is_school_day(half.starts_on) and calendar.is_school_day(half.ends_on) for half in halves)
    assert calendar.is_loaded(halves[0].academic_year)


@pytest.mark.parametrize(("academic_year", "days"), [("2025/26", 188), ("2026/27", 190), ("2027/28", 190)])
def test_days_in_the_sandbox_years(academic_year: str, days: int) -> None:
    start_year = start_year_of(academic_year)
    calendar = Calendar(shipped_half_terms()["999"])

    assert calendar.school_days_between(date(start_year, 8, 1), date(start_year + 1, 7, 31)) == days


def changed(place: int, **change: date | int | str) -> tuple[HalfTerm, ...]:
    halves = list(shipped_half_terms()["926"])
    old = halves[place]
    fields = {name: getattr(old, name) for name in ("academic_year", "half_term", "starts_on", "ends_on")}
    halves[place] = HalfTerm(**(fields | change))
    return tuple(halves)


@pytest.mark.parametrize(
    ("halves", "sentence"),
    [
        (changed(5, half_term=5), "half-terms 1 to 6"),
        (shipped_half_terms()["926"][:5], "half-terms 1 to 6"),
        (changed(1, ends_on=day("2025-11-01")), "ends before it starts"),
        (changed(1, starts_on=day("2025-10-24")), "overlap"),
        (changed(0, starts_on=day("2025-07-31")), "between 1 August 2025 and 31 July 2026"),
        (changed(5, ends_on=day("2026-08-01")), "between 1 August 2025 and 31 July 2026"),
    ],
)
def test_unsound_calendars_are_refused(halves: tuple[HalfTerm, ...], sentence: str) -> None:
    faults = calendar_faults(halves)

    assert len(faults) == 1
    assert sentence in faults[0]
    with pytest.raises(ValueError, match="2025/26"):
        Calendar(halves)


def test_order_of_loading_does_not_matter() -> None:
    halves = shipped_half_terms()["999"]

    assert Calendar(halves[::-1]).half_terms_of("2026/27") == SANDBOX.half_terms_of("2026/27")


class TestSchools:
    """A school's dates over its authority's."""

    own = SchoolYear("2026/27", None, training(date(2026, 11, 30)))

    def test_its_training_days_take_the_place_of_the_authoritys_in_that_year_alone(self) -> None:
        more = Calendar(SANDBOX.half_terms, (*SANDBOX.closures, Closure(date(2027, 9, 6), ClosureKind.INSET)))
        calendar = school_calendar(more, [self.own])

        assert calendar.is_school_day(date(2026, 11, 27))
        assert not calendar.is_school_day(date(2026, 11, 30))
        assert not calendar.is_school_day(date(2027, 9, 6))

    def test_days_proclaimed_hold_for_every_school(self) -> None:
        calendar = school_calendar(SANDBOX, [SchoolYear("2026/27", None, ())])

        assert not calendar.is_school_day(date(2027, 6, 18))
        assert not calendar.is_working_day(date(2027, 6, 18))

    def test_half_terms_that_it_leaves_unsaid_follow_the_authority_or_the_default(self) -> None:
        assert school_calendar(SANDBOX, [self.own]).half_terms_of("2026/27") == SANDBOX.half_terms_of("2026/27")
        assert school_calendar(DEFAULT, [self.own]).half_terms_of("2026/27") == default_half_terms(2026)

    def test_terms_that_are_not_sound_are_refused(self) -> None:
        with pytest.raises(ValueError, match="half-terms 1 to 6"):
            school_calendar(SANDBOX, [SchoolYear("2026/27", SANDBOX.half_terms_of("2026/27")[:5])])

    @given(st.sampled_from([SANDBOX, LEICESTER, DEFAULT, GAP]), dates)
    def test_a_school_that_states_nothing_has_its_authoritys_days(self, authority: Calendar, on: date) -> None:
        nothing = [SchoolYear(academic_year_label(year)) for year in range(2023, 2030)]

        assert school_calendar(authority, nothing).is_school_day(on) == authority.is_school_day(on)


def test_a_gap_year_follows_the_default() -> None:
    assert not GAP.is_loaded("2026/27")
    assert GAP.half_terms_of("2026/27") == default_half_terms(2026)
    assert not GAP.is_school_day(date(2026, 11, 27))
    assert GAP.half_terms_of("2027/28") == SANDBOX.half_terms_of("2027/28")
