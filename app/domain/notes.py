"""Case notes: what a practitioner writes down of a case, for the record."""

from datetime import date, datetime
from enum import StrEnum

from app.errors import FieldFault, Invalid


class NoteKind(StrEnum):
    """What a note is of."""

    OBSERVATION = "observation"
    CONVERSATION = "conversation"
    PROFESSIONAL_DISCUSSION = "professional_discussion"
    SUPERVISION = "supervision"
    OTHER = "other"


def check_occurred(occurred_at: datetime, occurred_on: date, accepted_on: date, now: datetime) -> None:
    """Raise Invalid for a note of a time before the case was accepted (London dates), or of one still to come."""
    if occurred_at > now:
        sentence = "A note is of what has happened: this lies in the future."
        raise Invalid(errors=[FieldFault("/occurred_at", "in_the_future", sentence)])
    if occurred_on < accepted_on:
        sentence = f"The case was accepted on {accepted_on}: a note of it is of that day or later."
        raise Invalid(errors=[FieldFault("/occurred_at", "before_acceptance", sentence)])
