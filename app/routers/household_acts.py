"""Acts about a child's household and school: joining a case, changing school, moving away, an officer's close."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.http.answers import to_bytes
from app.http.caller import Call, caller
from app.queries.writes import Writes
from app.routers.referrals import DONE_UNSEEN, act_on_referral
from app.routers.schemas.household_acts import (
    ChangeSchoolIn,
    CloseReferralIn,
    ConfirmTransferIn,
    JoinCaseIn,
    TransferIn,
    TransferSummaryOut,
)
from app.services.referrals import household_acts, school_changes, transfers
from app.services.referrals.closing import close_referral as end_by_officer

router = APIRouter(prefix="/v1/referrals/{referral_id}", tags=["referrals"])


@router.post("/join-case", operation_id="join_case")
async def join_case(
    referral_id: UUID, body: JoinCaseIn, call: Annotated[Call, Depends(caller("join_case"))]
) -> Response:
    """Have the provider of a running case asked whether a waiting child joins it.

    A brother or sister joins where the lot counts families; another organisation's referral of the same child joins
    anywhere, which settles the possible duplicate. The provider answers as it answers an offer; nothing is booked.
    """
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: household_acts.join_case(
            session, writes, referral_id, body.intervention_id, body.reason, body.officer.officer()
        ),
    )


@router.post("/change-school", operation_id="change_school", responses=DONE_UNSEEN)
async def change_school(
    referral_id: UUID, body: ChangeSchoolIn, call: Annotated[Call, Depends(caller("change_school"))]
) -> Response:
    """Say that the child changes school within the authority, today or from a later day on.

    The case and the place in the order stay. The new school has the referral from its day on; the old one keeps it as
    it then stood. Said again it replaces what has not come yet; naming the present school takes that back.
    """
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: school_changes.change_school(session, writes, referral_id, body.new_school()),
    )


@router.post("/transfer", operation_id="transfer_referral")
async def transfer_referral(
    referral_id: UUID, body: TransferIn, call: Annotated[Call, Depends(caller("transfer_referral"))]
) -> Response:
    """Record that the child has moved to another authority.

    With the plan `end` the referral closes as `transferred`; with `finish_here` the work is finished first. Nothing is
    sent: an officer takes the summary out, and confirms that the other authority has it (`transfer_check`).
    """
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: transfers.transfer_referral(session, writes, referral_id, body.move()),
    )


@router.post("/transfer/confirm", operation_id="confirm_transfer")
async def confirm_transfer(
    referral_id: UUID, body: ConfirmTransferIn, call: Annotated[Call, Depends(caller("confirm_transfer"))]
) -> Response:
    """Confirm that the receiving authority has what it needs."""
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: transfers.confirm_transfer(
            session, writes, referral_id, body.received_by, body.officer.officer()
        ),
    )


@router.get("/transfer/summary", operation_id="get_transfer_summary", responses={200: {"model": TransferSummaryOut}})
async def get_transfer_summary(
    referral_id: UUID, call: Annotated[Call, Depends(caller("get_transfer_summary"))]
) -> Response:
    """The summary for the receiving authority, where the family agrees to it. That it was taken out is logged."""
    async with call.write() as session:
        writes = Writes()
        content = await transfers.summary_of(session, writes, referral_id)
        await writes.flush(session)
    headers = {"Content-Disposition": f'attachment; filename="transfer-{content["referral_reference"]}.json"'}
    return Response(to_bytes(content), 200, headers, "application/json")


@router.post("/close", operation_id="close_referral")
async def close_referral(
    referral_id: UUID, body: CloseReferralIn, call: Annotated[Call, Depends(caller("close_referral"))]
) -> Response:
    """Close a referral as an officer who has seen to the child's safety, whatever state it is in.

    A case ends with its last child: brothers and sisters who share it go on. What officers owed on the referral is met.
    """
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: end_by_officer(
            session, writes, referral_id, (body.outcome, body.reason), body.note, body.officer.officer()
        ),
    )
