"""Interventions: the list, one of them, and the acts that turn it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.db import WriteSession
from app.domain.interventions import InterventionState
from app.http.answers import once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag
from app.queries import interventions as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.interventions import (
    CloseIn,
    ExtendIn,
    InterventionOut,
    LeaveIn,
    PauseIn,
    ResumeIn,
    SafetyIn,
    intervention_as_seen,
)
from app.routers.schemas.page import Page
from app.services.idempotency import Answer
from app.services.interventions.case import Row, find_case
from app.services.interventions.close import Closing, close_intervention
from app.services.interventions.extend import extend_intervention
from app.services.interventions.pause import Asked, pause_intervention, resume_intervention
from app.services.interventions.safety import acknowledge_safety
from app.services.referrals.household_acts import leave_case

router = APIRouter(prefix="/v1/interventions", tags=["interventions"])

IfMatch = Annotated[str | None, Header(description="Optional: act only on the version that you read.", max_length=1024)]


@router.get("", operation_id="list_interventions", responses={200: {"model": Page[InterventionOut]}})
async def list_interventions(
    call: Annotated[Call, Depends(caller("list_interventions"))],
    state: Annotated[InterventionState | None, Query(description="Only those in this state.")] = None,
    practitioner_id: Annotated[UUID | None, Query(description="Only one practitioner's.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Interventions that you may see, in the order in which they were accepted.

    A provider sees its own, a school those of its referrals, the authority all. Names come with the referral.
    """
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_interventions(
            session,
            limit=limit,
            after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            state=state,
            practitioner_id=practitioner_id,
        )
    return listed(
        call,
        rows,
        limit,
        render=lambda row: intervention_as_seen(row, call.principal.kind),
        at=lambda row: [row["accepted_at"].isoformat(), str(row["id"])],
    )


@router.get("/{intervention_id}", operation_id="get_intervention", responses={200: {"model": InterventionOut}})
async def get_intervention(
    intervention_id: UUID, call: Annotated[Call, Depends(caller("get_intervention"))]
) -> Response:
    """One intervention. Its `ETag` changes with every act on it, contacts and readings included."""
    async with call.read() as session:
        row = await find_case(session, intervention_id)
    return thing(call, intervention_as_seen(row, call.principal.kind), row["version"])


@router.post(
    "/{intervention_id}/safety", operation_id="acknowledge_safety", responses={200: {"model": InterventionOut}}
)
async def acknowledge(
    intervention_id: UUID,
    body: SafetyIn,
    call: Annotated[Call, Depends(caller("acknowledge_safety"))],
    if_match: IfMatch = None,
) -> Response:
    """Say that you have read how the family may safely be met.

    Before that, no contact can be recorded. The first acknowledgement stands; saying it again changes nothing.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await acknowledge_safety(session, writes, intervention_id, lambda version: check_match(if_match, version))
        return _answer(row, call)

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)


@router.post(
    "/{intervention_id}/extend", operation_id="extend_intervention", responses={200: {"model": InterventionOut}}
)
async def extend(
    intervention_id: UUID,
    body: ExtendIn,
    call: Annotated[Call, Depends(caller("extend_intervention"))],
    if_match: IfMatch = None,
) -> Response:
    """Keep the place for more school weeks.

    Ask in time before the planned end and within the authority's policy, which says both; later the place is offered
    ahead. 409 `place_taken` when it is promised to another family.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await extend_intervention(
            session,
            writes,
            intervention_id,
            weeks=body.weeks,
            reason=body.reason,
            check=lambda version: check_match(if_match, version),
        )
        return _answer(row, call)

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)


@router.post("/{intervention_id}/pause", operation_id="pause_intervention", responses={200: {"model": InterventionOut}})
async def pause(
    intervention_id: UUID,
    body: PauseIn,
    call: Annotated[Call, Depends(caller("pause_intervention"))],
    if_match: IfMatch = None,
) -> Response:
    """Let the work stand still for some days, within the authority's policy.

    The planned end and the clocks of the case move by the school days of the pause, and you owe its end
    (`pause_end`) on the expected last day. 409 `place_taken` when the place is promised to another family before the
    new end, `capacity_refused` when it leaves the block. To lengthen a pause, resume and pause again on the same day.
    """
    asked = Asked(body.reason, body.note, body.starts_on, body.expected_last_on)

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await pause_intervention(
            session, writes, intervention_id, asked, lambda version: check_match(if_match, version)
        )
        return _answer(row, call)

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)


@router.post(
    "/{intervention_id}/resume", operation_id="resume_intervention", responses={200: {"model": InterventionOut}}
)
async def resume(
    intervention_id: UUID,
    body: ResumeIn,
    call: Annotated[Call, Depends(caller("resume_intervention"))],
    if_match: IfMatch = None,
) -> Response:
    """Go on with paused work, sooner or later than expected.

    The planned end and the clocks of the case then stand where the school days that were really missed have put them.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await resume_intervention(
            session, writes, intervention_id, body.resumed_on, lambda version: check_match(if_match, version)
        )
        return _answer(row, call)

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)


@router.post("/{intervention_id}/close", operation_id="close_intervention", responses={200: {"model": InterventionOut}})
async def close(
    intervention_id: UUID,
    body: CloseIn,
    call: Annotated[Call, Depends(caller("close_intervention"))],
    if_match: IfMatch = None,
) -> Response:
    """End the work: every goal gets its result, the referral closes, and the place is offered to whoever waits.

    A case in which no contact was attended cannot be `completed`, and uses none of the contract's volume. The family's
    own words need its consent.
    """
    words = body.summary.family_words
    closing = Closing(
        outcome=body.outcome,
        reason=body.reason,
        goals=tuple((goal.goal_id, goal.result) for goal in body.goals),
        summary={
            "what_changed": body.summary.what_changed,
            "signposted": [signpost.model_dump() for signpost in body.summary.signposted],
            "family_words": words.text if words else None,
        },
        note=body.note,
        children={child.referral_id: (child.outcome, child.reason) for child in body.children},
    )

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await close_intervention(
            session, writes, intervention_id, closing, lambda version: check_match(if_match, version)
        )
        return _answer(row, call)

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)


@router.post("/{intervention_id}/leave", operation_id="leave_intervention", responses={200: {"model": InterventionOut}})
async def leave(
    intervention_id: UUID,
    body: LeaveIn,
    call: Annotated[Call, Depends(caller("leave_intervention"))],
    if_match: IfMatch = None,
) -> Response:
    """End one child's part in a case that brothers and sisters share; the case goes on with the others.

    The last child does not leave: close the case.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await leave_case(
            session,
            writes,
            intervention_id,
            body.referral_id,
            (body.outcome, body.reason),
            body.note,
            lambda version: check_match(if_match, version),
        )
        return _answer(row, call)

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)


def _answer(row: Row, call: Call) -> Answer:
    content = to_bytes(intervention_as_seen(row, call.principal.kind))
    return Answer(200, {"ETag": entity_tag(row["version"])}, content)
