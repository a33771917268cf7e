"""Undoing a closure: for how long, and when what was owed on the day of the closure is due after it."""

from datetime import datetime

from app.clock import LONDON, london_date
from app.domain.calendar import Calendar
from app.domain.obligations import ObligationClock
from app.domain.referral import REOPEN_WITHIN_SCHOOL_DAYS


def may_be_undone(closed_at: datetime, now: datetime, calendar: Calendar) -> bool:
    """Whether a closure can still be undone: up to the end of the tenth school day after the day that it was made."""
    return calendar.school_days_between(london_date(closed_at), london_date(now)) <= REOPEN_WITHIN_SCHOOL_DAYS


def due_anew(
    clock: ObligationClock, due_at: datetime, *, closed_at: datetime, now: datetime, calendar: Calendar
) -> datetime:
    """When something is due that a closure had ended: the time in which it was closed does not count.

    School days are given back as school days, at the same hour in England; hours and working days as time.
    """
    if clock != "school_day":
        return due_at + (now - closed_at)
    missed = calendar.school_days_between(london_date(closed_at), london_date(now))
    local = due_at.astimezone(LONDON)
    day = calendar.add_school_days(local.date(), missed) if missed else local.date()
    return datetime.combine(day, local.timetz()).astimezone(due_at.tzinfo)
