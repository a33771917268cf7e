"""Audits of practice: how a school or a service works with families, what shows it, and what is to change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from app.domain.measures import Measure
from app.errors import ActionNotAvailable, FieldFault

ActionState = Literal["open", "done", "dropped"]

MOST_ACTIONS: Final = 50
"""In one action plan."""
_OLDEST: Final = timedelta(days=366)
_FARTHEST: Final = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One thing that is to change."""

    area: str
    action: str
    owner: str
    """Who sees to it, by role or name."""
    due_on: date


def audit_faults(
    measure: Measure, scores: Mapping[str, int], evidence: Mapping[str, str], taken_on: date, today: date
) -> list[FieldFault]:
    """What an audit lacks beside sound scores: a day of the last year, and what shows each score."""
    faults = []
    if taken_on > today:
        faults.append(FieldFault("/taken_on", "in_the_future", "This day has not come yet."))
    elif taken_on < today - _OLDEST:
        faults.append(FieldFault("/taken_on", "too_old", "An audit is recorded within a year of the day."))
    known = {area.key for area in measure.areas}
    faults += [
        FieldFault(f"/evidence/{area}", "unknown_area", f"{measure.name} has no such area.")
        for area in evidence
        if area not in known
    ]
    faults += [
        FieldFault(f"/evidence/{area}", "required", "Say what shows this.")
        for area in scores
        if area in known and area not in evidence
    ]
    return faults


def action_faults(measure: Measure, actions: Sequence[PlannedAction], today: date, pointer: str) -> list[FieldFault]:
    """What is wrong with actions of a plan; `pointer` leads to the first, with `{}` for its position."""
    known = {area.key for area in measure.areas}
    faults = []
    for position, action in enumerate(actions):
        at = pointer.format(position)
        if action.area not in known:
            faults.append(FieldFault(f"{at}/area", "unknown_area", f"{measure.name} has no such area."))
        faults += due_faults(action.due_on, today, f"{at}/due_on")
    return faults


def due_faults(due_on: date, today: date, pointer: str) -> list[FieldFault]:
    """What is wrong with the day by which something is to be done."""
    if due_on < today:
        return [FieldFault(pointer, "in_the_past", "An action is due today or later.")]
    if due_on > today + _FARTHEST:
        return [FieldFault(pointer, "too_far", "An action is due within three years.")]
    return []


def check_action_open(state: ActionState) -> None:
    """Raise ActionNotAvailable for an action that is done or dropped: what is still to do is an action of its own."""
    if state != "open":
        raise ActionNotAvailable(f"The action is {state} already.")
