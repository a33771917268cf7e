"""What officers did by hand to a referral: bands that were changed, and places that they chose."""

from datetime import date, datetime
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.access import Group
from app.graphql.rows import Row, edge, of_noun
from app.graphql.types.schools import Organisation
from app.graphql.visibility import case_type, seen
from app.queries.graph import nouns

_DECISIONS = Group.DECISIONS


@case_type
@of_noun(nouns.BAND_DECISION)
@strawberry.type(description="A change of a referral's band by a person, or a band that an officer confirmed.")
class BandDecision(Row):
    """A line of the band's history."""

    organisation_id: strawberry.Private[UUID]
    decided_at: datetime | None = seen(_DECISIONS)
    decided_by_name: str | None = seen(_DECISIONS)
    decided_by_role: str | None = seen(_DECISIONS)
    from_band: str | None = seen(_DECISIONS)
    to_band: str | None = seen(_DECISIONS)
    banded_on: date | None = seen(_DECISIONS, "The day from which the band counts in the order.")
    reason: str | None = seen(_DECISIONS)
    organisation: Organisation | None = edge("organisation", "organisation_id", group=_DECISIONS)


@case_type
@of_noun(nouns.OVERRIDE)
@strawberry.type(description="A place that an officer chose, and what the rule would have done at that moment.")
class Override(Row):
    """An override."""

    decided_at: datetime | None = seen(_DECISIONS)
    officer_name: str | None = seen(_DECISIONS)
    officer_role: str | None = seen(_DECISIONS)
    reason: str | None = seen(_DECISIONS)
    note: str | None = seen(_DECISIONS)
    lot_id: UUID | None = seen(_DECISIONS, "As REST names it, like every id here.")
    place_id: UUID | None = seen(_DECISIONS)
    allocation_id: UUID | None = seen(_DECISIONS)
    decision_id: UUID | None = seen(_DECISIONS)
    passed_over_ids: list[UUID] | None = seen(_DECISIONS, "Referrals ahead that could have had the place and wait on.")
    rule_record: JSON | None = seen(_DECISIONS, "The record of the rule's own decision.", json=True)
