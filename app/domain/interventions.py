"""The rules of an intervention: its states, what may be recorded on it and when, its extension and its close.

An intervention is `planned` from acceptance, `active` from its first attended contact, `paused` while the work stands
still and `closed` at its end. Dates are London civil dates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.access import Kind
from app.domain.calendar import Calendar
from app.domain.pauses import Pause
from app.domain.vocabulary import ClosureOutcome, ClosureReason
from app.errors import ActionNotAvailable, FieldFault, Invalid


class InterventionState(StrEnum):
    """Where an intervention stands."""

    PLANNED = "planned"
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


_S = InterventionState
MOVES: Final[frozenset[tuple[InterventionState, InterventionState]]] = frozenset(
    {
        (_S.PLANNED, _S.ACTIVE),
        (_S.PLANNED, _S.PAUSED),
        (_S.ACTIVE, _S.PAUSED),
        (_S.PAUSED, _S.PLANNED),
        (_S.PAUSED, _S.ACTIVE),
        (_S.PLANNED, _S.CLOSED),
        (_S.ACTIVE, _S.CLOSED),
        (_S.PAUSED, _S.CLOSED),
    }
)


class GoalResult(StrEnum):
    """What became of a goal, said when the case closes."""

    ACHIEVED = "achieved"
    PARTLY = "partly"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules ask of an intervention."""

    state: InterventionState
    accepted_on: date
    safety_acknowledged: bool
    started_on: date | None
    planned_start_on: date
    """The first day on which the place is the family's: that of acceptance, or a later one."""
    planned_end_on: date
    """The first day that the place no longer covers."""
    pauses: tuple[Pause, ...] = ()
    """In order; one that is open is the last."""

    @property
    def open_pause(self) -> Pause | None:
        """The pause that nobody has ended."""
        return next((pause for pause in self.pauses if pause.resumed_on is None), None)


def check_state_move(source: InterventionState, target: InterventionState) -> None:
    """Raise ActionNotAvailable unless an intervention may go from `source` to `target`."""
    if (source, target) not in MOVES:
        raise ActionNotAvailable(f"An intervention that is {source.value} cannot become {target.value}.")


def check_open(case: Case) -> None:
    """Raise ActionNotAvailable when the intervention is closed: nothing more is recorded on it."""
    if case.state is InterventionState.CLOSED:
        raise ActionNotAvailable("The intervention is closed.")


def check_day_of_work(case: Case, on: date, today: date, pointer: str) -> None:
    """Raise Invalid unless work was possible on a day: from when the place was the family's, up to today."""
    check_day_of_case(case, on, today, pointer)
    if on < case.planned_start_on:
        sentence = f"The place is the family's from {case.planned_start_on.isoformat()}: work begins then."
        raise Invalid(errors=[FieldFault(pointer, "before_the_start", sentence)])


def check_day_of_case(case: Case, on: date, today: date, pointer: str) -> None:
    """Raise Invalid unless the family could be asked on a day: from acceptance on, up to today."""
    if on > today:
        raise Invalid(errors=[FieldFault(pointer, "in_the_future", "This day has not come yet.")])
    if on < case.accepted_on:
        raise Invalid(
            errors=[
                FieldFault(pointer, "before_acceptance", f"The case was accepted on {case.accepted_on.isoformat()}.")
            ]
        )


# Pause


def check_pausable(case: Case, today: date) -> None:
    """Raise ActionNotAvailable unless the work stands where it can be paused: its days have begun, and are not over."""
    check_open(case)
    if case.state is InterventionState.PAUSED:
        raise ActionNotAvailable("The work is paused already: resume it first.")
    if today < case.planned_start_on:
        raise ActionNotAvailable(f"The place is the family's from {case.planned_start_on.isoformat()} on.")
    if today >= case.planned_end_on:
        raise ActionNotAvailable("The planned end has passed: a pause is recorded before it.")


def resumed_state(case: Case) -> InterventionState:
    """Where a paused case goes on."""
    return InterventionState.PLANNED if case.started_on is None else InterventionState.ACTIVE


# Extension


def extended_end(
    case: Case, calendar: Calendar, *, today: date, weeks: int, notice_school_days: int, latest_end_on: date
) -> date:
    """The planned end after `weeks` more school weeks: the open end of the days that the place is held.

    An extension is declared so many school days before the planned end: the place may be offered ahead then, and is
    never kept by someone who says so afterwards. Raises ActionNotAvailable too late, before the start or when closed,
    Invalid beyond `latest_end_on`, the end that policy allows.
    """
    check_open(case)
    if today < case.planned_start_on:
        raise ActionNotAvailable(f"The place is the family's from {case.planned_start_on.isoformat()} on.")
    if today >= case.planned_end_on:
        raise ActionNotAvailable("The planned end has passed: an extension is declared before it.")
    if calendar.school_days_between(today, case.planned_end_on) < notice_school_days:
        last_day = calendar.add_school_days(case.planned_end_on, -notice_school_days)
        raise ActionNotAvailable(
            f"An extension is declared {notice_school_days} school days before the planned end, by"
            f" {last_day.isoformat()} here, so that the place can be offered ahead."
        )
    new_end = calendar.planned_end(case.planned_end_on, weeks)
    if new_end > latest_end_on:
        raise Invalid(
            errors=[
                FieldFault(
                    "/weeks",
                    "beyond_policy",
                    f"The authority's policy lets this work run to {latest_end_on.isoformat()} at the latest.",
                )
            ]
        )
    return new_end


