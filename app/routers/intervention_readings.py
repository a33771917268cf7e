"""The readings of an intervention, and what their charts are drawn from."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import party_of
from app.db import WriteSession
from app.http.answers import once, page, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match
from app.queries import readings as queries
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.base import show
from app.routers.schemas.page import Page
from app.routers.schemas.readings import ChartOut, ReadingIn, ReadingOut, chart_values
from app.services.idempotency import Answer
from app.services.interventions.case import find_case
from app.services.interventions.readings import readings_charts, record_reading

router = APIRouter(tags=["interventions"])


@router.get(
    "/v1/interventions/{intervention_id}/readings",
    operation_id="list_readings",
    responses={200: {"model": Page[ReadingOut]}},
)
async def list_readings(
    intervention_id: UUID,
    call: Annotated[Call, Depends(caller("list_readings"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Readings by the day on which they were taken, those that were corrected too (`superseded_at`)."""
    list_name = f"{call.operation}/{intervention_id}"
    position = call.position(cursor, list_name)
    async with call.read() as session:
        await find_case(session, intervention_id)
        rows = await queries.list_readings(
            session,
            intervention_id,
            limit=limit,
            after=(date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
        )
    party = party_of(call.principal.kind)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: show(ReadingOut, party, row),
        at=lambda row: [row["taken_on"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.get(
    "/v1/interventions/{intervention_id}/readings/chart",
    operation_id="get_readings_chart",
    responses={200: {"model": Page[ChartOut]}},
)
async def get_readings_chart(
    intervention_id: UUID, call: Annotated[Call, Depends(caller("get_readings_chart"))]
) -> Response:
    """What charts of the readings are drawn from: by measure, version and respondent, each area's scores in order.

    Corrected readings have no part in it. Versions of a measure stand apart: their scores are not compared.
    """
    async with call.read() as session:
        await find_case(session, intervention_id)
        found = (await readings_charts(session, [intervention_id]))[intervention_id]
    party = party_of(call.principal.kind)
    return page(call, [show(ChartOut, party, chart_values(chart)) for chart in found], None)


@router.post(
    "/v1/interventions/{intervention_id}/readings",
    operation_id="record_reading",
    status_code=201,
    responses={201: {"model": ReadingOut}},
)
async def record(
    intervention_id: UUID,
    body: ReadingIn,
    call: Annotated[Call, Depends(caller("record_reading"))],
    if_match: IfMatch = None,
) -> Response:
    """Record a reading: one of each measure, respondent and day. See `GET /v1/measures` for areas and scales.

    Of completed work one may be taken as its follow-up, around the day on which that is due.
    It is taken by the version of the measure of its day. A wrong one is corrected by another, which names it in
    `supersedes_id` and says why.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await record_reading(
            session, writes, intervention_id, body.model_dump(), lambda version: check_match(if_match, version)
        )
        return Answer(201, {}, to_bytes(show(ReadingOut, party_of(call.principal.kind), row)))

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)
