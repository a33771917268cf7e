"""Panels, and their sittings as a list."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.domain.panels import SittingState
from app.errors import NotFound
from app.http.answers import JSON, created, once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import require_match
from app.queries import panels as queries
from app.queries.attention import attention_for_panel
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed, name_and_id
from app.routers.schemas.page import Page
from app.routers.schemas.panels import (
    CandidateOut,
    CandidatesOut,
    PanelChangeIn,
    PanelIn,
    PanelOut,
    SittingOut,
    SittingsIn,
    SittingsOut,
)
from app.routers.schemas.types import Date
from app.services.idempotency import Answer
from app.services.panels import founding, sittings

router = APIRouter(prefix="/v1/panels", tags=["panels"])


@router.get("", operation_id="list_panels", responses={200: {"model": Page[PanelOut]}})
async def list_panels(
    call: Annotated[Call, Depends(caller("list_panels"))], limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Panels by name: officers see all, others those on which they sit."""
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_panels(session, limit=limit, after=name_and_id(position))
    return listed(call, rows, limit, render=lambda row: PanelOut(**row), at=lambda row: [row["name"], str(row["id"])])


@router.post("", operation_id="create_panel", status_code=201, responses={201: {"model": PanelOut}})
async def create_panel(body: PanelIn, call: Annotated[Call, Depends(caller("create_panel"))]) -> Response:
    """Set up a panel: who sits on it, when it meets, and in which order its members take the chair."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        panel_id = await founding.create_panel(session, writes, body.facts())
        await writes.flush(session)
        return created(await _panel(session, panel_id), 1, f"/v1/panels/{panel_id}")

    return await once(call, body.model_dump(mode="json"), work)


@router.get("/{panel_id}", operation_id="get_panel", responses={200: {"model": PanelOut}})
async def get_panel(panel_id: UUID, call: Annotated[Call, Depends(caller("get_panel"))]) -> Response:
    """Read one panel."""
    async with call.read() as session:
        shown = await _panel(session, panel_id)
    return thing(call, shown, shown.version)


@router.get("/{panel_id}/candidates", operation_id="list_panel_candidates", responses={200: {"model": CandidatesOut}})
async def list_candidates(panel_id: UUID, call: Annotated[Call, Depends(caller("list_panel_candidates"))]) -> Response:
    """What the policy's rules ask to have put before this panel, in the order in which each first asked.

    A rule only asks: an officer sends the referral (`POST /v1/referrals/{id}/to-panel`), or says that it was looked at.
    """
    async with call.read() as session:
        panel = await _panel(session, panel_id)
        rows = await attention_for_panel(session, panel.area_id)
    return Response(to_bytes({"data": [CandidateOut(**row) for row in rows]}), media_type=JSON)


@router.patch("/{panel_id}", operation_id="change_panel", responses={200: {"model": PanelOut}})
async def change_panel(
    panel_id: UUID,
    body: PanelChangeIn,
    call: Annotated[Call, Depends(caller("change_panel"))],
    if_match: Annotated[str | None, Header(max_length=1024)] = None,
) -> Response:
    """Change a panel. Sittings whose agendas are open have its new members; what was circulated stays as it was."""
    async with call.write() as session:
        seen = await founding.locked_panel(session, panel_id)
        require_match(if_match, seen["version"])
        writes = Writes()
        await founding.change_panel(session, writes, seen, body.facts())
        await writes.flush(session)
        shown = await _panel(session, panel_id)
    return thing(call, shown, shown.version)


@router.get("/{panel_id}/sittings", operation_id="list_sittings", responses={200: {"model": Page[SittingOut]}})
async def list_sittings(
    panel_id: UUID,
    call: Annotated[Call, Depends(caller("list_sittings"))],
    state: Annotated[SittingState | None, Query(description="Only those in this state.")] = None,
    sits_from: Annotated[Date | None, Query(description="Only those on this day or later.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The sittings of a panel on which you have a seat, by their day."""
    list_name = f"list_sittings {panel_id}"
    position = call.position(cursor, list_name)
    async with call.read() as session:
        await _panel(session, panel_id)
        rows = await queries.list_sittings(
            session,
            panel_id,
            limit=limit,
            after=(date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            state=state,
            sits_from=sits_from,
        )
    return listed(
        call,
        rows,
        limit,
        render=lambda row: SittingOut(**row),
        at=lambda row: [row["sits_on"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.post(
    "/{panel_id}/sittings", operation_id="make_sittings", status_code=201, responses={201: {"model": SittingsOut}}
)
async def make_sittings(
    panel_id: UUID, body: SittingsIn, call: Annotated[Call, Depends(caller("make_sittings"))]
) -> Response:
    """Make sittings ahead: by the panel's rule until a day, or one on a day of its own.

    School holidays and bank holidays are left out. Asked again, it makes those that are not there yet. Each owes the
    authority the circulation of its agenda so many working days before.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        if body.on is not None:
            made = [await sittings.add_sitting(session, writes, panel_id, body.on, body.starts_at)]
        else:
            made = await sittings.make_sittings(session, writes, panel_id, body.until or session.today)
        await writes.flush(session)
        rows = [await queries.get_sitting(session, panel_id, one) for one in made]
        return Answer(201, {}, to_bytes({"data": [SittingOut(**row) for row in rows if row]}))

    return await once(call, {"panel_id": str(panel_id), **body.model_dump(mode="json")}, work)


async def _panel(session: ReadSession, panel_id: UUID) -> PanelOut:
    row = await queries.get_panel(session, panel_id)
    if row is None:
        raise NotFound
    return PanelOut(**row)
