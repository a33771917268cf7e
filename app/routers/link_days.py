"""Link days, and the plan of action that goes with them."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.domain.link_days import ActionState, LinkDayState
from app.http.answers import created, once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag
from app.queries import link_days as queries
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.link_days import (
    LinkDayActionIn,
    LinkDayActionOut,
    LinkDayCancelIn,
    LinkDayConfirmIn,
    LinkDayDoneIn,
    LinkDayIn,
    LinkDayOut,
)
from app.routers.schemas.page import Page
from app.routers.schemas.types import Date
from app.services.idempotency import Answer
from app.services.link_days import actions, acts
from app.services.link_days.row import Check, find_day

router = APIRouter(prefix="/v1", tags=["link days"])

_DAY: dict[int | str, dict[str, Any]] = {200: {"model": LinkDayOut}}
_ACTION: dict[int | str, dict[str, Any]] = {200: {"model": LinkDayActionOut}}


@router.post("/link-days", operation_id="ask_for_link_day", status_code=201, responses={201: {"model": LinkDayOut}})
async def ask_for_link_day(body: LinkDayIn, call: Annotated[Call, Depends(caller("ask_for_link_day"))]) -> Response:
    """Ask for a day of a link worker in your school, or half of one. The provider confirms it."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        link_day_id = await acts.ask_for_day(session, writes, **body.model_dump())
        shown = await _day(session, link_day_id)
        return created(shown, shown.version, f"/v1/link-days/{link_day_id}")

    return await once(call, body.model_dump(mode="json"), work)


