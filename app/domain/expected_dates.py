"""An expected start as people are told it: dates, or how long others waited lately, never both."""

from dataclasses import dataclass
from datetime import date

from app.domain.allocation.expected_start import Estimate, Method
from app.domain.allocation.facts_of_time import SchoolDays


@dataclass(frozen=True, slots=True)
class ExpectedStart:
    """When a referral may begin if plans hold. What cannot be said is None.

    `DATE` has one date (both are the same), `RANGE` two, `POSITION` none: it has the waits of those of its band who
    began lately, in school days, the fastest and the slowest tenth left out.
    """

    method: str
    earliest_on: date | None = None
    latest_on: date | None = None
    recent_low_school_days: int | None = None
    recent_high_school_days: int | None = None


def expected_start_of(estimate: Estimate, calendar: SchoolDays, as_of: date) -> ExpectedStart:
    """An estimate made on a day, in dates of the authority's calendar."""
    if estimate.method == Method.POSITION:
        return ExpectedStart(
            estimate.method, recent_low_school_days=estimate.low, recent_high_school_days=estimate.high
        )
    earliest, latest = (
        None if days is None else calendar.add_school_days(as_of, days) for days in (estimate.low, estimate.high)
    )
    return ExpectedStart(estimate.method, earliest, latest)
