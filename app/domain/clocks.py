"""The three clocks that debts run on: school days, working days and calendar hours.

A debt of days is counted from the London date on which it arose, that date not among them, and is due when offices
close on its last day. A debt of hours runs through nights, weekends, holidays and the change of clocks: four hours are
four hours. Offers, P1 and concerns run on the latter two, so they never wait for the end of a holiday.

A debt is called to mind before it is due, and escalates when it stays overdue, both on its own clock.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app.clock import LONDON, london_date, london_moment
from app.domain.calendar import Calendar
from app.domain.obligations import ObligationClock

DAY_STARTS_AT: Final = 9
"""The hour, in England, at which a debt of days is called to mind."""
DAY_ENDS_AT: Final = 17
"""The hour, in England, at which a debt of days is due."""


def due_at(clock: ObligationClock, calendar: Calendar, since: datetime, count: int) -> datetime:
    """The aware moment at which a debt of so many days or hours, which arose at an aware moment, is due.

    With 0 days it is due on the day itself, or on the next school or working day when it is none. Raises ValueError for
    less than nothing.
    """
    if count < 0:
        raise ValueError("A debt cannot be due before it arose.")
    if clock == "calendar_hour":
        return in_hours(since, count)
    return london_moment(_moved(clock, calendar, london_date(since), count), DAY_ENDS_AT)


def in_hours(since: datetime, hours: int) -> datetime:
    """So many hours after an aware moment, whatever the day."""
    return since + timedelta(hours=hours)


def close_of(day: date) -> datetime:
    """When offices close on a day that people agreed on, whatever day that is."""
    return london_moment(day, DAY_ENDS_AT)


def end_of(day: date) -> datetime:
    """The aware moment at which a date ends in England: for a debt that ends with a date, whatever the day."""
    return london_moment(day + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Moments:
    """When a debt is called to mind, and when it escalates; None: never."""

    remind_at: datetime | None
    escalate_at: datetime | None


def moments(
    clock: ObligationClock,
    calendar: Calendar,
    *,
    set_at: datetime,
    due: datetime,
    remind_before: int,
    escalate_after: int | None,
) -> Moments:
    """The moments of a debt whose due moment was set at `set_at`: so many days or hours before, and after.

    A debt of days is called to mind when offices open. Whoever was only just told of a debt is not reminded: a moment
    that is not after `set_at` is none.
    """
    remind_at = _before(clock, calendar, due, remind_before)
    return Moments(
        remind_at if set_at < remind_at < due else None,
        None if escalate_after is None else _after(clock, calendar, due, escalate_after),
    )


def _before(clock: ObligationClock, calendar: Calendar, due: datetime, count: int) -> datetime:
    if clock == "calendar_hour":
        return due - timedelta(hours=count)
    # A debt that ends at midnight ends with the day before.
    last_day = (due.astimezone(LONDON) - timedelta(microseconds=1)).date()
    return london_moment(_moved(clock, calendar, last_day, -count), DAY_STARTS_AT)


def _after(clock: ObligationClock, calendar: Calendar, due: datetime, count: int) -> datetime:
    return due if count == 0 else due_at(clock, calendar, due, count)


def _moved(clock: ObligationClock, calendar: Calendar, day: date, count: int) -> date:
    add = calendar.add_school_days if clock == "school_day" else calendar.add_working_days
    return add(day, count)
