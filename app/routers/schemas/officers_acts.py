"""What officers do by hand to a referral, as it comes in and as it goes out."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.access import Group
from app.domain.vocabulary import Band, OfferWithdrawalReason, OverrideReason
from app.routers.schemas.base import In, LongText, Seen, ShortText
from app.services.referrals.acting import Officer
from app.services.referrals.attention import Decided

_Decisions = Group.DECISIONS


class OfficerIn(In):
    """The person who acts. A token is a machine's, so each act names its person; officers alone read the name."""

    name: ShortText
    role: ShortText | None = None

    def officer(self) -> Officer:
        """In the service's terms."""
        return Officer(self.name, self.role)


_EXAMPLE: Final[dict[str, Any]] = {
    "lot_id": "019a0000-0000-7000-8000-000000000000",
    "officer": {"name": "Robin Exemplar", "role": "officer"},
    "reason": "exclusion_imminent",
    "note": "The governors meet on Friday.",
}


class OverrideIn(In):
    """A place that is free now, or any of a lot, for a referral that waits: out of the published order."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    lot_id: UUID | None = None
    place_id: UUID | None = None
    officer: OfficerIn
    reason: OverrideReason
    note: LongText

    @model_validator(mode="after")
    def _names_a_place(self) -> "OverrideIn":
        if self.lot_id is None and self.place_id is None:
            raise PydanticCustomError("place_or_lot", "Name the place, or the lot of which any place will do.")
        return self


class AllowProviderIn(In):
    """A provider that may be asked for the referral again."""

    provider_id: UUID
    officer: OfficerIn
    reason: LongText


class BandIn(In):
    """The band that an officer sets, against the published criteria."""

    band: Band
    officer: OfficerIn
    reason: LongText


class ReopenIn(In):
    """Why a closure is undone."""

    reason: LongText
    officer: OfficerIn | None = Field(None, description="Required of an authority.")


class WithdrawOfferIn(In):
    """Why an officer takes the live offer back. The provider is told the code, not the words."""

    reason: OfferWithdrawalReason
    note: LongText
    officer: OfficerIn


class LookIn(In):
    """What an officer who looked at facts that ask for attention decided."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "decided": "no_change",
                    "note": "The second suspension is the first one's extension.",
                    "officer": {"name": "Robin Exemplar", "role": "officer"},
                }
            ]
        }
    )

    decided: Decided
    note: LongText
    officer: OfficerIn


class LookOut(Seen):
    """An officer's look at facts that asked for attention."""

    id: Annotated[UUID, _Decisions]
    rule: Annotated[str, _Decisions]
    window_keys: Annotated[list[str], _Decisions]
    organisation_id: Annotated[UUID, _Decisions]
    organisation_name: Annotated[str, _Decisions]
    looked_at: Annotated[datetime, _Decisions]
    looked_by_name: Annotated[str, _Decisions]
    looked_by_role: Annotated[str | None, _Decisions]
    decided: Annotated[str, _Decisions]
    note: Annotated[str, _Decisions]


class BandDecisionOut(Seen):
    """One change of a band by a person, or a band that was confirmed."""

    id: Annotated[UUID, _Decisions]
    decided_at: Annotated[datetime, _Decisions]
    organisation_id: Annotated[UUID, _Decisions]
    organisation_name: Annotated[str, _Decisions]
    decided_by_name: Annotated[str, _Decisions]
    decided_by_role: Annotated[str | None, _Decisions]
    from_band: Annotated[str, _Decisions]
    to_band: Annotated[str, _Decisions]
    banded_on: Annotated[date, _Decisions, Field(description="The day from which the band counts in the order.")]
    reason: Annotated[str, _Decisions]


class OverrideOut(Seen):
    """A place that an officer chose, and what the rule would have done at that moment."""

    id: Annotated[UUID, _Decisions]
    decided_at: Annotated[datetime, _Decisions]
    officer_name: Annotated[str, _Decisions]
    officer_role: Annotated[str | None, _Decisions]
    reason: Annotated[str, _Decisions]
    note: Annotated[str, _Decisions]
    lot_id: Annotated[UUID, _Decisions]
    place_id: Annotated[UUID, _Decisions]
    allocation_id: Annotated[UUID, _Decisions]
    decision_id: Annotated[UUID, _Decisions]
    rule_record: Annotated[
        dict[str, Any],
        _Decisions,
        Field(description="The record of the rule's own decision: it can be made again from it."),
    ]
    passed_over_ids: Annotated[
        list[UUID], _Decisions, Field(description="Referrals ahead that could have had the place and wait on.")
    ]
