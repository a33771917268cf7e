"""Interventions: the work with a family, its contacts, plan, goals and readings."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import strawberry
from strawberry.scalars import JSON

from app.access import Group, Principal
from app.domain.household_case import as_member_sees
from app.graphql.context import Info
from app.graphql.rows import Node, Row, edge, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import School
from app.graphql.types.supply import Lot, Practitioner, Provider
from app.graphql.visibility import case_type, resolved, seen
from app.queries.graph import nouns

if TYPE_CHECKING:
    from app.graphql.types.referrals import Referral

_PUBLIC, _PROGRESS, _CASEWORK, _READINGS = Group.PUBLIC, Group.PROGRESS, Group.CASEWORK, Group.READINGS


@case_type
@of_noun(nouns.CONTACT)
@strawberry.type(description="A meeting or an attempt at one. A rescheduled contact is a new one.")
class Contact(Row):
    """A contact."""

    practitioner_id: strawberry.Private[UUID | None]
    record_id: UUID | None = strawberry.field(metadata={"group": _PROGRESS, "column": "id"})
    kind: str | None = seen(_PROGRESS)
    mode: str | None = seen(_PROGRESS)
    held_at: datetime | None = seen(_PROGRESS)
    minutes: int | None = seen(_PROGRESS)
    present: list[str] | None = seen(_CASEWORK)
    agencies: list[str] | None = seen(_CASEWORK)
    child_seen: bool | None = seen(_CASEWORK)
    child_seen_alone: bool | None = seen(_CASEWORK)
    announced: bool | None = seen(_CASEWORK)
    result: str | None = seen(_PROGRESS)
    reason: str | None = seen(_CASEWORK)
    supersedes_id: UUID | None = seen(_PROGRESS)
    recorded_at: datetime | None = seen(_PROGRESS)
    practitioner: Practitioner | None = edge("practitioner", "practitioner_id", group=_CASEWORK)


@case_type
@of_noun(nouns.GOAL)
@strawberry.type(description="A goal of the plan.")
class Goal(Row):
    """A goal."""

    position: int | None = seen(_PROGRESS)
    title: str | None = seen(_PROGRESS)
    need_code: str | None = seen(_PROGRESS)
    owner: str | None = seen(_PROGRESS)
    due_on: date | None = seen(_PROGRESS)
    progress: str | None = seen(_PROGRESS)
    result: str | None = seen(_PROGRESS, "`achieved`, `partly` or `not`.")


@case_type
@of_noun(nouns.PLAN)
@strawberry.type(description="What was agreed with the family.")
class Plan(Row):
    """A plan."""

    agreed_on: date | None = seen(_PROGRESS)
    review_on: date | None = seen(_PROGRESS)
    family_words: str | None = seen(_CASEWORK)
    version: int | None = seen(_PROGRESS)


@case_type
@of_noun(nouns.READING)
@strawberry.type(description="A dated set of scores on a measure.")
class Reading(Row):
    """A reading."""

    measure: str | None = seen(_READINGS)
    measure_version: int | None = seen(_READINGS)
    respondent: str | None = seen(_READINGS, "`child`, `parent` or `worker`.")
    taken_on: date | None = seen(_READINGS)
    completed_with: str | None = seen(_READINGS)
    scores: JSON | None = seen(_READINGS, "By area.", json=True)
    recorded_at: datetime | None = seen(_READINGS)


@case_type
@strawberry.type(description="A service that the family was pointed to.")
class Signpost:
    """A signpost, with the groups that its reader sees."""

    sees: strawberry.Private[frozenset[Group]]
    name: str | None = seen(_PROGRESS)
    url: str | None = seen(_PROGRESS)


@case_type
@strawberry.type(description="How the work ended.")
class Closure:
    """The closure's summary, with the groups that its reader sees."""

    sees: strawberry.Private[frozenset[Group]]
    what_changed: str | None = seen(_PROGRESS)
    signposted: list[Signpost] | None = seen(_PROGRESS)
    family_words: str | None = seen(_PROGRESS, "What the family said, with its consent.")


