"""The half-terms that stand in for an authority's own."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar import Calendar, calendar_faults, default_calendar
from app.domain.default_terms import default_half_terms
from app.domain.term_dates import shipped_half_terms


@pytest.mark.parametrize(
    ("start_year", "expected"),
    [
        (2024, "09-02 10-25, 11-04 12-20, 01-06 02-14, 02-24 04-04, 04-22 05-23, 06-02 07-22"),
        # Easter in March: the spring half-term ends on the Thursday before Good Friday.
        (2026, "09-01 10-23, 11-02 12-18, 01-04 02-12, 02-22 03-25, 04-12 05-28, 06-07 07-21"),
        # A bank holiday on the Monday after each of two holidays: back on Tuesday.
        (2027, "09-01 10-22, 11-01 12-17, 01-04 02-11, 02-21 03-31, 04-18 05-26, 06-05 07-21"),
    ],
)
def test_default_half_terms(start_year: int, expected: str) -> None:
    halves = default_half_terms(start_year)

    assert ", ".join(f"{half.starts_on:%m-%d} {half.ends_on:%m-%d}" for half in halves) == expected


def test_rule_gives_the_dates_that_birmingham_published() -> None:
    """That calendar has no training days taken out, so it is the one that the rule can be held against."""
    published = shipped_half_terms()["330"]

    assert default_half_terms(2025) == published


@given(st.integers(1950, 2190))
def test_any_year_is_a_sound_calendar_of_195_days(start_year: int) -> None:
    halves = default_half_terms(start_year)
    calendar = Calendar(halves)

    assert calendar_faults(halves) == ()
    assert all(calendar.is_school_day(edge) for half in halves for edge in (half.starts_on, half.ends_on))
    assert calendar.school_days_between(date(start_year, 8, 1), date(start_year + 1, 7, 31)) == 195
    assert (7, 15) <= (halves[-1].ends_on.month, halves[-1].ends_on.day) <= (7, 31)
    assert all(20 <= (half.ends_on - half.starts_on).days <= 60 for half in halves)


def test_default_calendar_is_loaded_for_its_year_alone() -> None:
    calendar = default_calendar("2026/27")

    assert calendar.is_loaded("2026/27")
    assert not calendar.is_loaded("2027/28")
    assert calendar.half_terms == default_half_terms(2026)
