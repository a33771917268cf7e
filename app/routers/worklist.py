"""The worklist: what every provider's system asks for, all day long."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from app.access import Kind
from app.db import ReadSession
from app.errors import CursorRejected
from app.http.answers import page
from app.http.caller import Call, caller
from app.http.conditional import is_unchanged
from app.http.plain_routes import PlainRoute
from app.queries import offers
from app.routers.schemas.allocations import AllocationLineOut, allocation_as_seen

_PATH = "/v1/allocations"
_OPERATION = "list_allocations"

router = APIRouter(prefix=_PATH, tags=["allocations"])

OfferState = Literal["proposed", "pending", "accepted", "declined", "expired", "withdrawn", "superseded"]


class WorklistQuery(BaseModel):
    """What may be asked of the worklist."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=1024)
    changed_after: str | None = Field(None, max_length=1024)
    state: list[OfferState] | None = Field(None, max_length=7)


@router.get("", operation_id=_OPERATION)
async def list_allocations(
    call: Annotated[Call, Depends(caller(_OPERATION))],
    query: Annotated[WorklistQuery, Query()],
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """Your worklist: the offers to answer and the cases accepted.

    Walk it with `cursor`. To poll, send `changed_after` (empty the first time) and keep its `next_cursor`: it gives
    everything that changed since, none skipped, in a stable order. Or poll the plain list with `If-None-Match`: 304
    while nothing of yours has changed. The list names no family: read the allocation or the referral for that.
    """
    del if_none_match  # read from the request; named here for the OpenAPI document
    return await _worklist(call, query)


async def _worklist(call: Call, query: WorklistQuery) -> Response:
    tag = None
    if call.principal.kind is Kind.PROVIDER:
        # The same question is meant, or a 304 could hide a page that was never read.
        asked = sha256(call.request.scope["query_string"]).hexdigest()[:16]
        # Asked before the list is read: a tag may be older than its list, and never newer.
        tag = f'W/"{await call.runtime.worklist_marks.ask(call.principal)}-{asked}"'
        if is_unchanged(", ".join(call.request.headers.getlist("if-none-match")) or None, tag):
            return Response(status_code=304, headers={"ETag": tag})
    async with call.read() as session:
        rows, next_cursor = await (_listed if query.changed_after is None else _changed)(call, session, query)
    kind = call.principal.kind
    answer = page(call, [allocation_as_seen(row, kind, AllocationLineOut) for row in rows], next_cursor)
    if tag:
        answer.headers["ETag"] = tag
    return answer


async def _listed(call: Call, session: ReadSession, query: WorklistQuery) -> tuple[list[Any], str | None]:
    position = call.position(query.cursor)
    after = (datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None
    rows = await offers.worklist(session, limit=query.limit, after=after, states=query.state)
    if len(rows) <= query.limit:
        return rows, None
    rows = rows[: query.limit]
    return rows, call.cursor([rows[-1]["offered_at"].isoformat(), str(rows[-1]["id"])])


async def _changed(call: Call, session: ReadSession, query: WorklistQuery) -> tuple[list[Any], str | None]:
    name = "allocation changes"
    position = call.position(query.changed_after, name) if query.changed_after else [0, str(UUID(int=0))]
    if not position or not isinstance(position[0], int):
        raise CursorRejected
    after = offers.Change(position[0], UUID(str(position[1])))
    rows, last = await offers.changes(session, limit=query.limit, after=after, states=query.state)
    return rows, call.cursor([last.xid, str(last.offer_id)], name)


async def _asked(call: Call) -> Response | None:
    parameters = call.request.query_params
    values: dict[str, Any] = dict(parameters)
    if "state" in values:
        values["state"] = parameters.getlist("state")
    try:
        query = WorklistQuery.model_validate(values)
    except ValidationError:
        return None
    return await _worklist(call, query)


PLAIN = PlainRoute("GET", _PATH, _OPERATION, _asked)
