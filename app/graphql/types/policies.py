"""The authority's policy, version by version."""

from datetime import date, datetime

import strawberry
from strawberry.scalars import JSON

from app.graphql.rows import Node, Row, of_noun
from app.graphql.visibility import plain
from app.queries.graph import nouns


@of_noun(nouns.POLICY, rule="graphql.policies")
@strawberry.type(
    description="A published version of the authority's allocation policy: it never changes, but to be withdrawn before"
    " its day."
)
class Policy(Row, Node):
    """A policy version."""

    number: int = plain("1, 2, 3 ... in the order of publication.")
    effective_from: date | None = plain("In force from this day until the next version's; null: it was withdrawn.")
    withdrawn_at: datetime | None = plain("Set on a version that was withdrawn before its day.")
    published_at: datetime | None = plain("Null for what was put in force before this was recorded.")
    summary_of_changes: str | None = plain()
    contact: str | None = plain("Whom to ask about it; null: the authority.")
    digest: str = plain("SHA-256 of the content, hexadecimal.")
    content: JSON = plain("As it was published. A field that it lacks has its default.", json=True)
