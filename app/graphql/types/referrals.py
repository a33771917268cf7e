"""Referrals: what a school or an agency asked for, where it stands, and the facts that came with it."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.access import Group
from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.closing import TimelineEntry
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.explanations import PRICE, Explanation, shown
from app.graphql.types.pupils import Household, Pupil
from app.graphql.types.schools import Organisation, School
from app.graphql.types.supply import Provider
from app.graphql.visibility import case_type, resolved, seen
from app.queries.graph import nouns

if TYPE_CHECKING:
    from app.graphql.types.allocations import Allocation, Decision
    from app.graphql.types.attention import Attention, AttentionLook
    from app.graphql.types.authority import Area
    from app.graphql.types.concerns import Concern
    from app.graphql.types.interventions import Intervention
    from app.graphql.types.messages import Message
    from app.graphql.types.officers_acts import BandDecision, Override

_PUBLIC, _WHO, _NEEDS = Group.PUBLIC, Group.IDENTITY, Group.NEEDS
_ATTENDANCE, _STATUTORY = Group.ATTENDANCE, Group.STATUTORY


@case_type
@of_noun(nouns.STATUS_CHANGE)
@strawberry.type(description="One move of a referral from a state to another.")
class StatusChange(Row):
    """A line of the history."""

    organisation_id: strawberry.Private[UUID]
    sequence: int = seen(_PUBLIC)
    from_state: str = seen(_PUBLIC)
    to_state: str = seen(_PUBLIC)
    event_type: str = seen(_PUBLIC)
    changed_at: datetime = seen(_PUBLIC)
    reason: str | None = seen(_PUBLIC)
    organisation: Organisation | None = edge("organisation", "organisation_id", group=_PUBLIC)


@case_type
@of_noun(nouns.ATTENDANCE)
@strawberry.type(description="Attendance over stated dates. A session is half a day.")
class AttendanceRecord(Row):
    """Sessions of one period."""

    term: str | None = seen(_ATTENDANCE)
    period_starts_on: date | None = seen(_ATTENDANCE)
    period_ends_on: date | None = seen(_ATTENDANCE)
    sessions_possible: int | None = seen(_ATTENDANCE)
    sessions_attended: int | None = seen(_ATTENDANCE)
    sessions_authorised: int | None = seen(_ATTENDANCE, "Sessions missed with the school's leave.")
    sessions_unauthorised: int | None = seen(_ATTENDANCE, "Sessions missed without it.")
    source: str | None = seen(_ATTENDANCE, "`referral`, `push` or `return`.")
    recorded_at: datetime | None = seen(_ATTENDANCE)


@case_type
@of_noun(nouns.SUSPENSIONS)
@strawberry.type(description="Suspensions over stated dates.")
class SuspensionRecord(Row):
    """Suspensions of one period."""

    term: str | None = seen(_ATTENDANCE)
    period_starts_on: date | None = seen(_ATTENDANCE)
    period_ends_on: date | None = seen(_ATTENDANCE)
    suspension_count: int | None = seen(_ATTENDANCE)
    sessions_lost: int | None = seen(_ATTENDANCE)
    permanent_exclusion_count: int | None = seen(_ATTENDANCE)
    source: str | None = seen(_ATTENDANCE, "`referral`, `push` or `return`.")
    recorded_at: datetime | None = seen(_ATTENDANCE)


@case_type
@of_noun(nouns.REFERRAL, rule="graphql.referrals")
@strawberry.type(description="A referral of one child. Facts, never scores.")
class Referral(Row, Node):
    """A referral."""

    referring_organisation_id: strawberry.Private[UUID]
    school_id: strawberry.Private[UUID | None]
    pupil_id: strawberry.Private[UUID]
    household_id: strawberry.Private[UUID]
    area_id: strawberry.Private[UUID | None]
    case_provider_id: strawberry.Private[UUID | None]
    intervention_id: strawberry.Private[UUID | None]

    reference: str = seen(_PUBLIC, "The public reference, such as `R-7K3F-9QXM`.")
    version: int = seen(_PUBLIC)
    state: str = seen(_PUBLIC)
    sender_reference: str | None = seen(_PUBLIC, "The sender's own reference.")
    mis_id: str | None = seen(_STATUTORY, "The sender's own key of the pupil.")
    received_at: datetime = seen(_PUBLIC)
    updated_at: datetime = seen(_PUBLIC)
    closed_at: datetime | None = seen(Group.PROGRESS)
    outcome: str | None = seen(Group.PROGRESS)
    close_reason: str | None = seen(Group.PROGRESS)
    close_note: str | None = seen(Group.PROGRESS)
    unplaceable: bool = seen(_PUBLIC, "No lot takes such a referral.")
    holds: list[str] | None = seen(Group.DECISIONS, "Why it stands unoffered.")
    band: str = seen(_PUBLIC)
    band_asked: str = seen(_PUBLIC)
    banded_on: date = seen(_PUBLIC)
    band_set_by: str = seen(_PUBLIC, "`sender`, or `officer` once one has set it.")
    year_group: str | None = seen(_NEEDS)
    key_stage: str | None = seen(_NEEDS)
    need_codes: list[str] | None = seen(_NEEDS, "The primary need first.")
    needs: JSON | None = seen(_WHO, "The needs in the sender's own words.", json=True)
    circumstances: JSON | None = seen(_WHO, json=True)
    language: str | None = seen(_NEEDS)
    interpreter_needed: bool | None = seen(_NEEDS)
    modes: list[str] | None = seen(_NEEDS)
    preferred_mode: str | None = seen(_NEEDS)
    sibling_wish: str | None = seen(_NEEDS, "What the family wishes for brothers and sisters who are referred too.")
    visit_risk_level: str | None = seen(_NEEDS, "`none`, `some` or `high`.")
    immediate_danger: bool | None = seen(_WHO)
    agreement_status: str | None = seen(_WHO)
    child_view: str | None = seen(_WHO)
    parent_view: str | None = seen(_WHO)
    referrer: JSON | None = seen(_WHO, json=True)
    agreement: JSON | None = seen(_WHO, json=True)
    lawful_basis: JSON | None = seen(_WHO, json=True)
    safe_contact: JSON | None = seen(_WHO, json=True)
    visit_risks: JSON | None = seen(_WHO, json=True)
    safeguarding: JSON | None = seen(_WHO, json=True)
    information_request: JSON | None = seen(_STATUTORY, json=True)
    warnings: JSON | None = seen(_STATUTORY, "What was unusual about it; may name a UPN.", json=True)

    referring_organisation: Organisation | None = edge("organisation", "referring_organisation_id", group=_PUBLIC)
    school: School | None = edge("school", "school_id", group=_PUBLIC)
    area: Annotated["Area", strawberry.lazy("app.graphql.types.authority")] | None = edge(
        "area", "area_id", group=_PUBLIC
    )
    provider: Provider | None = edge(
        "provider", "case_provider_id", group=_PUBLIC, description="The provider whose case it is."
    )
    pupil: Pupil | None = edge("pupil", "pupil_id", group=_WHO)
    household: Household | None = edge("household", "household_id", group=_WHO)
    allocation: Annotated["Allocation", strawberry.lazy("app.graphql.types.allocations")] | None = edge(
        "allocation",
        "id",
        by="referral_id",
        group=_PUBLIC,
        rule="graphql.allocations",
        description="The latest allocation.",
    )
    intervention: Annotated["Intervention", strawberry.lazy("app.graphql.types.interventions")] | None = edge(
        "intervention", "intervention_id", group=_PUBLIC, rule="graphql.interventions"
    )

    @resolved("Every allocation, the latest first.", group=_PUBLIC, rule="graphql.allocations")
    def allocations(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["Allocation", strawberry.lazy("app.graphql.types.allocations")]] | None:
        """The first allocations."""
        return children(info, self, "allocation", "referral_id", first)

    @resolved("Every act on it that you were told of, the earliest first.", group=_PUBLIC, rule="get_timeline")
    def timeline(self, info: Info, first: First = CHILDREN) -> list[TimelineEntry] | None:
        """The first entries."""
        return children(info, self, "timeline_entry", "referral_id", first)

    @resolved(
        "Why it was offered where it was, the latest decision first.",
        group=Group.DECISIONS,
        rule="list_referral_decisions",
    )
    def decisions(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["Decision", strawberry.lazy("app.graphql.types.allocations")]] | None:
        """The first decisions."""
        return children(info, self, "decision", "referral_id", first)

    @resolved(
        "Every change of its band by a person, the latest first.",
        group=Group.DECISIONS,
        rule="list_band_decisions",
    )
    def band_decisions(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["BandDecision", strawberry.lazy("app.graphql.types.officers_acts")]] | None:
        """The first changes."""
        return children(info, self, "band_decision", "referral_id", first)

    @resolved("What rules of the policy found in its facts, in the order in which it was found.", group=_ATTENDANCE)
    def attention(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["Attention", strawberry.lazy("app.graphql.types.attention")]] | None:
        """The first findings."""
        return children(info, self, "attention", "referral_id", first)

    @resolved(
        "Who looked at what asked for attention, and what was decided.",
        group=Group.DECISIONS,
        rule="list_attention_looks",
    )
    def attention_looks(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["AttentionLook", strawberry.lazy("app.graphql.types.attention")]] | None:
        """The first looks."""
        return children(info, self, "attention_look", "referral_id", first)

    @resolved(
        "Every place that an officer chose for it, the latest first.",
        group=Group.DECISIONS,
        rule="list_overrides",
    )
    def overrides(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["Override", strawberry.lazy("app.graphql.types.officers_acts")]] | None:
        """The first overrides."""
        return children(info, self, "override", "referral_id", first)

    @resolved(
        "Why it was offered a place, or why it waits; null where nothing was decided yet.",
        group=Group.EXPLANATION,
        rule="explain_referral",
        price=PRICE,
    )
    async def explanation(self, info: Info) -> Explanation | None:
        """A paragraph for people, the facts behind it, and its expected start."""
        found = await info.context.explanations().load_one(self.key)
        return None if found is None else shown(found, self.sees)

    @resolved("Its moves from state to state, in order.", group=_PUBLIC, rule="list_referral_history")
    def history(self, info: Info, first: First = CHILDREN) -> list[StatusChange] | None:
        """The first lines of its history."""
        return children(info, self, "status_change", "referral_id", first)

    @resolved("Attendance as sent, pushed and returned.", group=_ATTENDANCE)
    def attendance(self, info: Info, first: First = CHILDREN) -> list[AttendanceRecord] | None:
        """The first periods."""
        return children(info, self, "attendance", "referral_id", first)

    @resolved("Suspensions as sent, pushed and returned.", group=_ATTENDANCE)
    def suspensions(self, info: Info, first: First = CHILDREN) -> list[SuspensionRecord] | None:
        """The first periods."""
        return children(info, self, "suspensions", "referral_id", first)

    @resolved("Messages that the caller posted or that were addressed to it.", group=Group.MESSAGES)
    def messages(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["Message", strawberry.lazy("app.graphql.types.messages")]] | None:
        """The first messages."""
        return children(info, self, "message", "referral_id", first)

    @resolved(
        "Concerns that the caller raised or that came to it, the latest first.",
        group=Group.CONCERNS,
        rule="graphql.concerns",
    )
    def concerns(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["Concern", strawberry.lazy("app.graphql.types.concerns")]] | None:
        """The first concerns."""
        return children(info, self, "concern", "referral_id", first)
