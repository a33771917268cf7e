"""The agenda of a sitting, and what is decided of its items."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from app.access import Kind, Party
from app.db import ReadSession, WriteSession
from app.errors import NotFound
from app.http.answers import created, once, page, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import entity_tag, require_match
from app.queries import panel_items as queries
from app.queries.writes import Writes
from app.routers.panel_sittings import shown_sitting
from app.routers.schemas.base import seen_by, show
from app.routers.schemas.page import Page
from app.routers.schemas.panel_agenda import (
    ActionOut,
    BlockageIn,
    ConflictIn,
    DecisionIn,
    DecisionOut,
    ItemOut,
    LaterFactIn,
    OrderIn,
)
from app.routers.schemas.panels import ReasonIn
from app.services import audit
from app.services.idempotency import Answer
from app.services.panels import agenda as services
from app.services.panels.deciding import decide as decide_item

router = APIRouter(prefix="/v1/panels/{panel_id}/sittings/{sitting_id}", tags=["panels"])

Ids = tuple[UUID, UUID]
_Item = seen_by(ItemOut, Party.AUTHORITY) | seen_by(ItemOut, Party.PANEL_MEMBER)
_ITEM: Final[dict[int | str, dict[str, Any]]] = {200: {"model": _Item}}
_AGENDA: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": Page[_Item]}  # type: ignore[valid-type]  # made at run time
}
_CONTENTS: Final = ("referral", "pre_exclusion_review", "blockage")


def _shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """An item as the caller may see it."""
    party = Party.AUTHORITY if call.principal.kind is Kind.AUTHORITY else Party.PANEL_MEMBER
    content = item["content"]
    return show(ItemOut, party, {**item, "content": content and {**dict.fromkeys(_CONTENTS), **content}})


async def _audited(call: Call, item_id: UUID | None, items: list[dict[str, Any]]) -> None:
    """Log that somebody read of families, where that is what stands there."""
    if any(item["content"] for item in items):
        await audit.record(call.runtime.database, call.principal, "read_identity", "panel_item", item_id, ["identity"])


@router.get("/agenda", operation_id="get_agenda", responses=_AGENDA)
async def get_agenda(
    panel_id: UUID, sitting_id: UUID, call: Annotated[Call, Depends(caller("get_agenda"))]
) -> Response:
    """The items of a sitting, in order; at most 60. A member has them from circulation until `access_until`.

    What each says is what was known when it was circulated; what was learnt since stands beside it. Reading is logged.
    """
    async with call.read() as session:
        await shown_sitting(session, (panel_id, sitting_id))
        items = await queries.agenda(session, sitting_id)
    await _audited(call, sitting_id, items)
    return page(call, [_shown(call, item) for item in items], None)


@router.put("/agenda", operation_id="order_agenda", responses=_AGENDA)
async def order_agenda(
    panel_id: UUID,
    sitting_id: UUID,
    body: OrderIn,
    call: Annotated[Call, Depends(caller("order_agenda"))],
    if_match: Annotated[str | None, Header(max_length=1024, description="The sitting's version.")] = None,
) -> Response:
    """Order an agenda that is still open, and say how long each item has."""
    ids = (panel_id, sitting_id)
    order = [(one.item_id, one.minutes) for one in body.items]
    async with call.write() as session:
        writes = Writes()
        await services.order_agenda(session, writes, ids, order, lambda version: require_match(if_match, version))
        await writes.flush(session)
        items = await queries.agenda(session, sitting_id)
        sitting = await shown_sitting(session, ids)
    content = {"data": [_shown(call, item) for item in items], "next_cursor": None}
    return thing(call, content, sitting.version)


@router.post("/agenda", operation_id="add_blockage", status_code=201, responses={201: {"model": _Item}})
async def add_blockage(
    panel_id: UUID, sitting_id: UUID, body: BlockageIn, call: Annotated[Call, Depends(caller("add_blockage"))]
) -> Response:
    """Put something that keeps families from support on an open agenda. A referral is sent by its own `to-panel`."""
    ids = (panel_id, sitting_id)

    async def work(session: WriteSession, writes: Writes) -> Answer:
        item_id = await services.add_blockage(session, writes, ids, **body.model_dump())
        await writes.flush(session)
        item = await _item(session, ids, item_id)
        return created(_shown(call, item), item["version"], f"{_path(ids)}/agenda/{item_id}")

    return await once(call, {"sitting_id": str(sitting_id), **body.model_dump(mode="json")}, work)


@router.get("/agenda/{item_id}", operation_id="get_agenda_item", responses=_ITEM)
async def get_item(
    panel_id: UUID, sitting_id: UUID, item_id: UUID, call: Annotated[Call, Depends(caller("get_agenda_item"))]
) -> Response:
    """Read one item. Reading is logged."""
    async with call.read() as session:
        item = await _item(session, (panel_id, sitting_id), item_id)
    await _audited(call, item_id, [item])
    # For officers it says where the referral stands now too, which raises no version of the item.
    return thing(call, _shown(call, item), item["version"], live=True)


@router.post("/agenda/{item_id}/take-off", operation_id="take_item_off", responses=_ITEM)
async def take_off(
    panel_id: UUID,
    sitting_id: UUID,
    item_id: UUID,
    body: ReasonIn,
    call: Annotated[Call, Depends(caller("take_item_off"))],
) -> Response:
    """Take an item off an open agenda. A referral waits again, with its date."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        ids = (panel_id, sitting_id)
        await services.take_item_off(session, writes, ids, item_id, body.reason)
        return await _item_answer(call, session, ids, item_id)

    return await once(call, {"item_id": str(item_id), **body.model_dump(mode="json")}, work)


