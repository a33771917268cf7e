"""Messages between the parties of a referral."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import party_of
from app.db import WriteSession
from app.errors import NotFound
from app.http.answers import once, to_bytes
from app.http.caller import Call, caller
from app.queries import messages as queries
from app.queries import referrals
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.base import show
from app.routers.schemas.messages import MessageIn, MessageOut
from app.routers.schemas.page import Page
from app.services.idempotency import Answer
from app.services.referrals.messages import mark_message_read, post_message

router = APIRouter(prefix="/v1/referrals/{referral_id}/messages", tags=["referrals"])


@router.get("", operation_id="list_messages", responses={200: {"model": Page[MessageOut]}})
async def list_messages(
    referral_id: UUID,
    call: Annotated[Call, Depends(caller("list_messages"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Messages that you posted or that were addressed to you, oldest first."""
    list_name = f"{call.operation}/{referral_id}"
    position = call.position(cursor, list_name)
    async with call.read() as session:
        if await referrals.visible(session, referral_id) is None:
            raise NotFound
        rows = await queries.list_messages(
            session,
            referral_id,
            limit=limit,
            after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
        )
    party = party_of(call.principal.kind)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: show(MessageOut, party, row),
        at=lambda row: [row["posted_at"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.post("", operation_id="post_message", status_code=201, responses={201: {"model": MessageOut}})
async def post(referral_id: UUID, body: MessageIn, call: Annotated[Call, Depends(caller("post_message"))]) -> Response:
    """Post a message to other parties of the referral. Who reads it is settled now, and the event has no word of it.

    Nobody has to answer it, and no time runs. For a child at risk raise a concern instead
    (`POST /v1/referrals/{id}/concerns`): a message is not one, however it is worded.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await post_message(session, writes, referral_id, body.text, body.to)
        return Answer(201, {}, to_bytes(show(MessageOut, party_of(call.principal.kind), row)))

    return await once(call, {"referral_id": str(referral_id), **body.model_dump(mode="json")}, work)


@router.post("/{message_id}/read", operation_id="mark_message_read", responses={200: {"model": MessageOut}})
async def mark_read(
    referral_id: UUID, message_id: UUID, call: Annotated[Call, Depends(caller("mark_message_read"))]
) -> Response:
    """Say that your organisation has read a message, and all that came to it before."""
    async with call.write() as session:
        row = await mark_message_read(session, referral_id, message_id)
    return Response(to_bytes(show(MessageOut, party_of(call.principal.kind), row)), media_type="application/json")
