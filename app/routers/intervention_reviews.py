"""Reviews of an intervention."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import party_of
from app.db import WriteSession
from app.http.answers import once, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match
from app.queries import reviews as queries
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.base import show
from app.routers.schemas.page import Page
from app.routers.schemas.reviews import ReviewIn, ReviewOut
from app.services.idempotency import Answer
from app.services.interventions.case import find_case
from app.services.interventions.reviews import record_review

router = APIRouter(prefix="/v1/interventions/{intervention_id}/reviews", tags=["interventions"])


@router.get("", operation_id="list_reviews", responses={200: {"model": Page[ReviewOut]}})
async def list_reviews(
    intervention_id: UUID,
    call: Annotated[Call, Depends(caller("list_reviews"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Reviews by the day on which they were held.

    A school sees the goals and what was proposed; what was said is the provider's and the authority's.
    """
    list_name = f"{call.operation}/{intervention_id}"
    position = call.position(cursor, list_name)
    async with call.read() as session:
        await find_case(session, intervention_id)
        rows = await queries.list_reviews(
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
        render=lambda row: show(ReviewOut, party, row),
        at=lambda row: [row["held_on"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.post("", operation_id="record_review", status_code=201, responses={201: {"model": ReviewOut}})
async def record(
    intervention_id: UUID,
    body: ReviewIn,
    call: Annotated[Call, Depends(caller("record_review"))],
    if_match: IfMatch = None,
) -> Response:
    """Record what was found half-way: one review a day, from the first contact on.

    It meets the obligation `review`; the meeting itself is a contact of that kind.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await record_review(
            session, writes, intervention_id, body.model_dump(), lambda version: check_match(if_match, version)
        )
        return Answer(201, {}, to_bytes(show(ReviewOut, party_of(call.principal.kind), row)))

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)
