"""Placements: asked for, answered, worked and ended."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.domain.placements import PlacementState
from app.http.answers import created, once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag, require_match
from app.queries import placements as queries
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.page import Page
from app.routers.schemas.placements import (
    ParentsToldIn,
    PlacementDaysIn,
    PlacementDeclineIn,
    PlacementEndIn,
    PlacementExtendIn,
    PlacementIn,
    PlacementOut,
    PlacementReviewIn,
    PlacementRow,
    PlacementWithdrawIn,
    ReturnPlanIn,
)
from app.services import audit
from app.services.idempotency import Answer
from app.services.placements import answer, ask, end, run
from app.services.placements.row import Check, find_placement

router = APIRouter(prefix="/v1/placements", tags=["placements"])

_MODEL: dict[int | str, dict[str, Any]] = {200: {"model": PlacementOut}}


@router.post("", operation_id="ask_for_placement", status_code=201, responses={201: {"model": PlacementOut}})
async def ask_for_placement(body: PlacementIn, call: Annotated[Call, Depends(caller("ask_for_placement"))]) -> Response:
    """Ask a unit to take the pupil of a referral for 1 to 20 school weeks. A place is held from then on."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        placement_id = await ask.ask_for_placement(session, writes, body.new_placement())
        shown = await _read(session, placement_id)
        return created(shown, shown.version, f"/v1/placements/{placement_id}")

    return await once(call, body.model_dump(mode="json"), work)


