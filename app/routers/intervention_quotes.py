"""The own words of an intervention's family."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import party_of
from app.db import WriteSession
from app.http.answers import once, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, entity_tag
from app.queries import family_quotes as queries
from app.queries.writes import Writes
from app.routers.interventions import IfMatch
from app.routers.pages import Cursor, Limit, day_and_id, listed
from app.routers.schemas.family_words import (
    FamilyQuoteIn,
    FamilyQuoteKept,
    FamilyQuoteOut,
    WithdrawWordsIn,
    quote_as_seen,
)
from app.routers.schemas.page import Page
from app.services.idempotency import Answer
from app.services.interventions.case import Row, find_case
from app.services.interventions.family_words import record_words, withdraw_words

router = APIRouter(prefix="/v1/interventions/{intervention_id}/quotes", tags=["interventions"])


@router.get("", operation_id="list_quotes", responses={200: {"model": Page[FamilyQuoteOut]}})
async def list_quotes(
    intervention_id: UUID,
    call: Annotated[Call, Depends(caller("list_quotes"))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The family's own words, by day. Of those that were taken back it is told that there were some, and no more."""
    list_name = f"{call.operation}/{intervention_id}"
    after = day_and_id(call.position(cursor, list_name))
    async with call.read() as session:
        await find_case(session, intervention_id)
        rows = await queries.list_quotes(session, intervention_id, limit=limit, after=after)
    party = party_of(call.principal.kind)
    return listed(
        call,
        rows,
        limit,
        render=lambda row: quote_as_seen(FamilyQuoteOut, row, party),
        at=lambda row: [row["said_on"].isoformat(), str(row["id"])],
        list_name=list_name,
    )


@router.post("", operation_id="record_quote", status_code=201, responses={201: {"model": FamilyQuoteKept}})
async def record(
    intervention_id: UUID,
    body: FamilyQuoteIn,
    call: Annotated[Call, Depends(caller("record_quote"))],
    if_match: IfMatch = None,
) -> Response:
    """Keep words of the child, a parent or somebody else of the family, with consent for each use.

    The answer says that they are kept, and does not say them again.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await record_words(
            session, writes, intervention_id, body.values(), lambda version: check_match(if_match, version)
        )
        return _answer(row, call, 201)

    return await once(call, {"intervention_id": str(intervention_id), **body.model_dump(mode="json")}, work)


@router.post("/{quote_id}/withdraw", operation_id="withdraw_quote", responses={200: {"model": FamilyQuoteKept}})
async def withdraw(
    intervention_id: UUID,
    quote_id: UUID,
    body: WithdrawWordsIn,
    call: Annotated[Call, Depends(caller("withdraw_quote"))],
    if_match: IfMatch = None,
) -> Response:
    """Take consent back: the words are erased at once, here and in the family's letter; that there were some stays.

    By the provider of the case or an officer, also after the close: the family may tell either.
    """
    values = {"withdrawn_by": body.withdrawn_by.value, "withdrawn_on": body.on}

    async def work(session: WriteSession, writes: Writes) -> Answer:
        row = await withdraw_words(
            session, writes, intervention_id, quote_id, values, lambda version: check_match(if_match, version)
        )
        return _answer(row, call, 200)

    named = {"intervention_id": str(intervention_id), "quote_id": str(quote_id)}
    return await once(call, {**named, **body.model_dump(mode="json")}, work)


def _answer(row: Row, call: Call, status: int) -> Answer:
    content = to_bytes(quote_as_seen(FamilyQuoteKept, row, party_of(call.principal.kind)))
    return Answer(status, {"ETag": entity_tag(row["version"])}, content)
