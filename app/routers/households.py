"""The whole family: a household with its children, whom to reach, and the case."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import Party, party_of
from app.http.answers import thing
from app.http.caller import Call, caller
from app.routers.schemas.base import seen_by, show
from app.routers.schemas.household_acts import FamilyOut
from app.services import audit
from app.services.households import read_family

router = APIRouter(prefix="/v1/households", tags=["referrals"])

_Family = (
    seen_by(FamilyOut, Party.REFERRING_SCHOOL)
    | seen_by(FamilyOut, Party.CASE_PROVIDER)
    | seen_by(FamilyOut, Party.AUTHORITY)
)


@router.get("/{household_id}", operation_id="get_household", responses={200: {"model": _Family}})
async def get_household(household_id: UUID, call: Annotated[Call, Depends(caller("get_household"))]) -> Response:
    """The whole family on one page: its homes, children, whom to reach and how safely, referrals, case and goals.

    A provider sees those whose case it has, a school its own children, officers all. A referral names its household in
    `household_id`. Each read is logged.
    """
    async with call.read() as session:
        family = await read_family(session, household_id)
    party = party_of(call.principal.kind)
    if party is Party.CASE_PROVIDER:
        for home in family["homes"]:
            if home["address_confidential"]:
                home["address"] = {}
    await audit.record(call.runtime.database, call.principal, "read_identity", "household", household_id, ["identity"])
    return thing(call, show(FamilyOut, party, family), 1, live=True)