@router.get("/link-days", operation_id="list_link_days", responses={200: {"model": Page[LinkDayOut]}})
async def list_link_days(
    call: Annotated[Call, Depends(caller("list_link_days"))],
    *,
    school_id: UUID | None = None,
    lot_id: UUID | None = None,
    state: LinkDayState | None = None,
    on_from: Annotated[Date | None, Query(description="Only those of this day or later.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List link days by date: a school's own, a provider's own, for the authority all."""
    async with call.read() as session:
        rows = await queries.list_days(
            session,
            school_id=school_id,
            lot_id=lot_id,
            state=state,
            on_from=on_from,
            after=_after(call, cursor),
            limit=limit,
        )
    return listed(
        call,
        rows,
        limit,
        render=lambda row: LinkDayOut(**row),
        at=lambda row: [row["on"].isoformat(), str(row["id"])],
    )


@router.get("/link-days/{link_day_id}", operation_id="get_link_day", responses=_DAY)
async def get_link_day(link_day_id: UUID, call: Annotated[Call, Depends(caller("get_link_day"))]) -> Response:
    """Read one link day."""
    async with call.read() as session:
        shown = await _day(session, link_day_id)
    return thing(call, shown, shown.version)


@router.post("/link-days/{link_day_id}/confirm", operation_id="confirm_link_day", responses=_DAY)
async def confirm_link_day(
    link_day_id: UUID,
    body: LinkDayConfirmIn,
    call: Annotated[Call, Depends(caller("confirm_link_day"))],
    if_match: IfMatch = None,
) -> Response:
    """Confirm a day with the practitioner who comes. Nobody is in two schools at once."""
    return await _act_on_day(
        call,
        link_day_id,
        body,
        if_match,
        lambda session, writes, check: acts.confirm_day(session, writes, link_day_id, body.practitioner_id, check),
    )


@router.post("/link-days/{link_day_id}/done", operation_id="record_link_day", responses=_DAY)
async def record_link_day(
    link_day_id: UUID,
    body: LinkDayDoneIn,
    call: Annotated[Call, Depends(caller("record_link_day"))],
    if_match: IfMatch = None,
) -> Response:
    """Record what was done on a day that has come: how many families were seen, and what was done, in codes."""
    return await _act_on_day(
        call,
        link_day_id,
        body,
        if_match,
        lambda session, writes, check: acts.record_day(
            session, writes, link_day_id, body.families_seen_count, body.activities, check
        ),
    )


@router.post("/link-days/{link_day_id}/cancel", operation_id="cancel_link_day", responses=_DAY)
async def cancel_link_day(
    link_day_id: UUID,
    body: LinkDayCancelIn,
    call: Annotated[Call, Depends(caller("cancel_link_day"))],
    if_match: IfMatch = None,
) -> Response:
    """Cancel a day that was asked for or confirmed, with the reason; either side may."""
    return await _act_on_day(
        call,
        link_day_id,
        body,
        if_match,
        lambda session, writes, check: acts.cancel_day(session, writes, link_day_id, body.reason, check),
    )


@router.post(
    "/link-days/{link_day_id}/actions",
    operation_id="add_link_day_action",
    status_code=201,
    responses={201: {"model": LinkDayActionOut}},
)
async def add_link_day_action(
    link_day_id: UUID, body: LinkDayActionIn, call: Annotated[Call, Depends(caller("add_link_day_action"))]
) -> Response:
    """Add what was agreed to be done to the school's plan for the term in which it is due. Name nobody in it."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        action_id = await actions.add_action(session, writes, link_day_id, **body.model_dump())
        row = await actions.find_action(session, action_id)
        return created(LinkDayActionOut(**row), row["version"], f"/v1/link-day-actions/{action_id}")

    return await once(call, {"link_day_id": str(link_day_id), **body.model_dump(mode="json")}, work)


@router.get(
    "/link-day-actions", operation_id="list_link_day_actions", responses={200: {"model": Page[LinkDayActionOut]}}
)
async def list_link_day_actions(
    call: Annotated[Call, Depends(caller("list_link_day_actions"))],
    *,
    school_id: UUID | None = None,
    term: Annotated[str | None, Query(max_length=20, description="Such as `2026/27-autumn`.")] = None,
    state: ActionState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List actions by the day on which they are due: of a school and a term, its plan of action."""
    async with call.read() as session:
        rows = await queries.list_actions(
            session, school_id=school_id, term=term, state=state, after=_after(call, cursor), limit=limit
        )
    return listed(
        call,
        rows,
        limit,
        render=lambda row: LinkDayActionOut(**row),
        at=lambda row: [row["due_on"].isoformat(), str(row["id"])],
    )


@router.get("/link-day-actions/{link_day_action_id}", operation_id="get_link_day_action", responses=_ACTION)
async def get_link_day_action(
    link_day_action_id: UUID, call: Annotated[Call, Depends(caller("get_link_day_action"))]
) -> Response:
    """Read one action."""
    async with call.read() as session:
        row = await actions.find_action(session, link_day_action_id)
    return thing(call, LinkDayActionOut(**row), row["version"])


@router.post("/link-day-actions/{link_day_action_id}/done", operation_id="finish_link_day_action", responses=_ACTION)
async def finish_link_day_action(
    link_day_action_id: UUID, call: Annotated[Call, Depends(caller("finish_link_day_action"))], if_match: IfMatch = None
) -> Response:
    """Say that an action was done today."""
    return await _act_on_action(call, link_day_action_id, if_match, actions.finish_action)


@router.post("/link-day-actions/{link_day_action_id}/cancel", operation_id="cancel_link_day_action", responses=_ACTION)
async def cancel_link_day_action(
    link_day_action_id: UUID, call: Annotated[Call, Depends(caller("cancel_link_day_action"))], if_match: IfMatch = None
) -> Response:
    """Say that an action is no longer wanted."""
    return await _act_on_action(call, link_day_action_id, if_match, actions.cancel_action)


async def _act_on_day(
    call: Call,
    link_day_id: UUID,
    body: BaseModel,
    if_match: str | None,
    act: Callable[[WriteSession, Writes, Check], Awaitable[None]],
) -> Response:
    """Do an act on a link day once per Idempotency-Key; the day after it."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await act(session, writes, lambda version: check_match(if_match, version))
        shown = await _day(session, link_day_id)
        return Answer(200, {"ETag": entity_tag(shown.version)}, to_bytes(shown))

    return await once(call, {"link_day_id": str(link_day_id), **body.model_dump(mode="json")}, work)


async def _act_on_action(
    call: Call,
    action_id: UUID,
    if_match: str | None,
    act: Callable[[WriteSession, Writes, UUID, Check], Awaitable[None]],
) -> Response:
    """Do an act on an action once per Idempotency-Key; the action after it."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await act(session, writes, action_id, lambda version: check_match(if_match, version))
        row = await actions.find_action(session, action_id)
        return Answer(200, {"ETag": entity_tag(row["version"])}, to_bytes(LinkDayActionOut(**row)))

    return await once(call, {"link_day_action_id": str(action_id)}, work)


async def _day(session: ReadSession, link_day_id: UUID) -> LinkDayOut:
    return LinkDayOut(**await find_day(session, link_day_id))


def _after(call: Call, cursor: str | None) -> tuple[date, UUID] | None:
    position = call.position(cursor)
    return (date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None
