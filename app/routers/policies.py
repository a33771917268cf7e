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
from app.http.answers import created, once, thing
from app.http.caller import Call, caller
from app.queries import policies as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.published import PAGE_ANSWERS, RECORD_ANSWERS, Accept, policy_page, policy_record
from app.routers.schemas.page import Page
from app.routers.schemas.policies import PolicyContent, PolicyIn, PolicyOut, PolicyRow, state_on
from app.services.idempotency import Answer
from app.services.policies import publish_policy as publish

router = APIRouter(tags=["policies"])

_ONLY_VERSION = 1


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
    """Read one version, whole. It never changes, and neither does its `ETag`."""
    async with call.read() as session:
        return thing(call, _shown(await _found(session, policy_id)), _ONLY_VERSION)


@router.post("/v1/policies", operation_id="publish_policy", status_code=201, responses={201: {"model": PolicyOut}})
async def publish_policy(body: PolicyIn, call: Annotated[Call, Depends(caller("publish_policy"))]) -> Response:
    """Publish the next version of the policy, whole: from then on it can be read by all, and never changed.

    It takes effect tomorrow at the earliest, and applies to what is decided from that day on. To undo one, publish
    another for a later day. 409 `already_exists` when another version takes effect on that day.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        policy_id = await publish(session, writes, body.draft())
        await writes.flush(session)
        return created(_shown(await _found(session, policy_id)), _ONLY_VERSION, f"/v1/policies/{policy_id}")

    return await once(call, body.model_dump(mode="json"), work)


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
    return PolicyRow(**row, state=state_on(today, row["effective_from"], row["in_force_until"]))


def _shown(row: Mapping[str, Any]) -> PolicyOut:
    content = orjson.loads(row["content"])
    return PolicyOut(
        id=row["id"],
        number=row["number"],
        effective_from=row["effective_from"],
        published_at=row["published_at"],
        summary_of_changes=row["summary_of_changes"],
        contact=row["contact"],
        digest=row["digest"],
        # In the order of the contract, which the database does not keep.
        content={name: content[name] for name in PolicyContent.model_fields if name in content},
    )
