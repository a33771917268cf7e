"""What only a sandbox can do. These routes are absent where the service is none."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.http.answers import JSON, to_bytes
from app.http.caller import Call, caller
from app.routers.schemas.sandbox import AdvanceIn, AdvanceOut
from app.services.authority import officer_of
from app.services.business_clock import advance

router = APIRouter(tags=["sandbox"])


@router.post("/v1/sandbox/advance", operation_id="advance_clock", responses={200: {"model": AdvanceOut}})
async def advance_clock(body: AdvanceIn, call: Annotated[Call, Depends(caller("advance_clock"))]) -> Response:
    """Move the authority's business time forward and run, in date order, everything that falls due on the way.

    Offers expire, obligations become overdue, returns open and freed places are offered, each at its own moment, as if
    the time had passed. Time never moves back: a moment that is not ahead is refused with 422. When the answer was
    lost, send the same request again: what was run is not run twice. Only a sandbox authority may do this.
    """
    officer = officer_of(call.principal.authority_id, call.principal.organisation_id)
    now, ran = await advance(call.runtime.database, officer, body.to)
    return Response(to_bytes(AdvanceOut.model_validate({"now": now, "ran": ran.counts()})), 200, None, JSON)
