"""Bank holidays by rule and by file, and counting in working days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.working_days import (
    add_working_days,
    bank_holidays,
    bank_holidays_by_rule,
    easter_sunday,
    is_working_day,
)

# Paschal full moons by golden number, 1900 to 2199: the table of the Calendar (New Style) Act 1750.
FULL_MOONS = [
    (4, 14), (4, 3), (3, 23), (4, 11), (3, 31), (4, 18), (4, 8), (3, 28), (4, 16), (4, 5),
    (3, 25), (4, 13), (4, 2), (3, 22), (4, 10), (3, 30), (4, 17), (4, 7), (3, 27),
]  # fmt: skip

# As published at gov.uk/bank-holidays.
PUBLISHED = {
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
}

dates = st.dates(date(2015, 1, 1), date(2045, 12, 31))


@pytest.mark.parametrize("year", range(1900, 2200))
def test_easter_is_the_sunday_after_the_full_moon_of_the_act(year: int) -> None:
    moon = date(year, *FULL_MOONS[year % 19])

    assert easter_sunday(year) == moon + timedelta(days=6 - moon.weekday() if moon.weekday() < 6 else 7)


@pytest.mark.parametrize(("year", "days"), PUBLISHED.items())
def test_rule_gives_the_published_days(year: int, days: str) -> None:
    assert [f"{on:%m-%d}" for on in bank_holidays_by_rule(year)] == days.split()


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2026, {"2026-12-25": "Christmas Day", "2026-12-28": "Boxing Day (substitute day)"}),
        (2027, {"2027-12-27": "Christmas Day (substitute day)", "2027-12-28": "Boxing Day (substitute day)"}),
        (2033, {"2033-12-26": "Boxing Day", "2033-12-27": "Christmas Day (substitute day)"}),
    ],
)
def test_christmas_on_a_weekend(year: int, expected: dict[str, str]) -> None:
    december = {on.isoformat(): name for on, name in bank_holidays_by_rule(year).items() if on.month == 12}

    assert december == expected


@pytest.mark.parametrize("year", range(2024, 2031))
def test_file_agrees_with_the_rule(year: int) -> None:
    assert dict(bank_holidays(year)) == bank_holidays_by_rule(year)


@pytest.mark.parametrize("year", [2016, 2045])
def test_years_outside_the_file_follow_the_rule(year: int) -> None:
    assert dict(bank_holidays(year)) == bank_holidays_by_rule(year)


@given(st.integers(1900, 2199))
def test_eight_weekdays_a_year(year: int) -> None:
    days = bank_holidays_by_rule(year)

    assert len(days) == 8
    assert all(on.weekday() < 5 and on.year == year for on in days)
    assert list(days) == sorted(days)


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        ("2026-12-24", 1, "2026-12-29"),  # Christmas Day, a weekend, Boxing Day's substitute
        ("2026-12-24", 0, "2026-12-24"),
        ("2026-12-25", 0, "2026-12-29"),
        ("2026-12-25", 1, "2026-12-29"),
        ("2026-12-29", -1, "2026-12-24"),
        ("2026-11-20", 5, "2026-11-27"),
        ("2026-11-21", 1, "2026-11-23"),
        ("2026-11-21", -1, "2026-11-20"),
    ],
)
def test_adding_working_days(start: str, count: int, expected: str) -> None:
    assert add_working_days(date.fromisoformat(start), count) == date.fromisoformat(expected)


def test_a_day_proclaimed_once_is_skipped() -> None:
    proclaimed = date(2026, 11, 23)

    assert not is_working_day(proclaimed, [proclaimed])
    assert add_working_days(date(2026, 11, 20), 1, [proclaimed]) == date(2026, 11, 24)


@given(dates, st.integers(-60, 60))
def test_adding_counts_the_working_days_passed(start: date, count: int) -> None:
    end = add_working_days(start, count)
    step = 1 if count >= 0 else -1
    passed = [start + timedelta(days=step * day) for day in range(1, abs((end - start).days) + 1)]
    working = sum(on.weekday() < 5 and on not in bank_holidays(on.year) for on in passed)

    assert is_working_day(end)
    assert working == (abs(count) or (0 if end == start else 1))
