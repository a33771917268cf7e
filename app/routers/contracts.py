"""Contracts: what was signed, and what has varied since."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.domain.contract_terms import ContractTerms
from app.errors import NotFound
from app.http.answers import created, once, thing
from app.http.caller import Call, caller
from app.queries import contracts as queries
from app.queries.contract_terms import terms_on
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.contracts import (
    ContractIn,
    ContractOut,
    EffectiveTerms,
    LotVolume,
    TermsOut,
    VariationIn,
    VariationOut,
)
from app.routers.schemas.page import Page
from app.routers.schemas.types import Date
from app.services.contracts import add_variation as add
from app.services.contracts import create_contract as create
from app.services.idempotency import Answer

router = APIRouter(tags=["contracts"])

AsOf = Annotated[Date | None, Query(description="Show the terms of this date; left out: today's.")]


@router.get("/v1/contracts", operation_id="list_contracts", responses={200: {"model": Page[ContractOut]}})
async def list_contracts(
    call: Annotated[Call, Depends(caller("list_contracts"))],
    provider_id: UUID | None = None,
    as_of: AsOf = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List contracts by start: a provider's own, or for the authority all."""
    position = call.position(cursor)
    after = (date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None
    async with call.read() as session:
        on = as_of or session.today
        rows = await queries.list_contracts(session, provider_id=provider_id, after=after, limit=limit)
        terms = await terms_on(session, on, [row["id"] for row in rows])
    return listed(
        call,
        rows,
        limit,
        render=lambda row: _shown(row, terms[row["id"]], on),
        at=lambda row: [row["starts_on"].isoformat(), str(row["id"])],
    )


@router.get("/v1/contracts/{contract_id}", operation_id="get_contract", responses={200: {"model": ContractOut}})
async def get_contract(
    contract_id: UUID, call: Annotated[Call, Depends(caller("get_contract"))], as_of: AsOf = None
) -> Response:
    """Read one contract: as signed, and its terms on a date with every variation that had taken effect by then."""
    async with call.read() as session:
        shown = await _read(session, contract_id, as_of)
    return thing(call, shown, shown.variation_count + 1, live=True)


@router.post("/v1/contracts", operation_id="create_contract", status_code=201, responses={201: {"model": ContractOut}})
async def create_contract(body: ContractIn, call: Annotated[Call, Depends(caller("create_contract"))]) -> Response:
    """Record a contract as signed. It is never overwritten: later changes are variations."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        contract_id = await create(session, writes, body.model_dump())
        await writes.flush(session)
        return created(await _read(session, contract_id, None), 1, f"/v1/contracts/{contract_id}")

    return await once(call, body.model_dump(mode="json"), work)


@router.get(
    "/v1/contracts/{contract_id}/variations",
    operation_id="list_variations",
    responses={200: {"model": Page[VariationOut]}},
)
async def list_variations(
    contract_id: UUID,
    call: Annotated[Call, Depends(caller("list_variations"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List a contract's variations by number."""
    list_name = f"list_variations:{contract_id}"
    position = call.position(cursor, list_name)
    async with call.read() as session:
        if await queries.get_contract(session, contract_id) is None:
            raise NotFound
        after = int(position[0] or 0) if position else None
        rows = await queries.list_variations(session, contract_id, after=after, limit=limit)
    return listed(call, rows, limit, render=_variation, at=lambda row: [row["number"]], list_name=list_name)


@router.post(
    "/v1/contracts/{contract_id}/variations",
    operation_id="add_variation",
    status_code=201,
    responses={201: {"model": VariationOut}},
)
async def add_variation(
    contract_id: UUID, body: VariationIn, call: Annotated[Call, Depends(caller("add_variation"))]
) -> Response:
    """Vary a contract from a date on: extend it, change its price or a lot's volume, or let lots join it.

    Variations apply in the order in which they take effect, whatever the order in which they are recorded.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        variation_id = await add(session, writes, contract_id, body.facts())
        await writes.flush(session)
        row = await queries.get_variation(session, variation_id)
        if row is None:
            raise NotFound
        return created(_variation(row), 1, f"/v1/contracts/{contract_id}/variations")

    return await once(call, {"contract_id": str(contract_id), **body.model_dump(mode="json")}, work)


async def _read(session: ReadSession, contract_id: UUID, as_of: date | None) -> ContractOut:
    row = await queries.get_contract(session, contract_id)
    if row is None:
        raise NotFound
    on = as_of or session.today
    return _shown(row, (await terms_on(session, on, [contract_id]))[contract_id], on)


_TERMS = ("starts_on", "ends_on", "price_pence", "deemed_acceptance")


def _shown(row: Mapping[str, Any], terms: ContractTerms, on: date) -> ContractOut:
    volumes = [LotVolume(lot_id=lot_id, volume=volume) for lot_id, volume in sorted(terms.volumes.items())]
    now = {name: getattr(terms, name) for name in _TERMS}
    return ContractOut(
        id=row["id"],
        provider_id=row["provider_id"],
        provider_name=row["provider_name"],
        title=row["title"],
        contract_number=row["contract_number"],
        signed=TermsOut(**{name: row[name] for name in _TERMS}),
        extension_options=orjson.loads(row["extension_options"]),
        variation_count=row["variation_count"],
        terms=EffectiveTerms(**now, as_of=on, in_force=terms.in_force(on), volumes=volumes),
    )


def _variation(row: Mapping[str, Any]) -> VariationOut:
    return VariationOut(**{name: value for name, value in row.items() if name != "terms"}, **orjson.loads(row["terms"]))
