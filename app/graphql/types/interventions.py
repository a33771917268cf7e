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
from app.graphql.types.charts import CHART_PRICE, ReadingsChart, shown
from app.graphql.types.closing import FamilyQuote, GoalProgress, SignpostRecord
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import School
from app.graphql.types.supply import Lot, Practitioner, Provider
from app.graphql.visibility import case_type, resolved, seen
from app.queries.graph import nouns

if TYPE_CHECKING:
    from app.graphql.types.referrals import Referral

_PUBLIC, _PROGRESS, _CASEWORK, _READINGS = Group.PUBLIC, Group.PROGRESS, Group.CASEWORK, Group.READINGS
_NOTES = Group.NOTES


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
    minutes_late: int | None = seen(_PROGRESS)
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
@of_noun(nouns.PAUSE)
@strawberry.type(description="Days on which the work stands still.")
class Pause(Row):
    """A pause."""

    reason: str | None = seen(_PROGRESS)
    note: str | None = seen(_CASEWORK)
    starts_on: date | None = seen(_PROGRESS)
    expected_last_on: date | None = seen(_PROGRESS, "The last day that was expected, included.")
    resumed_on: date | None = seen(_PROGRESS, "The first day back; null while it lasts.")
    school_days: int | None = seen(_PROGRESS, "By how many it moved the planned end: as expected until it is over.")


@case_type
@strawberry.type(description="How far a goal had come on the day of a review.")
class ReviewedGoal:
    """A goal as it was reviewed, with the groups that its reader sees."""

    sees: strawberry.Private[frozenset[Group]]
    goal_id: UUID | None = seen(_PROGRESS)
    title: str | None = seen(_PROGRESS, "As it was then.")
    progress: str | None = seen(_PROGRESS, "`achieved`, `nearly_there`, `under_way`, `no_change` or `further_away`.")
    words: str | None = seen(_CASEWORK)


@case_type
@of_noun(nouns.REVIEW)
@strawberry.type(description="What was found half-way.")
class Review(Row):
    """A review."""

    practitioner_id: strawberry.Private[UUID | None]
    goals: strawberry.Private[str]
    held_on: date | None = seen(_PROGRESS)
    present: list[str] | None = seen(_CASEWORK)
    agencies: list[str] | None = seen(_CASEWORK)
    going_well: str | None = seen(_CASEWORK)
    worries: str | None = seen(_CASEWORK)
    plan_changes: bool | None = seen(_PROGRESS)
    proposal: str | None = seen(_PROGRESS, "`continue`, `extend`, `step_up`, `step_down` or `close`.")
    recorded_at: datetime | None = seen(_PROGRESS)
    practitioner: Practitioner | None = edge("practitioner", "practitioner_id", group=_CASEWORK)

    @resolved("The goals that were spoken of.", name="goals", group=_PROGRESS)
    def reviewed_goals(self) -> list[ReviewedGoal] | None:
        """Each with its progress on the day."""
        return [
            ReviewedGoal(
                sees=self.sees,
                goal_id=UUID(told["goal_id"]),
                title=told["title"],
                progress=told["progress"],
                words=told["words"],
            )
            for told in orjson.loads(self.goals)
        ]


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

    @resolved("What was said of it, by day.", group=_PROGRESS, rule="list_goal_progress")
    def progress_entries(self, info: Info, first: First = CHILDREN) -> list[GoalProgress] | None:
        """The first entries."""
        return children(info, self, "goal_progress", "goal_id", first)


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
    respondent: str | None = seen(_READINGS, "`child`, `parent`, `worker` or `school`.")
    purpose: str | None = seen(_READINGS, "`baseline`, `review`, `closing` or `follow_up`.")
    taken_on: date | None = seen(_READINGS)
    completed_with: str | None = seen(_READINGS)
    scores: JSON | None = seen(_READINGS, "By area.", json=True)
    recorded_at: datetime | None = seen(_READINGS)
    record_id: UUID | None = strawberry.field(metadata={"group": _READINGS, "column": "id"})
    supersedes_id: UUID | None = seen(_READINGS, "The wrong reading that this one corrects.")
    correction_reason: str | None = seen(_READINGS)
    superseded_at: datetime | None = seen(_READINGS, "Set on one that was corrected: it counts in no figure.")


@case_type
@of_noun(nouns.NOTE)
@strawberry.type(description="A case note. A correction is a new one; a referrer sees what is shared and stands.")
class Note(Row):
    """A note."""

    organisation_id: strawberry.Private[UUID]
    practitioner_id: strawberry.Private[UUID]
    record_id: UUID | None = strawberry.field(metadata={"group": _NOTES, "column": "id"})
    kind: str | None = seen(_NOTES)
    occurred_at: datetime | None = seen(_NOTES)
    text: str | None = seen(_NOTES)
    recorded_at: datetime | None = seen(_NOTES)
    shared_with_referrer: bool | None = seen(_CASEWORK)
    supersedes_id: UUID | None = seen(_CASEWORK)
    superseded_by_id: UUID | None = seen(_CASEWORK, "The note that took this one's place.")
    written_by: Provider | None = edge("provider", "organisation_id", group=_NOTES)
    practitioner: Practitioner | None = edge("practitioner", "practitioner_id", group=_CASEWORK)


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

    @resolved("Pauses, in order; one without `resumedOn` lasts.", group=_PROGRESS, rule="get_intervention")
    def pauses(self, info: Info, first: First = CHILDREN) -> list[Pause] | None:
        """The first pauses."""
        return children(info, self, "pause", "intervention_id", first)

    @resolved("Reviews, in order.", group=_PROGRESS, rule="list_reviews")
    def reviews(self, info: Info, first: First = CHILDREN) -> list[Review] | None:
        """The first reviews."""
        return children(info, self, "review", "intervention_id", first)

    @resolved("The plan's goals, in order.", group=_PROGRESS, rule="get_plan")
    def goals(self, info: Info, first: First = CHILDREN) -> list[Goal] | None:
        """The first goals."""
        return children(info, self, "goal", "intervention_id", first)

    @resolved("Readings, in order.", group=_READINGS, rule="list_readings")
    def readings(self, info: Info, first: First = CHILDREN) -> list[Reading] | None:
        """The first readings."""
        return children(info, self, "reading", "intervention_id", first)

    @resolved("Services that the family was pointed to, by day.", group=_PROGRESS, rule="list_signposts")
    def signposts(self, info: Info, first: First = CHILDREN) -> list[SignpostRecord] | None:
        """The first signposts."""
        return children(info, self, "signpost", "intervention_id", first)

    @resolved("The family's own words, by day.", group=_CASEWORK, rule="list_quotes")
    def quotes(self, info: Info, first: First = CHILDREN) -> list[FamilyQuote] | None:
        """The first quotes."""
        return children(info, self, "family_quote", "intervention_id", first)

    @resolved("Case notes, in the order of what they are of.", group=_NOTES, rule="list_case_notes")
    def notes(self, info: Info, first: First = CHILDREN) -> list[Note] | None:
        """The first notes."""
        return children(info, self, "note", "intervention_id", first)

    @resolved(
        "What charts of the readings are drawn from, by measure, version and respondent; corrected ones have no part.",
        group=_READINGS,
        rule="get_readings_chart",
        price=CHART_PRICE,
    )
    async def readings_chart(self, info: Info) -> list[ReadingsChart] | None:
        """Each area's scores in order."""
        return [shown(chart, self.sees) for chart in await info.context.readings_charts().load_one(self.key)]
