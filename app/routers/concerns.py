"""Urgent concerns: raised about a referral, read under a scope of their own, and acted on by whoever they went to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.access import Party, party_of
from app.db import WriteSession
from app.domain.concerns import ConcernActKind, ConcernState
from app.errors import NotFound
from app.http.answers import once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import entity_tag
from app.queries import concerns as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.base import seen_by, show
from app.routers.schemas.concerns import (
    ConcernActIn,
    ConcernCloseIn,
    ConcernIn,
    ConcernLineOut,
    ConcernOut,
    ConcernRaisedOut,
)
from app.routers.schemas.page import Page
from app.services import audit
from app.services.concerns import act_on_concern, raise_concern
from app.services.idempotency import Answer

router = APIRouter(tags=["concerns"])

_Line = seen_by(ConcernLineOut, Party.AUTHORITY)
_Concern = seen_by(ConcernOut, Party.CASE_PROVIDER) | seen_by(ConcernOut, Party.AUTHORITY)


@router.post(
    "/v1/referrals/{referral_id}/concerns",
    operation_id="raise_concern",
    status_code=201,
    responses={201: {"model": ConcernRaisedOut}},
)
async def raise_one(
    referral_id: UUID, body: ConcernIn, call: Annotated[Call, Depends(caller("raise_concern"))]
) -> Response:
    """Raise an urgent concern about a referral that you may see, also one that is closed.

    **In immediate danger call 999 first.** The answer has the telephone of the authority's safeguarding hub: speak to
    it. `child_at_risk` goes to the school's designated safeguarding lead, if the referral names one and the school is
    not who raises it, else to the authority, which is told in any case. `allegation_about_worker` goes to the
    authority's designated officer alone: the worker's organisation learns nothing of it here, even where it raised the
    allegation itself, so keep this answer. An `Idempotency-Key` lets you send it again without raising it twice.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        raised = await raise_concern(session, writes, referral_id, body.concern())
        return Answer(201, {}, to_bytes(ConcernRaisedOut.model_validate(raised)))

    return await once(call, {"referral_id": str(referral_id), **body.model_dump(mode="json")}, work)


@router.get("/v1/concerns", operation_id="list_concerns", responses={200: {"model": Page[ConcernLineOut]}})
async def list_concerns(
    call: Annotated[Call, Depends(caller("list_concerns"))],
    state: Annotated[ConcernState | None, Query(description="Only those in this state.")] = None,
    referral_id: Annotated[UUID | None, Query(description="Only those about this referral.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Concerns that you raised or that came to you, the latest first, without their words. Reading them is logged.

    The authority's safeguarding clients see all.
    """
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_concerns(
            session,
            limit=limit,
            after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            state=state,
            referral_id=referral_id,
        )
    if rows:
        await audit.record(call.runtime.database, call.principal, "read_concerns", "concern", None, ["kind", "state"])
    party = party_of(call.principal.kind)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: show(ConcernLineOut, party, row),
        at=lambda row: [row["raised_at"].isoformat(), str(row["id"])],
    )


@router.get("/v1/concerns/{concern_id}", operation_id="get_concern", responses={200: {"model": _Concern}})
async def get_concern(concern_id: UUID, call: Annotated[Call, Depends(caller("get_concern"))]) -> Response:
    """One concern, with what was done about it for those who may know. Reading it is logged."""
    async with call.read() as session:
        row = await queries.find_concern(session, concern_id)
    if row is None:
        raise NotFound
    await audit.record(call.runtime.database, call.principal, "read_concern", "concern", concern_id, ["text"])
    return thing(call, show(ConcernOut, party_of(call.principal.kind), row), row["version"])


@router.post(
    "/v1/concerns/{concern_id}/acknowledge", operation_id="acknowledge_concern", responses={200: {"model": _Line}}
)
async def acknowledge(
    concern_id: UUID, body: ConcernActIn, call: Annotated[Call, Depends(caller("acknowledge_concern"))]
) -> Response:
    """Say that a concern is in hand, with the first thing that was done. It meets what is owed."""
    return await _act(call, concern_id, ConcernActKind.ACKNOWLEDGED, body)


@router.post("/v1/concerns/{concern_id}/close", operation_id="close_concern", responses={200: {"model": _Line}})
async def close(
    concern_id: UUID, body: ConcernCloseIn, call: Annotated[Call, Depends(caller("close_concern"))]
) -> Response:
    """Close a concern with what was done in the end."""
    return await _act(call, concern_id, ConcernActKind.CLOSED, body)


async def _act(call: Call, concern_id: UUID, kind: ConcernActKind, body: ConcernActIn) -> Response:
    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await act_on_concern(session, writes, concern_id, kind, body.done())
        # None of its words: the answer is stored for retries.
        content = to_bytes(show(ConcernLineOut, party_of(call.principal.kind), row))
        return Answer(200, {"ETag": entity_tag(row["version"])}, content)

    return await once(call, {"concern_id": str(concern_id), **body.model_dump(mode="json")}, work)
