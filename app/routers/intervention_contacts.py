"""Contacts of an intervention."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import party_of
from app.db import WriteSession
from app.http.answers import once, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match
from app.queries import contacts as queries
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.base import show
from app.routers.schemas.contacts import CaseContactIn, CaseContactOut
from app.routers.schemas.page import Page
from app.services.idempotency import Answer
from app.services.interventions.case import find_case
from app.services.interventions.contacts import record_contact

router = APIRouter(prefix="/v1/interventions/{intervention_id}/contacts", tags=["interventions"])


@router.get("", operation_id="list_intervention_contacts", responses={200: {"model": Page[CaseContactOut]}})
async def list_intervention_contacts(
    intervention_id: UUID,
    call: Annotated[Call, Depends(caller("list_intervention_contacts"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Contacts in the order in which they were held.

    A school sees when they were and whether they were kept; who was there is the provider's and the authority's.
    """
    list_name = f"{call.operation}/{intervention_id}"
    position = call.position(cursor, list_name)
    async with call.read() as session:
        await find_case(session, intervention_id)
        rows = await queries.list_contacts(
            session,
            intervention_id,
            limit=limit,
            after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
        )
    party = party_of(call.principal.kind)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: show(CaseContactOut, party, row),
        at=lambda row: [row["held_at"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.post("", operation_id="record_contact", status_code=201, responses={201: {"model": CaseContactOut}})
async def record(
    intervention_id: UUID,
    body: CaseContactIn,
    call: Annotated[Call, Depends(caller("record_contact"))],
    if_match: IfMatch = None,
) -> Response:
    """Record a contact, or the attempt at one.

    It lies between acceptance and now; one that took place, not before the planned start and on no day of a pause
    (unless it is a `closing` or `team_around_the_child` one). A case that runs over its planned end is recorded until
    it closes; then, of completed work, a `follow_up` around the day on which that is due. The first one that was
    `attended` or `late` starts the work: the intervention becomes `active`, the referral `in_progress`, and volume is
    used from that day. A contact that was rescheduled is recorded anew and names the missed one in `supersedes_id`.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await record_contact(
            session, writes, intervention_id, dict(body), lambda version: check_match(if_match, version)
        )
        return Answer(201, {}, to_bytes(show(CaseContactOut, party_of(call.principal.kind), row)))

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)
