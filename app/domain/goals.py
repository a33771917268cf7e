"""The rules of a plan's goals: by when they may be due, and who says how they go."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.errors import FieldFault, Invalid

LONGEST_DAYS: Final = 366
"""How long after the plan was agreed a goal may be due: the work takes some six weeks, and its follow-up a term."""


class ProgressBy(StrEnum):
    """Who said how a goal goes: a part, never a name."""

    CHILD = "child"
    PARENT_OR_CARER = "parent_or_carer"
    FAMILY = "family"
    PRACTITIONER = "practitioner"
    SCHOOL = "school"
    AGENCY = "agency"


def check_due(agreed_on: date, due: Sequence[date | None]) -> None:
    """Raise Invalid for goals due before the plan was agreed, or more than a year after."""
    latest = agreed_on + timedelta(days=LONGEST_DAYS)
    faults = []
    for index, on in enumerate(due):
        if on is not None and on < agreed_on:
            faults.append(
                FieldFault(
                    f"/goals/{index}/due_on",
                    "before_the_plan",
                    f"The plan was agreed on {agreed_on.isoformat()}: a goal is due on that day or later.",
                )
            )
        elif on is not None and on > latest:
            faults.append(
                FieldFault(
                    f"/goals/{index}/due_on", "too_late", f"A goal is due within a year: by {latest.isoformat()} here."
                )
            )
    if faults:
        raise Invalid(errors=faults)


def late_warnings(planned_end_on: date, due: Sequence[date | None]) -> list[FieldFault]:
    """What is unusual of goals due after the work's planned end.

    A warning and no error: a family may go on with a goal by itself, and the planned end may be moved.
    """
    return [
        FieldFault(
            f"/goals/{index}/due_on",
            "after_the_planned_end",
            f"The work is planned to end before {planned_end_on.isoformat()}: this goal is due later.",
        )
        for index, on in enumerate(due)
        if on is not None and on >= planned_end_on
    ]
