"""The waiting list, in its published order."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.access import party_of
from app.http.answers import page
from app.http.caller import Call, caller
from app.queries import referrals as queries
from app.routers.schemas.base import show
from app.routers.schemas.referral_views import WaitingOut

router = APIRouter(tags=["allocations"])


@router.get("/v1/waiting-list", operation_id="list_waiting")
async def list_waiting(
    call: Annotated[Call, Depends(caller("list_waiting"))],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> Response:
    """Who waits, best placed first: by band, date of the band, and time received."""
    position = call.position(cursor)
    after = None
    if position:
        band, banded_on, received_at, referral_id = (str(part) for part in position)
        after = (band, date.fromisoformat(banded_on), datetime.fromisoformat(received_at), UUID(referral_id))
    async with call.read() as session:
        rows = await queries.waiting_list(session, limit=limit, after=after)
    next_cursor = None
    if len(rows) > limit:
        rows = rows[:limit]
        last = rows[-1]
        next_cursor = call.cursor(
            [last["band"], last["banded_on"].isoformat(), last["received_at"].isoformat(), str(last["id"])]
        )
    party = party_of(call.principal.kind)
    return page(call, [show(WaitingOut, party, dict(row)) for row in rows], next_cursor)
