"""Case notes: the provider's, shared with the referrer one by one, read by officers under a scope of their own."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import party_of
from app.db import WriteSession
from app.http.answers import once, to_bytes
from app.http.caller import Call, caller
from app.queries import notes as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.base import show
from app.routers.schemas.notes import CaseNoteIn, CaseNoteOut
from app.routers.schemas.page import Page
from app.services import audit
from app.services.idempotency import Answer
from app.services.interventions.case import find_case
from app.services.interventions.notes import write_note

router = APIRouter(prefix="/v1/interventions/{intervention_id}/notes", tags=["interventions"])


@router.get("", operation_id="list_case_notes", responses={200: {"model": Page[CaseNoteOut]}})
async def list_case_notes(
    intervention_id: UUID,
    call: Annotated[Call, Depends(caller("list_case_notes"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Notes in the order of what they are of. Reading them is logged.

    The provider with the case reads all, those of a provider before it too; the referrer those that are shared with it
    and have not been corrected since.
    """
    list_name = f"{call.operation}/{intervention_id}"
    position = call.position(cursor, list_name)
    async with call.read() as session:
        await find_case(session, intervention_id)
        rows = await queries.list_notes(
            session,
            intervention_id,
            limit=limit,
            after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
        )
    if rows:
        await audit.record(
            call.runtime.database, call.principal, "read_case_notes", "intervention", intervention_id, ["text"]
        )
    party = party_of(call.principal.kind)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: show(CaseNoteOut, party, row),
        at=lambda row: [row["occurred_at"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.post("", operation_id="write_case_note", status_code=201, responses={201: {"model": CaseNoteOut}})
async def write_case_note(
    intervention_id: UUID, body: CaseNoteIn, call: Annotated[Call, Depends(caller("write_case_note"))]
) -> Response:
    """Write a note for the record. It is never changed: to correct one, write another that names it.

    A note reaches nobody's attention. For a child at risk raise a concern (`POST /v1/referrals/{id}/concerns`).
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await write_note(session, writes, intervention_id, dict(body))
        return Answer(201, {}, to_bytes(show(CaseNoteOut, party_of(call.principal.kind), row)))

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)