@router.get("", operation_id="list_placements", responses={200: {"model": Page[PlacementRow]}})
async def list_placements(
    call: Annotated[Call, Depends(caller("list_placements"))],
    *,
    state: PlacementState | None = None,
    referral_id: UUID | None = None,
    lot_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List placements in the order of asking: a school's own pupils', a provider's own, for the authority all."""
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_placements(
            session,
            state=state,
            referral_id=referral_id,
            lot_id=lot_id,
            after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            limit=limit,
        )
    if any(row["pupil_name"] for row in rows):
        await audit.record(call.runtime.database, call.principal, "read_identity", "placement", None, ["name"])
    return listed(
        call,
        rows,
        limit,
        render=lambda row: PlacementRow(**_values(row)),
        at=lambda row: [row["requested_at"].isoformat(), str(row["id"])],
    )


@router.get("/{placement_id}", operation_id="get_placement", responses=_MODEL)
async def get_placement(placement_id: UUID, call: Annotated[Call, Depends(caller("get_placement"))]) -> Response:
    """Read one placement, with its reviews and the days there."""
    async with call.read() as session:
        shown = await _read(session, placement_id)
    if shown.pupil_name is not None:
        await audit.record(call.runtime.database, call.principal, "read_identity", "placement", placement_id, ["name"])
    return thing(call, shown, shown.version, live=True)


@router.post("/{placement_id}/parents-told", operation_id="tell_parents_of_placement", responses=_MODEL)
async def tell_parents_of_placement(
    placement_id: UUID,
    body: ParentsToldIn,
    call: Annotated[Call, Depends(caller("tell_parents_of_placement"))],
    if_match: IfMatch = None,
) -> Response:
    """Record when the parents were told in writing: of a direction, two school days before it begins or more."""
    return await _act(
        call,
        placement_id,
        body,
        if_match,
        lambda session, writes, check: answer.tell_parents(session, writes, placement_id, body.parents_told_on, check),
    )


@router.post("/{placement_id}/agree", operation_id="agree_placement", responses=_MODEL)
async def agree_placement(
    placement_id: UUID, call: Annotated[Call, Depends(caller("agree_placement"))], if_match: IfMatch = None
) -> Response:
    """Agree to take the pupil. From then on you read who it is; a direction's parents have to have been told."""
    return await _act(
        call,
        placement_id,
        None,
        if_match,
        lambda session, writes, check: answer.agree_placement(session, writes, placement_id, check),
    )


@router.post("/{placement_id}/decline", operation_id="decline_placement", responses=_MODEL)
async def decline_placement(
    placement_id: UUID,
    body: PlacementDeclineIn,
    call: Annotated[Call, Depends(caller("decline_placement"))],
    if_match: IfMatch = None,
) -> Response:
    """Decline to take the pupil, with the reason; the place is free again."""
    return await _act(
        call,
        placement_id,
        body,
        if_match,
        lambda session, writes, check: answer.decline_placement(session, writes, placement_id, body.reason, check),
    )


@router.post("/{placement_id}/withdraw", operation_id="withdraw_placement", responses=_MODEL)
async def withdraw_placement(
    placement_id: UUID,
    body: PlacementWithdrawIn,
    call: Annotated[Call, Depends(caller("withdraw_placement"))],
    if_match: IfMatch = None,
) -> Response:
    """Take a placement back before the pupil's first day there; the place is free again."""
    return await _act(
        call,
        placement_id,
        body,
        if_match,
        lambda session, writes, check: answer.withdraw_placement(session, writes, placement_id, body.reason, check),
    )


@router.post("/{placement_id}/days", operation_id="record_placement_days", responses=_MODEL)
async def record_placement_days(
    placement_id: UUID,
    body: PlacementDaysIn,
    call: Annotated[Call, Depends(caller("record_placement_days"))],
    if_match: IfMatch = None,
) -> Response:
    """Record on which days the pupil was there, mornings and afternoons. The first one starts the placement."""
    days = [(day.on, day.morning, day.afternoon) for day in body.days]
    return await _act(
        call,
        placement_id,
        body,
        if_match,
        lambda session, writes, check: run.record_days(session, writes, placement_id, days, check),
    )


@router.post("/{placement_id}/reviews", operation_id="review_placement", responses=_MODEL)
async def review_placement(
    placement_id: UUID,
    body: PlacementReviewIn,
    call: Annotated[Call, Depends(caller("review_placement"))],
    if_match: IfMatch = None,
) -> Response:
    """Record a review, which the pupil's school owes, and the day of the next one."""
    return await _act(
        call,
        placement_id,
        body,
        if_match,
        lambda session, writes, check: run.record_review(
            session, writes, placement_id, **body.model_dump(), check=check
        ),
    )


@router.put("/{placement_id}/reintegration-plan", operation_id="put_reintegration_plan", responses=_MODEL)
async def put_reintegration_plan(
    placement_id: UUID,
    body: ReturnPlanIn,
    call: Annotated[Call, Depends(caller("put_reintegration_plan"))],
    if_match: Annotated[str | None, Header(description="The placement's ETag.", max_length=1024)] = None,
) -> Response:
    """Put the plan for the pupil's return, by which a placement that leads back to school ends."""
    async with call.write() as session:
        await run.put_return_plan(
            session,
            Writes(),
            placement_id,
            body.plan,
            body.planned_on,
            lambda version: require_match(if_match, version),
        )
        shown = await _read(session, placement_id)
    return thing(call, shown, shown.version, live=True)


@router.post("/{placement_id}/extend", operation_id="extend_placement", responses=_MODEL)
async def extend_placement(
    placement_id: UUID,
    body: PlacementExtendIn,
    call: Annotated[Call, Depends(caller("extend_placement"))],
    if_match: IfMatch = None,
) -> Response:
    """Keep the pupil for more school weeks, as agreed with the school: twenty in all at most."""
    return await _act(
        call,
        placement_id,
        body,
        if_match,
        lambda session, writes, check: end.extend_placement(session, writes, placement_id, body.weeks, check),
    )


@router.post("/{placement_id}/end", operation_id="end_placement", responses=_MODEL)
async def end_placement(
    placement_id: UUID,
    body: PlacementEndIn,
    call: Annotated[Call, Depends(caller("end_placement"))],
    if_match: IfMatch = None,
) -> Response:
    """End a placement with what became of the pupil. Back to school it ends by a reintegration plan."""
    return await _act(
        call,
        placement_id,
        body,
        if_match,
        lambda session, writes, check: end.end_placement(
            session, writes, placement_id, body.outcome, body.ended_on, check
        ),
    )


async def _act(
    call: Call,
    placement_id: UUID,
    body: BaseModel | None,
    if_match: str | None,
    act: Callable[[WriteSession, Writes, Check], Awaitable[None]],
) -> Response:
    """Do an act on a placement once per Idempotency-Key; the placement after it."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await act(session, writes, lambda version: check_match(if_match, version))
        shown = await _read(session, placement_id)
        return Answer(200, {"ETag": entity_tag(shown.version)}, to_bytes(shown))

    said = body.model_dump(mode="json") if body else {}
    return await once(call, {"placement_id": str(placement_id), **said}, work)


async def _read(session: ReadSession, placement_id: UUID) -> PlacementOut:
    row = await find_placement(session, placement_id)
    return PlacementOut(
        **_values(row),
        reviews=[dict(one) for one in await queries.reviews_of(session, placement_id)],
        days=[dict(one) for one in await queries.days_of(session, placement_id)],
    )


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    code = "D" if row["registered_school_id"] is not None else "B"
    return {**row, "attendance_code": code, "first_attended_on": row["used_on"]}
