"""The rules of signposting: which service a family was pointed to, for whom, and whether it went there."""

from datetime import date
from enum import StrEnum
from typing import Final

from app.errors import FieldFault, Invalid


class SignpostKind(StrEnum):
    """What kind of help the service gives."""

    ADVICE = "advice"
    COMMUNITY = "community"
    DOMESTIC_ABUSE = "domestic_abuse"
    EARLY_YEARS = "early_years"
    HEALTH = "health"
    HOUSING_OR_MONEY = "housing_or_money"
    MENTAL_HEALTH = "mental_health"
    PARENTING = "parenting"
    SCHOOL_SUPPORT = "school_support"
    SEND_SUPPORT = "send_support"
    SUBSTANCE_USE = "substance_use"
    YOUTH = "youth"
    OTHER = "other"


class ForWhom(StrEnum):
    """Whom the service is for."""

    CHILD = "child"
    PARENT = "parent"
    FAMILY = "family"


class TakenUp(StrEnum):
    """Whether the family went there."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class WhyNot(StrEnum):
    """Why the family did not go there."""

    NOT_WANTED = "not_wanted"
    WAITING_LIST = "waiting_list"
    NOT_ELIGIBLE = "not_eligible"
    TOO_FAR_OR_TIMES = "too_far_or_times"
    COST = "cost"
    LANGUAGE_OR_ACCESS = "language_or_access"
    NO_REPLY_FROM_SERVICE = "no_reply_from_service"
    CIRCUMSTANCES_CHANGED = "circumstances_changed"
    OTHER = "other"


NEVER_IN_A_LETTER: Final = frozenset({SignpostKind.DOMESTIC_ABUSE})
"""A letter lies where anyone of the household may read it: naming such a service there can put somebody in danger."""


def goes_into_letters(kind: SignpostKind, wanted: bool | None) -> bool:
    """Whether a signpost stands in the closure letters. None leaves it to the kind. Raises Invalid."""
    if wanted and kind in NEVER_IN_A_LETTER:
        raise Invalid(
            errors=[
                FieldFault("/in_letters", "not_safe", "A service for domestic abuse is never named in a letter home.")
            ]
        )
    return kind not in NEVER_IN_A_LETTER if wanted is None else wanted


def check_take_up(
    taken_up: TakenUp, why_not: WhyNot | None, *, followed_up_on: date, signposted_on: date, today: date
) -> None:
    """Raise Invalid unless what was learned of a signpost fits: a reason exactly where it was not taken up."""
    faults = []
    if (taken_up is TakenUp.NO) != (why_not is not None):
        faults.append(FieldFault("/why_not", "does_not_fit", "Say why not, if and only if it was not taken up."))
    if followed_up_on > today:
        faults.append(FieldFault("/followed_up_on", "in_the_future", "This day has not come yet."))
    if followed_up_on < signposted_on:
        sentence = f"The family was pointed to it on {signposted_on.isoformat()}."
        faults.append(FieldFault("/followed_up_on", "before_the_signpost", sentence))
    if faults:
        raise Invalid(errors=faults)
