"""A school's review of a pupil before an exclusion: why it is held, what the head decides, what became of it.

The record is the school's or its trust's. The head decides; the review lets the family, the pupil and what has been
tried be heard first (statutory guidance on suspension and permanent exclusion).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.errors import FieldFault


class ReviewCause(StrEnum):
    """Why a review is held."""

    TWO_SUSPENSIONS_IN_HALF_TERM = "two_suspensions_in_half_term"
    SUSPENSIONS_RISING = "suspensions_rising"
    PERSISTENT_DISRUPTION = "persistent_disruption"
    SERIOUS_INCIDENT = "serious_incident"
    ASKED_BY_FAMILY = "asked_by_family"
    OTHER = "other"


class ReviewFactor(StrEnum):
    """What was considered."""

    SPECIAL_EDUCATIONAL_NEEDS = "special_educational_needs"
    DISABILITY = "disability"
    MENTAL_HEALTH = "mental_health"
    LOOKED_AFTER = "looked_after"
    SOCIAL_WORKER = "social_worker"
    BEREAVEMENT = "bereavement"
    BULLYING = "bullying"
    EXPLOITATION = "exploitation"
    HOME_CIRCUMSTANCES = "home_circumstances"
    ATTENDANCE = "attendance"
    OTHER = "other"


class HeadsDecision(StrEnum):
    """What the head decides on the review."""

    SUPPORT_CONTINUES = "support_continues"
    FURTHER_SUPPORT = "further_support"
    REFER_TO_FAMILY_SUPPORT = "refer_to_family_support"
    OFF_SITE_DIRECTION = "off_site_direction"
    MANAGED_MOVE = "managed_move"
    PERMANENT_EXCLUSION = "permanent_exclusion"


class ReviewOutcome(StrEnum):
    """What became of it."""

    EXCLUDED = "excluded"
    NOT_EXCLUDED = "not_excluded"
    RESCINDED = "rescinded"
    """An exclusion that the head took back before the governors met."""


@dataclass(frozen=True, slots=True)
class ReviewDates:
    """The days of a review, those to come included; None where there is none."""

    held_on: date
    decided_on: date | None = None
    excluded_on: date | None = None
    governors_meet_on: date | None = None


def review_faults(dates: ReviewDates, decision: HeadsDecision | None, today: date) -> list[FieldFault]:
    """What is wrong with the days of a review."""
    faults = []
    if dates.held_on > today:
        faults.append(FieldFault("/held_on", "in_the_future", "A review is recorded once it was held."))
    if (decision is None) != (dates.decided_on is None):
        faults.append(FieldFault("/decided_on", "missing", "State the head's decision and its day together."))
    for name in ("decided_on", "excluded_on"):
        on = getattr(dates, name)
        if on is not None and not dates.held_on <= on <= today:
            faults.append(FieldFault(f"/{name}", "out_of_range", "It lies between the day of the review and today."))
    if dates.governors_meet_on is not None and dates.governors_meet_on < dates.held_on:
        faults.append(FieldFault("/governors_meet_on", "out_of_range", "The governors meet after the review."))
    return faults


def outcome_faults(
    outcome: ReviewOutcome, on: date, excluded_on: date | None, held_on: date, today: date
) -> list[FieldFault]:
    """What is wrong with what became of a review on a day. An exclusion, rescinded or not, has its own day."""
    faults = []
    if not held_on <= on <= today:
        faults.append(FieldFault("/outcome_on", "out_of_range", "It lies between the day of the review and today."))
    was_excluded = outcome is not ReviewOutcome.NOT_EXCLUDED
    if was_excluded != (excluded_on is not None):
        sentence = (
            "State the day of the exclusion."
            if was_excluded
            else "A pupil who was not excluded has no day of exclusion."
        )
        faults.append(FieldFault("/excluded_on", "missing" if was_excluded else "not_of_the_outcome", sentence))
    elif excluded_on is not None and not held_on <= excluded_on <= on:
        faults.append(
            FieldFault("/excluded_on", "out_of_range", "The exclusion lies between the review and its outcome.")
        )
    return faults