def moved_end(calendar: Calendar, starts_on: date, ends_on: date, new_start: date) -> date:
    """The planned end of a booking that begins on another day: as many school days later as before."""
    days = calendar.school_days_between(calendar.add_school_days(starts_on, 0), ends_on)
    return calendar.add_school_days(calendar.add_school_days(new_start, 0), days)


# Closing

CLOSING_OUTCOMES: Final = (
    ClosureOutcome.COMPLETED,
    ClosureOutcome.ENDED_EARLY,
    ClosureOutcome.WITHDRAWN,
    ClosureOutcome.NOT_SUITABLE,
    ClosureOutcome.STEPPED_UP,
    ClosureOutcome.STEPPED_DOWN,
)
"""The outcomes that a provider can close its case with. The others are acts of the sender or an officer."""

_WITHOUT_WORK: Final = frozenset(CLOSING_OUTCOMES) - {ClosureOutcome.COMPLETED, ClosureOutcome.STEPPED_DOWN}
_OF_A_COMPLETED_CASE: Final = frozenset({ClosureReason.GOALS_MET, ClosureReason.PLAN_COMPLETED})


def check_closing(
    case: Case,
    *,
    outcome: ClosureOutcome,
    reason: ClosureReason,
    goal_ids: Sequence[UUID],
    results: Iterable[UUID],
    what_changed: str | None,
    today: date,
) -> None:
    """Check a close as it was asked for.

    A case in which nobody was ever met cannot be `completed` or `stepped_down`; `completed` goes with `goals_met` or
    `plan_completed` and those only with it; each goal of the plan gets one result. What changed is told whenever there
    was work. Raises ActionNotAvailable when it is closed already, Invalid naming every field that does not fit.
    """
    check_state_move(case.state, InterventionState.CLOSED)
    if today < (case.started_on or case.accepted_on):
        raise ActionNotAvailable("A case does not close before the day on which it began.")
    faults = ending_faults(outcome, reason, started=case.started_on is not None)
    if case.started_on is not None and what_changed is None:
        faults.append(FieldFault("/summary/what_changed", "required", "Say what changed for the family."))
    faults += _goal_faults(goal_ids, list(results))
    if faults:
        raise Invalid(errors=faults)


def ending_faults(
    outcome: ClosureOutcome, reason: ClosureReason, *, started: bool, pointer: str = ""
) -> list[FieldFault]:
    """What does not fit of an outcome and a reason. `started`: a contact was attended."""
    faults: list[FieldFault] = []
    if outcome not in CLOSING_OUTCOMES:
        sentence = "The sender or an officer closes a referral so."
        faults.append(FieldFault(f"{pointer}/outcome", "not_a_providers", sentence))
    elif not started and outcome not in _WITHOUT_WORK:
        sentence = "No contact was attended, so no work could be completed."
        faults.append(FieldFault(f"{pointer}/outcome", "no_contact", sentence))
    if (outcome is ClosureOutcome.COMPLETED) != (reason in _OF_A_COMPLETED_CASE):
        sentence = "goals_met and plan_completed go with completed, and only with it."
        faults.append(FieldFault(f"{pointer}/reason", "does_not_fit", sentence))
    return faults


def _goal_faults(goal_ids: Sequence[UUID], results: list[UUID]) -> list[FieldFault]:
    faults = [
        FieldFault(f"/goals/{index}/goal_id", "unknown_goal", "The plan has no such goal.")
        for index, goal_id in enumerate(results)
        if goal_id not in goal_ids
    ]
    if len(set(results)) != len(results):
        faults.append(FieldFault("/goals", "repeated", "Each goal has one result."))
    missing = len(set(goal_ids) - set(results))
    if missing:
        faults.append(FieldFault("/goals", "missing_result", f"Goals of the plan without a result: {missing}."))
    return faults


# What a caller may do next


def available_actions(case: Case, kind: Kind) -> list[str]:
    """The acts open to a caller now, named as the last part of their paths. Only its provider works a case."""
    if kind is not Kind.PROVIDER or case.state is InterventionState.CLOSED:
        return []
    reviews = [] if case.started_on is None else ["reviews"]
    turn = "resume" if case.state is InterventionState.PAUSED else "pause"
    actions = ["plan", "readings", *reviews, turn, "extend", "close"]
    return ["contacts", *actions] if case.safety_acknowledged else ["safety", *actions]


def first_day_of_work(started_on: date | None, attended_on: date) -> date:
    """The day from which volume is used: the earliest attended contact, in whatever order contacts are recorded."""
    return attended_on if started_on is None else min(started_on, attended_on)
