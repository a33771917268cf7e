"""Returns: what is owed, pre-filled; filled in, submitted, queried and accepted."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app import clock
from app.db import ReadSession, WriteSession
from app.domain.returns import ReturnState
from app.http.answers import once, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag, require_match
from app.queries import returns as queries
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.page import Page
from app.routers.schemas.returns import (
    AmendIn,
    QueryIn,
    ReturnIn,
    ReturnOut,
    ReturnSummaryOut,
    SubmissionsOut,
    return_of,
    summary_of,
)
from app.services.idempotency import Answer
from app.services.returns import accept_return, amend_return, fill_return, query_return, read_return, submit_return

router = APIRouter(tags=["returns"])

Row = dict[str, Any]
IfMatch = Annotated[str | None, Header(description="The `ETag` of the version that you read.", max_length=1024)]


@router.get("/v1/returns", operation_id="list_returns", responses={200: {"model": Page[ReturnSummaryOut]}})
async def list_returns(
    call: Annotated[Call, Depends(caller("list_returns"))],
    *,
    state: Annotated[ReturnState | None, Query(description="Only those in this state.")] = None,
    template: Annotated[str | None, Query(max_length=64, description="Only those of this template.")] = None,
    period: Annotated[str | None, Query(max_length=20, description="Only this period: `2026/27-autumn`.")] = None,
    organisation_id: Annotated[UUID | None, Query(description="Only those that this organisation owes.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Returns by the day they are due. A school or provider sees its own, the authority all.

    They appear when a half-term (providers) or a term (schools) of the authority's calendar has ended.
    """
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_returns(
            session,
            limit=limit,
            after=(date.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            state=state,
            template=template,
            period=period,
            organisation_id=organisation_id,
        )
        today = session.today
    return listed(
        call,
        rows,
        limit,
        render=lambda row: summary_of(row, kind=call.principal.kind, today=today, submitted_on=_submitted_on(row)),
        at=lambda row: [row["due_on"].isoformat(), str(row["id"])],
    )


@router.get("/v1/returns/{return_id}", operation_id="get_return", responses={200: {"model": ReturnOut}})
async def get_return(return_id: UUID, call: Annotated[Call, Depends(caller("get_return"))]) -> Response:
    """One return with its content."""
    async with call.read() as session:
        row = await read_return(session, return_id)
        content = _content(call, session, row)
    return thing(call, content, row["version"])


@router.put("/v1/returns/{return_id}", operation_id="put_return", responses={200: {"model": ReturnOut}})
async def put_return(
    return_id: UUID,
    body: ReturnIn,
    call: Annotated[Call, Depends(caller("put_return"))],
    if_match: IfMatch = None,
) -> Response:
    """Fill a return in: kept as a draft, which may have gaps. Needs `If-Match`.

    Rows and references come from the record and stay as they are. What may be left out of a draft and not of what is
    submitted, the template says.
    """
    async with call.write() as session:
        writes = Writes()
        row = await fill_return(
            session, writes, return_id, body.content, lambda version: require_match(if_match, version)
        )
        await writes.flush(session)
        content = _content(call, session, row)
    return thing(call, content, row["version"])


@router.post("/v1/returns/{return_id}/submit", operation_id="submit_return", responses={200: {"model": ReturnOut}})
async def submit(
    return_id: UUID, call: Annotated[Call, Depends(caller("submit_return"))], if_match: IfMatch = None
) -> Response:
    """Submit the return as it is kept, or, when the authority has queried it, submit it again.

    422 with a sentence for each thing that is missing or does not add up. A school's figures become the facts that
    outcomes are measured from.
    """
    return await _act(
        call,
        {"return_id": str(return_id)},
        lambda session, writes: submit_return(
            session, writes, return_id, lambda version: check_match(if_match, version)
        ),
    )


@router.post("/v1/returns/{return_id}/accept", operation_id="accept_return", responses={200: {"model": ReturnOut}})
async def accept(
    return_id: UUID, call: Annotated[Call, Depends(caller("accept_return"))], if_match: IfMatch = None
) -> Response:
    """Sign a submitted return off."""
    return await _act(
        call,
        {"return_id": str(return_id)},
        lambda session, writes: accept_return(
            session, writes, return_id, lambda version: check_match(if_match, version)
        ),
    )


@router.post("/v1/returns/{return_id}/query", operation_id="query_return", responses={200: {"model": ReturnOut}})
async def query(
    return_id: UUID,
    body: QueryIn,
    call: Annotated[Call, Depends(caller("query_return"))],
    if_match: IfMatch = None,
) -> Response:
    """Ask about a submitted return, or an accepted one, as a whole and row by row.

    The sender may then fill it in and submit it again.
    """
    return await _act(
        call,
        {"return_id": str(return_id), **body.model_dump()},
        lambda session, writes: query_return(
            session,
            writes,
            return_id,
            body.question,
            [line.model_dump() for line in body.lines],
            lambda version: check_match(if_match, version),
        ),
    )


@router.post("/v1/returns/{return_id}/amend", operation_id="amend_return", responses={200: {"model": ReturnOut}})
async def amend(
    return_id: UUID,
    body: AmendIn,
    call: Annotated[Call, Depends(caller("amend_return"))],
    if_match: IfMatch = None,
) -> Response:
    """Put an accepted return right: it opens to be filled in and submitted again.

    Until it is, its figures count as they were accepted; what each submission said stays on record.
    """
    return await _act(
        call,
        {"return_id": str(return_id), **body.model_dump()},
        lambda session, writes: amend_return(
            session, writes, return_id, body.reason, lambda version: check_match(if_match, version)
        ),
    )


@router.get(
    "/v1/returns/{return_id}/submissions",
    operation_id="list_return_submissions",
    responses={200: {"model": SubmissionsOut}},
)
async def list_submissions(
    return_id: UUID, call: Annotated[Call, Depends(caller("list_return_submissions"))]
) -> Response:
    """What the return said each time that it was submitted, and why it was put right."""
    async with call.read() as session:
        row = await read_return(session, return_id)
        rows = await queries.submissions_of(session, return_id)
    return thing(call, {"data": rows}, row["version"])


async def _act(call: Call, body: Row, done: Callable[[WriteSession, Writes], Awaitable[Row]]) -> Response:
    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await done(session, writes)
        return Answer(200, {"ETag": entity_tag(row["version"])}, to_bytes(_content(call, session, row)))

    return await once(call, body, work)


def _content(call: Call, session: ReadSession, row: Row) -> Row:
    return return_of(row, kind=call.principal.kind, today=session.today, submitted_on=_submitted_on(row))


def _submitted_on(row: Row) -> date | None:
    return clock.london_date(row["submitted_at"]) if row["submitted_at"] else None
