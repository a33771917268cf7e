"""Courses: whether one can be held as planned, who may be enrolled on it, and how an enrolment goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from app.clock import london_date
from app.errors import ActionNotAvailable, FieldFault

LONGEST_SESSION: Final = timedelta(hours=10)
LONGEST_COURSE_DAYS: Final = 366


class Audience(StrEnum):
    """Whom a course is for."""

    ADULTS = "adults"
    CHILDREN = "children"
    FAMILIES = "families"
    """Adults and children together."""


class Who(StrEnum):
    """What an enrolled person is."""

    ADULT = "adult"
    CHILD = "child"


class CourseState(StrEnum):
    """Where a course stands. That a planned one is full is told by its seats (`shown_state`)."""

    PLANNED = "planned"
    RUNNING = "running"
    """From the first register on."""
    FINISHED = "finished"
    CANCELLED = "cancelled"


class CancelReason(StrEnum):
    """Why a course is not held."""

    TOO_FEW = "too_few"
    STAFF = "staff"
    VENUE = "venue"
    SAFETY = "safety"
    PLANNED_IN_ERROR = "planned_in_error"
    OTHER = "other"


class EnrolmentState(StrEnum):
    """Where an enrolment stands."""

    WAITING = "waiting"
    """For a seat that falls free, in the order of asking."""
    OFFERED = "offered"
    TAKEN = "taken"
    REFUSED = "refused"
    COMPLETED = "completed"
    LEFT = "left"
    LAPSED = "lapsed"
    """It waited, and the course was held without it."""
    CANCELLED = "cancelled"
    """With its course."""


class RefusalReason(StrEnum):
    """Why a seat was not taken."""

    DATES_DO_NOT_SUIT = "dates_do_not_suit"
    TOO_FAR = "too_far"
    CHILDCARE = "childcare"
    WORK = "work"
    LANGUAGE = "language"
    HEALTH = "health"
    NOT_WANTED = "not_wanted"
    OTHER_SUPPORT = "other_support"
    NO_ANSWER = "no_answer"
    OTHER = "other"


class LeaveReason(StrEnum):
    """Why somebody who had a seat did not stay to the end."""

    NEVER_CAME = "never_came"
    DID_NOT_ENGAGE = "did_not_engage"
    CHILDCARE = "childcare"
    WORK = "work"
    HEALTH = "health"
    MOVED_AWAY = "moved_away"
    AGREEMENT_WITHDRAWN = "agreement_withdrawn"
    NO_LONGER_NEEDED = "no_longer_needed"
    OTHER = "other"


class RegisterResult(StrEnum):
    """How somebody came to a session."""

    ATTENDED = "attended"
    LATE = "late"
    ABSENT = "absent"


class AbsenceReason(StrEnum):
    """Why somebody did not come."""

    ILLNESS = "illness"
    CHILDCARE = "childcare"
    WORK = "work"
    TRANSPORT = "transport"
    AWAY = "away"
    NO_REASON_GIVEN = "no_reason_given"
    OTHER = "other"


OPEN_ENROLMENTS: Final = (EnrolmentState.WAITING, EnrolmentState.OFFERED, EnrolmentState.TAKEN)
OPEN_COURSES: Final = (CourseState.PLANNED, CourseState.RUNNING)


@dataclass(frozen=True, slots=True)
class Session:
    """One meeting of a course; aware moments."""

    starts_at: datetime
    ends_at: datetime

    @property
    def held_on(self) -> date:
        """Its day in England."""
        return london_date(self.starts_at)


def session_faults(sessions: Sequence[Session], now: datetime) -> list[FieldFault]:
    """What is wrong with the sessions of a new course: they lie ahead, follow each other, and end on their own day."""
    faults: list[FieldFault] = []
    before: Session | None = None
    for index, one in enumerate(sessions):
        pointer = f"/sessions/{index}"
        if one.ends_at <= one.starts_at or one.ends_at - one.starts_at > LONGEST_SESSION:
            faults.append(
                FieldFault(f"{pointer}/ends_at", "out_of_order", "A session ends within 10 hours of its start.")
            )
        elif london_date(one.ends_at) != one.held_on:
            faults.append(
                FieldFault(f"{pointer}/ends_at", "over_midnight", "A session ends on the day that it begins.")
            )
        if one.starts_at <= now:
            faults.append(FieldFault(f"{pointer}/starts_at", "in_the_past", "A session is planned before it begins."))
        if before is not None and one.starts_at < before.ends_at:
            sentence = "Sessions are stated in order, and none begins before the last has ended."
            faults.append(FieldFault(f"{pointer}/starts_at", "out_of_order", sentence))
        before = one
    if sessions and (sessions[-1].held_on - sessions[0].held_on).days > LONGEST_COURSE_DAYS:
        faults.append(FieldFault("/sessions", "too_long", f"A course lasts {LONGEST_COURSE_DAYS} days at most."))
    return faults


def contract_faults(sessions: Sequence[Session], starts_on: date, ends_on: date) -> list[FieldFault]:
    """A fault for each session outside the days of the lot's contract, both included."""
    sentence = f"The contract runs from {starts_on} to {ends_on}."
    return [
        FieldFault(f"/sessions/{index}/starts_at", "outside_contract", sentence)
        for index, one in enumerate(sessions)
        if not starts_on <= one.held_on <= ends_on
    ]


