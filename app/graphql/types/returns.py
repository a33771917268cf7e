"""Returns, and everything that is owed."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.schools import Organisation
from app.graphql.visibility import plain
from app.queries.graph import nouns

if TYPE_CHECKING:
    from app.graphql.types.interventions import Intervention
    from app.graphql.types.referrals import Referral


@of_noun(nouns.RETURN, rule="graphql.returns")
@strawberry.type(name="Return", description="What a provider returns each half-term, and a school each term.")
class ReturnRecord(Row, Node):
    """A return: its filer's and the authority's."""

    organisation_id: strawberry.Private[UUID]
    template: str = plain()
    template_version: int = plain()
    period: str = plain("`2026/27-1` to `-6` for half-terms, `2026/27-autumn` and so on for terms.")
    period_starts_on: date = plain()
    period_ends_on: date = plain()
    state: str = plain("`due`, `draft`, `submitted`, `queried`, `resubmitted` or `accepted`.")
    version: int = plain()
    due_on: date = plain()
    opened_at: datetime = plain()
    submitted_at: datetime | None = plain()
    accepted_at: datetime | None = plain()
    query: str | None = plain("What the authority asked about it.")
    content: JSON = plain(json=True)
    prefilled: JSON = plain("What the record knew when it was opened.", json=True)
    organisation: Organisation | None = edge("organisation", "organisation_id", description="Who files it.")


@of_noun(nouns.OBLIGATION, rule="graphql.obligations")
@strawberry.type(description="Something that is owed by a time.")
class Obligation(Row, Node):
    """An obligation: its debtor's and the authority's."""

    owed_by_id: strawberry.Private[UUID]
    referral_id: strawberry.Private[UUID | None]
    intervention_id: strawberry.Private[UUID | None]
    version: int = plain()
    kind: str = plain()
    subject_kind: str = plain("What it is about: `offer`, `referral`, `intervention`, `return`, `contract` ...")
    subject_id: UUID = plain()
    clock: str = plain("`school_day`, `working_day` or `calendar_hour`.")
    created_at: datetime = plain()
    due_at: datetime = plain()
    met_at: datetime | None = plain()
    cancelled_at: datetime | None = plain()
    put_off_at: datetime | None = plain("When its due time was last moved.")
    reminded_at: datetime | None = plain("When it was called to mind.")
    overdue_at: datetime | None = plain("When it was told to be late.")
    escalated_at: datetime | None = plain("When the lead officer of its area was told of it.")
    done: JSON | None = plain("What an officer noted of one that was met outside the service.", json=True)
    owed_by: Organisation | None = edge("organisation", "owed_by_id")
    referral: Annotated["Referral", strawberry.lazy("app.graphql.types.referrals")] | None = edge(
        "referral", "referral_id", rule="graphql.referrals", description="The referral that it concerns."
    )
    intervention: Annotated["Intervention", strawberry.lazy("app.graphql.types.interventions")] | None = edge(
        "intervention", "intervention_id", rule="graphql.interventions", description="The case that it concerns."
    )
