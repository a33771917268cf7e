"""Referrals: sent, checked, read and acted upon."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Query
from pydantic import ValidationError, create_model
from starlette.responses import Response

from app.access import Kind, Party, party_of
from app.db import ReadSession, WriteSession
from app.domain.referral import State
from app.errors import NotFound
from app.http.answers import created, once, page, thing, to_bytes
from app.http.caller import Call, caller
from app.http.conditional import check_match, require_match
from app.http.plain_routes import PlainRoute
from app.queries import referrals as queries
from app.queries.school_changes import past_of
from app.queries.writes import Writes
from app.routers.schemas import referral_views as views
from app.routers.schemas.base import seen_by, show
from app.routers.schemas.referrals import (
    AgreementIn,
    AmendmentIn,
    InformationAnswerIn,
    InformationRequestIn,
    ReferralIn,
    ReleaseIn,
    SearchIn,
    SiblingsIn,
    WithdrawIn,
)
from app.routers.schemas.types import Moment
from app.services import audit
from app.services.idempotency import Answer
from app.services.referrals import acts, siblings
from app.services.referrals.acting import actions_of
from app.services.referrals.check import check_referral as check_facts
from app.services.referrals.reopen import is_reopenable
from app.services.referrals.submit import submit_referral

router = APIRouter(prefix="/v1/referrals", tags=["referrals"])

_Referral = (
    seen_by(views.ReferralOut, Party.REFERRING_SCHOOL)
    | seen_by(views.ReferralOut, Party.CASE_PROVIDER)
    | seen_by(views.ReferralOut, Party.AUTHORITY)
)
_Taken = create_model(
    "ReferralTaken",
    __base__=seen_by(views.ReferralOut, Party.REFERRING_SCHOOL),
    __doc__="A referral that was taken.",
    safeguarding_notice=(views.NoticeOut | None, None),
)
DONE_UNSEEN: dict[int | str, dict[str, Any]] = {204: {"description": "Done, and no longer yours to read."}}
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=1024)]


def render(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """A referral as the caller may see it."""
    party = party_of(call.principal.kind)
    left = values.setdefault("moved_on", None) is not None
    actions = [] if left else actions_of(values, call.principal.kind, call.principal.organisation_id)
    values["available_actions"] = actions
    home = values["household"]
    if party is Party.CASE_PROVIDER and home and home["address_confidential"]:
        home["address"] = {}
    return show(views.ReferralOut, party, values)


async def _whole(call: Call, session: ReadSession, referral_id: UUID) -> dict[str, Any]:
    values = await queries.whole(session, referral_id)
    if values is None:
        raise NotFound
    if values["state"] == State.CLOSED:
        values["reopenable"] = await is_reopenable(session, values)
    return render(call, values)


@router.post("", operation_id="create_referral", status_code=201, responses={201: {"model": _Taken}})
async def create_referral(
    body: ReferralIn,
    call: Annotated[Call, Depends(caller("create_referral"))],
    idempotency_key: Annotated[str | None, Header(max_length=255, description="Required.")] = None,
) -> Response:
    """Send a referral.

    Answers with the referral, its state and, when a place was free, the offer that was made in the same moment. The
    `Idempotency-Key` is required: the same key and body give the same answer for 7 days, however often it is sent.
    A referral that reports immediate danger is held unoffered and answered with a `safeguarding_notice`.
    """
    del idempotency_key  # read by `once`; named here for the OpenAPI document
    return await _create(call, body)


async def _sent(call: Call) -> Response | None:
    if call.request.headers.get("content-type") != "application/json":
        return None
    try:
        body = ReferralIn.model_validate_json(await call.request.body())
    except ValidationError:
        return None
    return await _create(call, body)


PLAIN = PlainRoute("POST", router.prefix, "create_referral", _sent)


async def _create(call: Call, body: ReferralIn) -> Response:
    facts = body.model_dump()

    async def work(session: WriteSession, writes: Writes) -> Answer:
        taken = await submit_referral(session, writes, facts)
        content = render(call, taken.referral)
        if taken.notice:
            content["safeguarding_notice"] = taken.notice
        return created(content, content["version"], f"/v1/referrals/{content['id']}")

    return await once(call, facts, work, required=True)


@router.post("/check", operation_id="check_referral", responses={200: {"model": views.CheckOut}})
async def check_referral(body: ReferralIn, call: Annotated[Call, Depends(caller("check_referral"))]) -> Response:
    """Try a referral without sending it: faults, warnings, your own open referral, and which services would serve it.

    Nothing is kept but a line in the audit.
    """
    async with call.write() as session:
        found = await check_facts(session, body.model_dump())
    await audit.record(call.runtime.database, call.principal, "check_referral", "referral", None, ["check"])
    return Response(to_bytes(found), media_type="application/json")


@router.post("/search", operation_id="search_referrals")
async def search_referrals(body: SearchIn, call: Annotated[Call, Depends(caller("search_referrals"))]) -> Response:
    """Find your referrals of a pupil by UPN, which never stands in a URL."""
    async with call.read() as session:
        rows = await queries.page(session, queries.Wanted(upn=body.upn), limit=200)
    await audit.record(call.runtime.database, call.principal, "search_referrals", "referral", None, ["upn"])
    return page(call, _lines(call, rows[:200]), None)


def _lines(call: Call, rows: list[Any]) -> list[dict[str, Any]]:
    party = party_of(call.principal.kind)
    return [show(views.ReferralLineOut, party, dict(row)) for row in rows]


@router.get("", operation_id="list_referrals")
async def list_referrals(
    call: Annotated[Call, Depends(caller("list_referrals"))],
    limit: Limit = 50,
    cursor: Cursor = None,
    sort: Literal["received_at", "-received_at"] = "-received_at",
    state: Annotated[list[State] | None, Query(max_length=10)] = None,
    mis_id: Annotated[str | None, Query(max_length=100)] = None,
    sender_reference: Annotated[str | None, Query(max_length=200)] = None,
    received_from: Annotated[Moment | None, Query()] = None,
    received_before: Annotated[Moment | None, Query()] = None,
    attention: Annotated[
        str | None, Query(max_length=64, description="Only those that ask for attention by this rule.")
    ] = None,
) -> Response:
    """List the referrals that you may see: a school its own, a provider its cases, an authority all."""
    list_name = f"list_referrals {sort}"
    position = call.position(cursor, list_name)
    wanted = queries.Wanted(
        [value.value for value in state] if state else None,
        mis_id,
        sender_reference,
        received_from,
        received_before,
        attention=attention,
    )
    async with call.read() as session:
        rows = await queries.page(session, wanted, limit=limit, after=_after(position), sort=sort)
    next_cursor = None
    if len(rows) > limit:
        rows = rows[:limit]
        next_cursor = call.cursor([rows[-1]["received_at"].isoformat(), str(rows[-1]["id"])], list_name)
    if rows:
        await audit.record(call.runtime.database, call.principal, "read_identity", "referral", None, ["name"])
    return page(call, _lines(call, rows), next_cursor)


@router.get("/{referral_id}", operation_id="get_referral", responses={200: {"model": _Referral}})
async def get_referral(referral_id: UUID, call: Annotated[Call, Depends(caller("get_referral"))]) -> Response:
    """Read one referral, with what your part in it lets you see."""
    async with call.read() as session:
        past = None
        if await queries.visible(session, referral_id) is None:
            past = await past_of(session, referral_id)
        content = await _whole(call, session, referral_id) if past is None else render(call, past)
    await audit.record(call.runtime.database, call.principal, "read_identity", "referral", referral_id, ["identity"])
    # Figures that a school pushes stand in it too, and raise no version of the referral.
    return thing(call, content, content["version"], live=True)


@router.patch("/{referral_id}", operation_id="amend_referral", responses={200: {"model": _Referral}})
async def amend_referral(
    referral_id: UUID,
    body: AmendmentIn,
    call: Annotated[Call, Depends(caller("amend_referral"))],
    if_match: Annotated[str | None, Header(max_length=200, description="Required: the ETag you read.")] = None,
) -> Response:
    """Change what you sent, with a reason. What it was before is kept, and the provider is told.

    A `band` counts from today. Once an officer has set the band (`band_set_by`), yours is a request that an officer
    answers: it stands in `band_asked`.
    """
    # The fields that were sent, each whole: what a structure leaves out has its default, as when it was first sent.
    changes = body.model_dump(include=body.model_fields_set)
    reason = changes.pop("reason")
    async with call.write() as session:
        present = await queries.visible(session, referral_id)
        if present is None:
            raise NotFound
        require_match(if_match, present["version"])
        writes = Writes()
        await acts.amend_referral(session, writes, referral_id, reason, changes, present["version"])
        await writes.flush(session)
        content = await _whole(call, session, referral_id)
    return thing(call, content, content["version"])


async def act_on_referral(
    call: Call, referral_id: UUID, body: Any, work: Callable[[WriteSession, Writes], Awaitable[None]]
) -> Response:
    """Run one act, safe to retry with an Idempotency-Key, and answer with the referral as it then is.

    204 without it where the act, or what came after it, ended what the caller may see.
    """
    if_match = call.request.headers.get("if-match")

    async def act(session: WriteSession, writes: Writes) -> Answer:
        if if_match is not None:
            present = await queries.visible(session, referral_id)
            if present is None:
                raise NotFound
            check_match(if_match, present["version"])
        await work(session, writes)
        await writes.flush(session)
        return await as_it_is(session)

    async def as_it_is(session: WriteSession) -> Answer:
        if await queries.visible(session, referral_id) is None:
            return Answer(204, {}, b"")
        content = await _whole(call, session, referral_id)
        return Answer(200, {"ETag": f'"{content["version"]}"'}, to_bytes(content))

    # A provider's retry is answered with what it may see now: its access may have ended since.
    again = as_it_is if call.principal.kind is Kind.PROVIDER else None
    return await once(call, {"referral": str(referral_id), "body": body}, act, again=again)


@router.post("/{referral_id}/withdraw", operation_id="withdraw_referral", responses={200: {"model": _Referral}})
async def withdraw_referral(
    referral_id: UUID, body: WithdrawIn, call: Annotated[Call, Depends(caller("withdraw_referral"))]
) -> Response:
    """Take a referral back before the work with the family has begun."""
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: acts.withdraw_referral(session, writes, referral_id, body.reason, body.note),
    )


@router.post("/{referral_id}/request-information", operation_id="request_information")
async def request_information(
    referral_id: UUID, body: InformationRequestIn, call: Annotated[Call, Depends(caller("request_information"))]
) -> Response:
    """Ask the sender a question. The referral's clock stops until it is answered."""
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: acts.request_information(session, writes, referral_id, body.question),
    )


