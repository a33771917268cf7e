"""One allocation, and the answers to offers."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import Kind, Party
from app.db import ReadSession, WriteSession
from app.errors import NotFound
from app.http.answers import once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match
from app.queries import offers
from app.queries.writes import Writes
from app.routers.schemas.allocations import AllocationOut, DeclineIn, PractitionerIn, allocation_as_seen
from app.routers.schemas.base import seen_by
from app.services import answers_to_offers, audit, first_reading
from app.services.idempotency import Answer

router = APIRouter(prefix="/v1/allocations", tags=["allocations"])

_Allocation = (
    seen_by(AllocationOut, Party.OFFERED_PROVIDER)
    | seen_by(AllocationOut, Party.CASE_PROVIDER)
    | seen_by(AllocationOut, Party.AUTHORITY)
)


async def _one(call: Call, session: ReadSession, offer_id: UUID) -> dict[str, Any]:
    row = await offers.one(session, offer_id)
    if row is None:
        raise NotFound
    return allocation_as_seen(row, call.principal.kind, AllocationOut)


@router.get("/{allocation_id}", operation_id="get_allocation", responses={200: {"model": _Allocation}})
async def get_allocation(allocation_id: UUID, call: Annotated[Call, Depends(caller("get_allocation"))]) -> Response:
    """Read one allocation. Before acceptance it says nothing of whose it is.

    Where silence counted as acceptance (`deemed_at`), the provider's first read of it releases that, and is logged.
    """
    async with call.read() as session:
        content = await _one(call, session, allocation_id)
    if call.principal.kind is Kind.PROVIDER and _is_unread(content):
        async with call.write() as session:
            await first_reading.read_first(session, Writes(), allocation_id)
            content = await _one(call, session, allocation_id)
    if content.get("pupil_id"):
        await audit.record(
            call.runtime.database, call.principal, "read_identity", "allocation", allocation_id, ["name", "birth"]
        )
    return thing(call, content, content["version"])


def _is_unread(content: dict[str, Any]) -> bool:
    return (
        content["state"] == "accepted" and content["deemed_at"] is not None and content["identity_released_at"] is None
    )


async def _act(
    call: Call, allocation_id: UUID, body: Any, work: Callable[[WriteSession, Writes], Awaitable[None]]
) -> Response:
    """Run one act, safe to retry with an Idempotency-Key, and answer with the allocation as it then is."""
    if_match = call.request.headers.get("if-match")

    async def act(session: WriteSession, writes: Writes) -> Answer:
        if if_match is not None:
            check_match(if_match, (await _one(call, session, allocation_id))["version"])
        await work(session, writes)
        await writes.flush(session)
        return await present(session)

    async def present(session: WriteSession) -> Answer:
        content = await _one(call, session, allocation_id)
        return Answer(200, {"ETag": f'"{content["version"]}"'}, to_bytes(content))

    # A retry is answered with what the provider may see now: its access may have ended since.
    return await once(call, {"allocation": str(allocation_id), "body": body}, act, again=present)


@router.post("/{allocation_id}/accept", operation_id="accept_allocation", responses={200: {"model": _Allocation}})
async def accept_allocation(
    allocation_id: UUID, call: Annotated[Call, Depends(caller("accept_allocation"))]
) -> Response:
    """Accept an offer. The place, the case and the family's details are yours from this moment.

    An answer that comes after its time still counts while the referral waits and a place of the lot is free;
    otherwise it is refused with `place_taken`.
    """
    return await _act(
        call,
        allocation_id,
        None,
        lambda session, writes: answers_to_offers.accept_offer(session, writes, allocation_id),
    )


@router.post("/{allocation_id}/decline", operation_id="decline_allocation", responses={200: {"model": _Allocation}})
async def decline_allocation(
    allocation_id: UUID, body: DeclineIn, call: Annotated[Call, Depends(caller("decline_allocation"))]
) -> Response:
    """Decline an offer and say why. The family keeps its place in the order.

    Where silence counted as acceptance, `conflict_of_interest` and `safeguarding` can still be said until
    `objection_until`, so long as the work has not begun.
    """
    return await _act(
        call,
        allocation_id,
        body.model_dump(mode="json"),
        lambda session, writes: answers_to_offers.decline_offer(session, writes, allocation_id, body.reason, body.note),
    )


@router.post("/{allocation_id}/check", operation_id="check_deemed_acceptance", responses={200: {"model": _Allocation}})
async def check_deemed_acceptance(
    allocation_id: UUID, call: Annotated[Call, Depends(caller("check_deemed_acceptance"))]
) -> Response:
    """Record that an officer has looked at a case of an urgent band that was accepted by silence."""
    return await _act(
        call,
        allocation_id,
        None,
        lambda session, writes: first_reading.check_deemed_acceptance(session, writes, allocation_id),
    )


@router.post(
    "/{allocation_id}/practitioner", operation_id="assign_practitioner", responses={200: {"model": _Allocation}}
)
async def assign_practitioner(
    allocation_id: UUID, body: PractitionerIn, call: Annotated[Call, Depends(caller("assign_practitioner"))]
) -> Response:
    """Say which of your practitioners works with the family; again to reassign."""
    return await _act(
        call,
        allocation_id,
        body.model_dump(mode="json"),
        lambda session, writes: answers_to_offers.assign_practitioner(
            session, writes, allocation_id, body.practitioner_id
        ),
    )
