"""Runs on demand, as they are asked for and as they go out."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.domain.allocation.what_if import WhatIf
from app.routers.schemas.base import Code, In, Out
from app.routers.schemas.officers_acts import OfficerIn


class MorePlacesIn(In):
    """Places that a lot does not have."""

    lot_id: UUID
    more: Annotated[int, Field(ge=1, le=500, strict=True)]


class LanguageIn(In):
    """A language that a practitioner does not work in."""

    practitioner_id: UUID
    language: Code


class WhatIfIn(In):
    """What would be otherwise. Such a run is never committed."""

    places: list[MorePlacesIn] = Field(default_factory=list, max_length=100)
    languages: list[LanguageIn] = Field(default_factory=list, max_length=100)
    fair_share: bool | None = None

    def asked(self) -> WhatIf:
        """In the domain's terms."""
        return WhatIf(
            places=tuple((each.lot_id, each.more) for each in self.places),
            languages=tuple((each.practitioner_id, each.language) for each in self.languages),
            fair_share=self.fair_share,
        )


class RunIn(In):
    """A preview of the waiting list, as it stands or as it would be."""

    what_if: WhatIfIn | None = None


class CommitIn(In):
    """Who lets a run take effect."""

    confirmed_by: OfficerIn | None = Field(
        None, description="Required where the policy wants plans confirmed; the role is then one of its approvers."
    )


class RunOut(Out):
    """A run, without its plan."""

    id: UUID
    state: str
    version: int
    as_of: date
    made_at: datetime
    made_by_client_id: UUID
    policy_number: int
    policy_digest: str
    snapshot_hash: str
    what_if: dict[str, Any] | None
    counts: dict[str, int]
    committed_at: datetime | None
    committed_by_client_id: UUID | None
    confirmed_by_name: str | None
    confirmed_by_role: str | None


class RunDetailOut(RunOut):
    """A run with its plan: offers, who waits for what, the tight sets, and counts by band, area and school."""

    plan: dict[str, Any]
