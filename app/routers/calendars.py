"""School calendars, one academic year at a time."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path
from starlette.responses import Response

from app.domain.academic_year import HalfTerm, start_year_of
from app.domain.calendar import Closure, NamedClosure
from app.errors import FieldFault, Invalid
from app.http.answers import thing
from app.http.caller import Call, caller
from app.http.conditional import require_match
from app.queries.writes import Writes
from app.routers.schemas.calendars import CalendarIn, CalendarOut, closures_out, half_terms_out
from app.services.calendars import CalendarYear, lock_year, open_returns_of_ended_periods, put_year, read_year

router = APIRouter(tags=["calendars"])

AcademicYear = Annotated[str, Path(pattern=r"^(19|20)\d{2}-\d{2}$", description="As `2026-27`.", examples=["2026-27"])]


@router.get("/v1/calendars/{academic_year}", operation_id="get_calendar", responses={200: {"model": CalendarOut}})
async def get_calendar(academic_year: AcademicYear, call: Annotated[Call, Depends(caller("get_calendar"))]) -> Response:
    """Read an academic year: its six half-terms and its closures.

    Where the authority has loaded none, half-terms by rule stand in for it, and `source` says `default`.
    """
    async with call.read() as session:
        year = await read_year(session, label_of(academic_year))
    return thing(call, _shown(year), year.version)


@router.put("/v1/calendars/{academic_year}", operation_id="put_calendar", responses={200: {"model": CalendarOut}})
async def put_calendar(
    academic_year: AcademicYear,
    body: CalendarIn,
    call: Annotated[Call, Depends(caller("put_calendar"))],
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Load an academic year, in place of what was loaded before. `If-Match` holds the version that you read.

    A year that was never loaded has version 0: read the default first. Planned ends that were promised and due dates
    of what is owed already stay as they are; whatever is counted from now on follows the new dates.
    """
    label = label_of(academic_year)
    half_terms = [HalfTerm(label, half.half_term, half.starts_on, half.ends_on) for half in body.half_terms]
    closures = [NamedClosure(Closure(closed.on, closed.kind), closed.name) for closed in body.closures]
    async with call.write() as session:
        version = await lock_year(session, label)
        require_match(if_match, version)
        writes = Writes()
        await put_year(session, writes, label, version=version, half_terms=half_terms, closures=closures)
        await writes.flush(session)
        await open_returns_of_ended_periods(session)
        year = await read_year(session, label)
    return thing(call, _shown(year), year.version)


def label_of(academic_year: str) -> str:
    """`2026/27` for `2026-27`, as it stands in a path. Raises Invalid when the two years do not follow each other."""
    label = academic_year.replace("-", "/")
    try:
        start_year_of(label)
    except ValueError:
        fault = FieldFault("/path/academic_year", "not_an_academic_year", "An academic year is written like 2026-27.")
        raise Invalid(errors=[fault]) from None
    return label


def _shown(year: CalendarYear) -> CalendarOut:
    return CalendarOut(
        academic_year=year.academic_year,
        source="authority" if year.version else "default",
        half_terms=half_terms_out(year.half_terms),
        closures=closures_out(year.closures),
    )
