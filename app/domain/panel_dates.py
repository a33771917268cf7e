"""On which days a panel meets: every so many weeks on its weekday, in term time, and never on a bank holiday.

A meeting that would fall into a holiday is left out, not moved: agencies plan their diaries by the weeks, and an
officer can add one. A school's training day is no obstacle, because the agencies work on it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.domain.calendar import Calendar, Shut

_WEEK: Final = timedelta(days=7)
_SENTENCES: Final = {
    Shut.WEEKEND: "That day is at a weekend.",
    Shut.BANK_HOLIDAY: "That day is a bank holiday.",
    Shut.HOLIDAY: "That day lies in the school holidays.",
}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Every `every_weeks` weeks on a weekday (1 is Monday, 5 Friday), counted from the week of `first_on`."""

    first_on: date
    weekday: int
    every_weeks: int

    def day_in_week_of(self, on: date) -> date:
        """The panel's weekday in the week (Monday to Sunday) of a date."""
        return on + timedelta(days=self.weekday - on.isoweekday())


def why_no_sitting(calendar: Calendar, on: date) -> tuple[str, str] | None:
    """Why a panel cannot meet on a date, as (code, sentence); None when it can."""
    shut = calendar.why_shut(on)
    return None if shut is None or shut is Shut.INSET else (shut.value, _SENTENCES[shut])


def meeting_days(calendar: Calendar, rule: Recurrence, first: date, last: date) -> list[date]:
    """The days between two dates, both included, on which a panel meets by its rule, in order."""
    start = rule.day_in_week_of(rule.first_on)
    step = rule.every_weeks * _WEEK
    earliest = max(first, rule.first_on)
    behind = max(0, -((start - earliest) // step))
    on, days = start + behind * step, []
    while on <= last:
        if on >= earliest and why_no_sitting(calendar, on) is None:
            days.append(on)
        on += step
    return days
