"""Audits of practice: emerging, established or advanced, with what shows it and an action plan."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.db import WriteSession
from app.http.answers import created, once, thing
from app.http.caller import Call, caller
from app.http.conditional import require_match
from app.queries import practice_audits as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.page import Page
from app.routers.schemas.practice_audits import ActionChangeIn, ActionIn, AuditIn, AuditOut, audit_out
from app.services.idempotency import Answer
from app.services.practice_audits import add_action, change_action, find_audit, record_audit

router = APIRouter(prefix="/v1/practice-audits", tags=["measures"])


@router.get("", operation_id="list_practice_audits", responses={200: {"model": Page[AuditOut]}})
async def list_practice_audits(
    call: Annotated[Call, Depends(caller("list_practice_audits"))],
    organisation_id: Annotated[UUID | None, Query(description="Only one school's, or one provider's services.")] = None,
    measure: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Audits that you may see, the latest first: a school's and a provider's their own, the authority's all."""
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_audits(
            session,
            limit=limit,
            after=(date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            organisation_id=organisation_id,
            measure=measure,
        )
    return listed(call, rows, limit, render=audit_out, at=lambda row: [row["taken_on"].isoformat(), str(row["id"])])


@router.get("/{audit_id}", operation_id="get_practice_audit", responses={200: {"model": AuditOut}})
async def get_practice_audit(audit_id: UUID, call: Annotated[Call, Depends(caller("get_practice_audit"))]) -> Response:
    """One audit with its action plan."""
    async with call.read() as session:
        row = await find_audit(session, audit_id)
    return thing(call, audit_out(row), row["version"])


@router.post("", operation_id="record_practice_audit", status_code=201, responses={201: {"model": AuditOut}})
async def record_practice_audit(
    body: AuditIn, call: Annotated[Call, Depends(caller("record_practice_audit"))]
) -> Response:
    """Record an audit: your own school's, a service of yours, or, as an officer, any. One a day of each measure.

    Every area of the measure is scored, with what shows it. Each action is owed by whose practice it is until it is
    done or dropped.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        audit_id = await record_audit(session, writes, body.audit())
        await writes.flush(session)
        return _created(await find_audit(session, audit_id))

    return await once(call, body.model_dump(mode="json"), work)


@router.post(
    "/{audit_id}/actions", operation_id="add_audit_action", status_code=201, responses={201: {"model": AuditOut}}
)
async def add_audit_action(
    audit_id: UUID, body: ActionIn, call: Annotated[Call, Depends(caller("add_audit_action"))]
) -> Response:
    """Add an action to the plan; the audit with its plan."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await add_action(session, writes, audit_id, body.planned())
        await writes.flush(session)
        return _created(await find_audit(session, audit_id))

    return await once(call, {"audit": str(audit_id), **body.model_dump(mode="json")}, work)


@router.patch(
    "/{audit_id}/actions/{audit_action_id}", operation_id="change_audit_action", responses={200: {"model": AuditOut}}
)
async def change_audit_action(
    audit_id: UUID,
    audit_action_id: UUID,
    body: ActionChangeIn,
    call: Annotated[Call, Depends(caller("change_audit_action"))],
    if_match: Annotated[str | None, Header(max_length=200, description="Required: the audit's ETag.")] = None,
) -> Response:
    """Change an open action, or say that it is `done` or `dropped`; the audit with its plan.

    What is done is no longer owed, and is not opened again: what is still to do is another action.
    """
    async with call.write() as session:
        writes = Writes()
        await change_action(
            session, writes, audit_id, audit_action_id, body.changes(), lambda version: require_match(if_match, version)
        )
        await writes.flush(session)
        row = await find_audit(session, audit_id)
    return thing(call, audit_out(row), row["version"])


def _created(row: queries.Row) -> Answer:
    return created(audit_out(row), row["version"], f"/v1/practice-audits/{row['id']}")
