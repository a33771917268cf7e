"""Areas of an authority."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.db import WriteSession
from app.errors import NotFound
from app.http.answers import created, once, thing
from app.http.caller import Call, caller
from app.queries import areas as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.areas import AreaIn, AreaOut
from app.routers.schemas.page import Page
from app.services.areas import create_area as create
from app.services.idempotency import Answer

router = APIRouter(tags=["areas"])


@router.get("/v1/areas", operation_id="list_areas", responses={200: {"model": Page[AreaOut]}})
async def list_areas(
    call: Annotated[Call, Depends(caller("list_areas"))], limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """List the areas of the authority, by code."""
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_areas(session, after=str(position[0]) if position else None, limit=limit)
    return listed(call, rows, limit, render=lambda row: AreaOut(**row), at=lambda row: [row["code"]])


@router.get("/v1/areas/{area_id}", operation_id="get_area", responses={200: {"model": AreaOut}})
async def get_area(area_id: UUID, call: Annotated[Call, Depends(caller("get_area"))]) -> Response:
    """Read one area."""
    async with call.read() as session:
        row = await queries.get_area(session, area_id)
    if row is None:
        raise NotFound
    return thing(call, AreaOut(**row), 1)


@router.post("/v1/areas", operation_id="create_area", status_code=201, responses={201: {"model": AreaOut}})
async def create_area(body: AreaIn, call: Annotated[Call, Depends(caller("create_area"))]) -> Response:
    """Add an area. Its code is its short name in other systems, and unique."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        area_id = await create(session, writes, code=body.code, name=body.name, lead_officer=body.lead_officer)
        return created(AreaOut(id=area_id, **body.model_dump()), 1, f"/v1/areas/{area_id}")

    return await once(call, body.model_dump(mode="json"), work)
