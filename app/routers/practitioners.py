"""Practitioners: a provider's own staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.errors import NotFound
from app.http.answers import created, once, thing
from app.http.caller import Call, caller
from app.http.conditional import require_match
from app.queries import practitioners as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.page import Page
from app.routers.schemas.practitioners import PractitionerChange, PractitionerIn, PractitionerOut
from app.services import practitioners as services
from app.services.idempotency import Answer

router = APIRouter(tags=["practitioners"])


@router.get("/v1/practitioners", operation_id="list_practitioners", responses={200: {"model": Page[PractitionerOut]}})
async def list_practitioners(
    call: Annotated[Call, Depends(caller("list_practitioners"))],
    active: bool | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List practitioners: a provider's own, or for the authority all."""
    position = call.position(cursor)
    async with call.read() as session:
        after = UUID(str(position[0])) if position else None
        rows = await queries.list_practitioners(session, active=active, after=after, limit=limit)
    return listed(call, rows, limit, render=lambda row: PractitionerOut(**row), at=lambda row: [str(row["id"])])


@router.get(
    "/v1/practitioners/{practitioner_id}",
    operation_id="get_practitioner",
    responses={200: {"model": PractitionerOut}},
)
async def get_practitioner(
    practitioner_id: UUID, call: Annotated[Call, Depends(caller("get_practitioner"))]
) -> Response:
    """Read one practitioner, with how many families are on their caseload now."""
    async with call.read() as session:
        shown = await _read(session, practitioner_id)
    return thing(call, shown, shown.version, live=True)


@router.post(
    "/v1/practitioners",
    operation_id="create_practitioner",
    status_code=201,
    responses={201: {"model": PractitionerOut}},
)
async def create_practitioner(
    body: PractitionerIn, call: Annotated[Call, Depends(caller("create_practitioner"))]
) -> Response:
    """Add a practitioner of your own organisation."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        practitioner_id = await services.create_practitioner(session, writes, body.model_dump())
        await writes.flush(session)
        shown = await _read(session, practitioner_id)
        return created(shown, shown.version, f"/v1/practitioners/{practitioner_id}")

    return await once(call, body.model_dump(mode="json"), work)


@router.patch(
    "/v1/practitioners/{practitioner_id}",
    operation_id="update_practitioner",
    responses={200: {"model": PractitionerOut}},
)
async def update_practitioner(
    practitioner_id: UUID,
    body: PractitionerChange,
    call: Annotated[Call, Depends(caller("update_practitioner"))],
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Change a practitioner of your own organisation. `If-Match` holds the version that you read."""
    async with call.write() as session:
        version = await services.lock_practitioner(session, practitioner_id)
        require_match(if_match, version)
        writes = Writes()
        changes = body.model_dump(exclude_unset=True)
        await services.update_practitioner(session, writes, practitioner_id, version, changes)
        await writes.flush(session)
        shown = await _read(session, practitioner_id)
    return thing(call, shown, shown.version, live=True)


async def _read(session: ReadSession, practitioner_id: UUID) -> PractitionerOut:
    row = await queries.get_practitioner(session, practitioner_id)
    if row is None:
        raise NotFound
    return PractitionerOut(**row)
