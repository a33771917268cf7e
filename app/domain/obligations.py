"""What can be owed, about what, and the clock that each debt runs on."""

from datetime import datetime
from typing import Final, Literal

ObligationKind = Literal[
    "answer_offer",
    "safeguarding_action",
    "agreement_check",
    "initial_contact",
    "baseline",
    "plan",
    "review",
    "closure",
    "provider_return",
    "school_return",
    "follow_up",
    "place_referral",
]
SubjectKind = Literal["offer", "referral", "intervention", "return"]
ObligationClock = Literal["school_day", "working_day", "calendar_hour"]
ObligationState = Literal["open", "overdue", "met", "cancelled"]

OF_AN_INTERVENTION: Final[tuple[ObligationKind, ...]] = ("initial_contact", "baseline", "plan", "review", "closure")
"""What a provider owes on a case while it is open."""


def obligation_state(
    due_at: datetime, met_at: datetime | None, cancelled_at: datetime | None, now: datetime
) -> ObligationState:
    """Where an obligation stands at a moment. Met late is met: how late, its two times say."""
    if cancelled_at is not None:
        return "cancelled"
    if met_at is not None:
        return "met"
    return "overdue" if due_at < now else "open"
