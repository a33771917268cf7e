"""Panels and their sittings: when they meet and who has the chair. What stands on an agenda is REST's alone."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.authority import Area
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import Organisation
from app.graphql.visibility import plain, resolved
from app.queries.graph import nouns

_RULE = "graphql.panels"


@of_noun(nouns.PANEL_SITTING, rule=_RULE)
@strawberry.type(description="One meeting of a panel. It says nothing of any family.")
class PanelSitting(Row, Node):
    """A sitting: those of its members, and the officers'."""

    panel_id: strawberry.Private[UUID]
    chair_id: strawberry.Private[UUID]
    state: str = plain("`planned`, `circulated`, `held`, `minuted` or `cancelled`.")
    version: int = plain()
    planned_on: date = plain("The day for which it was made.")
    sits_on: date = plain()
    sits_at: datetime = plain()
    member_ids: list[UUID] = plain("The organisations that have a seat, as REST names them.")
    circulated_at: datetime | None = plain()
    access_until: date | None = plain("The last day on which its members read its items.")
    held_at: datetime | None = plain()
    quorate: bool | None = plain()
    chair: Organisation | None = edge("organisation", "chair_id", description="Who takes the chair.")
    panel: Annotated["Panel", strawberry.lazy("app.graphql.types.panels")] | None = edge("panel", "panel_id")


@of_noun(nouns.PANEL, rule=_RULE)
@strawberry.type(description="A regular meeting of several agencies, of an area or of the whole authority.")
class Panel(Row, Node):
    """A panel: its members', and the officers'."""

    area_id: strawberry.Private[UUID | None]
    name: str = plain()
    member_ids: list[UUID] = plain("The organisations that have a seat, as REST names them.")
    weekday: int = plain("1 is Monday.")
    every_weeks: int = plain()
    first_on: date = plain("From when on it meets.")
    starts_at: str = plain("By the clock on the wall in England, `HH:MM`.")
    minutes_per_item: int = plain()
    active: bool = plain("False: it meets no more.")
    version: int = plain()
    area: Area | None = edge("area", "area_id", description="None: of the whole authority.")

    @resolved("Its sittings, the latest first.")
    def sittings(self, info: Info, first: First = CHILDREN) -> list[PanelSitting]:
        """The latest sittings."""
        return children(info, self, "panel_sitting", "panel_id", first)
