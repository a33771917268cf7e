"""Policies: how an authority decides, version by version, and what is published of each."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.errors import NotFound
from app.http.answers import created, once, thing, to_bytes
from app.http.caller import Call, caller
from app.queries import policies as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.published import PAGE_ANSWERS, RECORD_ANSWERS, Accept, page_document, policy_page, policy_record
from app.routers.schemas.page import Page
from app.routers.schemas.policies import PolicyContent, PolicyIn, PolicyOut, PolicyRow, WithdrawalIn, state_on
from app.services.idempotency import Answer
from app.services.policies import PUBLISHED, WITHDRAWN, preview_page
from app.services.policies import publish_policy as publish
from app.services.policies import withdraw_policy as withdraw

router = APIRouter(tags=["policies"])


def _version(row: Mapping[str, Any]) -> int:
    return PUBLISHED if row["withdrawn_at"] is None else WITHDRAWN


@router.get("/v1/policies", operation_id="list_policies", responses={200: {"model": Page[PolicyRow]}})
async def list_policies(
    call: Annotated[Call, Depends(caller("list_policies"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the versions of the authority's policy, the newest first, those announced for later too."""
    position = call.position(cursor)
    before = int(position[0] or 0) if position else None
    async with call.read() as session:
        rows = await queries.list_policies(session, before=before, limit=limit)
        today = session.today
    return listed(call, rows, limit, render=lambda row: _row(row, today), at=lambda row: [row["number"]])


@router.get("/v1/policies/current", operation_id="get_current_policy", responses={200: {"model": PolicyOut}})
async def get_current_policy(call: Annotated[Call, Depends(caller("get_current_policy"))]) -> Response:
    """Read the version in force today: every decision made today is made under it."""
    async with call.read() as session:
        row = await queries.policy_on(session, session.today)
    if row is None:
        raise NotFound("No policy is in force yet.")
    return thing(call, _shown(row), row["number"])


@router.get("/v1/policies/{policy_id}", operation_id="get_policy", responses={200: {"model": PolicyOut}})
async def get_policy(policy_id: UUID, call: Annotated[Call, Depends(caller("get_policy"))]) -> Response:
    """Read one version, whole. It never changes, and neither does its `ETag`, unless it is withdrawn."""
    async with call.read() as session:
        row = await _found(session, policy_id)
    return thing(call, _shown(row), _version(row))


@router.post("/v1/policies", operation_id="publish_policy", status_code=201, responses={201: {"model": PolicyOut}})
async def publish_policy(body: PolicyIn, call: Annotated[Call, Depends(caller("publish_policy"))]) -> Response:
    """Publish the next version of the policy, whole: from then on it can be read by all, and never changed.

    It takes effect tomorrow at the earliest, and applies to what is decided from that day on. To undo one, withdraw it
    before its day, or publish another for a later one. 409 `already_exists` when another takes effect on that day.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        policy_id = await publish(session, writes, body.draft())
        await writes.flush(session)
        return created(_shown(await _found(session, policy_id)), PUBLISHED, f"/v1/policies/{policy_id}")

    return await once(call, body.model_dump(mode="json"), work)


@router.post(
    "/v1/policies/preview",
    operation_id="preview_policy",
    response_class=Response,
    responses=PAGE_ANSWERS,
)
async def preview_policy(
    body: PolicyIn, call: Annotated[Call, Depends(caller("preview_policy"))], accept: Accept = None
) -> Response:
    """The page that the public would read if this were published now. Nothing is written, and nobody is told.

    What publishing would refuse is refused here too. HTML, or Markdown where `Accept` prefers it.
    """
    async with call.read() as session:
        text = await preview_page(session, body.draft())
        name = await queries.authority_name(session)
    return page_document(call.request, name, text, accept)


@router.post("/v1/policies/{policy_id}/withdraw", operation_id="withdraw_policy", responses={200: {"model": PolicyOut}})
async def withdraw_policy(
    policy_id: UUID, body: WithdrawalIn, call: Annotated[Call, Depends(caller("withdraw_policy"))]
) -> Response:
    """Withdraw a version that is announced, before its day: it never takes effect, and its day is free again.

    It stays to be read, with the reason. Refused from the day on which it takes effect (409 `action_not_available`).
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await withdraw(session, writes, policy_id, body.reason)
        await writes.flush(session)
        content = to_bytes(_shown(await _found(session, policy_id)).model_dump(mode="json"))
        return Answer(200, {"ETag": f'"{WITHDRAWN}"'}, content)

    return await once(call, {"policy": str(policy_id), **body.model_dump(mode="json")}, work)


@router.get(
    "/v1/policies/{policy_id}/page",
    operation_id="get_policy_page",
    response_class=Response,
    responses=PAGE_ANSWERS,
)
async def get_policy_page(
    policy_id: UUID, call: Annotated[Call, Depends(caller("get_policy_page"))], accept: Accept = None
) -> Response:
    """The page that explains a version to the public: HTML, or Markdown where `Accept` prefers it."""
    async with call.read() as session:
        row = await _found(session, policy_id)
    return policy_page(call.request, row, accept)


@router.get(
    "/v1/policies/{policy_id}/transparency-record",
    operation_id="get_policy_transparency_record",
    responses=RECORD_ANSWERS,
)
async def get_policy_transparency_record(
    policy_id: UUID,
    call: Annotated[Call, Depends(caller("get_policy_transparency_record"))],
    accept: Accept = None,
) -> Response:
    """The algorithmic transparency record of a version: JSON, or Markdown where `Accept` prefers it."""
    async with call.read() as session:
        row = await _found(session, policy_id)
    return policy_record(call.request, row, accept)


async def _found(session: ReadSession, policy_id: UUID) -> Mapping[str, Any]:
    row: Mapping[str, Any] | None = await queries.get_policy(session, policy_id)
    if row is None:
        raise NotFound
    return row


def _row(row: Mapping[str, Any], today: date) -> PolicyRow:
    state = state_on(today, row["effective_from"], row["in_force_until"], row["withdrawn_at"])
    in_force_until = None if row["withdrawn_at"] is not None else row["in_force_until"]
    return PolicyRow(**{**row, "in_force_until": in_force_until}, state=state)


def _shown(row: Mapping[str, Any]) -> PolicyOut:
    content = orjson.loads(row["content"])
    return PolicyOut(
        id=row["id"],
        number=row["number"],
        effective_from=row["effective_from"],
        published_at=row["published_at"],
        withdrawn_at=row["withdrawn_at"],
        withdrawal_reason=row["withdrawal_reason"],
        summary_of_changes=row["summary_of_changes"],
        contact=row["contact"],
        digest=row["digest"],
        # In the order of the contract, which the database does not keep.
        content={name: content[name] for name in PolicyContent.model_fields if name in content},
    )
