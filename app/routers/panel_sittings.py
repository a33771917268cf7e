"""One sitting of a panel: moved, cancelled, circulated and held."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.http.answers import once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag, require_match
from app.queries.writes import Writes
from app.routers.schemas.panels import AttendanceIn, ChairIn, MoveIn, ReasonIn, SittingOut
from app.services.idempotency import Answer
from app.services.panels import meeting, sittings
from app.services.panels.acting import seen_sitting
from app.services.panels.circulation import circulate as circulate_agenda

router = APIRouter(prefix="/v1/panels/{panel_id}/sittings/{sitting_id}", tags=["panels"])

IfMatch = Annotated[str | None, Header(description="Optional: act only on the version that you read.", max_length=1024)]
Ids = tuple[UUID, UUID]
"""(panel, sitting)."""


async def shown_sitting(session: ReadSession, ids: Ids) -> SittingOut:
    """A sitting as it goes out. Raises NotFound."""
    return SittingOut(**await seen_sitting(session, *ids))


async def act_on_sitting(
    call: Call, ids: Ids, body: Any, work: Callable[[WriteSession, Writes], Awaitable[None]]
) -> Response:
    """Run one act, safe to retry with an Idempotency-Key, and answer with the sitting as it then is."""

    async def act(session: WriteSession, writes: Writes) -> Answer:
        await work(session, writes)
        await writes.flush(session)
        shown = await shown_sitting(session, ids)
        return Answer(200, {"ETag": entity_tag(shown.version)}, to_bytes(shown))

    return await once(call, {"sitting": [str(one) for one in ids], "body": body}, act)


@router.get("", operation_id="get_sitting", responses={200: {"model": SittingOut}})
async def get_sitting(
    panel_id: UUID, sitting_id: UUID, call: Annotated[Call, Depends(caller("get_sitting"))]
) -> Response:
    """Read one sitting. Its `ETag` changes with every act on it and on its agenda."""
    async with call.read() as session:
        shown = await shown_sitting(session, (panel_id, sitting_id))
    return thing(call, shown, shown.version)


@router.post("/move", operation_id="move_sitting", responses={200: {"model": SittingOut}})
async def move_sitting(
    panel_id: UUID, sitting_id: UUID, body: MoveIn, call: Annotated[Call, Depends(caller("move_sitting"))]
) -> Response:
    """Put a sitting that was not held on another day, in term and on no bank holiday."""
    ids = (panel_id, sitting_id)
    return await act_on_sitting(
        call,
        ids,
        body.model_dump(mode="json"),
        lambda session, writes: sittings.move_sitting(session, writes, ids, body.on, body.starts_at, body.reason),
    )


@router.post("/cancel", operation_id="cancel_sitting", responses={200: {"model": SittingOut}})
async def cancel_sitting(
    panel_id: UUID, sitting_id: UUID, body: ReasonIn, call: Annotated[Call, Depends(caller("cancel_sitting"))]
) -> Response:
    """Cancel a sitting that was not held. Its items go on to the next agenda, and its members read them no more."""
    ids = (panel_id, sitting_id)
    return await act_on_sitting(
        call,
        ids,
        body.model_dump(mode="json"),
        lambda session, writes: sittings.cancel_sitting(session, writes, ids, body.reason),
    )


@router.post("/chair", operation_id="set_chair", responses={200: {"model": SittingOut}})
async def set_chair(
    panel_id: UUID, sitting_id: UUID, body: ChairIn, call: Annotated[Call, Depends(caller("set_chair"))]
) -> Response:
    """Let another member, or the authority, take the chair of this sitting. The rotation goes on as it was."""
    ids = (panel_id, sitting_id)
    return await act_on_sitting(
        call,
        ids,
        body.model_dump(mode="json"),
        lambda session, writes: sittings.set_chair(session, writes, ids, body.chair_id, body.reason),
    )


@router.post("/circulate", operation_id="circulate_agenda", responses={200: {"model": SittingOut}})
async def circulate(
    panel_id: UUID,
    sitting_id: UUID,
    call: Annotated[Call, Depends(caller("circulate_agenda"))],
    if_match: IfMatch = None,
) -> Response:
    """Freeze the agenda and let the members of this sitting read it, until `access_until`.

    Each item keeps what was known of it at this moment. Before the sitting only.
    """
    ids = (panel_id, sitting_id)
    return await act_on_sitting(
        call,
        ids,
        None,
        lambda session, writes: circulate_agenda(session, writes, ids, lambda version: check_match(if_match, version)),
    )


@router.post("/held", operation_id="hold_sitting", responses={200: {"model": SittingOut}})
async def hold(
    panel_id: UUID, sitting_id: UUID, body: AttendanceIn, call: Annotated[Call, Depends(caller("hold_sitting"))]
) -> Response:
    """Say that the sitting is held, and who came. Its items can be decided until its minutes are approved."""
    ids = (panel_id, sitting_id)
    return await act_on_sitting(
        call,
        ids,
        body.model_dump(mode="json"),
        lambda session, writes: meeting.hold_sitting(session, writes, ids, body.attended()),
    )


@router.put("/attendance", operation_id="correct_attendance", responses={200: {"model": SittingOut}})
async def correct_attendance(
    panel_id: UUID,
    sitting_id: UUID,
    body: AttendanceIn,
    call: Annotated[Call, Depends(caller("correct_attendance"))],
    if_match: Annotated[str | None, Header(max_length=1024)] = None,
) -> Response:
    """Put who came in place of what was recorded, until the minutes are approved."""
    ids = (panel_id, sitting_id)
    async with call.write() as session:
        writes = Writes()
        await meeting.correct_attendance(
            session, writes, ids, body.attended(), lambda version: require_match(if_match, version)
        )
        await writes.flush(session)
        shown = await shown_sitting(session, ids)
    return thing(call, shown, shown.version)
