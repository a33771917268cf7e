"""The rules of a family's own words: kept with consent, for the uses that it was given for, until it is taken back."""

from datetime import date
from enum import StrEnum

from app.errors import ActionNotAvailable, FieldFault, Invalid


class Speaker(StrEnum):
    """Whose words they are: a part, never a name."""

    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"


class ConsentBy(StrEnum):
    """Who agreed that the words are kept, or took that back."""

    CHILD = "child"
    PARENT = "parent"
    CHILD_AND_PARENT = "child_and_parent"
    OTHER = "other"


class WordsUse(StrEnum):
    """What the words may be used for, each agreed to by itself."""

    SERVICE_IMPROVEMENT = "service_improvement"
    REPORT = "report"
    """In documents about this family's own work, its letter among them, and in reports to the authority."""
    PUBLICATION = "publication"


def check_consent(said_on: date, consent_on: date, today: date) -> None:
    """Raise Invalid unless consent was given on the day of the words or later, and not after today."""
    if consent_on > today:
        raise Invalid(errors=[FieldFault("/consent/on", "in_the_future", "This day has not come yet.")])
    if consent_on < said_on:
        raise Invalid(
            errors=[FieldFault("/consent/on", "before_the_words", "Nobody can agree to words that are not yet said.")]
        )


def check_withdrawal(withdrawn_on: date | None, on: date, consent_on: date, today: date) -> None:
    """Check that consent is taken back once, after it was given. Raises ActionNotAvailable or Invalid."""
    if withdrawn_on is not None:
        raise ActionNotAvailable(f"These words were taken back on {withdrawn_on.isoformat()}.")
    if on > today:
        raise Invalid(errors=[FieldFault("/on", "in_the_future", "This day has not come yet.")])
    if on < consent_on:
        sentence = f"Consent was given on {consent_on.isoformat()}."
        raise Invalid(errors=[FieldFault("/on", "before_the_consent", sentence)])
