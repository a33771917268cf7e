"""Bank holidays of England and Wales, and counting in working days (weekdays that are no bank holiday).

Eight days a year (Banking and Financial Dealings Act 1971 and yearly proclamations): New Year's Day, Good
Friday, Easter Monday, the first and last Monday of May, the last Monday of August, Christmas Day, Boxing Day.
One that falls on a weekend is kept on the next weekday that is not one already.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from app.domain.packaged import packaged_rows

_SATURDAY = 5


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of a Gregorian year (the anonymous algorithm, Nature 1876; Meeus, chapter 8)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    moon_shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_shift + 15) % 30
    leaps, leap_rest = divmod(of_century, 4)
    to_sunday = (32 + 2 * century_rest + 2 * leaps - epact - leap_rest) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def bank_holidays_by_rule(year: int) -> dict[date, str]:
    """Return the days that the standing rule gives for a calendar year, with their names, in order.

    Days proclaimed once (a coronation, a jubilee) are not in the rule: `bank_holidays` reads them from the file.
    """
    easter = easter_sunday(year)
    may_day = date(year, 5, 1)
    days = {
        easter - timedelta(days=2): "Good Friday",
        easter + timedelta(days=1): "Easter Monday",
        may_day + timedelta(days=-may_day.weekday() % 7): "Early May bank holiday",
        _monday_of(date(year, 5, 31)): "Spring bank holiday",
        _monday_of(date(year, 8, 31)): "Summer bank holiday",
    }
    fixed = ((date(year, 1, 1), "New Year's Day"), (date(year, 12, 25), "Christmas Day"))
    # Boxing Day on a weekday keeps its own day, so Christmas Day on a Sunday moves past it.
    boxing_day = (date(year, 12, 26), "Boxing Day")
    for on, name in sorted((*fixed, boxing_day), key=lambda day: (day[0].weekday() >= _SATURDAY, day[0])):
        kept = on
        while kept.weekday() >= _SATURDAY or kept in days:
            kept += timedelta(days=1)
        days[kept] = name if kept == on else f"{name} (substitute day)"
    return dict(sorted(days.items()))


@cache
def bank_holidays(year: int) -> Mapping[date, str]:
    """Return the bank holidays of a calendar year with their names, in order.

    A year that stands in `bank_holidays.csv` is read from it, days proclaimed once included; other years
    follow the rule.
    """
    return MappingProxyType(_published().get(year) or bank_holidays_by_rule(year))


@cache
def _published() -> dict[int, dict[date, str]]:
    years: dict[int, dict[date, str]] = {}
    for row in packaged_rows("bank_holidays.csv"):
        on = date.fromisoformat(row["date"])
        years.setdefault(on.year, {})[on] = row["name"]
    return years


def is_bank_holiday(on: date) -> bool:
    """Say whether a date is a bank holiday in England and Wales."""
    return on in bank_holidays(on.year)


def is_working_day(on: date, also_closed: Collection[date] = ()) -> bool:
    """Say whether a date is a weekday and neither a bank holiday nor one of `also_closed`."""
    return on.weekday() < _SATURDAY and not is_bank_holiday(on) and on not in also_closed


def add_working_days(start: date, count: int, also_closed: Collection[date] = ()) -> date:
    """Return the working day that is `count` working days from `start`.

    `start` itself never counts: 1 is the first working day after it, -1 the last one before it. With 0 the
    answer is `start` when it is a working day, else the first one after it.
    """
    if count == 0:
        start, count = start - timedelta(days=1), 1
    step = timedelta(days=1 if count > 0 else -1)
    on = start
    for _ in range(abs(count)):
        on += step
        while not is_working_day(on, also_closed):
            on += step
    return on


def working_days_between(start: date, end: date, also_closed: Collection[date] = ()) -> int:
    """Count the working days after `start` up to and including `end`.

    So `working_days_between(d, add_working_days(d, n)) == n` for n from 1, and counts over adjoining spans add up.
    Negative when `end` is before `start`.
    """
    if end < start:
        return -working_days_between(end, start, also_closed)
    days = (start + timedelta(days=passed) for passed in range(1, (end - start).days + 1))
    return sum(is_working_day(on, also_closed) for on in days)


def _monday_of(on: date) -> date:
    return on - timedelta(days=on.weekday())
