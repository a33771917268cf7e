"""The rules of a contact: when it may be recorded, what its result allows, and what it may replace."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from app.domain.interventions import Case, InterventionState, check_day_of_case, check_day_of_work, check_open
from app.domain.pauses import check_not_paused_on
from app.domain.vocabulary import ATTENDED_RESULTS, ContactResult
from app.errors import ActionNotAvailable, Conflict, FieldFault, Invalid


class ContactKind(StrEnum):
    """What a contact was for."""

    INITIAL = "initial"
    SESSION = "session"
    REVIEW = "review"
    TEAM_AROUND_THE_CHILD = "team_around_the_child"
    CLOSING = "closing"
    FOLLOW_UP = "follow_up"
    """A term after the closure: the one kind that a closed case takes, and no other case does."""


class ContactMode(StrEnum):
    """Where a contact was held."""

    HOME = "home"
    SCHOOL = "school"
    REMOTE = "remote"
    ELSEWHERE = "elsewhere"


class Present(StrEnum):
    """Who was there: the part each plays, never a name."""

    CHILD = "child"
    PARENT_OR_CARER = "parent_or_carer"
    SIBLING = "sibling"
    OTHER_FAMILY = "other_family"
    SCHOOL_STAFF = "school_staff"
    AGENCY = "agency"
    INTERPRETER = "interpreter"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NewContact:
    """What the rules ask of a contact that is to be recorded. `held_on` is the London date of `held_at`."""

    kind: ContactKind
    result: ContactResult
    held_at: datetime
    held_on: date
    child_seen: bool = False
    child_seen_alone: bool = False
    agencies: tuple[str, ...] = ()
    reason: str | None = None
    minutes_late: int | None = None

    @property
    def attended(self) -> bool:
        """Whether the contact took place: late is still attended."""
        return self.result in ATTENDED_RESULTS


_NEEDS_WORDS: Final = frozenset(
    {
        ContactResult.CANCELLED_BY_PROVIDER,
        ContactResult.REFUSED,
        ContactResult.DID_NOT_ATTEND,
        ContactResult.WAS_NOT_BROUGHT,
    }
)
_WHILE_PAUSED: Final = frozenset({ContactKind.TEAM_AROUND_THE_CHILD, ContactKind.CLOSING})
"""Kinds that are not the work with the family: they may be held while it stands still."""
_SETTLES_A_FOLLOW_UP: Final = ATTENDED_RESULTS | {ContactResult.REFUSED}


def check_contact(case: Case, contact: NewContact, now: datetime, today: date) -> None:
    """Check that a contact may be recorded on a case now.

    Safe contact and visit risks are acknowledged first, for an attempt by telephone may harm as a visit can. A contact
    lies between acceptance and now: work that runs over its planned end is recorded until it is closed. One that took
    place lies on or after the day from which the place is the family's, and on no day of a pause; the family may be
    called, and not be reached, on both. Of a closed case `check_followed_up` judges.
    Raises ActionNotAvailable for the state, Invalid for the fields.
    """
    check_open(case)
    if contact.kind is ContactKind.FOLLOW_UP:
        raise Invalid(errors=[FieldFault("/kind", "not_closed", "A case is followed up a term after its closure.")])
    if not case.safety_acknowledged:
        raise ActionNotAvailable("Acknowledge the safe contact and visit risks before the first contact.")
    _check_has_happened(contact, now)
    check_day = check_day_of_work if contact.attended else check_day_of_case
    check_day(case, contact.held_on, today, "/held_at")
    if contact.attended and case.started_on is None and case.state is InterventionState.PAUSED:
        raise ActionNotAvailable("The work is paused: resume it before the first contact.")
    if contact.attended and contact.kind not in _WHILE_PAUSED:
        check_not_paused_on(case.pauses, contact.held_on, "/held_at")
    _check_content(contact)


def check_followed_up(contact: NewContact, now: datetime) -> None:
    """Check a contact of a closed case, but for its day: it is a follow-up. Raises ActionNotAvailable and Invalid."""
    if contact.kind is not ContactKind.FOLLOW_UP:
        raise ActionNotAvailable("The intervention is closed.")
    _check_has_happened(contact, now)
    _check_content(contact)


def settles_follow_up(contact: NewContact) -> bool:
    """Whether a follow-up is done with: the family was met, or would not be. Whom nobody reached is tried again."""
    return contact.result in _SETTLES_A_FOLLOW_UP


def _check_has_happened(contact: NewContact, now: datetime) -> None:
    if contact.held_at > now:
        raise Invalid(errors=[FieldFault("/held_at", "in_the_future", "A contact is recorded once it has happened.")])


def _check_content(contact: NewContact) -> None:
    faults = _content_faults(contact)
    if faults:
        raise Invalid(errors=faults)


def _content_faults(contact: NewContact) -> list[FieldFault]:
    faults: list[FieldFault] = []
    if contact.child_seen and not contact.attended:
        faults.append(FieldFault("/child_seen", "not_attended", "A child was seen only if the contact took place."))
    if contact.child_seen_alone and not contact.child_seen:
        faults.append(FieldFault("/child_seen_alone", "not_seen", "A child who was seen alone was seen."))
    if contact.kind is ContactKind.TEAM_AROUND_THE_CHILD and contact.attended and not contact.agencies:
        faults.append(FieldFault("/agencies", "required", "Say which agencies met."))
    if contact.result in _NEEDS_WORDS and contact.reason is None:
        faults.append(FieldFault("/reason", "required", "Say why the contact was missed, cancelled or refused."))
    if contact.minutes_late is not None and contact.result is not ContactResult.LATE:
        faults.append(FieldFault("/minutes_late", "not_late", "Minutes late are of a contact that was late."))
    return faults


def check_replacement(old_result: ContactResult, *, already_replaced: bool) -> None:
    """Check that a rescheduled contact may take the place of an earlier one.

    Only a contact that did not take place is rescheduled, and only once; what was attended stands. Raises Conflict.
    """
    if old_result in ATTENDED_RESULTS:
        raise Conflict("A contact that took place is not replaced by another.")
    if already_replaced:
        raise Conflict("That contact was already replaced by another.")
