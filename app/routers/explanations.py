"""Explanations: in one paragraph, with the facts behind it, why a referral was offered a place or why it waits."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import Party, party_of
from app.errors import NotFound
from app.http.answers import thing
from app.http.caller import Call, caller
from app.routers.schemas.base import seen_by, show
from app.routers.schemas.explanations import ExplanationOut
from app.services.explanations import Explanation, explanations_of

router = APIRouter(tags=["allocations"])

_Explanation = seen_by(ExplanationOut, Party.REFERRING_SCHOOL) | seen_by(ExplanationOut, Party.AUTHORITY)


@router.get(
    "/v1/referrals/{referral_id}/explanation",
    operation_id="explain_referral",
    responses={200: {"model": _Explanation}},
)
async def explain_referral(referral_id: UUID, call: Annotated[Call, Depends(caller("explain_referral"))]) -> Response:
    """Read why a referral was offered a place, or why it waits: a paragraph for people, and the facts behind it.

    While it waits it is explained as it stands now, with its expected start; after that, by its latest decision.
    """
    async with call.read() as session:
        found = (await explanations_of(session, [referral_id])).get(referral_id)
    if found is None:
        raise NotFound
    content = show(ExplanationOut, party_of(call.principal.kind), _values(found))
    return thing(call, content, found.version, live=True)


def _values(found: Explanation) -> dict[str, Any]:
    facts = found.facts
    return {
        **{name: getattr(found, name) for name in _AS_FOUND},
        "facts": {
            "outcome": facts.outcome,
            "band": facts.band,
            "long_stopped": facts.waited_longest,
            "services_count": facts.lot_count,
            "serving_places_count": facts.serving_count,
            "offerable_places_count": facts.offerable_count,
            "next_free_in_school_days": facts.next_free_in,
            "reasons": [{"code": code, "services_count": count} for code, count in facts.against],
            "hold": facts.hold,
            "waits_for": facts.waits_for,
            "free_in_school_days": facts.days_until_free,
            "free_on": facts.free_on,
            "wishes_not_met": list(facts.soft_mismatches),
            "placed_by_officer": facts.placed_by_officer,
            "joins_case": facts.joins_case,
            "window_school_days": facts.window_days,
            "excuse": facts.excuse,
            "passed_over_for": facts.passed_over_for,
        },
        "policy": {
            "id": found.policy_id,
            **found.policy,
            "href": f"/v1/policies/{found.policy_id}/page",
        },
        "expected_start": None if found.expected_start is None else asdict(found.expected_start),
    }


_AS_FOUND = (
    "referral_id", "reference", "state", "paragraph", "as_of", "decided_at", "ahead_count", "waited_school_days",
    "decision_id", "trigger", "certificate",
)  # fmt: skip
