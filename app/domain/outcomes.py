"""The outcomes that the service tells, as values: what was asked, and what each figure is.

The figures are worked out in SQL (`app.queries.outcomes`), once for REST, CSV and GraphQL alike. Shares run from 0
to 1, points are percentage points. A figure that nothing stands behind is None, never 0 or 1.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt
from typing import Final
from uuid import UUID


class GroupBy(StrEnum):
    """What an outcome may be broken down by: one thing at a time."""

    NONE = "none"
    AREA = "area"
    PHASE = "phase"
    SCHOOL = "school"
    PROVIDER = "provider"
    BAND = "band"
    NEED = "need"


class Interval(StrEnum):
    """The steps of a figure over time. Weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"


class Milestone(StrEnum):
    """What a referral waits for, from the moment it was submitted."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    FIRST_CONTACT = "first_contact"


@dataclass(frozen=True, slots=True)
class OutcomeFilter:
    """Which cases count. Both dates belong to the period; None leaves that side open.

    The dates are of closure for attendance and suspensions, of receipt for timeliness, and the days themselves for
    capacity (where only `provider_id` narrows further).
    """

    starts_on: date | None = None
    ends_on: date | None = None
    area_id: UUID | None = None
    school_id: UUID | None = None
    provider_id: UUID | None = None
    phase: str | None = None
    band: str | None = None
    need: str | None = None


@dataclass(frozen=True, slots=True)
class AttendanceChange:
    """Attendance before and after support, of the pupils whose both terms are known."""

    key: str | None
    """The group: an id or a code; None for the whole."""
    label: str | None
    closed_count: int
    """Pupils whose support ended in the period, with figures or without."""
    n: int
    """Of those, pupils with attendance of both terms: every figure below is about them."""
    mean_before_share: float | None
    mean_after_share: float | None
    mean_change_points: float | None
    change_low_points: float | None
    """Lower end of the 95% interval of the mean change (Student's t); None below two pupils."""
    change_high_points: float | None
    improved_count: int
    improved_share: float | None
    school_weeks_gained: float | None
    """What the change comes to in the term after: school weeks (10 sessions) attended beyond the old share."""
    persistent_before_count: int
    """Pupils who missed 10% or more of their own possible sessions."""
    persistent_after_count: int
    persistent_left_behind_count: int
    """Persistently absent before, no longer after."""
    severe_before_count: int
    """Pupils who missed 50% or more."""
    severe_after_count: int
    severe_left_behind_count: int
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class SuspensionsChange:
    """Suspensions before and after support, of the pupils whose both terms are known."""

    key: str | None
    label: str | None
    closed_count: int
    n: int
    """Pupils with suspensions of both terms known (none is known too)."""
    repeat_count: int
    """Of those, pupils with more than one suspension in the term before."""
    halved_count: int
    """Of the repeat pupils, those with at least half as many fewer in the term after."""
    halved_share: float | None
    suspensions_before_count: int | None
    suspensions_after_count: int | None
    days_lost_before: float | None
    """School days (two sessions each) lost to suspension."""
    days_lost_after: float | None
    permanent_exclusions_before_count: int | None
    permanent_exclusions_after_count: int | None
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class CapacityPoint:
    """Use of the block on a day, or over the days of a week that lie in the period."""

    starts_on: date
    day_count: int
    held_place_days: int
    total_place_days: int
    over_held_place_days: int
    """Of the held: on places that a cut had taken away. Nobody is evicted, so these drain as the work ends."""
    held_share: float | None
    """0 to 1: a block that holds more than its places is full, and by how much the over-held days say."""
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class VolumeUse:
    """A lot's commissioned volume and how much of it was used, up to the end of the period."""

    lot_id: UUID
    lot_name: str
    contract_id: UUID
    contract_number: str
    provider_id: UUID
    provider_name: str
    unit: str
    volume: int
    used_count: int
    used_share: float | None
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Capacity:
    """Places held and volume used over one period."""

    starts_on: date
    ends_on: date
    interval: Interval
    points: tuple[CapacityPoint, ...]
    volume: tuple[VolumeUse, ...]


@dataclass(frozen=True, slots=True)
class Timeliness:
    """How long referrals waited for one milestone, in school days, those still waiting included as such."""

    key: str | None
    label: str | None
    milestone: Milestone
    n: int
    reached_count: int
    censored_count: int
    """Still waiting, or closed without reaching it: counted up to then (Kaplan-Meier), not dropped."""
    median_school_days: int | None
    """None when fewer than half have reached it, as far as can be told."""
    p90_school_days: int | None
    p95_school_days: int | None
    suppressed: bool = False


# Student's t, 97.5th percentile, for 1 to 30 degrees of freedom.
_T_975: Final = (
    *(12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281),
    *(2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860),
    *(2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423),
)
_Z_975: Final = 1.959964


def t_975(degrees_of_freedom: int) -> float:
    """The 97.5th percentile of Student's t; beyond 30 degrees by the Cornish-Fisher expansion (error below 0.0001).

    Raises ValueError below one degree of freedom.
    """
    if degrees_of_freedom < 1:
        raise ValueError("Student's t needs one degree of freedom or more.")
    if degrees_of_freedom <= len(_T_975):
        return _T_975[degrees_of_freedom - 1]
    z, v = _Z_975, degrees_of_freedom
    return z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)


def mean_interval(mean: float | None, deviation: float | None, n: int) -> tuple[float | None, float | None]:
    """The 95% interval of a mean from the sample standard deviation; (None, None) below two values."""
    if mean is None or deviation is None or n < 2:
        return None, None
    reach = t_975(n - 1) * deviation / sqrt(n)
    return mean - reach, mean + reach
