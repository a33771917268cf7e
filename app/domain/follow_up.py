"""The follow-up of completed work, a term after its closure: the one thing that a closed case still takes."""

from dataclasses import dataclass
from datetime import date

from app.domain.calendar import Calendar
from app.domain.policy import Policy
from app.domain.vocabulary import ClosureOutcome
from app.errors import ActionNotAvailable, FieldFault, Invalid


@dataclass(frozen=True, slots=True)
class Closed:
    """What the rules ask of a closed case."""

    closed_on: date
    outcome: ClosureOutcome
    follow_up_owed: bool
    """Whether its follow-up has still to be done: then it may be done late."""


def check_follow_up(case: Closed, on: date, today: date, calendar: Calendar, policy: Policy, pointer: str) -> None:
    """Check that a closed case may be followed up on a day.

    Its window lies around the day on which the follow-up is due, and stays open while it is owed. Raises
    ActionNotAvailable for work that was not completed, Invalid for the day.
    """
    if case.outcome is not ClosureOutcome.COMPLETED:
        raise ActionNotAvailable("The intervention is closed, and only work that was completed is followed up.")
    if on > today:
        raise Invalid(errors=[FieldFault(pointer, "in_the_future", "This day has not come yet.")])
    due_on = calendar.add_school_days(case.closed_on, policy.follow_up_school_days)
    opens_on = calendar.add_school_days(due_on, -policy.follow_up_window_school_days)
    closes_on = calendar.add_school_days(due_on, policy.follow_up_window_school_days)
    if on < max(opens_on, case.closed_on):
        sentence = f"The intervention is closed, and is followed up from {opens_on.isoformat()} on."
        raise Invalid(errors=[FieldFault(pointer, "before_the_follow_up", sentence)])
    if on > closes_on and not case.follow_up_owed:
        sentence = f"The intervention was followed up, until {closes_on.isoformat()}: nothing more is recorded on it."
        raise Invalid(errors=[FieldFault(pointer, "after_the_follow_up", sentence)])
