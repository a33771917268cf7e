"""Courses, their sessions and who is enrolled on them; names are REST's to give."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import School
from app.graphql.types.supply import Lot, Provider, Service
from app.graphql.visibility import plain, resolved
from app.queries.graph import nouns


@of_noun(nouns.COURSE_SESSION)
@strawberry.type(description="One meeting of a course.")
class CourseSession(Row):
    """A session."""

    number: int = plain()
    starts_at: datetime = plain()
    ends_at: datetime = plain()
    registered_at: datetime | None = plain("When its register was first filled.")


@of_noun(nouns.COURSE_ATTENDANCE)
@strawberry.type(description="How somebody came to one session.")
class CourseAttendance(Row):
    """A line of a register."""

    number: int = plain("Of the session.")
    result: str = plain("`attended`, `late` or `absent`.")
    reason: str | None = plain("Of an absence.")


@of_noun(nouns.COURSE_ENROLMENT, rule="graphql.courseEnrolments")
@strawberry.type(description="An adult or a child on a course, or waiting for it.")
class CourseEnrolment(Row, Node):
    """An enrolment: of who made it, of the pupil's school, of the course's provider and the authority."""

    course_id: strawberry.Private[UUID]
    school_id: strawberry.Private[UUID | None]
    who: str = plain("`adult` or `child`.")
    language: str = plain()
    interpreter_needed: bool = plain()
    state: str = plain("`waiting`, `offered`, `taken`, `refused`, `completed`, `left`, `lapsed` or `cancelled`.")
    reason: str | None = plain("Why the seat was refused, or the course left.")
    seat_number: int | None = plain()
    enrolled_at: datetime = plain()
    first_attended_on: date | None = plain("Volume is used from it.", column="used_on")
    version: int = plain()
    course: Annotated["Course", strawberry.lazy("app.graphql.types.courses")] | None = edge("course", "course_id")
    school: School | None = edge("school", "school_id")

    @resolved("How they came, session by session.")
    def attendance(self, info: Info, first: First = CHILDREN) -> list[CourseAttendance]:
        """The first sessions."""
        return children(info, self, "course_attendance", "enrolment_id", first)


@of_noun(nouns.COURSE, rule="graphql.courses")
@strawberry.type(description="A dated course of a lot.")
class Course(Row, Node):
    """A course: for everyone to read."""

    lot_id: strawberry.Private[UUID]
    service_id: strawberry.Private[UUID]
    provider_id: strawberry.Private[UUID]
    title: str = plain()
    venue: str | None = plain("Null: it is held online.")
    audience: str = plain("`adults`, `children` or `families`.")
    key_stages: list[str] = plain()
    languages: list[str] = plain()
    state: str = plain("`planned`, `running`, `finished` or `cancelled`; a planned one may be full (`seatsFree`).")
    cancel_reason: str | None = plain()
    seats: int = plain()
    first_on: date = plain()
    last_on: date = plain()
    version: int = plain()
    lot: Lot | None = edge("lot", "lot_id", rule="graphql.lots")
    service: Service | None = edge("service", "service_id")
    provider: Provider | None = edge("provider", "provider_id")

    @resolved("Seats that nobody has, and that nobody was offered.")
    def seats_free(self, info: Info) -> int | None:
        """The count of today, as REST tells it."""
        loaded: Any = info.context.course_seats().load(self.key)
        return loaded

    @resolved("Its sessions, in order.")
    def sessions(self, info: Info, first: First = CHILDREN) -> list[CourseSession]:
        """The first sessions."""
        return children(info, self, "course_session", "course_id", first)

    @resolved("Those on it that the caller may see, in the order of asking.", rule="graphql.courseEnrolments")
    def enrolments(self, info: Info, first: First = CHILDREN) -> list[CourseEnrolment] | None:
        """The first enrolments."""
        return children(info, self, "course_enrolment", "course_id", first)
