"""What a school is shown of a shared case, whatever stands in the row and in its child's line."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.domain.household_case import as_member_sees

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
OWN, OTHER = UUID(int=1), UUID(int=2)
days = st.integers(0, 60)


def case(accepted: int, state: str) -> dict[str, Any]:
    accepted_at = START + timedelta(days=accepted)
    return {
        "referral_id": OTHER,
        "school_id": OTHER,
        "state": state,
        "accepted_at": accepted_at,
        "planned_start_on": accepted_at.date(),
        "started_on": accepted_at.date() if state == "active" else None,
        "closed_on": None,
        "outcome": None,
        "close_reason": None,
        "closure_summary": {"what_changed": "of the other child"},
    }


@given(
    accepted=days,
    joined=days,
    met=st.none() | days,
    left=st.none() | days,
    state=st.sampled_from(["planned", "active"]),
)
def test_nothing_tells_of_the_time_before_or_after(
    accepted: int, joined: int, met: int | None, left: int | None, state: str
) -> None:
    joined_at = START + timedelta(days=accepted + joined)
    started_on = None if met is None else (joined_at + timedelta(days=met)).date()
    left_at = None if left is None else joined_at + timedelta(days=(met or 0) + left)
    part = {
        "referral_id": str(OWN),
        "school_id": None,
        "joined_at": joined_at.isoformat(),
        "started_on": None if started_on is None else started_on.isoformat(),
        "left_at": None if left_at is None else left_at.isoformat(),
        "outcome": None if left_at is None else "withdrawn",
        "close_reason": None,
    }
    seen = as_member_sees(case(accepted, state), part)
    assert OTHER not in seen.values()
    assert seen["referral_id"] == OWN
    assert seen["accepted_at"] == joined_at
    assert seen["planned_start_on"] >= joined_at.date()
    assert seen["started_on"] == started_on
    assert (seen["state"] == "closed") == (left_at is not None) == isinstance(seen["closed_on"], date)
    if left_at is not None:
        assert seen["closure_summary"] is None
        assert seen["closed_on"] <= left_at.date()
    elif started_on is None:
        assert seen["state"] == "planned"
