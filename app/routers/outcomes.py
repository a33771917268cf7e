"""Outcomes for the authority: the figures of GraphQL, as JSON or CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.db import ReadSession
from app.domain.outcomes import GroupBy, Interval, OutcomeFilter, VolumeUse
from app.errors import FieldFault, Invalid
from app.http.answers import JSON, to_bytes
from app.http.caller import Call, caller
from app.queries import outcomes
from app.routers.schemas.outcomes import DEFINITIONS, ROW_OF, Measure, OutcomeOut, as_csv
from app.routers.schemas.types import Date

router = APIRouter(tags=["outcomes"])

_LONGEST_DAYS: Final = 1100
_CSV: Final = "text/csv"
# Capacity is of places, which no pupil's group narrows; only capacity runs over time.
_NOT_OF_CAPACITY: Final = ("area_id", "school_id", "phase", "band", "need", "group_by")
_OF_CAPACITY_ALONE: Final = ("interval",)


@router.get(
    "/v1/outcomes/{measure}",
    operation_id="get_outcome",
    responses={
        200: {"model": OutcomeOut, "content": {_CSV: {"schema": {"type": "string"}}}, "description": "The figures."}
    },
)
async def get_outcome(
    measure: Measure,
    call: Annotated[Call, Depends(caller("get_outcome"))],
    *,
    starts_on: Annotated[Date | None, Query(description="First day of the period; open without it.")] = None,
    ends_on: Annotated[Date | None, Query(description="Last day of the period; today without it.")] = None,
    group_by: Annotated[GroupBy | None, Query(description="One breakdown. Timeliness is by band unless told.")] = None,
    interval: Annotated[Interval | None, Query(description="For capacity: by day (as without it) or week.")] = None,
    area_id: Annotated[UUID | None, Query(description="Only referrals of this area.")] = None,
    school_id: Annotated[UUID | None, Query(description="Only this school's pupils.")] = None,
    provider_id: Annotated[UUID | None, Query(description="Only cases, or places, of this provider.")] = None,
    phase: Annotated[str | None, Query(max_length=64, description="Only schools of this phase.")] = None,
    band: Annotated[str | None, Query(max_length=8, description="Only this band.")] = None,
    need: Annotated[str | None, Query(max_length=64, description="Only referrals with this need.")] = None,
    accept: Annotated[str | None, Header(max_length=1024, description="`text/csv` for CSV.")] = None,
) -> Response:
    """One outcome over a period: `attendance`, `suspensions`, `capacity` or `timeliness`.

    The period is of closure for attendance and suspensions, of receipt for timeliness (the last 365 days without a
    first day), of days for capacity (the last 28 without). Each answer says its definition. A figure that nothing
    stands behind is null, never 0 or 1. CSV carries the rows of `data`.
    """
    _check_parameters(call, measure)
    asked = OutcomeFilter(starts_on, ends_on, area_id, school_id, provider_id, phase, band, need)
    async with call.read() as session:
        answer = await _figures(session, measure, asked, group_by, interval)
    if _prefers_csv(accept):
        return Response(as_csv(ROW_OF[measure], answer.data), media_type=_CSV)
    return Response(
        to_bytes(
            {
                "measure": measure,
                "definition": DEFINITIONS[measure],
                "starts_on": answer.asked.starts_on,
                "ends_on": answer.asked.ends_on,
                "group_by": answer.group_by,
                "interval": answer.interval,
                "data": answer.data,
                "volume": answer.volume,
            }
        ),
        media_type=JSON,
    )


@dataclass(frozen=True, slots=True)
class _Figures:
    asked: OutcomeFilter
    data: Sequence[Any]
    group_by: GroupBy | None = None
    interval: Interval | None = None
    volume: tuple[VolumeUse, ...] | None = None


async def _figures(
    session: ReadSession, measure: Measure, asked: OutcomeFilter, group_by: GroupBy | None, interval: Interval | None
) -> _Figures:
    check_period(asked.starts_on, asked.ends_on)
    if measure is Measure.ATTENDANCE:
        by = group_by or GroupBy.NONE
        return _Figures(asked, await outcomes.attendance_change(session, asked, by), by)
    if measure is Measure.SUSPENSIONS:
        by = group_by or GroupBy.NONE
        return _Figures(asked, await outcomes.suspensions_change(session, asked, by), by)
    if measure is Measure.TIMELINESS:
        by = group_by or GroupBy.BAND
        return _Figures(asked, await outcomes.timeliness(session, asked, by), by)
    ends_on = asked.ends_on or session.today
    whole = OutcomeFilter(asked.starts_on or ends_on - timedelta(days=27), ends_on, provider_id=asked.provider_id)
    check_period(whole.starts_on, whole.ends_on)
    found = await outcomes.capacity(
        session, (whole.starts_on or ends_on, ends_on), interval or Interval.DAY, asked.provider_id
    )
    return _Figures(whole, found.points, interval=found.interval, volume=found.volume)


def _check_parameters(call: Call, measure: Measure) -> None:
    """Raises Invalid for a parameter that this outcome does not take: ignored, it would give a figure of more."""
    refused = _NOT_OF_CAPACITY if measure is Measure.CAPACITY else _OF_CAPACITY_ALONE
    faults = [
        FieldFault(f"/query/{name}", "not_taken", f"{name} does not apply to {measure.value}.")
        for name in refused
        if name in call.request.query_params
    ]
    if faults:
        raise Invalid(errors=faults)


def check_period(starts_on: date | None, ends_on: date | None) -> None:
    """Raise Invalid for a period that ends before it starts, or is too long."""
    if starts_on is None or ends_on is None:
        return
    if ends_on < starts_on:
        raise Invalid(errors=[FieldFault("/query/ends_on", "out_of_order", "The period ends before it starts.")])
    if (ends_on - starts_on).days >= _LONGEST_DAYS:
        sentence = f"A period has {_LONGEST_DAYS} days at most."
        raise Invalid(errors=[FieldFault("/query/starts_on", "out_of_range", sentence)])


def _prefers_csv(accept: str | None) -> bool:
    """True when the header names CSV with a higher weight than JSON (RFC 9110, section 12.5.1)."""
    weights = {_CSV: 0.0, JSON: 0.0}
    for item in (accept or "").lower().split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        if kind in weights:
            weights[kind] = next((_weight(part) for part in parameters if part.startswith("q=")), 1.0)
    return weights[_CSV] > weights[JSON]


def _weight(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