@router.post("/{referral_id}/information", operation_id="answer_information")
async def answer_information(
    referral_id: UUID, body: InformationAnswerIn, call: Annotated[Call, Depends(caller("answer_information"))]
) -> Response:
    """Answer the question that was asked. The referral goes on with its old date."""
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: acts.answer_information(session, writes, referral_id, body.answer),
    )


@router.post("/{referral_id}/agreement", operation_id="change_agreement", responses=DONE_UNSEEN)
async def change_agreement(
    referral_id: UUID, body: AgreementIn, call: Annotated[Call, Depends(caller("change_agreement"))]
) -> Response:
    """Record the family's agreement anew. Agreement that is taken back stops work and asks an officer for a check."""
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: acts.change_agreement(session, writes, referral_id, body.model_dump()),
    )


@router.post("/{referral_id}/siblings", operation_id="link_siblings", responses={200: {"model": _Referral}})
async def link_siblings(
    referral_id: UUID, body: SiblingsIn, call: Annotated[Call, Depends(caller("link_siblings"))]
) -> Response:
    """Say that another referral is of a brother or sister, and that the family wishes one practitioner for both.

    A sender names a referral of its own; an officer any. Null takes the referral out of its group.
    """
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: siblings.link_siblings(session, writes, referral_id, body.sibling_of),
    )


