"""Runs on demand, as they are asked for and as they go out."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, field_validator

from app.domain.allocation.what_if import WhatIf
from app.routers.schemas.base import Code, In, Out
from app.routers.schemas.officers_acts import OfficerIn


class MorePlacesIn(In):
    """Places more than a lot has, or fewer: a number below 0."""

    lot_id: UUID
    more: Annotated[int, Field(ge=-500, le=500, strict=True)]

    @field_validator("more")
    @classmethod
    def _changes_something(cls, value: int) -> int:
        if value == 0:
            raise ValueError("0 places more or fewer is no change.")
        return value


class LanguageIn(In):
    """A language that a practitioner does not work in."""

    practitioner_id: UUID
    language: Code


class PractitionerIn(In):
    """One practitioner more in a lot, with a language beside the lot's own, and places."""

    lot_id: UUID
    language: Code
    places: Annotated[int, Field(ge=1, le=100, strict=True)]


class WhatIfIn(In):
    """What would be otherwise. Such a run is never committed.

    `policy_id` names a published version; `policy` states fields of a policy that would say something else, each whole,
    over that version or the one in force. `deemed_acceptance` (silence counts as a yes) can be asked of the last year
    alone.
    """

    places: list[MorePlacesIn] = Field(default_factory=list, max_length=100)
    languages: list[LanguageIn] = Field(default_factory=list, max_length=100)
    practitioners: list[PractitionerIn] = Field(default_factory=list, max_length=20)
    fair_share: bool | None = None
    deemed_acceptance: bool = False
    policy_id: UUID | None = None
    policy: dict[str, Any] | None = None

    def asked(self) -> WhatIf:
        """In the domain's terms."""
        return WhatIf(
            places=tuple((each.lot_id, each.more) for each in self.places),
            languages=tuple((each.practitioner_id, each.language) for each in self.languages),
            practitioners=tuple((each.lot_id, each.language, each.places) for each in self.practitioners),
            fair_share=self.fair_share,
            deemed_acceptance=self.deemed_acceptance,
            policy_id=self.policy_id,
            policy_fields=tuple(sorted((self.policy or {}).items())),
        )


class RunIn(In):
    """A preview of the waiting list, as it stands or as it would be; or a play of the last year."""

    over: Literal["waiting_list", "last_year"] = "waiting_list"
    what_if: WhatIfIn | None = None


class CommitIn(In):
    """Who lets a run take effect."""

    confirmed_by: OfficerIn | None = Field(
        None, description="Required where the policy wants plans confirmed; the role is then one of its approvers."
    )


class RunOut(Out):
    """A run, without its plan."""

    id: UUID
    over: str
    state: str
    version: int
    as_of: date
    made_at: datetime
    made_by_client_id: UUID
    policy_number: int
    policy_digest: str
    snapshot_hash: str
    what_if: dict[str, Any] | None
    counts: dict[str, int] | None
    failure: str | None
    committed_at: datetime | None
    committed_by_client_id: UUID | None
    confirmed_by_name: str | None
    confirmed_by_role: str | None


class RunDetailOut(RunOut):
    """A run with its plan: offers, who waits for what, the tight sets, and counts by band, area and school.

    Of the last year: `summary`, `as_it_was`, `otherwise`, `difference` and `really`; empty while it is `running`.
    """

    plan: dict[str, Any]
