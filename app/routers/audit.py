"""The audit trail, for the authority."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.http.answers import page
from app.http.caller import Call, caller
from app.queries.audit import list_entries
from app.routers.schemas.audit import AuditEntryOut, AuditPage

router = APIRouter(tags=["audit"])


@router.get("/v1/audit", operation_id="list_audit", response_model=AuditPage)
async def list_audit(
    call: Annotated[Call, Depends(caller("list_audit"))],
    organisation_id: Annotated[UUID | None, Query(description="Only what this organisation did.")] = None,
    client_id: Annotated[UUID | None, Query(description="Only what this client did.")] = None,
    subject_id: Annotated[
        UUID | None, Query(description="Only what was done to this referral, case or client.")
    ] = None,
    action: Annotated[str | None, Query(min_length=1, max_length=64, description="Only this operation.")] = None,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Who read or changed what in the authority, newest first. Fields are named; their values are not kept here."""
    wanted: dict[str, object] = {
        "organisation_id": organisation_id,
        "client_id": client_id,
        "subject_id": subject_id,
        "action": action,
    }
    position = call.position(cursor)
    before = (datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None
    async with call.read() as session:
        rows = await list_entries(
            session,
            filters={name: value for name, value in wanted.items() if value is not None},
            before=before,
            limit=limit,
        )
    shown = rows[:limit]
    more = None
    if len(rows) > limit:
        more = call.cursor([shown[-1]["recorded_at"].isoformat(), str(shown[-1]["id"])])
    return page(call, [AuditEntryOut.model_validate(dict(row)) for row in shown], more)
