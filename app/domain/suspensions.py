"""Suspensions of a pupil: what looks wrong, and the band that a provider sees with an offer.

Length is in sessions (half days), as the school census records it.
"""

from enum import StrEnum
from typing import Final

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