@case_type
@of_noun(nouns.INTERVENTION, rule="graphql.interventions")
@strawberry.type(description="The work with one family, about one half-term long.")
class Intervention(Row, Node):
    """An intervention."""

    referral_id: strawberry.Private[UUID]
    lot_id: strawberry.Private[UUID]
    provider_id: strawberry.Private[UUID]
    school_id: strawberry.Private[UUID | None]
    practitioner_id: strawberry.Private[UUID | None]

    state: str = seen(_PUBLIC, "`planned`, `active`, `paused` or `closed`.")
    version: int = seen(_PUBLIC)
    # A list is ordered by the case's own moment, which the school of a child who joined later is not shown.
    accepted_at: datetime = strawberry.field(metadata={"group": _PUBLIC, "column": "shown_accepted_at"})
    updated_at: datetime = seen(_PUBLIC)
    safety_acknowledged_at: datetime | None = seen(_PUBLIC)
    started_on: date | None = seen(_PUBLIC, "The first attended contact.")
    planned_start_on: date = seen(_PUBLIC, "The day of acceptance, or the later one on which the place is free.")
    planned_end_on: date = seen(_PUBLIC)
    closed_on: date | None = seen(_PUBLIC)
    outcome: str | None = seen(_PUBLIC)
    close_reason: str | None = seen(_PUBLIC)
    closure_summary: strawberry.Private[str | None]
    part: strawberry.Private[str | None]

    @classmethod
    def of(cls, record: Mapping[str, Any], principal: Principal) -> "Intervention":
        """A case; of one that several children share, a school is shown its own child's part."""
        shown = dict(record)
        if record["part"] is not None:
            shown = as_member_sees(record, orjson.loads(record["part"]))
        made = super().of(shown, principal)
        made.__dict__["shown_accepted_at"] = shown["accepted_at"]
        made.__dict__["accepted_at"] = record["accepted_at"]
        return made

    referral: Annotated["Referral", strawberry.lazy("app.graphql.types.referrals")] | None = edge(
        "referral", "referral_id", group=_PUBLIC, rule="graphql.referrals"
    )
    provider: Provider | None = edge("provider", "provider_id", group=_PUBLIC)
    school: School | None = edge("school", "school_id", group=_PUBLIC)
    lot: Lot | None = edge("lot", "lot_id", group=_PUBLIC, rule="graphql.lots")
    practitioner: Practitioner | None = edge("practitioner", "practitioner_id", group=_PUBLIC)
    plan: Plan | None = edge("plan", "id", group=_PROGRESS, rule="get_plan")

    @resolved(
        "The referrals that the case serves: of brothers and sisters who share it, as far as you may see them.",
        group=_PUBLIC,
        rule="graphql.referrals",
    )
    def referrals(
        self, info: Info, first: First = CHILDREN
    ) -> list[Annotated["Referral", strawberry.lazy("app.graphql.types.referrals")]] | None:
        """The first to be received."""
        return children(info, self, "referral", "intervention_id", first)

    @resolved("How the work ended; null while it goes on.", group=_PROGRESS)
    def closure(self) -> Closure | None:
        """The summary that the provider wrote."""
        if self.closure_summary is None:
            return None
        told_of = orjson.loads(self.closure_summary)
        return Closure(
            sees=self.sees,
            what_changed=told_of.get("what_changed"),
            signposted=[
                Signpost(sees=self.sees, name=one.get("name"), url=one.get("url"))
                for one in told_of.get("signposted") or ()
            ],
            family_words=told_of.get("family_words"),
        )

    @resolved("Meetings and attempts, in order.", group=_PROGRESS, rule="list_intervention_contacts")
    def contacts(self, info: Info, first: First = CHILDREN) -> list[Contact] | None:
        """The first contacts."""
        return children(info, self, "contact", "intervention_id", first)

    @resolved("The plan's goals, in order.", group=_PROGRESS, rule="get_plan")
    def goals(self, info: Info, first: First = CHILDREN) -> list[Goal] | None:
        """The first goals."""
        return children(info, self, "goal", "intervention_id", first)

    @resolved("Readings, in order.", group=_READINGS, rule="list_readings")
    def readings(self, info: Info, first: First = CHILDREN) -> list[Reading] | None:
        """The first readings."""
        return children(info, self, "reading", "intervention_id", first)
