"""Placements, their reviews and the days there; names are REST's to give."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import School
from app.graphql.types.supply import Lot, Provider
from app.graphql.visibility import plain, resolved
from app.queries.graph import nouns


@of_noun(nouns.PLACEMENT_DAY)
@strawberry.type(description="A recorded day of a placement.")
class PlacementDay(Row):
    """A day."""

    on: date = plain(column="on_day")
    morning: bool = plain("Whether the pupil was there.")
    afternoon: bool = plain("Whether the pupil was there.")


@of_noun(nouns.PLACEMENT_REVIEW)
@strawberry.type(description="What a review of a placement found.")
class PlacementReview(Row):
    """A review."""

    held_on: date = plain()
    decision: str = plain("`continue`, `extend` or `end_early`.")
    next_review_on: date | None = plain()


@of_noun(nouns.PLACEMENT, rule="graphql.placements")
@strawberry.type(description="A pupil's placement at a unit.")
class Placement(Row, Node):
    """A placement: of the pupil's school, the unit's provider and the authority."""

    lot_id: strawberry.Private[UUID]
    provider_id: strawberry.Private[UUID]
    school_id: strawberry.Private[UUID]
    state: str = plain("`requested`, `agreed`, `running`, `declined`, `withdrawn` or `ended`.")
    reason: str | None = plain("Why it was declined or withdrawn.")
    basis: str = plain("`off_site_direction`, `school_own` or `agreed`.")
    starts_on: date = plain()
    ends_on: date = plain("The first day after it.")
    weeks: int = plain("School weeks, extensions included.")
    parents_told_on: date | None = plain()
    review_on: date | None = plain("The next review.")
    reintegration_planned_on: date | None = plain()
    first_attended_on: date | None = plain("Volume is used from it.", column="used_on")
    outcome: str | None = plain()
    ended_on: date | None = plain()
    requested_at: datetime = plain()
    version: int = plain()
    lot: Lot | None = edge("lot", "lot_id", rule="graphql.lots")
    provider: Provider | None = edge("provider", "provider_id")
    school: School | None = edge("school", "school_id")

    @resolved("Days recorded, in order.")
    def days(self, info: Info, first: First = CHILDREN) -> list[PlacementDay]:
        """The first days."""
        return children(info, self, "placement_day", "placement_id", first)

    @resolved("Reviews, in order.")
    def reviews(self, info: Info, first: First = CHILDREN) -> list[PlacementReview]:
        """The first reviews."""
        return children(info, self, "placement_review", "placement_id", first)
