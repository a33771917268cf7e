"""Providers of an authority."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import WriteSession
from app.errors import NotFound
from app.http.answers import created, once, thing
from app.http.caller import Call, caller
from app.queries import providers as queries
from app.queries.offer_answers import answers_of
from app.queries.writes import Writes
from app.routers.pages import Cursor, Limit, listed, name_and_id
from app.routers.schemas.page import Page
from app.routers.schemas.parties import PersonOut
from app.routers.schemas.providers import OfferAnswersOut, ProviderIn, ProviderOut
from app.routers.schemas.types import Date
from app.services.idempotency import Answer
from app.services.providers import create_provider as create

router = APIRouter(tags=["providers"])


@router.get("/v1/providers", operation_id="list_providers", responses={200: {"model": Page[ProviderOut]}})
async def list_providers(
    call: Annotated[Call, Depends(caller("list_providers"))], limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """List the providers of the authority, by name."""
    after = name_and_id(call.position(cursor))
    async with call.read() as session:
        rows = await queries.list_providers(session, after=after, limit=limit)
    return listed(call, rows, limit, render=_shown, at=lambda row: [row["name"], str(row["id"])])


@router.get("/v1/providers/{provider_id}", operation_id="get_provider", responses={200: {"model": ProviderOut}})
async def get_provider(provider_id: UUID, call: Annotated[Call, Depends(caller("get_provider"))]) -> Response:
    """Read one provider."""
    async with call.read() as session:
        row = await queries.get_provider(session, provider_id)
    if row is None:
        raise NotFound
    return thing(call, _shown(row), row["version"])


@router.get(
    "/v1/providers/{provider_id}/offer-answers",
    operation_id="get_offer_answers",
    responses={200: {"model": OfferAnswersOut}},
)
async def get_offer_answers(
    provider_id: UUID,
    call: Annotated[Call, Depends(caller("get_offer_answers"))],
    due_from: Annotated[Date | None, Query(description="First day on which the time to answer ended.")] = None,
    due_to: Annotated[Date | None, Query(description="The last such day.")] = None,
) -> Response:
    """Read how a provider answers its offers: in time, late, or not at all."""
    async with call.read() as session:
        if not await queries.is_provider(session, provider_id):
            raise NotFound
        found = await answers_of(session, [provider_id], due_from=due_from, due_to=due_to)
    return thing(call, OfferAnswersOut(**found[provider_id]), 1, live=True)


@router.post("/v1/providers", operation_id="create_provider", status_code=201, responses={201: {"model": ProviderOut}})
async def create_provider(body: ProviderIn, call: Annotated[Call, Depends(caller("create_provider"))]) -> Response:
    """Add a provider to the authority. Its name is unique among providers."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        values = body.model_dump(exclude={"contact"})
        contact = body.contact.model_dump(exclude_none=True) if body.contact else {}
        provider_id = await create(session, writes, **values, contact=contact)
        shown = ProviderOut(id=provider_id, **values, contact=PersonOut(**contact))
        return created(shown, 1, f"/v1/providers/{provider_id}")

    return await once(call, body.model_dump(mode="json"), work)


def _shown(row: Mapping[str, Any]) -> ProviderOut:
    return ProviderOut(**{**row, "contact": PersonOut(**orjson.loads(row["contact"]))})
