"""An officer's own choice of a place: which rules it may set aside, which stand whoever decides, and whom it passes.

An officer may set aside the order, the windows, the family's wishes, and that the provider could not take the referral
when it was asked. What protects the family or the contract stands: nobody is placed with a provider that the family
refuses, in a place that is not free, or past a hold.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final
from uuid import UUID

from app.domain.allocation.answers import Decision, Excuse
from app.domain.allocation.certificate import jumps
from app.domain.allocation.cost import score
from app.domain.allocation.deciding import decide
from app.domain.allocation.eligibility import lot_reason, offerable, place_reason, widened
from app.domain.allocation.facts import Caseload, Hold, Lot, Place, Reason, Snapshot, Want
from app.domain.allocation.order import effective_band
from app.domain.policy import Policy

CASELOAD: Final = "CASELOAD"
"""The practitioner of the place has as many families as the caseload limit allows."""

STANDS: Final = MappingProxyType(
    {
        Hold.SAFEGUARDING_HOLD.value: "a safeguarding officer has to look at the referral first (release it)",
        Hold.POSSIBLE_DUPLICATE.value: "it has to be settled first whether the child has another referral (release it)",
        Hold.AGREEMENT_WITHDRAWN.value: "the family has taken its agreement back",
        Hold.HOUSEHOLD_HAS_PLACE.value: "the household already has a place",
        Hold.FAMILY_PAUSED.value: "the family asked to wait",
        Reason.CONTRACT_PERIOD.value: "the contract of the lot does not run today",
        Reason.LOT_AREA.value: "the lot is for schools of other areas",
        Reason.KEY_STAGE.value: "the lot is for other key stages",
        Reason.NEED.value: "nobody there works with this need",
        Reason.LANGUAGE.value: "nobody there works in the family's language",
        Reason.MODE.value: "nobody there works in a way that the family can take up",
        Reason.CONFLICT.value: "the family will not work with this provider",
        Reason.VOLUME.value: "the lot's volume is used or promised",
        Reason.NO_PLACES.value: "the lot has no places",
        CASELOAD: "the practitioner's caseload is full",
    }
)
"""The rules that an officer cannot set aside, each with why, to end a sentence."""


def stands_against(want: Want, lot: Lot, place: Place, caseloads: Sequence[Caseload], as_of: date) -> str | None:
    """The first rule against a place that no officer may set aside, by its code in `STANDS`, or None."""
    if want.holds:
        return want.holds[0]
    asked_again = replace(want, declined_provider_ids=())
    reason = lot_reason(asked_again, widened(lot, (place,)), lot.volume_left, as_of) or place_reason(want, lot, place)
    if reason is not None:
        return reason.value
    return CASELOAD if is_full(place.practitioner_id, caseloads) else None


def is_full(practitioner_id: UUID | None, caseloads: Sequence[Caseload]) -> bool:
    """Whether a practitioner holds as many families as their limit."""
    return any(each.practitioner_id == practitioner_id and each.held >= each.limit for each in caseloads)


def is_free(place: Place) -> bool:
    """Whether a place could be taken today: in service, free now and nobody's next."""
    return offerable(place) and place.free_in == 0 and not place.taken


def officers_choice(want: Want, lot: Lot, place: Place, policy: Policy, as_of: date) -> Decision:
    """The decision that an officer makes: this place, with the cost that it has for this referral."""
    band = effective_band(want, policy, as_of)[0]
    cost = score(want, band, lot, place, frozenset(), policy)
    return Decision(want.referral_id, "offered", place, score=cost, by_officer=True)


def passed_over(snapshot: Snapshot, policy: Policy, as_of: date, choice: Decision) -> tuple[UUID, ...]:
    """Whom an officer's choice passes, in the published order.

    They are those ahead who could have had this place, and whom the rule, deciding without it, leaves to wait.
    """
    others = tuple(want for want in snapshot.wants if want.referral_id != choice.referral_id)
    left = tuple(place for place in snapshot.places if choice.place is None or place.id != choice.place.id)
    rest = decide(replace(snapshot, wants=others, places=left), policy, as_of)
    found = jumps(snapshot, policy, as_of, (choice, *rest.decisions))
    return tuple(jump.over for jump in found if jump.referral_id == choice.referral_id and jump.code is None)


def excused(choice: Decision, over: Sequence[UUID]) -> Decision:
    """The choice, with its excuse where it passes anybody."""
    return choice._replace(excuse=Excuse.OFFICER_OVERRIDE.value) if over else choice
