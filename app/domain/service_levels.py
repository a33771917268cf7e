"""Service levels: how what was owed was met, measured from the obligations themselves."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.obligations import ObligationClock, ObligationKind

DEFINITION: Final = (
    "Obligations that were due in the period, by what became of them by now. The share met in time is of those that"
    " were met or are overdue: what was cancelled, or is open and not yet due, is in none of it. Lateness is counted"
    " from the due time to when it was met, or to now while it is overdue, in the obligation's own clock: the"
    " authority's school days, working days, or hours; the median is of the late alone."
)


class LevelsBy(StrEnum):
    """What service levels are told for. They are always apart by kind, since kinds have clocks of their own."""

    KIND = "kind"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """One kind of obligation, of all organisations or of one."""

    kind: ObligationKind
    clock: ObligationClock
    organisation_id: str | None
    organisation_name: str | None
    owed_count: int
    """All that were due in the period."""
    met_in_time_count: int
    met_late_count: int
    overdue_count: int
    """Open still, past their due time."""
    not_yet_due_count: int
    cancelled_count: int
    n: int
    """Met, or overdue: what the share is of."""
    in_time_share: float | None
    """None when n is 0."""
    median_late: float | None
    """Of the late: in school days, working days or hours, as the clock says. None when nothing was late."""
    suppressed: bool = False