@router.post(
    "/agenda/{item_id}/conflict",
    operation_id="declare_conflict",
    responses={**_ITEM, 204: {"description": "Done, and no longer yours to read."}},
)
async def declare_conflict(
    panel_id: UUID,
    sitting_id: UUID,
    item_id: UUID,
    body: ConflictIn,
    call: Annotated[Call, Depends(caller("declare_conflict"))],
) -> Response:
    """Declare a conflict of interest: that member is left out of the item, its decision and its minutes."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        ids = (panel_id, sitting_id)
        await services.declare_conflict(session, writes, ids, item_id, body.organisation_id, body.note)
        if call.principal.kind is not Kind.AUTHORITY:
            return Answer(204, {}, b"")
        return await _item_answer(call, session, ids, item_id)

    return await once(call, {"item_id": str(item_id), **body.model_dump(mode="json")}, work)


@router.post("/agenda/{item_id}/later-facts", operation_id="add_later_fact", responses=_ITEM)
async def add_later_fact(
    panel_id: UUID,
    sitting_id: UUID,
    item_id: UUID,
    body: LaterFactIn,
    call: Annotated[Call, Depends(caller("add_later_fact"))],
) -> Response:
    """Tell the members what was learnt since circulation. What was frozen stays."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        ids = (panel_id, sitting_id)
        await services.add_later_fact(session, writes, ids, item_id, body.words)
        return await _item_answer(call, session, ids, item_id)

    return await once(call, {"item_id": str(item_id), **body.model_dump(mode="json")}, work)


@router.post(
    "/agenda/{item_id}/decisions", operation_id="decide_item", status_code=201, responses={201: {"model": DecisionOut}}
)
async def decide(
    panel_id: UUID,
    sitting_id: UUID,
    item_id: UUID,
    body: DecisionIn,
    call: Annotated[Call, Depends(caller("decide_item"))],
) -> Response:
    """Record what the panel decided of an item, as an officer or the chair's organisation, while the sitting is held.

    It takes effect at once: `allocate` offers a place of the lot (or lets the referral wait where none is free),
    `redirect` and `no_further_action` close the referral, `request_information` asks the sender, and `hold` lists it
    for the next sitting. A referral that is closed or withdrawn is refused (409). An item is decided once; until the
    minutes are approved an officer may correct it, naming the decision.
    """
    ids = (panel_id, sitting_id)

    async def work(session: WriteSession, writes: Writes) -> Answer:
        decision_id = await decide_item(session, writes, (*ids, item_id), body.decided())
        await writes.flush(session)
        (shown,) = [one for one in await _decisions(session, sitting_id) if one.id == decision_id]
        return created(shown, 1, f"{_path(ids)}/decisions")

    return await once(call, {"item_id": str(item_id), **body.model_dump(mode="json")}, work)


@router.get("/decisions", operation_id="list_panel_decisions", responses={200: {"model": Page[DecisionOut]}})
async def list_decisions(
    panel_id: UUID, sitting_id: UUID, call: Annotated[Call, Depends(caller("list_panel_decisions"))]
) -> Response:
    """What was decided at a sitting, oldest first, corrections included: of the items that you may read."""
    async with call.read() as session:
        await shown_sitting(session, (panel_id, sitting_id))
        decisions = await _decisions(session, sitting_id)
    return page(call, decisions, None)


async def _decisions(session: ReadSession, sitting_id: UUID) -> list[DecisionOut]:
    rows = await queries.decisions_of(session, sitting_id)
    actions = await queries.actions_of(session, [row["id"] for row in rows])
    return [
        DecisionOut(**row, actions=[ActionOut(**one) for one in actions if one["decision_id"] == row["id"]])
        for row in rows
    ]


async def _item(session: ReadSession, ids: Ids, item_id: UUID) -> dict[str, Any]:
    await shown_sitting(session, ids)
    item = await queries.get_item(session, ids[1], item_id)
    if item is None:
        raise NotFound
    return item


async def _item_answer(call: Call, session: WriteSession, ids: Ids, item_id: UUID) -> Answer:
    item = await _item(session, ids, item_id)
    return Answer(200, {"ETag": entity_tag(item["version"])}, to_bytes(_shown(call, item)))


def _path(ids: Ids) -> str:
    return f"/v1/panels/{ids[0]}/sittings/{ids[1]}"
