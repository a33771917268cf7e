"""What panels asked of organisations: each sees its own."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import WriteSession
from app.errors import NotFound
from app.http.answers import once, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import entity_tag
from app.queries import panel_items as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.page import Page
from app.routers.schemas.panel_agenda import ActionDoneIn, ActionOut
from app.services.idempotency import Answer
from app.services.panels.actions import finish_action

router = APIRouter(prefix="/v1/panel-actions", tags=["panels"])


@router.get("", operation_id="list_panel_actions", responses={200: {"model": Page[ActionOut]}})
async def list_actions(
    call: Annotated[Call, Depends(caller("list_panel_actions"))],
    state: Annotated[Literal["open", "done", "dropped"] | None, Query(description="Only those in this state.")] = None,
    sitting_id: Annotated[UUID | None, Query(description="Only those of one sitting.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Actions by the day they are due: your own; an officer's all."""
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_actions(
            session,
            limit=limit,
            after=(date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            state=state,
            sitting_id=sitting_id,
        )
    return listed(
        call,
        rows,
        limit,
        render=lambda row: ActionOut(**row),
        at=lambda row: [row["due_on"].isoformat(), str(row["id"])],
    )


@router.post("/{action_id}/done", operation_id="finish_panel_action", responses={200: {"model": ActionOut}})
async def finish(
    action_id: UUID, body: ActionDoneIn, call: Annotated[Call, Depends(caller("finish_panel_action"))]
) -> Response:
    """Say that an action was done: the organisation that owes it, or an officer who was told so."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await finish_action(session, writes, action_id, body.note)
        row = await queries.get_action(session, action_id)
        if row is None:
            raise NotFound
        return Answer(200, {"ETag": entity_tag(row["version"])}, to_bytes(ActionOut(**row)))

    return await once(call, {"action_id": str(action_id), **body.model_dump(mode="json")}, work)
