"""Schools' pre-exclusion reviews."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.errors import NotFound
from app.http.answers import created, once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import entity_tag, require_match
from app.queries import pre_exclusion as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.page import Page
from app.routers.schemas.pre_exclusion import ReviewChangeIn, ReviewIn, ReviewOut, ReviewOutcomeIn, ReviewToPanelIn
from app.services import audit
from app.services import pre_exclusion as services
from app.services.idempotency import Answer

router = APIRouter(prefix="/v1/pre-exclusion-reviews", tags=["pre-exclusion reviews"])


@router.get("", operation_id="list_pre_exclusion_reviews", responses={200: {"model": Page[ReviewOut]}})
async def list_reviews(
    call: Annotated[Call, Depends(caller("list_pre_exclusion_reviews"))],
    school_id: Annotated[UUID | None, Query(description="Only one school's.")] = None,
    without_outcome: Annotated[bool, Query(description="Only those of which it is not known what became.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Reviews, the latest first: a school's own, an officer's all. Reading is logged."""
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_reviews(
            session,
            limit=limit,
            after=(date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            school_id=school_id,
            without_outcome=without_outcome,
        )
    if rows:
        await _audited(call, None)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: ReviewOut(**row),
        at=lambda row: [row["held_on"].isoformat(), str(row["id"])],
    )


@router.post("", operation_id="record_pre_exclusion_review", status_code=201, responses={201: {"model": ReviewOut}})
async def record_review(
    body: ReviewIn, call: Annotated[Call, Depends(caller("record_pre_exclusion_review"))]
) -> Response:
    """Record a review that was held. The school owes what became of it from now on."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        review_id = await services.record_review(session, writes, body.model_dump())
        await writes.flush(session)
        shown = await _review(session, review_id)
        return created(shown, shown.version, f"/v1/pre-exclusion-reviews/{review_id}")

    return await once(call, body.model_dump(mode="json"), work)


@router.get("/{review_id}", operation_id="get_pre_exclusion_review", responses={200: {"model": ReviewOut}})
async def get_review(review_id: UUID, call: Annotated[Call, Depends(caller("get_pre_exclusion_review"))]) -> Response:
    """Read one review. Reading is logged."""
    async with call.read() as session:
        shown = await _review(session, review_id)
    await _audited(call, review_id)
    return thing(call, shown, shown.version)


@router.patch("/{review_id}", operation_id="amend_pre_exclusion_review", responses={200: {"model": ReviewOut}})
async def amend_review(
    review_id: UUID,
    body: ReviewChangeIn,
    call: Annotated[Call, Depends(caller("amend_pre_exclusion_review"))],
    if_match: Annotated[str | None, Header(max_length=1024)] = None,
) -> Response:
    """Change a review, or add the head's decision, until what became of it is recorded."""
    facts = body.model_dump(include=body.model_fields_set)
    async with call.write() as session:
        writes = Writes()
        await services.amend_review(session, writes, review_id, facts, lambda version: require_match(if_match, version))
        await writes.flush(session)
        shown = await _review(session, review_id)
    return thing(call, shown, shown.version)


@router.post("/{review_id}/outcome", operation_id="record_exclusion_outcome", responses={200: {"model": ReviewOut}})
async def record_outcome(
    review_id: UUID, body: ReviewOutcomeIn, call: Annotated[Call, Depends(caller("record_exclusion_outcome"))]
) -> Response:
    """Record what became of it. An exclusion may be rescinded afterwards."""
    return await _act(
        call,
        review_id,
        body.model_dump(mode="json"),
        lambda session, writes: services.record_outcome(
            session,
            writes,
            review_id,
            body.outcome,
            body.outcome_on,
            excluded_on=body.excluded_on,
            words=body.words,
        ),
    )


@router.post("/{review_id}/to-panel", operation_id="send_review_to_panel", responses={200: {"model": ReviewOut}})
async def to_panel(
    review_id: UUID, body: ReviewToPanelIn, call: Annotated[Call, Depends(caller("send_review_to_panel"))]
) -> Response:
    """Put a review before a panel, because the school wishes it: its members read it once the agenda is circulated."""
    return await _act(
        call,
        review_id,
        body.model_dump(mode="json"),
        lambda session, writes: services.put_review_before_panel(session, writes, review_id, body.panel_id, body.words),
    )


async def _act(
    call: Call, review_id: UUID, body: Any, work: Callable[[WriteSession, Writes], Awaitable[None]]
) -> Response:
    async def act(session: WriteSession, writes: Writes) -> Answer:
        await work(session, writes)
        await writes.flush(session)
        shown = await _review(session, review_id)
        return Answer(200, {"ETag": entity_tag(shown.version)}, to_bytes(shown))

    return await once(call, {"review_id": str(review_id), "body": body}, act)


async def _review(session: ReadSession, review_id: UUID) -> ReviewOut:
    row = await queries.get_review(session, review_id)
    if row is None:
        raise NotFound
    return ReviewOut(**row)


async def _audited(call: Call, review_id: UUID | None) -> None:
    await audit.record(
        call.runtime.database, call.principal, "read_identity", "pre_exclusion_review", review_id, ["identity"]
    )
