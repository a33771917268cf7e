"""Courses, their sessions, enrolments and registers, in requests and answers."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.courses import (
    AbsenceReason,
    Audience,
    CancelReason,
    EnrolmentState,
    LeaveReason,
    RefusalReason,
    RegisterResult,
    Session,
    Who,
)
from app.domain.year_groups import KeyStage
from app.routers.schemas.base import In, Out, ShortText
from app.routers.schemas.codes import Distinct, Language, Whole
from app.routers.schemas.types import Date, Moment
from app.services.courses.enrol import Enrolling
from app.services.courses.plan import NewCourse
from app.services.courses.register import Line


class SessionIn(In):
    """One meeting of a course."""

    starts_at: Moment
    ends_at: Moment


class CourseIn(In):
    """A course to be planned: its sessions in order, and its seats."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Calm mornings",
                    "venue": "Northside library",
                    "audience": "adults",
                    "seats": 2,
                    "sessions": [
                        {"starts_at": "2034-01-10T18:00:00Z", "ends_at": "2034-01-10T19:30:00Z"},
                        {"starts_at": "2034-01-17T18:00:00Z", "ends_at": "2034-01-17T19:30:00Z"},
                    ],
                }
            ]
        }
    )

    title: ShortText
    venue: ShortText | None = Field(None, description="Left out: it is held online.")
    audience: Audience
    key_stages: Annotated[list[KeyStage], Field(min_length=1, max_length=6), Distinct] | None = Field(
        None, description="Of the children, or of those whom the adults care for; left out: the lot's."
    )
    languages: Annotated[list[Language], Field(min_length=1, max_length=50), Distinct] | None = Field(
        None, description="Left out: the service's."
    )
    seats: Annotated[Whole, Field(ge=1, le=200, description="At most as many as the lot has free places.")]
    sessions: list[SessionIn] = Field(min_length=1, max_length=60)

    def new_course(self) -> NewCourse:
        """As the service takes it."""
        return NewCourse(
            title=self.title,
            venue=self.venue,
            audience=self.audience,
            sessions=[Session(one.starts_at, one.ends_at) for one in self.sessions],
            seats=self.seats,
            key_stages=self.key_stages,
            languages=self.languages,
        )


class SessionOut(Out):
    """One meeting of a course."""

    number: int
    starts_at: Moment
    ends_at: Moment
    registered_at: Moment | None = Field(description="When its register was first filled.")


class CourseOut(Out):
    """A dated course. Who is on it is told to those whom it concerns alone."""

    id: UUID
    lot_id: UUID
    service_id: UUID
    service_name: str
    provider_id: UUID
    provider_name: str
    title: str
    venue: str | None = Field(description="Null: it is held online.")
    audience: Audience
    key_stages: list[str]
    languages: list[str]
    state: Literal["planned", "full", "running", "finished", "cancelled"]
    cancel_reason: CancelReason | None
    seats: int
    seats_free: int = Field(description="Seats that nobody has, and that nobody was offered.")
    first_on: Date
    last_on: Date
    sessions: list[SessionOut] = Field(max_length=60)
    version: int = Field(description="The number in the ETag.")


class CourseCancelIn(In):
    """Why the course is not held."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "too_few"}]})

    reason: CancelReason


class CourseEnrolIn(In):
    """Whom to enrol: a child of a referral, or an adult of its family."""

    referral_id: UUID
    who: Who
    name: ShortText | None = Field(None, description="Of an adult. Left out for a child: the referral's pupil.")
    waiting_list: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether to wait for a seat when there is none; otherwise that is refused."
    )

    @model_validator(mode="after")
    def _child_is_the_pupil(self) -> Self:
        if self.who is Who.CHILD and self.name is not None:
            raise PydanticCustomError(
                "child_has_a_name", "A child is enrolled as the referral's pupil, without a name."
            )
        return self

    def enrolling(self) -> Enrolling:
        """As the service takes it."""
        return Enrolling(self.referral_id, self.who, self.name, self.waiting_list)


class CourseAttendanceOut(Out):
    """How somebody came to one session."""

    session_number: int
    result: RegisterResult
    reason: AbsenceReason | None


class EnrolmentRow(Out):
    """Somebody on a course, or waiting for it."""

    id: UUID
    course_id: UUID
    referral_id: UUID | None = Field(description="Null for who may not see the referral.")
    enrolled_by_id: UUID
    school_id: UUID | None
    who: Who
    name: str | None = Field(description="The provider of the course reads it once the seat is taken.")
    language: str
    interpreter_needed: bool
    state: EnrolmentState
    reason: str | None = Field(description="Why the seat was refused, or the course left.")
    seat_number: int | None
    enrolled_at: Moment
    updated_at: Moment
    first_attended_on: date | None = Field(description="Volume is used from it.")
    version: int = Field(description="The number in the ETag.")


class EnrolmentOut(EnrolmentRow):
    """Somebody on a course, with how they came."""

    attendance: list[CourseAttendanceOut] = Field(max_length=60)


class SeatRefusalIn(In):
    """Why a seat is not taken."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "childcare"}]})

    reason: RefusalReason


class CourseLeaveIn(In):
    """Why somebody does not stay to the end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "work"}]})

    reason: LeaveReason


class RegisterLineIn(In):
    """How one person came."""

    enrolment_id: UUID
    result: RegisterResult
    reason: AbsenceReason | None = Field(None, description="Of an absence, and of nothing else.")

    @model_validator(mode="after")
    def _absence_has_a_reason(self) -> Self:
        if (self.result is RegisterResult.ABSENT) != (self.reason is not None):
            raise PydanticCustomError("absence_reason", "An absence has a reason, and nothing else has one.")
        return self


class RegisterIn(In):
    """A whole register: everyone who has a seat, once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"register": []}]})

    register_lines: list[RegisterLineIn] = Field(alias="register", max_length=200)

    def lines(self) -> list[Line]:
        """As the service takes it."""
        return [Line(one.enrolment_id, one.result, one.reason) for one in self.register_lines]


class RegisterLineOut(Out):
    """How one person came."""

    enrolment_id: UUID
    result: RegisterResult
    reason: AbsenceReason | None


class RegisterOut(Out):
    """The register of a session: the whole for its provider and the authority, a school's own for the school."""

    course_id: UUID
    session: SessionOut
    register_lines: list[RegisterLineOut] = Field(serialization_alias="register", max_length=200)
    version: int = Field(description="The course's: the number in the ETag.")
