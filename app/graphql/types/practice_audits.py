"""Audits of practice and their action plans."""

from datetime import date, datetime
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import Organisation
from app.graphql.visibility import plain, resolved
from app.queries.graph import nouns


@of_noun(nouns.AUDIT_ACTION)
@strawberry.type(description="One thing that is to change.")
class AuditAction(Row):
    """An action of the plan."""

    record_id: UUID = plain(column="id")
    position: int = plain()
    area: str = plain()
    action: str = plain()
    owner: str = plain("Who sees to it.")
    due_on: date = plain()
    state: str = plain("`open`, `done` or `dropped`.")
    settled_at: datetime | None = plain()
    note: str | None = plain()


@of_noun(nouns.PRACTICE_AUDIT, rule="graphql.practiceAudits")
@strawberry.type(description="How a school or a service works with families, what shows it, and what is to change.")
class PracticeAudit(Row, Node):
    """An audit: whose practice it is about, and the authority's."""

    organisation_id: strawberry.Private[UUID]
    service_id: UUID | None = plain("Of an audit of a service, as REST names it.")
    measure: str = plain()
    measure_version: int = plain()
    taken_on: date = plain()
    scores: JSON = plain("By area.", json=True)
    evidence: JSON = plain("By area: what shows the score.", json=True)
    recorded_at: datetime = plain()
    version: int = plain()
    organisation: Organisation | None = edge("organisation", "organisation_id", description="Whose practice it is.")

    @resolved("The action plan, in order.")
    def actions(self, info: Info, first: First = CHILDREN) -> list[AuditAction] | None:
        """The first actions."""
        return children(info, self, "audit_action", "practice_audit_id", first)
