"""Schools' own calendars."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from app.db import ReadSession
from app.domain.academic_year import HalfTerm
from app.domain.calendar import Closure, ClosureKind, NamedClosure
from app.domain.school_calendar import SchoolYear
from app.http.answers import thing
from app.http.caller import Call, caller
from app.http.conditional import require_match
from app.queries.writes import Writes
from app.routers.calendars import AcademicYear, label_of
from app.routers.schemas.calendars import SchoolCalendarIn, SchoolCalendarOut, SchoolClosureOut, half_terms_out
from app.services.school_calendars import check_may_state, lock_school_year, put_school_year, read_school_year

router = APIRouter(tags=["calendars"])

_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {200: {"model": SchoolCalendarOut}}


@router.get("/v1/schools/{school_id}/calendar/{academic_year}", operation_id="get_school_calendar", responses=_ANSWERS)
async def get_school_calendar(
    school_id: UUID, academic_year: AcademicYear, call: Annotated[Call, Depends(caller("get_school_calendar"))]
) -> Response:
    """Read the calendar that holds for a school, and where each part of it comes from.

    What is owed about a pupil is counted in the school days of the pupil's school; places, planned ends, periods and
    figures in those of the authority.
    """
    async with call.read() as session:
        return await _answer(call, session, school_id, label_of(academic_year))


@router.put("/v1/schools/{school_id}/calendar/{academic_year}", operation_id="put_school_calendar", responses=_ANSWERS)
async def put_school_calendar(
    school_id: UUID,
    academic_year: AcademicYear,
    body: SchoolCalendarIn,
    call: Annotated[Call, Depends(caller("put_school_calendar"))],
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """State a school's training days of a year, its half-terms, or both, in place of what it stated before.

    By the school itself or an officer. A school that stated nothing yet has version 0. What is owed already keeps its
    due date.
    """
    label = label_of(academic_year)
    stated = SchoolYear(label, _half_terms(label, body), _training_days(body))
    return await _state(call, school_id, stated, if_match)


@router.delete(
    "/v1/schools/{school_id}/calendar/{academic_year}", operation_id="delete_school_calendar", responses=_ANSWERS
)
async def delete_school_calendar(
    school_id: UUID,
    academic_year: AcademicYear,
    call: Annotated[Call, Depends(caller("delete_school_calendar"))],
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Take back what a school stated of a year: it follows its authority again. The answer is what holds then."""
    return await _state(call, school_id, SchoolYear(label_of(academic_year)), if_match)


async def _state(call: Call, school_id: UUID, stated: SchoolYear, if_match: str | None) -> Response:
    async with call.write() as session:
        await check_may_state(session, school_id)
        version = await lock_school_year(session, school_id, stated.academic_year)
        require_match(if_match, version)
        writes = Writes()
        await put_school_year(session, writes, school_id, stated, version=version)
        await writes.flush(session)
        return await _answer(call, session, school_id, stated.academic_year)


async def _answer(call: Call, session: ReadSession, school_id: UUID, label: str) -> Response:
    year = await read_school_year(session, school_id, label)
    shown = SchoolCalendarOut(
        school_id=school_id,
        academic_year=year.academic_year,
        source=year.half_terms_source,
        training_days_source=year.training_days_source,
        half_terms=half_terms_out(year.half_terms),
        closures=[
            SchoolClosureOut(on=named.closure.on, kind=named.closure.kind, name=named.name, source=source)
            for named, source in year.closures
        ],
    )
    return thing(call, shown, year.version, live=True)


def _half_terms(label: str, body: SchoolCalendarIn) -> tuple[HalfTerm, ...] | None:
    if body.half_terms is None:
        return None
    return tuple(HalfTerm(label, half.half_term, half.starts_on, half.ends_on) for half in body.half_terms)


def _training_days(body: SchoolCalendarIn) -> tuple[NamedClosure, ...] | None:
    if body.training_days is None:
        return None
    return tuple(NamedClosure(Closure(day.on, ClosureKind.INSET), day.name) for day in body.training_days)
