"""Lots: what was block-booked, its numbered places, and how many there are."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.errors import NotFound
from app.http.answers import created, once, thing
from app.http.caller import Call, caller
from app.queries import lots as queries
from app.queries import places
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.lots import (
    CapacityChangeIn,
    CapacityChangeOut,
    CapacityChangeRow,
    LotDetail,
    LotFiguresOut,
    LotIn,
    LotOut,
    PlaceOut,
)
from app.routers.schemas.page import Page
from app.routers.schemas.types import Date
from app.services import capacity, lots
from app.services.idempotency import Answer

router = APIRouter(tags=["lots"])

AsOf = Annotated[Date | None, Query(description="Show the figures of this date; left out: today's.")]


@router.get("/v1/lots", operation_id="list_lots", responses={200: {"model": Page[LotOut]}})
async def list_lots(
    call: Annotated[Call, Depends(caller("list_lots"))],
    *,
    contract_id: UUID | None = None,
    provider_id: UUID | None = None,
    service_id: UUID | None = None,
    as_of: AsOf = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List lots with their figures: those that a provider delivers or has the contract of, or for the authority all."""
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_lots(
            session,
            contract_id=contract_id,
            provider_id=provider_id,
            service_id=service_id,
            after=UUID(str(position[0])) if position else None,
            limit=limit,
        )
        figures = await lots.figures_of(session, rows, as_of or session.today)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: LotOut(**_values(row, figures[row["id"]])),
        at=lambda row: [str(row["id"])],
    )


@router.get("/v1/lots/{lot_id}", operation_id="get_lot", responses={200: {"model": LotDetail}})
async def get_lot(lot_id: UUID, call: Annotated[Call, Depends(caller("get_lot"))], as_of: AsOf = None) -> Response:
    """Read one lot: its figures on a date, and the changes of its places."""
    async with call.read() as session:
        shown, version = await _read(session, lot_id, as_of)
    return thing(call, shown, version, live=True)


@router.post(
    "/v1/contracts/{contract_id}/lots",
    operation_id="create_lot",
    status_code=201,
    responses={201: {"model": LotDetail}},
)
async def create_lot(contract_id: UUID, body: LotIn, call: Annotated[Call, Depends(caller("create_lot"))]) -> Response:
    """Add a lot to a contract, with its numbered places.

    A lot that joins a contract already running is named by a variation of kind `lots`, which says from when on.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        lot_id = await lots.create_lot(session, writes, contract_id, body.facts())
        await writes.flush(session)
        shown, version = await _read(session, lot_id, None)
        return created(shown, version, f"/v1/lots/{lot_id}")

    return await once(call, {"contract_id": str(contract_id), **body.model_dump(mode="json")}, work)


@router.get("/v1/lots/{lot_id}/places", operation_id="list_places", responses={200: {"model": Page[PlaceOut]}})
async def list_places(
    lot_id: UUID,
    call: Annotated[Call, Depends(caller("list_places"))],
    as_of: AsOf = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List a lot's places by number, each with whether it is held. Whose it is stands in the case, not here."""
    list_name = f"list_places:{lot_id}"
    position = call.position(cursor, list_name)
    async with call.read() as session:
        if await queries.get_lot(session, lot_id) is None:
            raise NotFound
        after = int(position[0] or 0) if position else None
        rows = await places.list_places(session, lot_id, as_of or session.today, after=after, limit=limit)
    return listed(
        call, rows, limit, render=lambda row: PlaceOut(**row), at=lambda row: [row["number"]], list_name=list_name
    )


@router.post(
    "/v1/lots/{lot_id}/capacity-changes",
    operation_id="change_capacity",
    status_code=201,
    responses={201: {"model": CapacityChangeOut}},
)
async def change_capacity(
    lot_id: UUID, body: CapacityChangeIn, call: Annotated[Call, Depends(caller("change_capacity"))]
) -> Response:
    """State how many places a lot has from a date on.

    The authority may add places; the provider that delivers the lot may give places up. A cut ends free places first,
    from the highest number down. Nobody is evicted: what runs on a held place that ends goes on to its own end.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        change = await capacity.change_capacity(
            session, writes, lot_id, target=body.places, effective_on=body.effective_on, reason=body.reason
        )
        shown = CapacityChangeOut(
            id=change.id,
            lot_id=lot_id,
            effective_on=change.effective_on,
            places_from=change.places_from,
            places_to=change.places_to,
            reason=body.reason,
            added_numbers=list(change.plan.added),
            ended_numbers=sorted(place.number for place in change.plan.ended),
            still_held_numbers=sorted(place.number for place in change.plan.still_held),
        )
        return created(shown, 1, f"/v1/lots/{lot_id}")

    return await once(call, {"lot_id": str(lot_id), **body.model_dump(mode="json")}, work)


async def _read(session: ReadSession, lot_id: UUID, as_of: date | None) -> tuple[LotDetail, int]:
    row = await queries.get_lot(session, lot_id)
    if row is None:
        raise NotFound
    figures = await lots.figures_of(session, [row], as_of or session.today)
    changes = [CapacityChangeRow(**change) for change in await places.capacity_changes(session, lot_id)]
    return LotDetail(**_values(row, figures[lot_id]), capacity_changes=changes), row["version"]


def _values(row: Mapping[str, Any], figures: lots.LotFigures) -> dict[str, Any]:
    in_force = row["id"] in figures.terms.volumes and figures.terms.in_force(figures.on)
    return {
        **row,
        "signed_volume": row["volume"],
        "volume_profile": orjson.loads(row["volume_profile"]),
        "figures": LotFiguresOut(
            as_of=figures.on,
            in_force=in_force,
            ends_on=figures.terms.ends_on,
            volume=figures.volume,
            **figures.counts,
        ),
    }
