"""Returns, and everything that is owed."""

from datetime import date, datetime
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.schools import Organisation
from app.graphql.visibility import plain
from app.queries.graph import nouns


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
    kind: str = plain()
    subject_kind: str = plain("`offer`, `referral`, `intervention` or `return`.")
    subject_id: UUID = plain()
    clock: str = plain("`school_day`, `working_day` or `calendar_hour`.")
    created_at: datetime = plain()
    due_at: datetime = plain()
    met_at: datetime | None = plain()
    cancelled_at: datetime | None = plain()
    overdue_at: datetime | None = plain("When it was first told to be late.")
    owed_by: Organisation | None = edge("organisation", "owed_by_id")
