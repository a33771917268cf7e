"""Service levels: how what was owed was met, as JSON or CSV."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.domain.obligations import ObligationKind
from app.domain.service_levels import DEFINITION, LevelsBy, ServiceLevel
from app.http.answers import to_bytes
from app.http.caller import Call, caller
from app.http.negotiation import CSV, JSON, preferred
from app.queries.service_levels import service_levels
from app.routers.outcomes import check_period
from app.routers.schemas.obligations import ServiceLevelsOut
from app.routers.schemas.outcomes import as_csv
from app.routers.schemas.types import Date

router = APIRouter(tags=["outcomes"])

_USUAL_DAYS: Final = 28


@router.get(
    "/v1/service-levels",
    operation_id="get_service_levels",
    responses={200: {"model": ServiceLevelsOut, "content": {CSV: {"schema": {"type": "string"}}}}},
)
async def get_service_levels(
    call: Annotated[Call, Depends(caller("get_service_levels"))],
    *,
    starts_on: Annotated[Date | None, Query(description="First day; 28 days to the last one without it.")] = None,
    ends_on: Annotated[Date | None, Query(description="Last day on which it was due; today without it.")] = None,
    group_by: Annotated[LevelsBy, Query(description="By kind alone, or of each organisation.")] = LevelsBy.KIND,
    kind: Annotated[ObligationKind | None, Query(description="Only this kind.")] = None,
    owed_by_id: Annotated[UUID | None, Query(description="Only what this organisation owed.")] = None,
    accept: Annotated[str | None, Header(max_length=1024, description="`text/csv` for CSV.")] = None,
) -> Response:
    """How what was due in a period was met: in time, late, overdue still; and how late, in each kind's own clock.

    You see what your organisation owed; an authority sees what everybody did. CSV carries the rows of `data`.
    """
    async with call.read() as session:
        last = ends_on or session.today
        first = starts_on or last - timedelta(days=_USUAL_DAYS - 1)
        check_period(first, last)
        rows = await service_levels(session, (first, last), group_by, kind=kind, owed_by_id=owed_by_id)
    if preferred(accept, (JSON, CSV)) == CSV:
        return Response(as_csv(ServiceLevel, rows), media_type=CSV)
    answer = {"definition": DEFINITION, "starts_on": first, "ends_on": last, "group_by": group_by, "data": rows}
    return Response(to_bytes(answer), media_type=JSON)
