"""What returns ask: the templates that ship, and an authority's own versions of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.db import WriteSession
from app.domain.returns import templates
from app.errors import NotFound
from app.http.answers import JSON, created, once, to_bytes
from app.http.caller import Call, caller
from app.queries import return_templates as queries
from app.queries.writes import Writes
from app.routers.schemas.return_templates import (
    TemplateIn,
    TemplateOut,
    TemplatePreviewOut,
    TemplatesOut,
    TemplateWithdrawalIn,
    shown,
)
from app.services.idempotency import Answer
from app.services.returns import preview_template, publish_template, withdraw_template

router = APIRouter(prefix="/v1/return-templates", tags=["returns"])


@router.get("", operation_id="list_return_templates", responses={200: {"model": TemplatesOut}})
async def list_return_templates(call: Annotated[Call, Depends(caller("list_return_templates"))]) -> Response:
    """What returns ask: the schema, the labels, what must be there to submit, and the rules in plain English.

    First the templates that ship, then the authority's own versions. A return keeps the version that it was opened
    with: its `template` and `template_version` name it.
    """
    async with call.read() as session:
        own = await queries.list_own(session)
    rows = [*(shown(template) for template in templates()), *(shown(row["asked"], row) for row in own)]
    return Response(to_bytes({"data": rows}), media_type=JSON)


@router.post("", operation_id="publish_return_template", status_code=201, responses={201: {"model": TemplateOut}})
async def publish(body: TemplateIn, call: Annotated[Call, Depends(caller("publish_return_template"))]) -> Response:
    """Publish a version of a template: questions added, worded anew or left out, without a new release.

    Fields that facts and outcomes stand on (`kept`) stay as they ship, with their rules. Returns that are open keep
    their version. Preview it first: what is published cannot be changed, only withdrawn while no return has it.
    """

    async def work(session: WriteSession, writes: Writes) -> Answer:
        template_id = await publish_template(session, writes, body.draft())
        await writes.flush(session)
        return created(await _found(session, template_id), 1, f"/v1/return-templates/{template_id}")

    return await once(call, body.model_dump(mode="json"), work)


@router.post("/preview", operation_id="preview_return_template", responses={200: {"model": TemplatePreviewOut}})
async def preview(body: TemplateIn, call: Annotated[Call, Depends(caller("preview_return_template"))]) -> Response:
    """What publishing a version would change. Nothing is kept; refused as publishing it would be."""
    async with call.read() as session:
        found = await preview_template(session, body.draft())
    headings = [column["heading"] for column in found.asked.sheet]
    answer = {"instead_of_version": found.instead_of_version, **found.changes, "headings": headings}
    return Response(to_bytes(answer), media_type=JSON)


@router.post(
    "/{template_id}/withdraw", operation_id="withdraw_return_template", responses={200: {"model": TemplateOut}}
)
async def withdraw(
    template_id: UUID, body: TemplateWithdrawalIn, call: Annotated[Call, Depends(caller("withdraw_return_template"))]
) -> Response:
    """Withdraw a version with which no return was opened yet; 409 for any other."""

    async def work(session: WriteSession, writes: Writes) -> Answer:
        await withdraw_template(session, writes, template_id, body.reason)
        return Answer(200, {}, to_bytes(await _found(session, template_id)))

    return await once(call, {"template_id": template_id, **body.model_dump()}, work)


async def _found(session: WriteSession, template_id: UUID) -> dict[str, object]:
    row = await queries.find_own(session, template_id)
    if row is None:
        raise NotFound
    return shown(row["asked"], row)
