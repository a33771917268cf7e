"""Urgent concerns: what was raised, and for those who may know what followed."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.access import Group
from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import Organisation
from app.graphql.visibility import case_type, resolved, seen
from app.queries.graph import nouns

if TYPE_CHECKING:
    from app.graphql.types.referrals import Referral

_CONCERNS, _SAFEGUARDING = Group.CONCERNS, Group.SAFEGUARDING


@case_type
@of_noun(nouns.CONCERN_ACT)
@strawberry.type(description="What was done about a concern.")
class ConcernAct(Row):
    """An act."""

    organisation_id: strawberry.Private[UUID]
    kind: str | None = seen(_SAFEGUARDING, "`acknowledged` or `closed`.")
    action: str | None = seen(_SAFEGUARDING)
    person: JSON | None = seen(_SAFEGUARDING, json=True)
    note: str | None = seen(_SAFEGUARDING)
    acted_at: datetime | None = seen(_SAFEGUARDING)
    organisation: Organisation | None = edge("organisation", "organisation_id", group=_SAFEGUARDING)


@case_type
@of_noun(nouns.CONCERN, rule="graphql.concerns")
@strawberry.type(description="An urgent concern: for who raised it, who has to act, and safeguarding officers.")
class Concern(Row, Node):
    """A concern."""

    referral_id: strawberry.Private[UUID]
    organisation_id: strawberry.Private[UUID]
    recipient_id: strawberry.Private[UUID]
    worker_organisation_id: strawberry.Private[UUID | None]

    kind: str | None = seen(_CONCERNS, "`child_at_risk` or `allegation_about_worker`.")
    text: str | None = seen(_CONCERNS)
    person: JSON | None = seen(_CONCERNS, "Who raised it.", json=True)
    noticed_at: datetime | None = seen(_CONCERNS)
    raised_at: datetime | None = seen(_CONCERNS)
    worker: JSON | None = seen(_SAFEGUARDING, "Whom an allegation is about.", json=True)
    referral: Annotated["Referral", strawberry.lazy("app.graphql.types.referrals")] | None = edge(
        "referral", "referral_id", group=_CONCERNS, rule="graphql.referrals"
    )
    raised_by: Organisation | None = edge("organisation", "organisation_id", group=_CONCERNS)
    recipient: Organisation | None = edge(
        "organisation", "recipient_id", group=_CONCERNS, description="Who has to act on it."
    )
    worker_organisation: Organisation | None = edge("organisation", "worker_organisation_id", group=_SAFEGUARDING)

    @resolved("What was done about it, in order.", group=_SAFEGUARDING, rule="get_concern")
    def acts(self, info: Info, first: First = CHILDREN) -> list[ConcernAct] | None:
        """The first acts."""
        return children(info, self, "concern_act", "concern_id", first)
