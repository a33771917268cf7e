"""Minutes of a sitting: drafted, approved, read, and as a document."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.errors import NotFound
from app.http.answers import created, once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.documents import DOCUMENT_ANSWERS, Accept, Form, document_answer
from app.queries import panel_minutes as queries
from app.queries.writes import Writes
from app.routers.panel_sittings import shown_sitting
from app.routers.schemas.panel_agenda import ApprovalIn, MinutesIn, MinutesItemOut, MinutesOut
from app.services.idempotency import Answer
from app.services.panels import minutes as services

router = APIRouter(prefix="/v1/panels/{panel_id}/sittings/{sitting_id}/minutes", tags=["panels"])

Number = Annotated[int | None, Query(ge=1, le=1000, description="Of an earlier draft; the newest unless told.")]
Ids = tuple[UUID, UUID]


@router.get("", operation_id="get_minutes", responses={200: {"model": MinutesOut}})
async def get_minutes(
    panel_id: UUID, sitting_id: UUID, call: Annotated[Call, Depends(caller("get_minutes"))], number: Number = None
) -> Response:
    """The newest minutes of a sitting: members have them once approved, officers drafts too.

    The open part says who met. The closed part has the items that you may read, by reference and initials.
    """
    async with call.read() as session:
        shown = await _minutes(session, (panel_id, sitting_id), number)
    return thing(call, shown, shown.number, live=True)


@router.post("", operation_id="draft_minutes", status_code=201, responses={201: {"model": MinutesOut}})
async def draft_minutes(
    panel_id: UUID, sitting_id: UUID, body: MinutesIn, call: Annotated[Call, Depends(caller("draft_minutes"))]
) -> Response:
    """Draft the minutes from what was decided; again, for a further version."""
    ids = (panel_id, sitting_id)

    async def work(session: WriteSession, writes: Writes) -> Answer:
        number = await services.draft_minutes(session, writes, ids, body.remarks)
        await writes.flush(session)
        shown = await _minutes(session, ids, number)
        return created(shown, number, f"/v1/panels/{panel_id}/sittings/{sitting_id}/minutes")

    return await once(call, {"sitting_id": str(sitting_id), **body.model_dump(mode="json")}, work)


@router.post("/approve", operation_id="approve_minutes", responses={200: {"model": MinutesOut}})
async def approve_minutes(
    panel_id: UUID, sitting_id: UUID, body: ApprovalIn, call: Annotated[Call, Depends(caller("approve_minutes"))]
) -> Response:
    """Approve the newest draft. What the sitting did not reach goes on to the next agenda; decisions stand."""
    ids = (panel_id, sitting_id)

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await services.approve_minutes(session, writes, ids, body.number, body.approved_by.officer())
        shown = await _minutes(session, ids, body.number)
        return Answer(200, {}, to_bytes(shown))

    return await once(call, {"sitting_id": str(sitting_id), **body.model_dump(mode="json")}, work)


@router.get("/document", operation_id="get_minutes_document", responses=DOCUMENT_ANSWERS)
async def get_document(
    panel_id: UUID,
    sitting_id: UUID,
    call: Annotated[Call, Depends(caller("get_minutes_document"))],
    number: Number = None,
    form: Form = None,
    accept: Accept = None,
) -> Response:
    """The minutes as a page or a PDF, with the items that you may read."""
    ids = (panel_id, sitting_id)
    async with call.read() as session:
        await shown_sitting(session, ids)
        found = await queries.latest(session, sitting_id, number)
        items = await queries.items_of(session, found["id"]) if found else []
    if found is None:
        raise NotFound
    name = f"minutes-{found['content']['sits_on']}-{found['number']}"
    return await document_answer(call.request, services.as_document(found, items), name=name, form=form, accept=accept)


async def _minutes(session: ReadSession, ids: Ids, number: int | None) -> MinutesOut:
    await shown_sitting(session, ids)
    found = await queries.latest(session, ids[1], number)
    if found is None:
        raise NotFound
    items = [MinutesItemOut(**item) for item in await queries.items_of(session, found["id"])]
    return MinutesOut(**found, items=items)
