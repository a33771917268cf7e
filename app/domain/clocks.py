"""The three clocks that debts run on: school days, working days and calendar hours.

A debt of days is counted from the London date on which it arose, that date not among them, and is due when offices
close on its last day. A debt of hours runs through nights, weekends, holidays and the change of clocks: four hours are
four hours. Offers, P1 and concerns run on the latter two, so they never wait for the end of a holiday.
"""

from datetime import datetime, timedelta
from typing import Final

from app.clock import london_date, london_moment
from app.domain.calendar import Calendar
from app.domain.obligations import ObligationClock

DAY_ENDS_AT: Final = 17
"""The hour, in England, at which a debt of days is due."""


def due_at(clock: ObligationClock, calendar: Calendar, since: datetime, count: int) -> datetime:
    """The aware moment at which a debt of so many days or hours, which arose at an aware moment, is due.

    With 0 days it is due on the day itself, or on the next school or working day when it is none. Raises ValueError for
    less than nothing.
    """
    if count < 0:
        raise ValueError("A debt cannot be due before it arose.")
    match clock:
        case "school_day":
            return london_moment(calendar.add_school_days(london_date(since), count), DAY_ENDS_AT)
        case "working_day":
            return london_moment(calendar.add_working_days(london_date(since), count), DAY_ENDS_AT)
        case "calendar_hour":
            return since + timedelta(hours=count)
