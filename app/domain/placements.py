"""Placements at an on-site base or an off-site unit: 1 to 20 school weeks, on one of three bases, and how they end.

An off-site direction is given by a school's governing body under section 29A of the Education Act 2002. Parents are
told in writing, at least two school days before it begins (the Education (Educational Provision for Improving
Behaviour) Regulations 2010, regulation 3), and it is kept under review.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.calendar import Calendar, Shut
from app.errors import ActionNotAvailable, FieldFault

MOST_WEEKS: Final = 20
"""School weeks that a placement lasts, extensions included."""
NOTICE_SCHOOL_DAYS: Final = 2
MOST_REVIEWS: Final = 60


class Basis(StrEnum):
    """On what a pupil is placed."""

    OFF_SITE_DIRECTION = "off_site_direction"
    SCHOOL_OWN = "school_own"
    """At the school's own base, or by its own arrangement."""
    AGREED = "agreed"
    """With the parents' agreement."""


class PlacementState(StrEnum):
    """Where a placement stands."""

    REQUESTED = "requested"
    AGREED = "agreed"
    RUNNING = "running"
    """From the first day attended."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class PlacementRefusal(StrEnum):
    """Why a provider declines a placement."""

    NO_CAPACITY = "no_capacity"
    UNSUITABLE = "unsuitable"
    SAFEGUARDING = "safeguarding"
    DATES_DO_NOT_SUIT = "dates_do_not_suit"
    OTHER = "other"


class PlacementWithdrawal(StrEnum):
    """Why a school takes a placement back before it begins."""

    NO_LONGER_NEEDED = "no_longer_needed"
    PARENTS_OBJECT = "parents_object"
    OTHER_SUPPORT = "other_support"
    MOVED_AWAY = "moved_away"
    MADE_IN_ERROR = "made_in_error"
    OTHER = "other"


class ReviewDecision(StrEnum):
    """What a review found."""

    CONTINUE = "continue"
    EXTEND = "extend"
    END_EARLY = "end_early"


class PlacementOutcome(StrEnum):
    """What became of a placement."""

    REINTEGRATED = "reintegrated"
    PART_TIME_RETURN = "part_time_return"
    MOVED_SCHOOL = "moved_school"
    OTHER_PROVISION = "other_provision"
    PERMANENTLY_EXCLUDED = "permanently_excluded"
    BROKE_DOWN = "broke_down"
    OTHER = "other"


BACK_TO_SCHOOL: Final = (PlacementOutcome.REINTEGRATED, PlacementOutcome.PART_TIME_RETURN)
"""Outcomes for which the return was planned."""
LIVE: Final = (PlacementState.REQUESTED, PlacementState.AGREED, PlacementState.RUNNING)

_SHUT_WORDS: Final = {
    Shut.WEEKEND: "a weekend",
    Shut.BANK_HOLIDAY: "a bank holiday",
    Shut.HOLIDAY: "in the school holidays",
    Shut.INSET: "a training day of the school",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A placement that is asked for. `ends_on` is exclusive."""

    basis: Basis
    starts_on: date
    ends_on: date
    parents_told_on: date | None
    review_on: date


def shut_fault(calendar: Calendar, pointer: str, on: date) -> FieldFault | None:
    """A fault when a date is no school day of a calendar, saying why; None when it is one."""
    why = calendar.why_shut(on)
    return None if why is None else FieldFault(pointer, "no_school_day", f"{on} is {_SHUT_WORDS[why]}.")


def request_faults(asked: Asked, calendar: Calendar, today: date, contract: tuple[date, date]) -> list[FieldFault]:
    """What is wrong with a placement that is asked for. `calendar` is the pupil's school's."""
    faults: list[FieldFault] = []
    first, last = contract
    if asked.starts_on < today:
        faults.append(FieldFault("/starts_on", "in_the_past", f"A placement begins today ({today}) or later."))
    elif not (first <= asked.starts_on and asked.ends_on > asked.starts_on and (asked.ends_on - last).days <= 1):
        faults.append(FieldFault("/starts_on", "outside_contract", f"The contract runs from {first} to {last}."))
    elif (shut := shut_fault(calendar, "/starts_on", asked.starts_on)) is not None:
        faults.append(shut)
    if not asked.starts_on <= asked.review_on < asked.ends_on:
        faults.append(FieldFault("/review_on", "outside_placement", "It is reviewed between its first and last day."))
    if asked.parents_told_on is not None:
        faults += notice_faults(asked.basis, asked.parents_told_on, asked.starts_on, calendar, today)
    return faults


def notice_faults(basis: Basis, told_on: date, starts_on: date, calendar: Calendar, today: date) -> list[FieldFault]:
    """What is wrong with the day on which parents were told in writing."""
    if told_on > today:
        return [FieldFault("/parents_told_on", "in_the_future", "State the day once they have been told.")]
    days = NOTICE_SCHOOL_DAYS if basis is Basis.OFF_SITE_DIRECTION else 0
    if calendar.school_days_between(told_on, starts_on) < days:
        sentence = f"Parents are told of a direction {days} school days or more before it begins."
        return [FieldFault("/parents_told_on", "too_late", sentence)]
    return []


def check_notice(basis: Basis, told_on: date | None) -> None:
    """Raise ActionNotAvailable when a direction is agreed of which parents have not been told."""
    if basis is Basis.OFF_SITE_DIRECTION and told_on is None:
        raise ActionNotAvailable("Parents are told of an off-site direction in writing: record that first.")


def check_in(state: str, *allowed: PlacementState) -> None:
    """Raise ActionNotAvailable for an act that a placement's state does not allow."""
    if state not in allowed:
        raise ActionNotAvailable(f"The placement is {state}.")


def weeks_fault(weeks: int, more: int) -> FieldFault | None:
    """A fault when an extension would take a placement beyond the most weeks in all; None within them."""
    if weeks + more <= MOST_WEEKS:
        return None
    sentence = f"A placement lasts {MOST_WEEKS} school weeks at most: {MOST_WEEKS - weeks} are left."
    return FieldFault("/weeks", "too_long", sentence)


def day_faults(days: list[date], calendar: Calendar, starts_on: date, ends_on: date, today: date) -> list[FieldFault]:
    """What is wrong with days that are recorded: they are of the placement, not in the future, and each stated once."""
    faults: list[FieldFault] = []
    for index, on in enumerate(days):
        pointer = f"/days/{index}/on"
        if on > today:
            faults.append(FieldFault(pointer, "in_the_future", "A day is recorded when it has come."))
        elif not starts_on <= on < ends_on:
            faults.append(FieldFault(pointer, "outside_placement", f"The placement runs from {starts_on}."))
        elif on in days[:index]:
            faults.append(FieldFault(pointer, "repeated", "The day is stated twice."))
        elif (shut := shut_fault(calendar, pointer, on)) is not None:
            faults.append(shut)
    return faults


def check_outcome(outcome: PlacementOutcome, *, has_plan: bool) -> None:
    """Raise ActionNotAvailable when a pupil would go back to school without a plan for it."""
    if outcome in BACK_TO_SCHOOL and not has_plan:
        raise ActionNotAvailable("The return to school is planned before the placement ends: put its plan first.")
