"""Places that are away for a while, and whose caseload a place is on."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.db import WriteSession
from app.errors import NotFound
from app.http.answers import created, once, to_bytes
from app.http.caller import Call, caller
from app.queries import lots
from app.queries import out_of_service as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.page import Page
from app.routers.schemas.places import (
    BackInServiceIn,
    OutOfServiceIn,
    OutOfServiceOut,
    PlacePractitionerIn,
    PlacePractitionerOut,
)
from app.services import out_of_service as services
from app.services.idempotency import Answer

router = APIRouter(prefix="/v1/lots/{lot_id}", tags=["lots"])


@router.get("/out-of-service", operation_id="list_out_of_service", responses={200: {"model": Page[OutOfServiceOut]}})
async def list_out_of_service(
    lot_id: UUID,
    call: Annotated[Call, Depends(caller("list_out_of_service"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the days on which places of a lot are, were or will be out of service, by their first day."""
    list_name = f"list_out_of_service:{lot_id}"
    position = call.position(cursor, list_name)
    after = (date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None
    async with call.read() as session:
        if await lots.get_lot(session, lot_id) is None:
            raise NotFound
        rows = await queries.list_ranges(session, lot_id, after=after, limit=limit)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: OutOfServiceOut(**row),
        at=lambda row: [row["starts_on"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.post(
    "/places/{place_id}/out-of-service",
    operation_id="set_out_of_service",
    status_code=201,
    responses={201: {"model": OutOfServiceOut}},
)
async def set_out_of_service(
    lot_id: UUID,
    place_id: UUID,
    body: OutOfServiceIn,
    call: Annotated[Call, Depends(caller("set_out_of_service"))],
) -> Response:
    """Take a place out of service for some days, as when its practitioner is on leave.

    It is offered to nobody on those days. Nobody is evicted: a case that runs on it runs on.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        away = services.Away(body.starts_on, body.ends_on, body.reason)
        range_id = await services.set_out_of_service(session, writes, lot_id, place_id, away)
        row = await queries.get_range(session, lot_id, range_id)
        if row is None:
            raise NotFound
        return created(OutOfServiceOut(**row), 1, f"/v1/lots/{lot_id}/out-of-service")

    return await once(call, {"lot_id": str(lot_id), "place_id": str(place_id), **body.model_dump(mode="json")}, work)


@router.post(
    "/out-of-service/{range_id}/end", operation_id="end_out_of_service", responses={200: {"model": OutOfServiceOut}}
)
async def end_out_of_service(
    lot_id: UUID,
    range_id: UUID,
    body: BackInServiceIn,
    call: Annotated[Call, Depends(caller("end_out_of_service"))],
) -> Response:
    """Bring a place back before its time: one that is back today is offered to whoever is next at once.

    A range that had not begun by then is as if it had never been stated: the answer has no day left of it.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await services.end_out_of_service(session, writes, lot_id, range_id, body.ends_on)
        return Answer(200, {}, to_bytes(OutOfServiceOut(**row)))

    return await once(call, {"lot_id": str(lot_id), "range_id": str(range_id), **body.model_dump(mode="json")}, work)


@router.post(
    "/places/{place_id}/practitioner",
    operation_id="set_place_practitioner",
    responses={200: {"model": PlacePractitionerOut}},
)
async def set_place_practitioner(
    lot_id: UUID,
    place_id: UUID,
    body: PlacePractitionerIn,
    call: Annotated[Call, Depends(caller("set_place_practitioner"))],
) -> Response:
    """Put a place on the caseload of another practitioner, or of nobody yet, as when somebody leaves.

    The case that runs on it stays with whoever works it: reassign that by `POST /v1/allocations/{id}/practitioner`.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await services.set_practitioner(session, writes, lot_id, place_id, body.practitioner_id)
        row = await queries.place_of(session, lot_id, place_id)
        if row is None:
            raise NotFound
        shown = PlacePractitionerOut(
            place_id=row["id"], place_number=row["number"], practitioner_id=row["practitioner_id"]
        )
        return Answer(200, {}, to_bytes(shown))

    return await once(call, {"lot_id": str(lot_id), "place_id": str(place_id), **body.model_dump(mode="json")}, work)
