"""How the goals of an intervention's plan go."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import party_of
from app.db import WriteSession
from app.http.answers import once, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match
from app.queries import goal_progress as queries
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, day_and_id, listed
from app.routers.schemas.base import show
from app.routers.schemas.goal_progress import GoalProgressIn, GoalProgressOut
from app.routers.schemas.page import Page
from app.services.idempotency import Answer
from app.services.interventions.case import find_case
from app.services.interventions.goal_progress import record_progress

router = APIRouter(prefix="/v1/interventions/{intervention_id}/goals/{goal_id}/progress", tags=["interventions"])


@router.get("", operation_id="list_goal_progress", responses={200: {"model": Page[GoalProgressOut]}})
async def list_goal_progress(
    intervention_id: UUID,
    goal_id: UUID,
    call: Annotated[Call, Depends(caller("list_goal_progress"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What was said of a goal, by the day on which it was said; also of one that the plan no longer has."""
    list_name = f"{call.operation}/{intervention_id}/{goal_id}"
    after = day_and_id(call.position(cursor, list_name))
    async with call.read() as session:
        await find_case(session, intervention_id)
        rows = await queries.list_progress(session, intervention_id, goal_id, limit=limit, after=after)
    party = party_of(call.principal.kind)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: show(GoalProgressOut, party, row),
        at=lambda row: [row["said_on"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.post("", operation_id="record_goal_progress", status_code=201, responses={201: {"model": GoalProgressOut}})
async def record(
    intervention_id: UUID,
    goal_id: UUID,
    body: GoalProgressIn,
    call: Annotated[Call, Depends(caller("record_goal_progress"))],
    if_match: IfMatch = None,
) -> Response:
    """Record what somebody said of a goal on a day. Entries are added and never changed."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await record_progress(
            session, writes, intervention_id, goal_id, body.model_dump(), lambda version: check_match(if_match, version)
        )
        return Answer(201, {}, to_bytes(show(GoalProgressOut, party_of(call.principal.kind), row)))

    named = {"intervention_id": str(intervention_id), "goal_id": str(goal_id)}
    return await once(call, {**named, **body.model_dump(mode="json")}, work)
