"""The end of a contract: what would be open, and the hand-over of its running cases to the next."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.errors import NotFound
from app.http.answers import JSON, created, once, page, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import entity_tag
from app.queries import contracts
from app.queries import hand_over as queries
from app.queries.writes import Writes
from app.routers.schemas.contract_end import (
    ContractEndingOut,
    HandOverCaseOut,
    HandOverDetail,
    HandOverIn,
    HandOverOut,
    detail,
    ending_out,
    planned_cases,
)
from app.routers.schemas.page import Page
from app.services import hand_over as services
from app.services.contract_end import ending_of
from app.services.idempotency import Answer

router = APIRouter(prefix="/v1/contracts/{contract_id}", tags=["contracts"])


@router.get("/ending", operation_id="get_contract_ending", responses={200: {"model": ContractEndingOut}})
async def get_contract_ending(
    contract_id: UUID, call: Annotated[Call, Depends(caller("get_contract_ending"))]
) -> Response:
    """Read what would be open when the contract ends: cases, offers, volume left, and who waits for its places.

    Places are offered until the last day, and what was accepted by then runs on to its own planned end. Offers still
    open lapse with the contract: their referrals wait again with their old dates. Officers are told 30 school days
    before, by an obligation and the event `contract.ending`.
    """
    async with call.read() as session:
        shown = ending_out(await ending_of(session, contract_id))
    return thing(call, shown, 1, live=True)


@router.post(
    "/hand-over",
    operation_id="hand_over_contract",
    status_code=201,
    responses={200: {"model": HandOverDetail, "description": "A preview."}, 201: {"model": HandOverDetail}},
)
async def hand_over_contract(
    contract_id: UUID, body: HandOverIn, call: Annotated[Call, Depends(caller("hand_over_contract"))]
) -> Response:
    """Hand the running cases over to places of the next contract: preview first, then record what was shown.

    Each case keeps its intervention and history; its booking is cut on the day and goes on at a place of the lot named.
    With the same provider nothing else changes. Another provider reads the family's details from that day; the one
    before, until the authority's policy closes them to it. What finds no place stays, and says why. On the day the
    cases are planned again, because some will have closed and others begun.
    """
    if body.preview:
        async with call.read() as session:
            planned = await services.preview(session, contract_id, body.asked())
        head = {
            "id": None,
            "contract_id": contract_id,
            "state": "preview",
            "version": 0,
            "recorded_at": None,
            "ended_at": None,
            **body.model_dump(exclude={"preview", "snapshot_hash"}),
            "snapshot_hash": planned.snapshot_hash,
        }
        return Response(to_bytes(detail(head, planned_cases(planned))), 200, None, JSON)

    async def work(session: WriteSession, writes: Writes) -> Answer:
        hand_over_id = await services.record(session, writes, contract_id, body.asked(), body.snapshot_hash or "")
        await writes.flush(session)
        shown = await _read(session, contract_id, hand_over_id)
        return created(shown, shown.version, f"/v1/contracts/{contract_id}/hand-overs/{hand_over_id}")

    return await once(call, {"contract_id": str(contract_id), **body.model_dump(mode="json")}, work)


@router.get("/hand-overs", operation_id="list_hand_overs", responses={200: {"model": Page[HandOverOut]}})
async def list_hand_overs(contract_id: UUID, call: Annotated[Call, Depends(caller("list_hand_overs"))]) -> Response:
    """List the contract's hand-overs, newest first; at most 200."""
    async with call.read() as session:
        if await contracts.get_contract(session, contract_id) is None:
            raise NotFound
        rows = await queries.list_hand_overs(session, contract_id)
    return page(call, [HandOverOut(**_head(row)) for row in rows], None)


@router.get("/hand-overs/{hand_over_id}", operation_id="get_hand_over", responses={200: {"model": HandOverDetail}})
async def get_hand_over(
    contract_id: UUID, hand_over_id: UUID, call: Annotated[Call, Depends(caller("get_hand_over"))]
) -> Response:
    """Read a hand-over with every case: as it was done or, before its day, as it would be done now."""
    async with call.read() as session:
        shown = await _read(session, contract_id, hand_over_id)
    return thing(call, shown, shown.version, live=True)


@router.post(
    "/hand-overs/{hand_over_id}/cancel", operation_id="cancel_hand_over", responses={200: {"model": HandOverDetail}}
)
async def cancel_hand_over(
    contract_id: UUID, hand_over_id: UUID, call: Annotated[Call, Depends(caller("cancel_hand_over"))]
) -> Response:
    """Take back a hand-over whose day has not come."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await services.cancel(session, writes, contract_id, hand_over_id)
        shown = await _read(session, contract_id, hand_over_id)
        return Answer(200, {"ETag": entity_tag(shown.version)}, to_bytes(shown))

    return await once(call, {"contract_id": str(contract_id), "hand_over_id": str(hand_over_id)}, work)


async def _read(session: ReadSession, contract_id: UUID, hand_over_id: UUID) -> HandOverDetail:
    row = await queries.get_hand_over(session, contract_id, hand_over_id)
    if row is None:
        raise NotFound
    if row["state"] == "planned":
        cases = planned_cases(await services.as_it_stands(session, row))
    else:
        cases = [HandOverCaseOut(**case) for case in await queries.cases_of(session, hand_over_id)]
    return detail(_head(row), cases)


def _head(row: Mapping[str, Any]) -> dict[str, Any]:
    values = {**row, "lots": orjson.loads(row["lots"])}
    del values["recorded_by_client_id"]
    return values
