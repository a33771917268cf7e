"""What officers do by hand: overrides, bands, offers taken back, providers asked again; and closures undone."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from app.http.caller import Call, caller
from app.queries import attention as attention_queries
from app.queries import officers_acts as queries
from app.routers.referrals import DONE_UNSEEN, act_on_referral, rows_of_referral
from app.routers.schemas.officers_acts import (
    AllowProviderIn,
    BandDecisionOut,
    BandIn,
    LookIn,
    LookOut,
    OverrideIn,
    OverrideOut,
    ReopenIn,
    WithdrawOfferIn,
)
from app.routers.schemas.panels import ToPanelIn
from app.services.panels.sending import send_to_panel as put_before_panel
from app.services.referrals.attention import Look, look_at
from app.services.referrals.bands import change_band as set_band
from app.services.referrals.offer_acts import allow_provider as let_provider_be_asked
from app.services.referrals.offer_acts import withdraw_offer as take_offer_back
from app.services.referrals.override import Override
from app.services.referrals.override import override_allocation as place_by_hand
from app.services.referrals.reopen import reopen_referral as undo_closure

router = APIRouter(prefix="/v1/referrals/{referral_id}", tags=["referrals"])


@router.post("/override", operation_id="override_allocation")
async def override_allocation(
    referral_id: UUID, body: OverrideIn, call: Annotated[Call, Depends(caller("override_allocation"))]
) -> Response:
    """Offer a waiting referral a place that is free now, although the published order would not.

    The order, the windows, wishes and an earlier decline can be set aside. What cannot is refused with
    `override_refused`, which names the `rule`: a hold, a provider that the family refuses, a service that does not fit,
    a full caseload, a used volume. What the rule would have done is kept.
    """
    asked = Override(body.officer.officer(), body.reason, body.note, body.lot_id, body.place_id)
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: place_by_hand(session, writes, referral_id, asked),
    )


@router.post("/allow-provider", operation_id="allow_provider")
async def allow_provider(
    referral_id: UUID, body: AllowProviderIn, call: Annotated[Call, Depends(caller("allow_provider"))]
) -> Response:
    """Let a provider be asked again that declined, did not answer, or had its offer taken back."""
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: let_provider_be_asked(
            session, writes, referral_id, body.provider_id, body.reason, body.officer.officer()
        ),
    )


@router.post("/withdraw-offer", operation_id="withdraw_offer")
async def withdraw_offer(
    referral_id: UUID, body: WithdrawOfferIn, call: Annotated[Call, Depends(caller("withdraw_offer"))]
) -> Response:
    """Take the live offer back. The referral waits with its old date, and that provider is not asked again for it."""
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: take_offer_back(
            session, writes, referral_id, body.reason, body.note, body.officer.officer()
        ),
    )


@router.post("/band", operation_id="change_band")
async def change_band(
    referral_id: UUID, body: BandIn, call: Annotated[Call, Depends(caller("change_band"))]
) -> Response:
    """Set the band, with a reason; it counts from today. To set the band that it has answers a sender's request."""
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: set_band(session, writes, referral_id, body.band, body.officer.officer(), body.reason),
    )


@router.post("/to-panel", operation_id="send_to_panel")
async def to_panel(
    referral_id: UUID, body: ToPanelIn, call: Annotated[Call, Depends(caller("send_to_panel"))]
) -> Response:
    """Put a referral that waits before a panel: on the agenda of its next sitting.

    It keeps its date and its band, and is offered nothing until the panel has decided.
    """
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: put_before_panel(
            session, writes, referral_id, body.panel_id, body.reason, body.officer.officer()
        ),
    )


@router.post("/attention/{rule}/looked-at", operation_id="look_at_attention")
async def look_at_attention(
    referral_id: UUID,
    rule: Annotated[str, Path(max_length=64, examples=["two_suspensions"])],
    body: LookIn,
    call: Annotated[Call, Depends(caller("look_at_attention"))],
) -> Response:
    """Say that you looked at what a rule found, and what you decided. It asks no more, whatever the facts become.

    To look changes nothing by itself: a band is changed, and a panel asked, by their own acts.
    """
    look = Look(body.officer.officer(), body.decided, body.note)
    return await act_on_referral(
        call,
        referral_id,
        {"rule": rule, **body.model_dump(mode="json")},
        lambda session, writes: look_at(session, writes, referral_id, rule, look),
    )


@router.get("/attention-looks", operation_id="list_attention_looks")
async def list_attention_looks(
    referral_id: UUID, call: Annotated[Call, Depends(caller("list_attention_looks"))]
) -> Response:
    """Who looked at what asked for attention, when, and what was decided."""
    return await rows_of_referral(call, referral_id, attention_queries.looks, LookOut, parsed=("window_keys",))


@router.post("/reopen", operation_id="reopen_referral", responses=DONE_UNSEEN)
async def reopen_referral(
    referral_id: UUID, body: ReopenIn, call: Annotated[Call, Depends(caller("reopen_referral"))]
) -> Response:
    """Undo a closure within 10 school days: your own, or as an officer any.

    A case goes on in its place if that is still free; otherwise the referral waits again with its old date, and
    a provider that reopened it reads it no more (204).
    """
    officer = body.officer.officer() if body.officer else None
    return await act_on_referral(
        call,
        referral_id,
        body.model_dump(mode="json"),
        lambda session, writes: undo_closure(session, writes, referral_id, body.reason, officer),
    )


@router.get("/overrides", operation_id="list_overrides")
async def list_overrides(referral_id: UUID, call: Annotated[Call, Depends(caller("list_overrides"))]) -> Response:
    """Every place that an officer chose for the referral, with what the rule would have done."""
    return await rows_of_referral(call, referral_id, queries.overrides, OverrideOut, parsed=("rule_record",))


@router.get("/band-decisions", operation_id="list_band_decisions")
async def list_band_decisions(
    referral_id: UUID, call: Annotated[Call, Depends(caller("list_band_decisions"))]
) -> Response:
    """Who changed the band, when, from what to what, and why."""
    return await rows_of_referral(call, referral_id, queries.band_decisions, BandDecisionOut)
