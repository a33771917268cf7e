"""The provider's worklist, and its answers to offers."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.access import Kind, Party
from app.db import ReadSession, WriteSession
from app.errors import CursorRejected, NotFound
from app.http.answers import once, page, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match
from app.queries import offers
from app.queries.writes import Writes
from app.routers.schemas.allocations import AllocationLineOut, AllocationOut, DeclineIn, PractitionerIn
from app.routers.schemas.base import seen_by, show
from app.routers.worklist_poll import worklist_tag
from app.services import answers_to_offers, audit
from app.services.idempotency import Answer

router = APIRouter(prefix="/v1/allocations", tags=["allocations"])

_Allocation = (
    seen_by(AllocationOut, Party.OFFERED_PROVIDER)
    | seen_by(AllocationOut, Party.CASE_PROVIDER)
    | seen_by(AllocationOut, Party.AUTHORITY)
)
OfferState = Literal["proposed", "pending", "accepted", "declined", "expired", "withdrawn", "superseded"]


def _render(call: Call, row: Any, model: type[AllocationLineOut]) -> dict[str, Any]:
    values = dict(row)
    summary = values["summary"]
    values["summary"] = None if summary is None else orjson.Fragment(summary)
    if call.principal.kind is Kind.AUTHORITY:
        party = Party.AUTHORITY
    elif values["referral_id"] is not None:
        party = Party.CASE_PROVIDER
    else:
        party = Party.OFFERED_PROVIDER
    return show(model, party, values)


@router.get("", operation_id="list_allocations")
async def list_allocations(
    call: Annotated[Call, Depends(caller("list_allocations"))],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
    changed_after: Annotated[str | None, Query(max_length=1024)] = None,
    state: Annotated[list[OfferState] | None, Query(max_length=7)] = None,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """Your worklist: the offers to answer and the cases accepted.

    Walk it with `cursor`. To poll, send `changed_after` (empty the first time) and keep its `next_cursor`: it gives
    everything that changed since, none skipped, in a stable order. Or poll the plain list with `If-None-Match`: 304
    while nothing of yours has changed. The list names no family: read the allocation or the referral for that.
    """
    del if_none_match  # read by `WorklistPoll`, which lets through what has changed; named here for the document
    tag = await worklist_tag(call.request.scope, call.principal, call.runtime.database)
    async with call.read() as session:
        if changed_after is None:
            rows, next_cursor = await _listed(call, session, limit, cursor, state)
        else:
            rows, next_cursor = await _changed(call, session, limit, changed_after, state)
    answer = page(call, [_render(call, row, AllocationLineOut) for row in rows], next_cursor)
    if tag:
        answer.headers["ETag"] = tag
    return answer


async def _listed(
    call: Call, session: ReadSession, limit: int, cursor: str | None, states: list[Any] | None
) -> tuple[list[Any], str | None]:
    position = call.position(cursor)
    after = (datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None
    rows = await offers.worklist(session, limit=limit, after=after, states=states)
    if len(rows) <= limit:
        return rows, None
    rows = rows[:limit]
    return rows, call.cursor([rows[-1]["offered_at"].isoformat(), str(rows[-1]["id"])])


async def _changed(
    call: Call, session: ReadSession, limit: int, changed_after: str, states: list[Any] | None
) -> tuple[list[Any], str | None]:
    name = "allocation changes"
    position = call.position(changed_after, name) if changed_after else [0, str(UUID(int=0))]
    if not position or not isinstance(position[0], int):
        raise CursorRejected
    after = offers.Change(position[0], UUID(str(position[1])))
    rows, last = await offers.changes(session, limit=limit, after=after, states=states)
    return rows, call.cursor([last.xid, str(last.offer_id)], name)


async def _one(call: Call, session: ReadSession, offer_id: UUID) -> dict[str, Any]:
    row = await offers.one(session, offer_id)
    if row is None:
        raise NotFound
    return _render(call, row, AllocationOut)


@router.get("/{allocation_id}", operation_id="get_allocation", responses={200: {"model": _Allocation}})
async def get_allocation(allocation_id: UUID, call: Annotated[Call, Depends(caller("get_allocation"))]) -> Response:
    """Read one allocation. Before acceptance it says nothing of whose it is."""
    async with call.read() as session:
        content = await _one(call, session, allocation_id)
    if content.get("pupil_id"):
        await audit.record(
            call.runtime.database, call.principal, "read_identity", "allocation", allocation_id, ["name", "birth"]
        )
    return thing(call, content, content["version"])


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
    """Decline an offer and say why. The family keeps its place in the order."""
    return await _act(
        call,
        allocation_id,
        body.model_dump(mode="json"),
        lambda session, writes: answers_to_offers.decline_offer(session, writes, allocation_id, body.reason, body.note),
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
