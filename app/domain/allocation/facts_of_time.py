"""School days as a decision needs them, counted with an authority's calendar before the decision is made."""

from datetime import date
from typing import Protocol

from app.domain.policy import Policy


class SchoolDays(Protocol):
    """What is asked of a calendar (`app.domain.calendar.Calendar` is one)."""

    def add_school_days(self, start: date, count: int) -> date:
        """The school day that is `count` school days after `start`."""

    def school_days_between(self, start: date, end: date) -> int:
        """The school days after `start` up to and including `end`."""


def free_in(days: SchoolDays, as_of: date, free_on: date) -> int:
    """School days from a decision until a place is planned to be free; 0 when it is free already."""
    return max(0, days.school_days_between(as_of, free_on))


def long_stop_on(days: SchoolDays, policy: Policy, band: str, banded_on: date) -> date | None:
    """The day on which a referral will have waited as long as the long-stop says; None for bands without one."""
    rule = policy.long_stop
    if rule is None or band != rule["band"]:
        return None
    return days.add_school_days(banded_on, rule["school_days"])
