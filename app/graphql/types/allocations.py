"""Allocations: offers and what became of them, and the record of each decision."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import orjson
import strawberry
from strawberry.scalars import JSON

from app.access import VISIBLE, Group, Kind, Party, Principal
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.policies import Policy
from app.graphql.types.supply import Lot, Practitioner, Provider, Service
from app.graphql.visibility import case_type, groups_of, resolved, seen
from app.queries.graph import nouns

if TYPE_CHECKING:
    from app.graphql.types.interventions import Intervention
    from app.graphql.types.referrals import Referral

_PUBLIC, _DECISIONS = Group.PUBLIC, Group.DECISIONS
# Whatever ends an offer ends the provider's access at once; its own words of decline stay its own.
_ENDED: Final = frozenset({Group.PUBLIC, Group.CASEWORK})


@case_type
@of_noun(nouns.DECISION, rule="list_referral_decisions")
@strawberry.type(description="One decision of the allocation, explained by its record alone.")
class Decision(Row, Node):
    """A decision."""

    policy_version_id: strawberry.Private[UUID]
    decided_at: datetime | None = seen(_DECISIONS)
    as_of: date | None = seen(_DECISIONS)
    trigger: str | None = seen(_DECISIONS)
    outcome: str | None = seen(_DECISIONS, "`offered`, `waiting` or `unplaceable`.")
    record: JSON | None = seen(_DECISIONS, "The candidates, why each was ineligible, and the choice.", json=True)
    policy: Policy | None = edge(
        "policy", "policy_version_id", group=_DECISIONS, description="The version by which it was decided."
    )


@case_type
@strawberry.type(description="Enough to judge an offer by; nothing that says whose it is.")
class AllocationSummary:
    """An offer's summary, with the groups that its reader sees."""

    sees: strawberry.Private[frozenset[Group]]
    year_group: str | None = seen(Group.NEEDS)
    key_stage: str | None = seen(Group.NEEDS)
    band: str | None = seen(Group.NEEDS)
    needs: list[str] | None = seen(Group.NEEDS)
    area_id: str | None = seen(Group.NEEDS)
    language: str | None = seen(Group.NEEDS)
    interpreter_needed: bool | None = seen(Group.NEEDS)
    modes: list[str] | None = seen(Group.NEEDS)
    preferred_mode: str | None = seen(Group.NEEDS)
    visit_risk_level: str | None = seen(Group.NEEDS)
    known_to_you: bool | None = seen(Group.NEEDS)
    attendance_band: str | None = seen(Group.ATTENDANCE_BANDS)
    suspensions_band: str | None = seen(Group.ATTENDANCE_BANDS)


_SUMMARY: Final = tuple(field.name for field in fields(AllocationSummary) if field.name != "sees")


@case_type
@of_noun(nouns.ALLOCATION, rule="graphql.allocations")
@strawberry.type(description="An offer of a place, and what became of it.")
class Allocation(Row, Node):
    """An allocation. It shows no identity: its referral does, once the provider has accepted."""

    referral_id: strawberry.Private[UUID]
    provider_id: strawberry.Private[UUID]
    lot_id: strawberry.Private[UUID]
    service_id: strawberry.Private[UUID]
    intervention_id: strawberry.Private[UUID | None]
    practitioner_id: strawberry.Private[UUID | None]
    decision_id: strawberry.Private[UUID]
    summary: strawberry.Private[str | None]

    reference: str = seen(_PUBLIC)
    state: str = seen(_PUBLIC)
    version: int = seen(_PUBLIC)
    joins_intervention_id: UUID | None = seen(
        Group.SHARED_CASE, "The case that the child is to join, in its place; null for a place of its own."
    )
    starts_on: date = seen(_PUBLIC, "From when the place is the family's.")
    offered_at: datetime = seen(_PUBLIC)
    answer_due_at: datetime = seen(_PUBLIC)
    answered_at: datetime | None = seen(_PUBLIC)
    updated_at: datetime = seen(_PUBLIC)
    deemed_acceptance: bool = seen(_PUBLIC, "Silence until `answerDueAt` counts as accepted.")
    deemed_at: datetime | None = seen(_PUBLIC, "When silence was taken for yes.")
    identity_released_at: datetime | None = seen(
        _PUBLIC, "After `deemedAt`: when the provider first read whose case it is, by REST."
    )
    objection_until: datetime | None = seen(_PUBLIC, "Until when the provider may still decline it after `deemedAt`.")
    decline_reason: str | None = seen(Group.CASEWORK)
    decline_note: str | None = seen(Group.CASEWORK)

    referral: Annotated["Referral", strawberry.lazy("app.graphql.types.referrals")] | None = edge(
        "referral",
        "referral_id",
        group=_PUBLIC,
        rule="graphql.referrals",
        description="Null for a provider that has not accepted.",
    )
    provider: Provider | None = edge("provider", "provider_id", group=_PUBLIC)
    service: Service | None = edge("service", "service_id", group=_PUBLIC)
    lot: Lot | None = edge("lot", "lot_id", group=_PUBLIC, rule="graphql.lots")
    practitioner: Practitioner | None = edge("practitioner", "practitioner_id", group=_PUBLIC)
    intervention: Annotated["Intervention", strawberry.lazy("app.graphql.types.interventions")] | None = edge(
        "intervention", "intervention_id", group=_PUBLIC, rule="graphql.interventions"
    )
    decision: Decision | None = edge("decision", "decision_id", group=_DECISIONS, rule="list_referral_decisions")

    @resolved(
        "What a provider may know before it accepts; null once the offer has ended.", name="summary", group=Group.NEEDS
    )
    def facts(self) -> AllocationSummary | None:
        """The copy of the referral's facts that the offer carries."""
        if self.summary is None:
            return None
        facts = orjson.loads(self.summary)
        return AllocationSummary(sees=self.sees, **{name: facts.get(name) for name in _SUMMARY})

    @classmethod
    def groups(cls, record: Mapping[str, Any], principal: Principal) -> frozenset[Group]:
        """What the caller may see: a provider less before it accepts, and nearly nothing once the offer has ended."""
        state = record["state"]
        if state not in ("pending", "accepted"):
            return groups_of(principal) - {Group.NEEDS} if principal.kind is not Kind.PROVIDER else _ENDED
        unread = record["deemed_at"] is not None and record["identity_released_at"] is None
        if principal.kind is Kind.PROVIDER and (state == "pending" or unread):
            return VISIBLE[Party.OFFERED_PROVIDER]
        return groups_of(principal)
