"""Pausing a case: for which reasons and days, within which policy, and by how much it moves the planned end.

A pause is `[starts_on, first day back)`. Its school days are not worked, so the planned end moves by as many: by those
expected when the pause is recorded, and by those that there really were once the work goes on. Dates are London civil
dates; the school days of a pause are the authority's, as the days of a booking are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.domain.calendar import DAYS_IN_SCHOOL_WEEK, Calendar
from app.domain.policy import Policy
from app.errors import ActionNotAvailable, FieldFault, Invalid

_LONGEST: Final = timedelta(days=366)


class PauseReason(StrEnum):
    """Why the work with a family stands still; words stand beside it."""

    FAMILY_ILL = "family_ill"
    BEREAVEMENT = "bereavement"
    FAMILY_AWAY = "family_away"
    FAMILY_ASKED = "family_asked"
    PRACTITIONER_AWAY = "practitioner_away"
    SAFEGUARDING_ADVICE = "safeguarding_advice"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause as it was recorded; open until the work was resumed."""

    starts_on: date
    expected_last_on: date
    school_days: int
    """By how many it has moved the planned end: those expected, and once resumed, those that there were."""
    resumed_on: date | None = None
    """The first day back."""

    @property
    def until(self) -> date:
        """The first day after it, which while it is open is the one expected."""
        return self.resumed_on or self.expected_last_on + timedelta(days=1)

    def holds(self, on: date) -> bool:
        """Whether no work is done on a day; an open pause lasts until somebody resumes."""
        return self.starts_on <= on and (self.resumed_on is None or on < self.resumed_on)


def school_days_of(calendar: Calendar, starts_on: date, until: date) -> int:
    """The school days of `[starts_on, until)`; 0 when it is empty."""
    eve = timedelta(days=1)
    return max(0, calendar.school_days_between(starts_on - eve, until - eve))


def moved_by(calendar: Calendar, end_on: date, school_days: int) -> date:
    """A planned end so many school days later, or earlier when negative."""
    return calendar.add_school_days(end_on, school_days) if school_days else end_on


def check_pause(
    before: Sequence[Pause],
    calendar: Calendar,
    policy: Policy,
    *,
    starts_on: date,
    expected_last_on: date,
    work_from_on: date,
    last_met_on: date | None,
    today: date,
) -> int:
    """The school days that a pause of a case is expected to have, when it fits.

    It is recorded when it begins, today or for the next school day, or the policy's few school days later; not before
    `work_from_on` (the day from which the place is the family's), not on a day of an earlier pause, after the last
    contact that took place, and within the school weeks that policy allows a case in all. Raises Invalid.
    """
    faults: list[FieldFault] = []
    if starts_on > calendar.add_school_days(today, 1):
        faults.append(
            _starts("in_the_future", "A pause is recorded when it begins: today, or ahead of the next school day.")
        )
    elif calendar.school_days_between(starts_on, today) > policy.pause_backdate_school_days:
        sentence = f"A pause begins at most {policy.pause_backdate_school_days} school days before it is recorded."
        faults.append(_starts("too_long_ago", sentence))
    if starts_on < work_from_on:
        sentence = f"The place is the family's from {work_from_on.isoformat()}: there is nothing to pause before."
        faults.append(_starts("before_the_start", sentence))
    elif any(starts_on < pause.until for pause in before):
        faults.append(_starts("overlaps", "The work was paused on that day already: two pauses never overlap."))
    elif last_met_on is not None and starts_on <= last_met_on:
        sentence = f"A contact took place on {last_met_on.isoformat()}: the pause begins after it."
        faults.append(_starts("after_a_contact", sentence))
    if expected_last_on < max(starts_on, today):
        faults.append(_ends("in_the_past", "The expected last day is one that is still to come, or today."))
    if faults:
        raise Invalid(errors=faults)
    days = _within_policy(before, calendar, policy, starts_on, expected_last_on)
    if days is None:
        raise Invalid(
            errors=[
                _ends("beyond_policy", f"The work with a family is paused for {_weeks(policy.pause_weeks)} in all.")
            ]
        )
    return days


def _within_policy(
    before: Sequence[Pause], calendar: Calendar, policy: Policy, starts_on: date, expected_last_on: date
) -> int | None:
    """The school days of a pause, or None when there are more than policy leaves."""
    if expected_last_on - starts_on > _LONGEST:
        return None
    days = school_days_of(calendar, starts_on, expected_last_on + timedelta(days=1))
    left = policy.pause_weeks * DAYS_IN_SCHOOL_WEEK - sum(pause.school_days for pause in before)
    return days if days <= left else None


def check_resume(
    pause: Pause | None, calendar: Calendar, policy: Policy, *, resumed_on: date | None, today: date
) -> date:
    """The first day back from an open pause: today unless stated, its first day at the earliest.

    Raises ActionNotAvailable when the work is not paused, Invalid for a day that does not fit.
    """
    if pause is None:
        raise ActionNotAvailable("The work is not paused.")
    latest = max(today, pause.starts_on)
    back_on = resumed_on or latest
    if back_on > latest:
        raise Invalid(errors=[_resumes("in_the_future", "The work is resumed on the first day back, or after it.")])
    if back_on < pause.starts_on:
        sentence = f"The pause began on {pause.starts_on.isoformat()}: the first day back is not before it."
        raise Invalid(errors=[_resumes("before_the_pause", sentence)])
    if calendar.school_days_between(back_on, today) > policy.pause_backdate_school_days:
        sentence = f"The first day back lies at most {policy.pause_backdate_school_days} school days ago."
        raise Invalid(errors=[_resumes("too_long_ago", sentence)])
    return back_on


def check_not_paused_on(pauses: Sequence[Pause], on: date, pointer: str) -> None:
    """Refuse work on a day of a pause: ActionNotAvailable while it lasts, Invalid for one that is over."""
    for pause in pauses:
        if pause.holds(on) and pause.resumed_on is None:
            raise ActionNotAvailable(f"The work is paused from {pause.starts_on.isoformat()}: resume it first.")
        if pause.holds(on):
            sentence = f"The work was paused from {pause.starts_on.isoformat()} until {pause.until.isoformat()}."
            raise Invalid(errors=[FieldFault(pointer, "paused", sentence)])


def _starts(code: str, sentence: str) -> FieldFault:
    return FieldFault("/starts_on", code, sentence)


def _ends(code: str, sentence: str) -> FieldFault:
    return FieldFault("/expected_last_on", code, sentence)


def _resumes(code: str, sentence: str) -> FieldFault:
    return FieldFault("/resumed_on", code, sentence)


def _weeks(count: int) -> str:
    return "one school week" if count == 1 else f"{count} school weeks"
