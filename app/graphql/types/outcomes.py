"""Outcomes: the figures of the domain, read by GraphQL exactly as REST and CSV give them."""

from datetime import date, timedelta
from enum import Enum
from typing import Annotated, Final
from uuid import UUID

import strawberry

from app.domain import outcomes as domain
from app.domain.service_levels import LevelsBy
from app.graphql.errors import BadInputError
from app.graphql.ids import record_id
from app.graphql.visibility import plain

LONGEST_DAYS: Final = 1100
_DEFAULT_DAYS: Final = 28
_FIRST_YEAR, _LAST_YEAR = 1900, 2100

strawberry.enum(domain.GroupBy, description="What an outcome is broken down by: one thing at a time.")
strawberry.enum(domain.Interval, description="The steps of a figure over time. Weeks begin on Monday.")
strawberry.enum(domain.Milestone, description="What a referral waits for, from its receipt.")


@strawberry.enum(description="The outcomes that are told per group of pupils.")
class OutcomeMeasure(Enum):
    """Which outcome."""

    ATTENDANCE = "attendance"
    SUSPENSIONS = "suspensions"


@strawberry.input(description="Both days belong to the period; a missing one leaves that side open.")
class Period:
    """A stretch of days."""

    starts_on: date | None = None
    ends_on: date | None = None


@strawberry.input(description="Which cases count. Global ids for organisations and areas.")
class OutcomeFilter:
    """What narrows a figure."""

    area: strawberry.ID | None = None
    school: strawberry.ID | None = None
    provider: strawberry.ID | None = None
    phase: str | None = None
    band: str | None = None
    need: str | None = None


@strawberry.interface(description="One row of an outcome: the whole, or one group.")
class Outcome:
    """What all outcomes say."""

    key: str | None = plain("The group: an id as REST gives it, or a code. Null for the whole.")
    label: str | None = plain("The group's name.")
    closed_count: int = plain("Pupils whose support ended in the period.")
    n: int = plain("Of those, pupils with figures of both terms: all else is about them.")
    suppressed: bool = plain("The numbers are too small to tell.")


@strawberry.type(
    description="Attendance in the first full term after closure against the term before referral. Shares run from 0 to"
    " 1, points are percentage points, the interval is Student's t at 95%."
)
class AttendanceOutcome(Outcome):
    """Read from `app.domain.outcomes.AttendanceChange`."""

    mean_before_share: float | None = plain()
    mean_after_share: float | None = plain()
    mean_change_points: float | None = plain()
    change_low_points: float | None = plain()
    change_high_points: float | None = plain()
    improved_count: int = plain()
    improved_share: float | None = plain()
    school_weeks_gained: float | None = plain("School weeks of 10 sessions attended beyond the old share.")
    persistent_before_count: int = plain("Pupils who missed 10% or more.")
    persistent_after_count: int = plain()
    persistent_left_behind_count: int = plain("Persistently absent before, no longer after.")
    severe_before_count: int = plain("Pupils who missed 50% or more.")
    severe_after_count: int = plain()
    severe_left_behind_count: int = plain()


@strawberry.type(
    description="Of pupils with more than one suspension in the term before referral: the share with at least half as"
    " many fewer in the first full term after closure."
)
class SuspensionsOutcome(Outcome):
    """Read from `app.domain.outcomes.SuspensionsChange`."""

    repeat_count: int = plain("Pupils with more than one suspension before.")
    halved_count: int = plain("Of those, pupils with at least half as many fewer after.")
    halved_share: float | None = plain()
    suspensions_before_count: int | None = plain()
    suspensions_after_count: int | None = plain()
    days_lost_before: float | None = plain("School days.")
    days_lost_after: float | None = plain("School days.")
    permanent_exclusions_before_count: int | None = plain()
    permanent_exclusions_after_count: int | None = plain()


@strawberry.type(description="Use of the block on a day, or over the days of a week that lie in the period.")
class CapacityPoint:
    """Read from `app.domain.outcomes.CapacityPoint`."""

    starts_on: date = plain()
    day_count: int = plain()
    held_place_days: int = plain()
    total_place_days: int = plain()
    over_held_place_days: int = plain("Of the held: on places that a cut had taken away.")
    held_share: float | None = plain()
    suppressed: bool = plain()


