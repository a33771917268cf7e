"""Days, as an authority's or a school's calendar counts them: for systems that must not count themselves."""

from datetime import date, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import ReadSession
from app.domain.calendar import Calendar
from app.errors import FieldFault, Invalid, NotFound
from app.http.answers import thing
from app.http.caller import Call, caller
from app.queries.school_calendars import calendar_of_school
from app.queries.schools import get_school
from app.routers.schemas.calendars import CountedOut, DayOut, DaysOut
from app.routers.schemas.types import FIRST_YEAR, LAST_YEAR, Date

router = APIRouter(tags=["calendars"])

_MOST_DAYS: Final = 400
_LONGEST_SPAN_DAYS: Final = 3700
_FOUR_WEEKS: Final = timedelta(days=27)

From = Annotated[Date | None, Query(alias="from", description="The first day; today without it.")]
SchoolId = Annotated[UUID | None, Query(description="Count in this school's days; in the authority's without it.")]
Clock = Annotated[
    Literal["school_day", "working_day"],
    Query(description="School days, or weekdays that are no bank holiday."),
]


@router.get("/v1/calendar/days", operation_id="list_calendar_days", responses={200: {"model": DaysOut}})
async def list_calendar_days(
    call: Annotated[Call, Depends(caller("list_calendar_days"))],
    *,
    first: From = None,
    last: Annotated[Date | None, Query(alias="to", description="The last day; four weeks in all without it.")] = None,
    school_id: SchoolId = None,
) -> Response:
    """List dates: whether each is a school day and a working day, why not, and its half-term; at most 400.

    Years that nobody loaded follow the default rule.
    """
    async with call.read() as session:
        start = first or session.today
        end = last or min(start + _FOUR_WEEKS, date(LAST_YEAR, 12, 31))
        _check_span(0 <= (end - start).days < _MOST_DAYS, f"At most {_MOST_DAYS} days, the first one first.")
        calendar = await _calendar(session, school_id)
    days = [start + timedelta(days=passed) for passed in range((end - start).days + 1)]
    shown = [
        DayOut(
            on=on,
            is_school_day=calendar.is_school_day(on),
            is_working_day=calendar.is_working_day(on),
            shut=calendar.why_shut(on),
            half_term=half.half_term if (half := calendar.half_term_of(on)) else None,
            academic_year=calendar.academic_year_of(on),
        )
        for on in days
    ]
    return thing(call, DaysOut(school_id=school_id, data=shown), 0, live=True)


@router.get("/v1/calendar/add", operation_id="add_calendar_days", responses={200: {"model": CountedOut}})
async def add_calendar_days(
    call: Annotated[Call, Depends(caller("add_calendar_days"))],
    *,
    first: From = None,
    days: Annotated[int, Query(ge=-2000, le=2000, description="How many; back in time below 0.")] = 1,
    clock: Clock = "school_day",
    school_id: SchoolId = None,
) -> Response:
    """Tell the school day, or working day, so many from a date, which itself does not count: 1 is the next one.

    With 0 it is the date itself, or the next such day when it is none. A school week is five school days: work of six
    weeks that begins on a school day is over 30 from it.
    """
    async with call.read() as session:
        start = first or session.today
        calendar = await _calendar(session, school_id)
    add = calendar.add_school_days if clock == "school_day" else calendar.add_working_days
    end = add(start, days)
    fits = FIRST_YEAR <= end.year <= LAST_YEAR
    _check_span(fits, f"That day lies outside the years {FIRST_YEAR} to {LAST_YEAR}.", "/query/days")
    counted = CountedOut(school_id=school_id, clock=clock, starts_on=start, ends_on=end, days=days)
    return thing(call, counted, 0, live=True)


@router.get("/v1/calendar/between", operation_id="count_calendar_days", responses={200: {"model": CountedOut}})
async def count_calendar_days(
    call: Annotated[Call, Depends(caller("count_calendar_days"))],
    *,
    first: From = None,
    last: Annotated[Date | None, Query(alias="to", description="The last day; today without it.")] = None,
    clock: Clock = "school_day",
    school_id: SchoolId = None,
) -> Response:
    """Count the school days, or working days, after one date up to and including another.

    Below 0 when the other is earlier.
    """
    async with call.read() as session:
        start, end = first or session.today, last or session.today
        _check_span(
            abs((end - start).days) <= _LONGEST_SPAN_DAYS, f"The dates are at most {_LONGEST_SPAN_DAYS} days apart."
        )
        calendar = await _calendar(session, school_id)
    count = calendar.school_days_between if clock == "school_day" else calendar.working_days_between
    counted = CountedOut(school_id=school_id, clock=clock, starts_on=start, ends_on=end, days=count(start, end))
    return thing(call, counted, 0, live=True)


async def _calendar(session: ReadSession, school_id: UUID | None) -> Calendar:
    """The calendar to count in. Raises NotFound for a school that the authority does not have."""
    if school_id is not None and await get_school(session, school_id) is None:
        raise NotFound
    return await calendar_of_school(session, school_id)


def _check_span(fits: bool, sentence: str, pointer: str = "/query/to") -> None:
    if not fits:
        raise Invalid(errors=[FieldFault(pointer, "out_of_range", sentence)])