@router.post("/{referral_id}/release", operation_id="release_referral")
async def release_referral(
    referral_id: UUID, body: ReleaseIn, call: Annotated[Call, Depends(caller("release_referral"))]
) -> Response:
    """Let a held referral go on, as an officer who has looked at it."""
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: acts.release_referral(session, writes, referral_id, body.reason),
    )


@router.get("/{referral_id}/history", operation_id="list_referral_history")
async def list_referral_history(
    referral_id: UUID, call: Annotated[Call, Depends(caller("list_referral_history"))]
) -> Response:
    """Every move of the referral, in order."""
    return await rows_of_referral(call, referral_id, queries.history, views.StepOut)


@router.get("/{referral_id}/amendments", operation_id="list_referral_amendments")
async def list_referral_amendments(
    referral_id: UUID, call: Annotated[Call, Depends(caller("list_referral_amendments"))]
) -> Response:
    """Every change after sending, field by field."""
    return await rows_of_referral(call, referral_id, queries.amendments, views.AmendmentOut, parsed=("changes",))


@router.get("/{referral_id}/decisions", operation_id="list_referral_decisions")
async def list_referral_decisions(
    referral_id: UUID, call: Annotated[Call, Depends(caller("list_referral_decisions"))]
) -> Response:
    """Why the referral was offered where it was, or why it waits: each record is enough to decide again."""
    return await rows_of_referral(call, referral_id, queries.decisions, views.DecisionOut, parsed=("record",))


async def rows_of_referral(
    call: Call,
    referral_id: UUID,
    query: Callable[[ReadSession, UUID], Awaitable[list[Any]]],
    model: Any,
    parsed: tuple[str, ...] = (),
) -> Response:
    """The rows about a referral that a query gives, as the caller may see them. Raises NotFound."""
    async with call.read() as session:
        if await queries.visible(session, referral_id) is None:
            raise NotFound
        rows = [dict(row) for row in await query(session, referral_id)]
    for row in rows:
        for name in parsed:
            row[name] = orjson.loads(row[name])
    party = party_of(call.principal.kind)
    return page(call, [show(model, party, row) for row in rows], None)


def _after(position: list[Any] | None) -> Any:
    if position is None:
        return None
    return queries.after_received(position)
