"""Services that an intervention's family was pointed to."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from app.access import party_of
from app.db import WriteSession
from app.http.answers import once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag, require_match
from app.queries import signposts as queries
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, day_and_id, listed
from app.routers.schemas.base import show
from app.routers.schemas.page import Page
from app.routers.schemas.signposts import SignpostRecordIn, SignpostRecordOut, TakeUpIn
from app.services.idempotency import Answer
from app.services.interventions.case import find_case
from app.services.interventions.signposts import follow_up_signpost, record_signpost

router = APIRouter(prefix="/v1/interventions/{intervention_id}/signposts", tags=["interventions"])


@router.get("", operation_id="list_signposts", responses={200: {"model": Page[SignpostRecordOut]}})
async def list_signposts(
    intervention_id: UUID,
    call: Annotated[Call, Depends(caller("list_signposts"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Services that the family was pointed to, by day, those of the closure summary included.

    A school is not shown what a parent was pointed to for itself.
    """
    list_name = f"{call.operation}/{intervention_id}"
    after = day_and_id(call.position(cursor, list_name))
    async with call.read() as session:
        await find_case(session, intervention_id)
        rows = await queries.list_signposts(session, intervention_id, limit=limit, after=after)
    party = party_of(call.principal.kind)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: show(SignpostRecordOut, party, row),
        at=lambda row: [row["signposted_on"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.post("", operation_id="record_signpost", status_code=201, responses={201: {"model": SignpostRecordOut}})
async def record(
    intervention_id: UUID,
    body: SignpostRecordIn,
    call: Annotated[Call, Depends(caller("record_signpost"))],
    if_match: IfMatch = None,
) -> Response:
    """Record a service that the family was pointed to. Whether it went there is recorded later, on the signpost."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await record_signpost(
            session, writes, intervention_id, body.model_dump(), lambda version: check_match(if_match, version)
        )
        shown = show(SignpostRecordOut, party_of(call.principal.kind), row)
        return Answer(201, {"ETag": entity_tag(row["version"])}, to_bytes(shown))

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)


@router.patch("/{signpost_id}", operation_id="follow_up_signpost", responses={200: {"model": SignpostRecordOut}})
async def follow_up(
    intervention_id: UUID,
    signpost_id: UUID,
    body: TakeUpIn,
    call: Annotated[Call, Depends(caller("follow_up_signpost"))],
    if_match: Annotated[str | None, Header(description="The signpost's ETag: its version.", max_length=1024)] = None,
) -> Response:
    """Record whether the family went there, and if not why. Also after the close, as when the family is asked again."""
    async with call.write() as session:
        writes = Writes()
        row = await follow_up_signpost(
            session,
            writes,
            intervention_id,
            signpost_id,
            body.model_dump(),
            lambda version: require_match(if_match, version),
        )
        await writes.flush(session)
    return thing(call, show(SignpostRecordOut, party_of(call.principal.kind), row), row["version"])
