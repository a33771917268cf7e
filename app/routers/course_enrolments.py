"""Enrolments on courses: made for a referral, answered, and left."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.domain.courses import EnrolmentState
from app.http.answers import created, once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag
from app.queries import course_enrolments as queries
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.courses import (
    CourseAttendanceOut,
    CourseEnrolIn,
    CourseLeaveIn,
    EnrolmentOut,
    EnrolmentRow,
    SeatRefusalIn,
)
from app.routers.schemas.page import Page
from app.services import audit
from app.services.courses import answers
from app.services.courses.enrol import enrol
from app.services.courses.enrolment_row import find_enrolment
from app.services.idempotency import Answer

router = APIRouter(tags=["courses"])


@router.post(
    "/v1/courses/{course_id}/enrolments",
    operation_id="enrol_on_course",
    status_code=201,
    responses={201: {"model": EnrolmentOut}},
)
async def enrol_on_course(
    course_id: UUID, body: CourseEnrolIn, call: Annotated[Call, Depends(caller("enrol_on_course"))]
) -> Response:
    """Enrol an adult or a child of a referral of yours, of a case of yours, or, for an officer, of any.

    A seat is held and offered; without one left it is 409 `capacity_refused`, or with `waiting_list` they wait for the
    next. Casework for the family goes on beside it.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        enrolment_id = await enrol(session, writes, course_id, body.enrolling())
        shown = await _read(session, enrolment_id)
        return created(shown, shown.version, f"/v1/course-enrolments/{enrolment_id}")

    return await once(call, {"course_id": str(course_id), **body.model_dump(mode="json")}, work)


@router.get(
    "/v1/course-enrolments", operation_id="list_course_enrolments", responses={200: {"model": Page[EnrolmentRow]}}
)
async def list_course_enrolments(
    call: Annotated[Call, Depends(caller("list_course_enrolments"))],
    *,
    course_id: UUID | None = None,
    referral_id: UUID | None = None,
    state: EnrolmentState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List enrolments in the order of asking: a school's own, those on a provider's courses, for the authority all."""
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_enrolments(
            session,
            course_id=course_id,
            referral_id=referral_id,
            state=state,
            after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            limit=limit,
        )
    if any(row["name"] for row in rows):
        await audit.record(call.runtime.database, call.principal, "read_identity", "course_enrolment", None, ["name"])
    return listed(
        call,
        rows,
        limit,
        render=lambda row: EnrolmentRow(**row, first_attended_on=row["used_on"]),
        at=lambda row: [row["enrolled_at"].isoformat(), str(row["id"])],
    )


@router.get(
    "/v1/course-enrolments/{enrolment_id}",
    operation_id="get_course_enrolment",
    responses={200: {"model": EnrolmentOut}},
)
async def get_course_enrolment(
    enrolment_id: UUID, call: Annotated[Call, Depends(caller("get_course_enrolment"))]
) -> Response:
    """Read one enrolment, with how they came to each session."""
    async with call.read() as session:
        shown = await _read(session, enrolment_id)
    if shown.name is not None:
        await audit.record(
            call.runtime.database, call.principal, "read_identity", "course_enrolment", enrolment_id, ["name"]
        )
    return thing(call, shown, shown.version, live=True)


@router.post(
    "/v1/course-enrolments/{enrolment_id}/take",
    operation_id="take_course_seat",
    responses={200: {"model": EnrolmentOut}},
)
async def take_course_seat(
    enrolment_id: UUID, call: Annotated[Call, Depends(caller("take_course_seat"))], if_match: IfMatch = None
) -> Response:
    """Say that the seat is taken. The provider of the course then reads who it is."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await answers.take_seat(session, writes, enrolment_id, lambda version: check_match(if_match, version))
        return await _answer(session, enrolment_id)

    return await once(call, {"enrolment_id": str(enrolment_id)}, work)


@router.post(
    "/v1/course-enrolments/{enrolment_id}/refuse",
    operation_id="refuse_course_seat",
    responses={200: {"model": EnrolmentOut}},
)
async def refuse_course_seat(
    enrolment_id: UUID,
    body: SeatRefusalIn,
    call: Annotated[Call, Depends(caller("refuse_course_seat"))],
    if_match: IfMatch = None,
) -> Response:
    """Say that the seat is refused, or no longer waited for, and why. Before the course it goes to who waits."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await answers.refuse_seat(
            session, writes, enrolment_id, body.reason, lambda version: check_match(if_match, version)
        )
        return await _answer(session, enrolment_id)

    return await once(call, {"enrolment_id": str(enrolment_id), **body.model_dump(mode="json")}, work)


@router.post(
    "/v1/course-enrolments/{enrolment_id}/leave", operation_id="leave_course", responses={200: {"model": EnrolmentOut}}
)
async def leave_course(
    enrolment_id: UUID,
    body: CourseLeaveIn,
    call: Annotated[Call, Depends(caller("leave_course"))],
    if_match: IfMatch = None,
) -> Response:
    """Say that somebody leaves before the end, and why. Before the course the seat goes to who waits."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await answers.leave_course(
            session, writes, enrolment_id, body.reason, lambda version: check_match(if_match, version)
        )
        return await _answer(session, enrolment_id)

    return await once(call, {"enrolment_id": str(enrolment_id), **body.model_dump(mode="json")}, work)


async def _read(session: ReadSession, enrolment_id: UUID) -> EnrolmentOut:
    row = await find_enrolment(session, enrolment_id)
    came = await queries.attendance_of(session, enrolment_id)
    return EnrolmentOut(
        **row,
        first_attended_on=row["used_on"],
        attendance=[CourseAttendanceOut(session_number=one["number"], **one) for one in came],
    )


async def _answer(session: ReadSession, enrolment_id: UUID) -> Answer:
    shown = await _read(session, enrolment_id)
    return Answer(200, {"ETag": entity_tag(shown.version)}, to_bytes(shown))
