"""Services: what can be referred to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.domain.eligibility import eligibility_text
from app.domain.year_groups import KeyStage
from app.errors import NotFound
from app.http.answers import created, once, thing
from app.http.caller import Call, caller
from app.http.conditional import require_match
from app.queries import services as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed, name_and_id
from app.routers.schemas.codes import NeedKey
from app.routers.schemas.page import Page
from app.routers.schemas.services import ServiceChange, ServiceIn, ServiceOut, ServiceRow, Tier
from app.services import services
from app.services.idempotency import Answer

router = APIRouter(tags=["services"])


@router.get("/v1/services", operation_id="list_services", responses={200: {"model": Page[ServiceRow]}})
async def list_services(
    call: Annotated[Call, Depends(caller("list_services"))],
    *,
    provider_id: UUID | None = None,
    tier: Tier | None = None,
    need: NeedKey | None = None,
    key_stage: KeyStage | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List what can be referred to, by name: who it is for, and whether a family could start today."""
    after = name_and_id(call.position(cursor))
    async with call.read() as session:
        rows = await queries.list_services(
            session, provider_id=provider_id, tier=tier, need=need, key_stage=key_stage, after=after, limit=limit
        )
        planned = await services.next_courses(session, [row["id"] for row in rows])
        statuses = await services.capacity_statuses(session, planned)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: ServiceRow(**_values(row, statuses[row["id"]], planned[row["id"]])),
        at=lambda row: [row["name"], str(row["id"])],
    )


@router.get("/v1/services/{service_id}", operation_id="get_service", responses={200: {"model": ServiceOut}})
async def get_service(service_id: UUID, call: Annotated[Call, Depends(caller("get_service"))]) -> Response:
    """Read one service with its pamphlet (Markdown), who it is for, and whether a family could start today."""
    async with call.read() as session:
        shown, version = await _read(session, service_id)
    return thing(call, shown, version, live=True)


@router.post("/v1/services", operation_id="create_service", status_code=201, responses={201: {"model": ServiceOut}})
async def create_service(body: ServiceIn, call: Annotated[Call, Depends(caller("create_service"))]) -> Response:
    """Add a service of a provider. It can be referred to once a lot of a contract in force delivers it."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        service_id = await services.create_service(session, writes, body.model_dump())
        await writes.flush(session)
        shown, version = await _read(session, service_id)
        return created(shown, version, f"/v1/services/{service_id}")

    return await once(call, body.model_dump(mode="json"), work)


@router.patch("/v1/services/{service_id}", operation_id="update_service", responses={200: {"model": ServiceOut}})
async def update_service(
    service_id: UUID,
    body: ServiceChange,
    call: Annotated[Call, Depends(caller("update_service"))],
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Change a service. `If-Match` holds the version that you read.

    A provider may reword its own service and change its languages and modes; what was commissioned is the authority's.
    """
    async with call.write() as session:
        locked = await services.lock_service(session, service_id)
        require_match(if_match, locked["version"])
        writes = Writes()
        await services.update_service(session, writes, locked, body.model_dump(exclude_unset=True))
        await writes.flush(session)
        shown, version = await _read(session, service_id)
    return thing(call, shown, version, live=True)


async def _read(session: ReadSession, service_id: UUID) -> tuple[ServiceOut, int]:
    row = await queries.get_service(session, service_id)
    if row is None:
        raise NotFound
    planned = await services.next_courses(session, [service_id])
    statuses = await services.capacity_statuses(session, planned)
    return ServiceOut(**_values(row, statuses[service_id], planned[service_id])), row["version"]


def _values(
    row: Mapping[str, Any], status: services.CapacityStatus, planned: Sequence[services.NextCourse]
) -> dict[str, Any]:
    text = eligibility_text(
        key_stages=row["key_stages"],
        needs=row["needs"],
        languages=row["languages"],
        modes=row["modes"],
        standard_weeks=row["standard_weeks"],
    )
    return {
        **row,
        "eligibility": text,
        "capacity_status": status,
        "next_courses": [asdict(one) for one in planned],
    }
