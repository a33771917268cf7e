"""Half-terms by rule, for an academic year that an authority has not loaded.

The rule follows what most English authorities publish; it is a stand-in, so nothing that binds a school
should rest on it. Half-term weeks and holidays are whole weeks from Monday:

1. Autumn begins on the first Monday, Tuesday or Wednesday from 1 September.
2. The autumn half-term holiday is the week that holds 28 October.
3. The Christmas holiday is the two weeks after the last Friday up to 22 December.
4. The spring half-term holiday is the week that holds 17 February.
5. The Easter holiday is two weeks: those after Easter Sunday when Easter is in March; the week before and the
   week after when it is 1 to 9 April; the two weeks before when it is later.
6. The summer half-term holiday is the week of the spring bank holiday (the last Monday of May).
7. The year ends on its 195th weekday in term that is no bank holiday: 190 days for pupils (380 sessions) and
   five for staff training, whose dates differ by school and so count as school days here.

A half-term starts and ends on a day that is no bank holiday.
"""

from datetime import date, timedelta
from functools import cache
from typing import Final

from app.domain.academic_year import HalfTerm, academic_year_label
from app.domain.working_days import add_working_days, easter_sunday

DAYS_IN_YEAR: Final = 195
_WEDNESDAY: Final = 2
_APRIL: Final = 4


@cache
def default_half_terms(start_year: int) -> tuple[HalfTerm, ...]:
    """Return the six half-terms of the academic year that begins in `start_year`, by the rule above."""
    autumn = date(start_year, 9, 1)
    if autumn.weekday() > _WEDNESDAY:
        autumn += timedelta(days=7 - autumn.weekday())
    next_year = start_year + 1
    christmas = _monday_of(date(start_year, 12, 22) + timedelta(days=3))
    holidays = (
        (_monday_of(date(start_year, 10, 28)), 1),
        (christmas, 2),
        (_monday_of(date(next_year, 2, 17)), 1),
        (_easter_holiday(next_year), 2),
        (_monday_of(date(next_year, 5, 31)), 1),
    )
    starts = (autumn, *(_working_from(monday + timedelta(weeks=weeks)) for monday, weeks in holidays))
    ends = tuple(add_working_days(monday, -1) for monday, _ in holidays)
    before_last = sum(_working_days_in(start, end) for start, end in zip(starts, ends, strict=False))
    last_end = add_working_days(starts[-1], DAYS_IN_YEAR - before_last - 1)
    label = academic_year_label(start_year)
    return tuple(
        HalfTerm(label, number, start, end)
        for number, (start, end) in enumerate(zip(starts, (*ends, last_end), strict=True), start=1)
    )


def _easter_holiday(year: int) -> date:
    easter = easter_sunday(year)
    if easter.month < _APRIL:
        return easter + timedelta(days=1)
    return easter - timedelta(days=6 if easter.day <= 9 else 13)


def _working_days_in(start: date, end: date) -> int:
    count, on = 0, _working_from(start)
    while on <= end:
        count += 1
        on = add_working_days(on, 1)
    return count


def _working_from(on: date) -> date:
    return add_working_days(on, 0)


def _monday_of(on: date) -> date:
    return on - timedelta(days=on.weekday())
