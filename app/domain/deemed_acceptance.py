"""Deemed acceptance: under a contract that says so, an offer that nobody answers in time counts as accepted.

What a provider would have said had it looked must not be lost with that: it may object, in few codes, until some time
after it first read whose case it is. The most urgent cases are not left to silence alone: an officer looks at them.
"""

from datetime import datetime
from typing import Final

from app.domain.vocabulary import DeclineReason

OBJECTIONS: Final = (DeclineReason.CONFLICT_OF_INTEREST, DeclineReason.SAFEGUARDING)
"""What a provider may still say after its silence was taken for yes."""
CHECKED_BANDS: Final = ("P1", "P2")
"""Bands of which an officer looks, on the same day, at each case that was accepted by silence."""


def objection_fault(
    reason: DeclineReason, *, begun: bool, objection_until: datetime | None, now: datetime
) -> str | None:
    """Why a case accepted by silence can no longer be given back so, in a sentence; None when it can.

    `begun`: the first contact was attended. `objection_until` is None until the provider has read whose case it is.
    """
    if reason not in OBJECTIONS:
        codes = " or ".join(code.value for code in OBJECTIONS)
        return f"The offer was not answered in time, which counts as accepted: only {codes} can be said against it now."
    if begun:
        return "The work with the family has begun: close the case, and say why."
    if objection_until is not None and objection_until <= now:
        return "The time to object has ended: speak with the authority."
    return None
