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
    "contract_ending",
    "band_review",
    "lead_officer_action",
    "deemed_acceptance_check",
    "pause_end",
    "concern_action",
    "attention_review",
    "panel_circulation",
    "panel_action",
    "exclusion_outcome",
    "audit_action",
    "placement_review",
    "placement_outcome",
    "course_attendance",
    "link_day_action",
    "transfer_check",
]
SubjectKind = Literal[
    "offer", "referral", "intervention", "return", "contract", "concern", "panel", "panel_action",
    "pre_exclusion_review", "audit_action", "placement", "course", "link_day_action",
]  # fmt: skip
ObligationClock = Literal["school_day", "working_day", "calendar_hour"]
ObligationState = Literal["open", "met", "cancelled"]

OF_AN_INTERVENTION: Final[tuple[ObligationKind, ...]] = (
    "initial_contact", "baseline", "plan", "review", "closure", "pause_end",
)  # fmt: skip
"""What a provider owes on a case while it is open."""


def obligation_state(met_at: datetime | None, cancelled_at: datetime | None) -> ObligationState:
    """Whether an obligation is open, met or cancelled. Met late is met: how late, its two times say."""
    if cancelled_at is not None:
        return "cancelled"
    return "open" if met_at is None else "met"


def is_overdue(due_at: datetime, met_at: datetime | None, cancelled_at: datetime | None, now: datetime) -> bool:
    """Whether an obligation is still open past its due moment."""
    return obligation_state(met_at, cancelled_at) == "open" and due_at < now
