"""The three clocks against a walk of days and hours, over midnights in London and both changes of its clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.clock import london_moment
from app.domain.calendar import Calendar, Closure, ClosureKind
from app.domain.clocks import due_at, end_of
from app.domain.clocks import moments as moments_of
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


@given(
    moments, st.integers(0, 30), st.integers(0, 5), st.integers(0, 5), st.sampled_from(["school_day", "working_day"])
)
def test_a_debt_of_days_is_called_to_mind_at_nine_and_escalates_at_five(
    since: datetime, count: int, before: int, after: int, clock: str
) -> None:
    due = due_at(clock, CALENDAR, since, count)
    found = moments_of(clock, CALENDAR, set_at=since, due=due, remind_before=before, escalate_after=after)
    is_open = CALENDAR.is_school_day if clock == "school_day" else CALENDAR.is_working_day

    def open_days(first: date, last: date) -> int:
        return sum(is_open(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    due_on = due.astimezone(LONDON).date()
    if found.remind_at is not None:
        local = found.remind_at.astimezone(LONDON)
        assert since < found.remind_at < due
        assert (local.hour, is_open(local.date()), open_days(local.date(), due_on)) == (9, True, before)
    else:
        day, left = due_on, before
        while left:
            day -= timedelta(days=1)
            left -= is_open(day)
        assert datetime(day.year, day.month, day.day, 9, tzinfo=LONDON) <= since, "it would have come after the debt"
    assert found.escalate_at is not None
    local = found.escalate_at.astimezone(LONDON)
    assert (local.hour, open_days(due_on, local.date())) == (17, after)


@given(moments, st.integers(1, 72), st.integers(0, 10), st.integers(0, 10))
def test_hours_are_called_to_mind_and_escalate_by_the_hour(
    since: datetime, count: int, before: int, after: int
) -> None:
    due = due_at("calendar_hour", CALENDAR, since, count)
    found = moments_of("calendar_hour", CALENDAR, set_at=since, due=due, remind_before=before, escalate_after=after)
    assert found.remind_at == (due - timedelta(hours=before) if 0 < before < count else None)
    assert found.escalate_at == due + timedelta(hours=after)


def test_what_ends_with_a_date_is_called_to_mind_on_that_date_or_before() -> None:
    friday, set_at = date(2026, 11, 20), datetime(2026, 11, 1, tzinfo=UTC)
    for before, day in ((0, 20), (1, 19), (5, 13)):
        found = moments_of(
            "school_day", CALENDAR, set_at=set_at, due=end_of(friday), remind_before=before, escalate_after=None
        )
        assert (found.remind_at, found.escalate_at) == (london_moment(date(2026, 11, day), 9), None)
