"""The closure letters of an intervention."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.http.caller import Call, caller
from app.http.documents import DOCUMENT_ANSWERS, Accept, Form, document_answer
from app.services import audit
from app.services.interventions.letters import read_letter

router = APIRouter(prefix="/v1/interventions/{intervention_id}/letters", tags=["interventions"])


@router.get("/{audience}", operation_id="get_closure_letter", response_class=Response, responses=DOCUMENT_ANSWERS)
async def get_closure_letter(
    intervention_id: UUID,
    audience: Literal["family", "school"],
    call: Annotated[Call, Depends(caller("get_closure_letter"))],
    version: Annotated[
        int | None, Query(ge=1, le=1000, description="Which closing's, counted from 1. Absent: the latest.")
    ] = None,
    form: Form = None,
    accept: Accept = None,
) -> Response:
    """A letter as it was made when the case was closed, as HTML or PDF; 404 before the first close.

    The family's is for the provider of the case and the authority, while the provider may know who the family is. The
    school's is for the sender and the school too. A case that was reopened and closed again has another version. What
    changes later changes no letter, but for the family's words that were taken back: they are gone from it.
    """
    async with call.read() as session:
        row, letter = await read_letter(session, intervention_id, audience, version)
    await audit.record(
        call.runtime.database, call.principal, "read_identity", "referral", row["referral_id"], ["name", "letter"]
    )
    name = f"closure-letter-{audience}-{row['version']}"
    return await document_answer(call.request, letter, name=name, form=form, accept=accept)