def audience_fault(audience: Audience, key_stages: Sequence[str], who: Who, key_stage: str) -> FieldFault | None:
    """Why a person of a referral is not among those whom a course is for; None when they are."""
    if (audience, who) in ((Audience.ADULTS, Who.CHILD), (Audience.CHILDREN, Who.ADULT)):
        return FieldFault("/who", "not_for_them", f"The course is for {audience.value}.")
    if key_stage not in key_stages:
        sentence = f"The course is for key stages {', '.join(key_stages)}; the pupil's is {key_stage}."
        return FieldFault("/referral_id", "key_stage", sentence)
    return None


def person_id(who: Who, pupil_id: UUID, household_id: UUID, name: str) -> UUID:
    """By what a person is known on a course: a child by the pupil, an adult by household and name, however typed."""
    return pupil_id if who is Who.CHILD else uuid5(household_id, " ".join(name.casefold().split()))


def check_open(state: CourseState, last_session_at: datetime, now: datetime) -> None:
    """Raise ActionNotAvailable when nobody can join a course any more."""
    if state is CourseState.CANCELLED:
        raise ActionNotAvailable("The course was cancelled.")
    if state is CourseState.FINISHED or now >= last_session_at:
        raise ActionNotAvailable("The last session of the course has begun, or it is over.")


def check_move(state: EnrolmentState, target: EnrolmentState) -> None:
    """Raise ActionNotAvailable when an enrolment in a state cannot be taken, refused or left."""
    if state not in _FROM[target]:
        raise ActionNotAvailable(f"The enrolment is {state.value}: it cannot be {target.value}.")


_FROM: Final = {
    EnrolmentState.TAKEN: (EnrolmentState.OFFERED,),
    EnrolmentState.REFUSED: (EnrolmentState.WAITING, EnrolmentState.OFFERED),
    EnrolmentState.LEFT: (EnrolmentState.TAKEN,),
}


def shown_state(state: CourseState, seats_free: int) -> str:
    """A course's state as it is told: a planned one without a free seat is `full`."""
    return "full" if state is CourseState.PLANNED and seats_free == 0 else state.value


def check_register(session: Session, now: datetime) -> None:
    """Raise ActionNotAvailable for a register before its session."""
    if now < session.starts_at:
        raise ActionNotAvailable("The session has not begun: its register is filled when it has.")


def register_faults(on_the_register: Sequence[UUID], listed: Sequence[UUID]) -> list[FieldFault]:
    """What is wrong with a register: each person who has a seat stands in it once, and nobody else."""
    faults = [
        FieldFault(
            f"/register/{index}/enrolment_id", "not_on_register", "Nobody of this id has a seat, or it is twice."
        )
        for index, one in enumerate(listed)
        if one not in on_the_register or one in listed[:index]
    ]
    missing = len(set(on_the_register) - set(listed))
    if missing:
        faults.append(FieldFault("/register", "incomplete", f"{missing} who have a seat are not on it."))
    return faults
