"""The plan of an intervention."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from app.access import party_of
from app.http.answers import thing
from app.http.caller import Call, caller
from app.http.conditional import require_match
from app.queries.writes import Writes
from app.routers.schemas.base import show
from app.routers.schemas.plans import PlanIn, PlanOut
from app.services.interventions import plan as service

router = APIRouter(prefix="/v1/interventions/{intervention_id}/plan", tags=["interventions"])

IfMatch = Annotated[str | None, Header(description='The plan\'s ETag; `"0"` for the first plan.', max_length=1024)]


@router.get("", operation_id="get_plan", responses={200: {"model": PlanOut}})
async def get_plan(intervention_id: UUID, call: Annotated[Call, Depends(caller("get_plan"))]) -> Response:
    """The plan agreed with the family, and its goals. Until there is one it is empty, with the ETag `"0"`."""
    async with call.read() as session:
        plan = await service.get_plan(session, intervention_id)
    return thing(call, show(PlanOut, party_of(call.principal.kind), plan), plan["version"])


@router.put("", operation_id="put_plan", responses={200: {"model": PlanOut}})
async def put_plan(
    intervention_id: UUID,
    body: PlanIn,
    call: Annotated[Call, Depends(caller("put_plan"))],
    if_match: IfMatch = None,
) -> Response:
    """Put the whole plan.

    A goal keeps its `id`; a goal without one is new; a goal left out is taken away. Results are given at the close.
    """
    async with call.write() as session:
        plan = await service.put_plan(
            session, Writes(), intervention_id, body.model_dump(), lambda version: require_match(if_match, version)
        )
    return thing(call, show(PlanOut, party_of(call.principal.kind), plan), plan["version"])
