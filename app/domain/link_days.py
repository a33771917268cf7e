"""Link days: days of a practitioner in a school, whole or half, and what a school and a provider agreed to do."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.calendar import Calendar
from app.domain.placements import shut_fault
from app.domain.returns import term_period
from app.errors import ActionNotAvailable, FieldFault

MOST_FAMILIES: Final = 200


class DayPart(StrEnum):
    """How much of a day."""

    WHOLE = "whole"
    MORNING = "morning"
    AFTERNOON = "afternoon"

    @property
    def halves(self) -> int:
        """Half days that it takes: volume is counted in days of two."""
        return 2 if self is DayPart.WHOLE else 1

    def meets(self, other: "DayPart") -> bool:
        """Whether nobody can do both on one day."""
        return self is DayPart.WHOLE or other is DayPart.WHOLE or self is other


class LinkDayState(StrEnum):
    """Where a link day stands."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    DONE = "done"
    CANCELLED = "cancelled"


class LinkDayCancellation(StrEnum):
    """Why a link day is not held."""

    SCHOOL_CANNOT = "school_cannot"
    PRACTITIONER_AWAY = "practitioner_away"
    NO_PRACTITIONER_FREE = "no_practitioner_free"
    NO_LONGER_NEEDED = "no_longer_needed"
    SCHOOL_CLOSED = "school_closed"
    MADE_IN_ERROR = "made_in_error"
    OTHER = "other"


class LinkDayActivity(StrEnum):
    """What was done on a link day: never with whom."""

    DROP_IN = "drop_in"
    HOME_VISITS = "home_visits"
    STAFF_CONSULTATION = "staff_consultation"
    STAFF_TRAINING = "staff_training"
    PUPIL_GROUP = "pupil_group"
    PARENT_GROUP = "parent_group"
    TRANSITION = "transition"
    ATTENDANCE_REVIEW = "attendance_review"
    OTHER = "other"


class ActionState(StrEnum):
    """Where an action of a school's plan stands."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


def request_faults(on: date, calendar: Calendar, today: date, contract: tuple[date, date]) -> list[FieldFault]:
    """What is wrong with the day that a school asks for. `calendar` is the school's."""
    first, last = contract
    if on < today:
        return [FieldFault("/on", "in_the_past", f"A link day is today ({today}) or later.")]
    if not first <= on <= last:
        return [FieldFault("/on", "outside_contract", f"The contract runs from {first} to {last}.")]
    shut = shut_fault(calendar, "/on", on)
    return [] if shut is None else [shut]


def check_in(state: str, *allowed: LinkDayState) -> None:
    """Raise ActionNotAvailable for an act that a link day's state does not allow."""
    if state not in allowed:
        raise ActionNotAvailable(f"The link day is {state}.")


def check_come(on: date, today: date) -> None:
    """Raise ActionNotAvailable for what was done on a day that has not come."""
    if on > today:
        raise ActionNotAvailable(f"The link day is on {on}: what was done is recorded when it has come.")


def is_free(part: DayPart, taken: Sequence[DayPart]) -> bool:
    """Whether somebody who has some parts of a day can do another."""
    return not any(part.meets(other) for other in taken)


def term_label(calendar: Calendar, on: date) -> str:
    """The term that a date lies in, or the next one, as `2026/27-autumn`."""
    return term_period(calendar.term_of(on) or calendar.first_term_after(on)).key
