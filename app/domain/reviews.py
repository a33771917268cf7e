"""The review of a case half-way: when it may be recorded, and what it says of the goals."""

from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.domain.interventions import Case, check_day_of_work, check_open
from app.domain.pauses import check_not_paused_on
from app.errors import ActionNotAvailable, FieldFault, Invalid


class GoalProgress(StrEnum):
    """How far a goal has come on the day of a review."""

    ACHIEVED = "achieved"
    NEARLY_THERE = "nearly_there"
    UNDER_WAY = "under_way"
    NO_CHANGE = "no_change"
    FURTHER_AWAY = "further_away"


class Proposal(StrEnum):
    """How those at the review would have the work go on. It proposes: each turn is an act of its own."""

    CONTINUE = "continue"
    EXTEND = "extend"
    STEP_UP = "step_up"
    STEP_DOWN = "step_down"
    CLOSE = "close"


def check_review(case: Case, *, held_on: date, goals: Sequence[UUID], plan: Collection[UUID], today: date) -> None:
    """Check that a review may be recorded.

    It was held on a day of the work, after it began and up to today, and speaks of each goal of the plan at most once.
    Raises ActionNotAvailable for the state of the case, Invalid for the fields.
    """
    check_open(case)
    if case.started_on is None:
        raise ActionNotAvailable("The work has not begun: there is nothing to review before the first contact.")
    check_day_of_work(case, held_on, today, "/held_on")
    if held_on < case.started_on:
        sentence = f"The work began on {case.started_on.isoformat()}: it is reviewed after that."
        raise Invalid(errors=[FieldFault("/held_on", "before_the_start", sentence)])
    check_not_paused_on(case.pauses, held_on, "/held_on")
    faults = [
        FieldFault(f"/goals/{index}/goal_id", "unknown_goal", "The plan has no such goal.")
        for index, goal_id in enumerate(goals)
        if goal_id not in plan
    ]
    if len(set(goals)) != len(goals):
        faults.append(FieldFault("/goals", "repeated", "Each goal is spoken of once."))
    if faults:
        raise Invalid(errors=faults)
