"""The timeline of a referral."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import party_of
from app.http.caller import Call, caller
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.base import show
from app.routers.schemas.page import Page
from app.routers.schemas.timeline import TimelineEntryOut
from app.services.timeline import read_timeline

router = APIRouter(tags=["referrals"])


@router.get(
    "/v1/referrals/{referral_id}/timeline",
    operation_id="get_timeline",
    responses={200: {"model": Page[TimelineEntryOut]}},
)
async def get_timeline(
    referral_id: UUID,
    call: Annotated[Call, Depends(caller("get_timeline"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Every act on a referral that your organisation was told of, the earliest first.

    Who was told is settled when an act is done: a provider reads on from its offer, a school that the pupil came to
    later from that day, an officer all. Of a linked, redirected or sibling's referral nothing is here.
    """
    list_name = f"{call.operation}/{referral_id}"
    position = call.position(cursor, list_name)
    after = (datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None
    async with call.read() as session:
        rows = await read_timeline(session, referral_id, limit=limit, after=after)
    party = party_of(call.principal.kind)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: show(TimelineEntryOut, party, row),
        at=lambda row: [row["occurred_at"].isoformat(), str(row["id"])],
        list_name=list_name,
    )
