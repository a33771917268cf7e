"""What the school of one child sees of a case that several children of a household share: its own child's part.

Nothing in it tells that another child is there: the case seems to begin when its own child joined, and to end when its
own child left.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.clock import london_date
from app.domain.interventions import InterventionState


def as_member_sees(case: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """A case's row as the school of one of its children sees it.

    `part` is the child's line: `referral_id`, `school_id`, `joined_at`, `started_on`, `left_at`, and what its own
    referral says of the end (`outcome`, `close_reason`), as read back from JSON.
    """
    joined_at = datetime.fromisoformat(part["joined_at"])
    started_on = None if part["started_on"] is None else datetime.fromisoformat(part["started_on"]).date()
    seen = {
        **case,
        "referral_id": UUID(part["referral_id"]),
        "school_id": None if part["school_id"] is None else UUID(part["school_id"]),
        "accepted_at": max(case["accepted_at"], joined_at),
        "planned_start_on": max(case["planned_start_on"], london_date(joined_at)),
        "started_on": started_on,
        "outcome": part["outcome"],
        "close_reason": part["close_reason"],
    }
    if part["left_at"] is not None:
        return seen | {
            "state": InterventionState.CLOSED.value,
            "closed_on": london_date(datetime.fromisoformat(part["left_at"])),
            "closure_summary": None,
        }
    if started_on is None and case["state"] == InterventionState.ACTIVE:
        return seen | {"state": InterventionState.PLANNED.value}
    return seen
