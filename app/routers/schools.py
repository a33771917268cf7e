"""Schools: members of an authority."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import WriteSession
from app.errors import NotFound
from app.http.answers import created, once, thing
from app.http.caller import Call, caller
from app.queries import schools as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed, name_and_id
from app.routers.schemas.codes import Phase, Urn
from app.routers.schemas.page import Page
from app.routers.schemas.parties import PersonOut
from app.routers.schemas.schools import SchoolIn, SchoolJoined, SchoolOut
from app.routers.schemas.types import Date
from app.services.idempotency import Answer
from app.services.schools import create_school as create

router = APIRouter(tags=["schools"])


@router.get("/v1/schools", operation_id="list_schools", responses={200: {"model": Page[SchoolOut]}})
async def list_schools(
    call: Annotated[Call, Depends(caller("list_schools"))],
    *,
    area_id: UUID | None = None,
    phase: Phase | None = None,
    urn: Urn | None = None,
    member_on: Annotated[Date | None, Query(description="Only those that are members on this date.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the schools of the authority, by name; past members too, unless `member_on` says otherwise."""
    after = name_and_id(call.position(cursor))
    async with call.read() as session:
        rows = await queries.list_schools(
            session, area_id=area_id, phase=phase, urn=urn, member_on=member_on, after=after, limit=limit
        )
    return listed(call, rows, limit, render=_shown, at=lambda row: [row["name"], str(row["id"])])


@router.get("/v1/schools/{school_id}", operation_id="get_school", responses={200: {"model": SchoolOut}})
async def get_school(school_id: UUID, call: Annotated[Call, Depends(caller("get_school"))]) -> Response:
    """Read one school."""
    async with call.read() as session:
        row = await queries.get_school(session, school_id)
    if row is None:
        raise NotFound
    return thing(call, _shown(row), row["version"])


@router.post("/v1/schools", operation_id="create_school", status_code=201, responses={201: {"model": SchoolJoined}})
async def create_school(body: SchoolIn, call: Annotated[Call, Depends(caller("create_school"))]) -> Response:
    """Add a school to the authority.

    By its URN alone the national register gives its name, LAESTAB, phase, ages and roll; what you state stands instead.
    A school that the register does not have needs at least a name and a phase. `warnings` tells what looks odd.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        school_id, warnings = await create(session, writes, body.facts())
        await writes.flush(session)
        row = await queries.get_school(session, school_id)
        if row is None:
            raise NotFound
        return created(SchoolJoined.of(_shown(row), warnings), row["version"], f"/v1/schools/{school_id}")

    return await once(call, body.model_dump(mode="json"), work)


def _shown(row: Mapping[str, Any]) -> SchoolOut:
    return SchoolOut(**{**row, "holiday_contact": PersonOut(**orjson.loads(row["holiday_contact"]))})
