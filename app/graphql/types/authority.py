"""The authority and its areas."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from app.graphql.context import Info
from app.graphql.rows import Node, Row, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import School
from app.graphql.visibility import plain, resolved
from app.queries.graph import nouns


@of_noun(nouns.AUTHORITY, rule="graphql.authority")
@strawberry.type(description="The local authority: the commissioner, to which everything here belongs.")
class Authority(Row, Node):
    """The local authority."""

    la_code: str = plain("DfE code of three digits.")
    gss_code: str | None = plain("ONS code.")
    name: str = plain()
    safeguarding_contact: JSON = plain("The multi-agency safeguarding hub: name, telephone and so on.", json=True)


@of_noun(nouns.AREA, rule="graphql.areas")
@strawberry.type(description="A cluster of schools, with its own lead officer.")
class Area(Row, Node):
    """An area."""

    code: str = plain()
    name: str = plain()
    lead_officer: str | None = plain()

    @resolved("Its schools, by name.")
    def schools(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["School", strawberry.lazy("app.graphql.types.schools")]]:
        """The first schools of the area."""
        return children(info, self, "school", "area_id", first)
