"""Measures: what can be asked, and the versions that an authority publishes of its own."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from app.db import WriteSession
from app.domain.measures import measure_from
from app.http.answers import once, page, to_bytes
from app.http.caller import Call, caller
from app.queries import measures as queries
from app.queries.writes import Writes
from app.routers.schemas.measures import MeasureIn, MeasureOut, MeasureVersionOut, RetireIn, measure_out
from app.routers.schemas.page import Page
from app.services.idempotency import Answer
from app.services.measures import preview_measure as preview
from app.services.measures import publish_measure as publish
from app.services.measures import retire_measure as retire

router = APIRouter(prefix="/v1/measures", tags=["measures"])

MeasureKey = Annotated[str, Path(max_length=64, examples=["family_journey"])]


@router.get("", operation_id="list_measures", responses={200: {"model": Page[MeasureOut]}})
async def list_measures(call: Annotated[Call, Depends(caller("list_measures"))]) -> Response:
    """What can be measured today: areas and scales. The list is short and comes whole.

    An authority's own version of a measure stands in place of the shipped one.
    """
    async with call.read() as session:
        found = await queries.measures_on(session, session.today)
    return page(call, [measure_out(loaded) for loaded in found.values()], None)


@router.get(
    "/{measure_key}/versions", operation_id="list_measure_versions", responses={200: {"model": Page[MeasureVersionOut]}}
)
async def list_measure_versions(
    measure_key: MeasureKey, call: Annotated[Call, Depends(caller("list_measure_versions"))]
) -> Response:
    """Every version that the authority published of a measure, the newest first, those announced for later too."""
    async with call.read() as session:
        rows = await queries.versions_of(session, measure_key)
    return page(call, [_version(row) for row in rows], None)


@router.post("", operation_id="publish_measure", status_code=201, responses={201: {"model": MeasureOut}})
async def publish_measure(body: MeasureIn, call: Annotated[Call, Depends(caller("publish_measure"))]) -> Response:
    """Publish a measure, or the next version of one: from its day on new readings are taken by it.

    It is never changed. Readings keep the version that they were taken by. To undo what is only announced, publish
    again for the same day: the later version stands.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        loaded = await publish(session, writes, body.draft(), body.effective_from)
        return Answer(201, {"Location": f"/v1/measures/{body.key}/versions"}, to_bytes(measure_out(loaded)))

    return await once(call, body.model_dump(mode="json"), work)


@router.post("/preview", operation_id="preview_measure", responses={200: {"model": MeasureOut}})
async def preview_measure(body: MeasureIn, call: Annotated[Call, Depends(caller("preview_measure"))]) -> Response:
    """The measure as it would be published. Nothing is written, and what publishing would refuse is refused."""
    async with call.read() as session:
        loaded = await preview(session, body.draft(), body.effective_from)
    return Response(to_bytes(measure_out(loaded)), media_type="application/json")


@router.post(
    "/{measure_key}/retire", operation_id="retire_measure", responses={200: {"model": Page[MeasureVersionOut]}}
)
async def retire_measure(
    measure_key: MeasureKey, body: RetireIn, call: Annotated[Call, Depends(caller("retire_measure"))]
) -> Response:
    """Say that a measure is no longer asked from a day on, a shipped one too. Its readings stay, and stay readable."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await retire(session, writes, measure_key, body.effective_from)
        await writes.flush(session)
        rows = await queries.versions_of(session, measure_key)
        return Answer(200, {}, to_bytes({"data": [_version(row) for row in rows], "next_cursor": None}))

    return await once(call, {"measure": measure_key, **body.model_dump(mode="json")}, work)


def _version(row: Mapping[str, Any]) -> MeasureVersionOut:
    content = row["content"] and orjson.loads(row["content"])
    loaded = content and queries.Loaded(measure_from(content), row["id"], row["effective_from"])
    return MeasureVersionOut(
        id=row["id"],
        version=row["version"],
        effective_from=row["effective_from"],
        published_at=row["published_at"],
        retired=content is None,
        measure=measure_out(loaded) if loaded else None,
    )
