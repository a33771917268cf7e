"""Courses: planned, read, registered, finished and cancelled."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.domain.courses import CourseState
from app.errors import NotFound
from app.http.answers import created, once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag, require_match
from app.queries import course_enrolments as enrolments
from app.queries import courses as queries
from app.queries import lots
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.courses import (
    CourseCancelIn,
    CourseIn,
    CourseOut,
    RegisterIn,
    RegisterLineOut,
    RegisterOut,
    SessionOut,
)
from app.routers.schemas.page import Page
from app.routers.schemas.types import Date
from app.services.courses import end, plan, reading, register
from app.services.idempotency import Answer

router = APIRouter(tags=["courses"])

State = Annotated[CourseState | None, Query(description="Only those in this state; full ones are `planned`.")]
FirstFrom = Annotated[Date | None, Query(description="Only those that begin on this day or later.")]


@router.get("/v1/courses", operation_id="list_courses", responses={200: {"model": Page[CourseOut]}})
async def list_courses(
    call: Annotated[Call, Depends(caller("list_courses"))],
    *,
    service_id: UUID | None = None,
    lot_id: UUID | None = None,
    state: State = None,
    first_from: FirstFrom = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List courses by their first day, with their dates and the seats that are free."""
    async with call.read() as session:
        rows = await queries.list_courses(
            session,
            service_id=service_id,
            lot_id=lot_id,
            state=state,
            first_from=first_from,
            after=_after(call, cursor, None),
            limit=limit,
        )
        shown = await reading.with_seats(session, rows)
    return _listed(call, shown, limit, None)


@router.get("/v1/lots/{lot_id}/courses", operation_id="list_lot_courses", responses={200: {"model": Page[CourseOut]}})
async def list_lot_courses(
    lot_id: UUID,
    call: Annotated[Call, Depends(caller("list_lot_courses"))],
    state: State = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List a lot's courses by their first day, for its provider and the authority."""
    list_name = f"{call.operation}/{lot_id}"
    async with call.read() as session:
        if await lots.get_lot(session, lot_id) is None:
            raise NotFound
        rows = await queries.list_courses(
            session, lot_id=lot_id, state=state, after=_after(call, cursor, list_name), limit=limit
        )
        shown = await reading.with_seats(session, rows)
    return _listed(call, shown, limit, list_name)


@router.post(
    "/v1/lots/{lot_id}/courses", operation_id="plan_course", status_code=201, responses={201: {"model": CourseOut}}
)
async def plan_course(lot_id: UUID, body: CourseIn, call: Annotated[Call, Depends(caller("plan_course"))]) -> Response:
    """Plan a course of a lot whose service has the format `course`.

    Each seat is on a place of the lot, from the first session to the last: courses at the same time share its places.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        course_id = await plan.plan_course(session, writes, lot_id, body.new_course())
        row = await reading.read_course(session, course_id)
        return created(CourseOut(**row), row["version"], f"/v1/courses/{course_id}")

    return await once(call, {"lot_id": str(lot_id), **body.model_dump(mode="json")}, work)


@router.get("/v1/courses/{course_id}", operation_id="get_course", responses={200: {"model": CourseOut}})
async def get_course(course_id: UUID, call: Annotated[Call, Depends(caller("get_course"))]) -> Response:
    """Read one course: its sessions, and how many seats are free."""
    async with call.read() as session:
        row = await reading.read_course(session, course_id)
    return thing(call, CourseOut(**row), row["version"], live=True)


@router.post("/v1/courses/{course_id}/cancel", operation_id="cancel_course", responses={200: {"model": CourseOut}})
async def cancel_course(
    course_id: UUID,
    body: CourseCancelIn,
    call: Annotated[Call, Depends(caller("cancel_course"))],
    if_match: IfMatch = None,
) -> Response:
    """Cancel a course: every enrolment ends with it, and whoever enrolled somebody is told."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await end.cancel_course(session, writes, course_id, body.reason, lambda version: check_match(if_match, version))
        return await _answer(session, course_id)

    return await once(call, {"course_id": str(course_id), **body.model_dump(mode="json")}, work)


@router.post("/v1/courses/{course_id}/finish", operation_id="finish_course", responses={200: {"model": CourseOut}})
async def finish_course(
    course_id: UUID, call: Annotated[Call, Depends(caller("finish_course"))], if_match: IfMatch = None
) -> Response:
    """Finish a course whose registers are all filled. Who came to any session has completed it."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await end.finish_course(session, writes, course_id, lambda version: check_match(if_match, version))
        return await _answer(session, course_id)

    return await once(call, {"course_id": str(course_id)}, work)


@router.get(
    "/v1/courses/{course_id}/sessions/{session_number}/register",
    operation_id="get_course_register",
    responses={200: {"model": RegisterOut}},
)
async def get_course_register(
    course_id: UUID, session_number: int, call: Annotated[Call, Depends(caller("get_course_register"))]
) -> Response:
    """Read the register of a session: how those whom you may see came."""
    async with call.read() as session:
        shown = await _register(session, course_id, session_number)
    return thing(call, shown.model_dump(mode="json", by_alias=True), shown.version)


@router.put(
    "/v1/courses/{course_id}/sessions/{session_number}/register",
    operation_id="put_course_register",
    responses={200: {"model": RegisterOut}},
)
async def put_course_register(
    course_id: UUID,
    session_number: int,
    body: RegisterIn,
    call: Annotated[Call, Depends(caller("put_course_register"))],
    if_match: Annotated[str | None, Header(description="The course's ETag.", max_length=1024)] = None,
) -> Response:
    """Fill the register of a session that has begun: everyone who has a seat, once. Put it again to correct it."""
    async with call.write() as session:
        await register.put_register(
            session, Writes(), course_id, session_number, body.lines(), lambda version: require_match(if_match, version)
        )
        shown = await _register(session, course_id, session_number)
    return thing(call, shown.model_dump(mode="json", by_alias=True), shown.version)


async def _register(session: ReadSession, course_id: UUID, number: int) -> RegisterOut:
    row = await queries.get_course(session, course_id)
    sessions = (await queries.sessions_of(session, [course_id]))[course_id]
    if row is None or not 1 <= number <= len(sessions):
        raise NotFound
    lines = await enrolments.register_of(session, course_id, number)
    return RegisterOut(
        course_id=course_id,
        session=SessionOut(**sessions[number - 1]),
        register_lines=[RegisterLineOut(**line) for line in lines],
        version=row["version"],
    )


async def _answer(session: ReadSession, course_id: UUID) -> Answer:
    row = await reading.read_course(session, course_id)
    return Answer(200, {"ETag": entity_tag(row["version"])}, to_bytes(CourseOut(**row)))


def _after(call: Call, cursor: str | None, list_name: str | None) -> tuple[date, UUID] | None:
    position = call.position(cursor, list_name)
    return (date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None


def _listed(call: Call, rows: list[dict[str, Any]], limit: int, list_name: str | None) -> Response:
    return listed(
        call,
        rows,
        limit,
        render=lambda row: CourseOut(**row),
        at=lambda row: [row["first_on"].isoformat(), str(row["id"])],
        list_name=list_name,
    )
