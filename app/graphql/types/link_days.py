"""Link days, and the plans of action that schools and providers agreed on."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import Organisation, School
from app.graphql.types.supply import Lot, Practitioner, Provider
from app.graphql.visibility import plain, resolved
from app.queries.graph import nouns


@of_noun(nouns.LINK_DAY_ACTION, rule="graphql.linkDays")
@strawberry.type(description="What a school or a provider will do, by when.")
class LinkDayAction(Row, Node):
    """An action."""

    owed_by_id: strawberry.Private[UUID]
    school_id: strawberry.Private[UUID]
    term: str = plain("`2026/27-autumn` and so on.")
    what: str = plain()
    due_on: date = plain()
    state: str = plain("`open`, `done` or `cancelled`.")
    done_on: date | None = plain()
    version: int = plain()
    owed_by: Organisation | None = edge("organisation", "owed_by_id")
    school: School | None = edge("school", "school_id")


@of_noun(nouns.LINK_DAY, rule="graphql.linkDays")
@strawberry.type(description="A practitioner's day in a school, or half of one.")
class LinkDay(Row, Node):
    """A link day: of the school, the provider and the authority."""

    lot_id: strawberry.Private[UUID]
    provider_id: strawberry.Private[UUID]
    school_id: strawberry.Private[UUID]
    practitioner_id: strawberry.Private[UUID | None]
    on: date = plain(column="on_day")
    part: str = plain("`whole`, `morning` or `afternoon`.")
    state: str = plain("`requested`, `confirmed`, `done` or `cancelled`.")
    reason: str | None = plain("Why it was cancelled.")
    families_seen_count: int | None = plain()
    activities: list[str] = plain("In codes.")
    requested_at: datetime = plain()
    version: int = plain()
    lot: Lot | None = edge("lot", "lot_id", rule="graphql.lots")
    provider: Provider | None = edge("provider", "provider_id")
    school: School | None = edge("school", "school_id")
    practitioner: Practitioner | None = edge("practitioner", "practitioner_id", rule="graphql.lots")

    @resolved("What was agreed to be done, by the day on which it is due.")
    def actions(self, info: Info, first: First = CHILDREN) -> list[LinkDayAction]:
        """The first actions."""
        return children(info, self, "link_day_action", "link_day_id", first)
