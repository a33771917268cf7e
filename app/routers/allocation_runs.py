"""Runs on demand: previews, what-ifs, and letting a preview take effect."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from app.db import ReadSession, WriteSession
from app.domain.allocation.what_if import WhatIf
from app.errors import NotFound
from app.http.answers import created, once, page, thing, to_bytes
from app.http.caller import Call, caller
from app.queries import allocation_runs as queries
from app.queries.writes import Writes
from app.routers.schemas.allocation_runs import CommitIn, RunDetailOut, RunIn, RunOut
from app.services import allocation_runs, last_year
from app.services.idempotency import Answer
from app.services.last_year import YearAsked

router = APIRouter(prefix="/v1/allocation-runs", tags=["allocations"])


@router.post("", operation_id="create_allocation_run", status_code=201, responses={201: {"model": RunDetailOut}})
async def create_allocation_run(
    body: RunIn, call: Annotated[Call, Depends(caller("create_allocation_run"))]
) -> Response:
    """Preview who of the waiting list would be offered which place now, and who would wait for what. Offers nothing.

    With `what_if` the list is decided as it would be with more places, another language or fair share; the answer sets
    the counts beside those of the list as it is.

    `over: "last_year"` plays the referrals of the last 365 days again, as it was and as it would have been. That takes
    up to a minute: the run is answered as `running`, and `GET` of it has the figures when it is a `preview`, or says
    why it has `failed`. One at a time for an authority.
    """
    asked = body.what_if.asked() if body.what_if else WhatIf()
    replays = call.runtime.year_replays
    to_play: list[YearAsked] = []

    async def work(session: WriteSession, writes: Writes) -> Answer:
        if body.over == "last_year":
            replays.check_room()
            to_play.append(await last_year.ask_last_year(session, writes, asked))
            run_id = to_play[0].run_id
        else:
            run_id = await allocation_runs.preview_run(session, writes, asked)
        await writes.flush(session)
        content = await _detail(session, run_id)
        return created(content, content["version"], f"/v1/allocation-runs/{run_id}")

    answer = await once(call, body.model_dump(mode="json"), work)
    for year in to_play:  # now that its run is committed; a retry with the same key has nothing to play
        replays.start(call.principal, year)
    return answer


@router.get("", operation_id="list_allocation_runs", responses={200: {"model": list[RunOut]}})
async def list_allocation_runs(
    call: Annotated[Call, Depends(caller("list_allocation_runs"))],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> Response:
    """Runs, newest first."""
    position = call.position(cursor)
    before = (datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None
    async with call.read() as session:
        rows = await queries.list_runs(session, limit=limit, before=before)
    next_cursor = None
    if len(rows) > limit:
        rows = rows[:limit]
        next_cursor = call.cursor([rows[-1]["made_at"].isoformat(), str(rows[-1]["id"])])
    return page(call, [_line(row) for row in rows], next_cursor)


@router.get("/{run_id}", operation_id="get_allocation_run", responses={200: {"model": RunDetailOut}})
async def get_allocation_run(run_id: UUID, call: Annotated[Call, Depends(caller("get_allocation_run"))]) -> Response:
    """One run with its plan. While it is `running`, `Retry-After` says when to ask again."""
    async with call.read() as session:
        content = await _detail(session, run_id)
    # A run that was interrupted is told so although its row has not changed.
    answer = thing(call, content, content["version"], live=content["over"] == "last_year")
    if content["state"] == "running":
        answer.headers["Retry-After"] = "2"
    return answer


@router.post("/{run_id}/commit", operation_id="commit_allocation_run", responses={200: {"model": RunDetailOut}})
async def commit_allocation_run(
    run_id: UUID,
    call: Annotated[Call, Depends(caller("commit_allocation_run"))],
    body: CommitIn | None = None,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """Let a preview take effect: its offers are made now, in the name of the officer who confirms it.

    Where the policy has `confirm_batches`, the body names one whose role is among its `approvers`. Refused
    with 409 when anything that it was decided from has changed since; then make a new preview.
    """
    del idempotency_key  # read by `once`; named here for the OpenAPI document

    named = body.confirmed_by if body else None
    officer = named.officer() if named else None

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await allocation_runs.commit_run(session, writes, run_id, officer)
        await writes.flush(session)
        content = await _detail(session, run_id)
        return Answer(200, {"ETag": f'"{content["version"]}"'}, to_bytes(content))

    return await once(call, {"run": str(run_id), "body": body.model_dump(mode="json") if body else None}, work)


async def _detail(session: ReadSession, run_id: UUID) -> dict[str, Any]:
    row = await queries.get_run(session, run_id)
    if row is None:
        raise NotFound
    return {**_line(row), "plan": orjson.loads(row["plan"])}


def _line(row: Any) -> dict[str, Any]:
    values = last_year.as_told(row)
    for name in ("what_if", "counts"):
        values[name] = None if values[name] is None else orjson.loads(values[name])
    values.pop("plan", None)
    return values