@strawberry.type(description="A lot's commissioned volume, and how much of it was used up to the period's end.")
class VolumeUse:
    """Read from `app.domain.outcomes.VolumeUse`."""

    lot_id: UUID = plain()
    lot_name: str = plain()
    contract_id: UUID = plain()
    contract_number: str = plain()
    provider_id: UUID = plain()
    provider_name: str = plain()
    unit: str = plain("`family` or `pupil`.")
    volume: int = plain()
    used_count: int = plain()
    used_share: float | None = plain()
    suppressed: bool = plain()


@strawberry.type(description="Places held and volume used over one period.")
class Capacity:
    """Read from `app.domain.outcomes.Capacity`."""

    starts_on: date = plain()
    ends_on: date = plain()
    interval: domain.Interval = plain()
    points: list[CapacityPoint] = plain()
    volume: list[VolumeUse] = plain()


@strawberry.type(
    description="How long referrals waited for one milestone, in school days. Those still waiting count as waiting"
    " until now (Kaplan-Meier)."
)
class Timeliness:
    """Read from `app.domain.outcomes.Timeliness`."""

    key: str | None = plain("The group: an id as REST gives it, or a code.")
    label: str | None = plain()
    milestone: domain.Milestone = plain()
    n: int = plain()
    reached_count: int = plain()
    censored_count: int = plain("Still waiting, or closed without reaching it.")
    median_school_days: int | None = plain()
    p90_school_days: int | None = plain()
    p95_school_days: int | None = plain()
    suppressed: bool = plain()


strawberry.enum(LevelsBy, description="What service levels are told for, always apart by kind.")


@strawberry.type(
    description="How what was owed was met: one kind of obligation, of all organisations or of one. Lateness is in the"
    " kind's own clock."
)
class ServiceLevel:
    """Read from `app.domain.service_levels.ServiceLevel`."""

    kind: str = plain()
    clock: str = plain("`school_day`, `working_day` or `calendar_hour`.")
    organisation_id: UUID | None = plain("As REST gives it. Null for all.")
    organisation_name: str | None = plain()
    owed_count: int = plain("All that were due in the period.")
    met_in_time_count: int = plain()
    met_late_count: int = plain()
    overdue_count: int = plain("Open still, past their due time.")
    not_yet_due_count: int = plain()
    cancelled_count: int = plain()
    n: int = plain("Met, or overdue: what the share is of.")
    in_time_share: float | None = plain()
    median_late: float | None = plain("Of the late: in school days, working days or hours.")
    suppressed: bool = plain()


INTERFACE_OF: Final[dict[type, str]] = {
    domain.AttendanceChange: "AttendanceOutcome",
    domain.SuspensionsChange: "SuspensionsOutcome",
}
"""The GraphQL type of each outcome's rows."""


def asked(filter_: OutcomeFilter | None, period: Period | None) -> domain.OutcomeFilter:
    """The domain's filter of the arguments. Raises BadInputError for a bad global id or an unlikely date."""
    period, wanted = period or Period(), filter_ or OutcomeFilter()
    return domain.OutcomeFilter(
        starts_on=checked_day(period.starts_on),
        ends_on=checked_day(period.ends_on),
        area_id=record_id(wanted.area, "Area"),
        school_id=record_id(wanted.school, "School"),
        provider_id=record_id(wanted.provider, "Provider"),
        phase=wanted.phase,
        band=wanted.band,
        need=wanted.need,
    )


def whole_period(period: Period | None, today: date) -> tuple[date, date]:
    """The first and last day of a period: without an end today, without a start the 28 days to its end."""
    period = period or Period()
    ends_on = checked_day(period.ends_on) or today
    return checked_day(period.starts_on) or ends_on - timedelta(days=_DEFAULT_DAYS - 1), ends_on


def check_period(starts_on: date | None, ends_on: date | None) -> None:
    """Raise BadInputError for a period that ends before it starts or is too long."""
    if starts_on is None or ends_on is None:
        return
    if ends_on < starts_on:
        raise BadInputError("The period ends before it starts.")
    if (ends_on - starts_on).days >= LONGEST_DAYS:
        raise BadInputError(f"A period has {LONGEST_DAYS} days at most.")


def checked_day(day: date | None) -> date | None:
    """A date within reason. Raises BadInputError."""
    if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadInputError(f"A date lies in the years {_FIRST_YEAR} to {_LAST_YEAR}.")
    return day


PeriodArgument = Annotated[Period | None, strawberry.argument(description="Which days.")]
