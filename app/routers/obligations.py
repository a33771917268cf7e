"""What is owed: the worklist, one obligation, and what an officer notes of one that no other act settles."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.domain.duties import DUTIES
from app.domain.obligations import ObligationKind, is_overdue, obligation_state
from app.errors import NotFound
from app.http.answers import once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag
from app.queries import obligations as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.obligations import DoneIn, ObligationOut
from app.routers.schemas.page import Page
from app.routers.schemas.types import Moment
from app.services.idempotency import Answer
from app.services.settling import mark_done

router = APIRouter(prefix="/v1/obligations", tags=["obligations"])


@router.get("", operation_id="list_obligations", responses={200: {"model": Page[ObligationOut]}})
async def list_obligations(
    call: Annotated[Call, Depends(caller("list_obligations"))],
    *,
    state: Annotated[
        Literal["open", "overdue", "escalated", "met", "cancelled"] | None,
        Query(description="`open` includes `overdue`, which is open past its due time; `escalated` is open too."),
    ] = None,
    kind: Annotated[ObligationKind | None, Query(description="Only this kind.")] = None,
    owed_by_id: Annotated[UUID | None, Query(description="Only what this organisation owes.")] = None,
    subject_id: Annotated[UUID | None, Query(description="Only what is owed about this very thing.")] = None,
    referral_id: Annotated[
        UUID | None, Query(description="Only what concerns this referral: it, its offers and its case.")
    ] = None,
    area_id: Annotated[UUID | None, Query(description="Only what concerns this area: its lead officer's list.")] = None,
    due_before: Annotated[Moment | None, Query(description="Only what is due before this time.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What you owe, due first first: answers, contacts, closures, returns. An authority also sees what others owe."""
    position = call.position(cursor)
    wanted = queries.Wanted(state, kind, owed_by_id, subject_id, referral_id, area_id, due_before)
    async with call.read() as session:
        rows = await queries.list_obligations(
            session,
            wanted,
            limit=limit,
            after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
        )
        now = session.now
    return listed(
        call,
        rows,
        limit,
        render=lambda row: _shown(row, now),
        at=lambda row: [row["due_at"].isoformat(), str(row["id"])],
    )


@router.get("/{obligation_id}", operation_id="get_obligation", responses={200: {"model": ObligationOut}})
async def get_obligation(obligation_id: UUID, call: Annotated[Call, Depends(caller("get_obligation"))]) -> Response:
    """Read one obligation: your own, or as an officer any."""
    async with call.read() as session:
        shown = await _one(session, obligation_id)
    # It goes overdue by the time alone, before the clock has told so.
    return thing(call, shown, shown.version, live=True)


@router.post("/{obligation_id}/done", operation_id="mark_obligation_done", responses={200: {"model": ObligationOut}})
async def mark_obligation_done(
    obligation_id: UUID, body: DoneIn, call: Annotated[Call, Depends(caller("mark_obligation_done"))]
) -> Response:
    """Note what was done about something that the authority owes and no other act settles, which settles it.

    One that has acts of its own is refused, and the refusal names them (`settled_by` does too).
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await mark_done(
            session,
            writes,
            obligation_id,
            body.note,
            body.officer.officer(),
            lambda version: check_match(call.request.headers.get("if-match"), version),
        )
        shown = await _one(session, obligation_id)
        return Answer(200, {"ETag": entity_tag(shown.version)}, to_bytes(shown))

    return await once(call, body.model_dump(mode="json") | {"id": str(obligation_id)}, work)


async def _one(session: ReadSession, obligation_id: UUID) -> ObligationOut:
    row = await queries.get_obligation(session, obligation_id)
    if row is None:
        raise NotFound
    return _shown(row, session.now)


def _shown(row: dict[str, Any], now: datetime) -> ObligationOut:
    times = (row["met_at"], row["cancelled_at"])
    return ObligationOut(
        **{**row, "done": orjson.loads(row["done"]) if row["done"] else None},
        state=obligation_state(*times),
        overdue=is_overdue(row["due_at"], *times, now),
        settled_by=list(DUTIES[row["kind"]].met_by),
    )
