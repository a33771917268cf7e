"""The three clocks against a walk of days and hours, over midnights in London and both changes of its clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.clock import london_moment
from app.domain.calendar import Calendar, Closure, ClosureKind
from app.domain.clocks import due_at
from app.domain.term_dates import shipped_half_terms

LONDON = ZoneInfo("Europe/London")
CALENDAR = Calendar(shipped_half_terms()["999"], (Closure(date(2026, 11, 27), ClosureKind.INSET),))

moments = st.datetimes(datetime(2025, 8, 1), datetime(2028, 7, 31), timezones=st.just(UTC))
AUGUST_MIDNIGHT = datetime(2026, 8, 31, 23, 0, tzinfo=UTC)
"""1 September in London, 31 August in UTC."""


@given(moments, st.integers(0, 60), st.sampled_from(["school_day", "working_day"]))
@example(AUGUST_MIDNIGHT, 0, "school_day")
@example(AUGUST_MIDNIGHT - timedelta(microseconds=1), 1, "school_day")
@example(datetime(2026, 10, 24, 23, 30, tzinfo=UTC), 1, "working_day")  # 00:30 on the day the clocks go back
@example(datetime(2027, 3, 28, 1, 0, tzinfo=UTC), 3, "working_day")  # as they go forward
def test_a_debt_of_days_is_due_at_five_in_london_on_the_day_walked_to(since: datetime, count: int, clock: str) -> None:
    is_open = CALENDAR.is_school_day if clock == "school_day" else CALENDAR.is_working_day
    on, left = since.astimezone(LONDON).date(), count
    while left or (count == 0 and not is_open(on)):
        on += timedelta(days=1)
        left -= bool(left) and is_open(on)
    due = due_at(clock, CALENDAR, since, count)

    assert due.astimezone(LONDON).replace(tzinfo=None) == datetime(on.year, on.month, on.day, 17)
    assert due.utcoffset() == timedelta(0)


@given(moments, st.integers(0, 2000))
def test_hours_run_through_nights_holidays_and_changes_of_the_clock(since: datetime, count: int) -> None:
    assert due_at("calendar_hour", CALENDAR, since, count) - since == timedelta(hours=count)


def test_london_midnight_on_31_august_decides_the_day() -> None:
    """A minute apart in UTC, they are of two days in England: so are the first school days after them."""
    first_day = CALENDAR.half_terms_of("2026/27")[0].starts_on
    eve = london_moment(first_day - timedelta(days=1), 23, 59)
    midnight = london_moment(first_day)

    assert midnight.date() == eve.date() == first_day - timedelta(days=1)
    assert due_at("school_day", CALENDAR, eve, 1) == london_moment(first_day, 17)
    assert due_at("school_day", CALENDAR, midnight, 1) > london_moment(first_day, 17)


def test_nothing_is_due_before_it_arose() -> None:
    with pytest.raises(ValueError, match="before it arose"):
        due_at("school_day", CALENDAR, AUGUST_MIDNIGHT, -1)
