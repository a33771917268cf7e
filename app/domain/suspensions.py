"""Suspensions of a pupil: what looks wrong, and the band that a provider sees with an offer.

Length is in sessions (half days), as the school census records it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, Literal

from app.errors import FieldFault

Category = Literal["SUSP", "PERM", "LNCH"]
"""As the school census codes them: suspension, permanent exclusion, lunchtime."""
Status = Literal["active", "cancelled", "overturned"]

# 45 school days in an academic year, over all schools (statutory guidance on suspension and exclusion).
LIMIT_SESSIONS: Final = 90


class SuspensionBand(StrEnum):
    """How many suspensions, in the words a provider sees before it accepts."""

    NONE = "none"
    ONE = "one"
    TWO_TO_THREE = "two_to_three"
    FOUR_AND_OVER = "four_and_over"


def suspension_warnings(suspension_count: int | None, sessions_lost: int | None) -> tuple[str, ...]:
    """Return a sentence for each thing to look at in a pupil's suspensions of one academic year.

    Warnings, not faults: figures from several schools come in parts. Either figure may be missing (None).
    """
    warnings: list[str] = []
    if sessions_lost is not None and sessions_lost > LIMIT_SESSIONS:
        warnings.append("A pupil cannot be suspended for more than 45 school days (90 sessions) in an academic year.")
    if suspension_count is not None and sessions_lost is not None:
        if suspension_count == 0 and sessions_lost > 0:
            warnings.append("Sessions were lost to suspension, but no suspension is counted.")
        elif sessions_lost < suspension_count:
            warnings.append("Each suspension lasts one session or more, so fewer sessions than suspensions is unusual.")
    return tuple(warnings)


def suspension_band(suspension_count: int) -> SuspensionBand:
    """Return the band of a number of suspensions. Raises ValueError below 0."""
    if suspension_count < 0:
        message = "The number of suspensions cannot be below 0."
        raise ValueError(message)
    if suspension_count == 0:
        return SuspensionBand.NONE
    if suspension_count == 1:
        return SuspensionBand.ONE
    return SuspensionBand.TWO_TO_THREE if suspension_count <= 3 else SuspensionBand.FOUR_AND_OVER


@dataclass(frozen=True, slots=True)
class DatedSuspension:
    """One suspension or exclusion with its first day."""

    started_on: date
    sessions: int
    category: Category
    status: Status

    @property
    def counts(self) -> bool:
        """Whether it counts as a suspension: not one that was cancelled or overturned, and not a lunchtime."""
        return self.category == "SUSP" and self.status == "active"

    def plain(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "started_on": self.started_on.isoformat(),
            "sessions": self.sessions,
            "category": self.category,
            "status": self.status,
            "counts": self.counts,
        }


def dated_faults(dated: Sequence[DatedSuspension], count: int, permanent_count: int, today: date) -> list[FieldFault]:
    """What is wrong with dated suspensions beside their counts. Whether they lie in the term is asked elsewhere."""
    faults = [
        FieldFault(f"/suspensions/{position}/started_on", "in_the_future", "This day has not come yet.")
        for position, each in enumerate(dated)
        if each.started_on > today
    ]
    days = [each.started_on if each.counts else None for each in dated]
    faults += [
        FieldFault(f"/suspensions/{position}/started_on", "repeated", "Two suspensions cannot begin on one day.")
        for position, on in enumerate(days)
        if on is not None and on in days[:position]
    ]
    if sum(each.counts for each in dated) != count:
        sentence = "It counts the suspensions that stand: not cancelled, not overturned, not of lunchtimes."
        faults.append(FieldFault("/suspension_count", "does_not_match", sentence))
    if sum(each.category == "PERM" and each.status == "active" for each in dated) != permanent_count:
        sentence = "It counts the permanent exclusions that stand."
        faults.append(FieldFault("/permanent_exclusion_count", "does_not_match", sentence))
    return faults
