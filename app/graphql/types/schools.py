"""Schools, and organisations of any kind by name."""

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.visibility import plain
from app.queries.graph import nouns

if TYPE_CHECKING:
    from app.graphql.types.authority import Area


@of_noun(nouns.ORGANISATION, rule="graphql.schools")
@strawberry.type(description="A school, a provider, an agency or the authority itself, by name.")
class Organisation(Row, Node):
    """Any organisation."""

    kind: str = plain("`authority`, `school`, `provider` or `agency`.")
    name: str = plain()


@of_noun(nouns.SCHOOL, rule="graphql.schools")
@strawberry.type(description="A school that may refer.")
class School(Row, Node):
    """A school."""

    area_id: strawberry.Private[UUID]
    name: str = plain()
    urn: str = plain("Six digits.")
    laestab: str | None = plain("Authority and establishment number, seven digits.")
    phase: str = plain()
    low_age: int | None = plain("Youngest age admitted.")
    high_age: int | None = plain("Oldest age admitted.")
    pupils_on_roll: int | None = plain()
    member_from: date = plain("The first day on which it may refer.")
    member_until: date | None = plain("The last day on which it may refer.")
    holiday_contact: JSON = plain("Whom to reach when the school is closed.", json=True)
    area: Annotated["Area", strawberry.lazy("app.graphql.types.authority")] | None = edge("area", "area_id")
