"""The roots of the graph. Each first asks `app.access` whether this caller may begin there."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Final
from uuid import UUID

import strawberry

from app.access import allow
from app.domain import outcomes as domain
from app.domain.courses import CourseState, EnrolmentState
from app.domain.link_days import LinkDayState
from app.domain.placements import PlacementState
from app.domain.referral import State
from app.domain.service_levels import LevelsBy
from app.domain.vocabulary import Band
from app.graphql.context import Info
from app.graphql.errors import BadInputError
from app.graphql.ids import from_global, record_id
from app.graphql.paging import PAGE_SIZE, Connection, connect
from app.graphql.rows import TYPES, Node
from app.graphql.types import outcomes as figures
from app.graphql.types.allocations import Allocation
from app.graphql.types.authority import Area, Authority
from app.graphql.types.common import After, First
from app.graphql.types.concerns import Concern
from app.graphql.types.courses import Course, CourseEnrolment
from app.graphql.types.interventions import Intervention
from app.graphql.types.link_days import LinkDay
from app.graphql.types.outcomes import (
    Capacity,
    Outcome,
    OutcomeFilter,
    OutcomeMeasure,
    Period,
    ServiceLevel,
    Timeliness,
)
from app.graphql.types.panels import Panel
from app.graphql.types.placements import Placement
from app.graphql.types.policies import Policy
from app.graphql.types.practice_audits import PracticeAudit
from app.graphql.types.referrals import Referral
from app.graphql.types.returns import Obligation, ReturnRecord
from app.graphql.types.schools import School
from app.graphql.types.supply import Contract, Lot, Provider
from app.graphql.visibility import resolved
from app.graphql.waiting import connect_waiting
from app.queries import outcomes
from app.queries.service_levels import service_levels
from app.services.waiting_list import Waiting

_FIGURES: Final = 100
"""What a figure costs: it reads a year of rows."""

GlobalId = strawberry.ID | None
RuleKey = Annotated[
    str | None, strawberry.argument(description="Only those that ask for attention by this rule of the policy.")
]
States = Annotated[list[str] | None, strawberry.argument(description="Any of these states, as REST names them.")]


@strawberry.enum(description="What became of an obligation.")
class ObligationState(Enum):
    """Which obligations."""

    OPEN = "open"
    OVERDUE = "overdue_at"
    ESCALATED = "escalated"
    MET = "met"
    CANCELLED = "cancelled"


@strawberry.type(description="Read everything that the token may read. Changes are REST's.")
class Query:
    """The roots."""

    @resolved("Any node by its global id; null where there is none that the caller may see.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002 - Relay's name
        """One row, found under its row policy."""
        type_name, key = from_global(id)
        cls = next((each for each in TYPES.values() if each.type_name == type_name and each.rule is not None), None)
        if cls is None or cls.rule is None:
            raise BadInputError("That is not a global id.")
        allow(info.context.principal, cls.rule)
        found: Any = await info.context.one(cls.noun.name).load_one(key)
        return found

    @resolved("The authority that the token belongs to.")
    async def authority(self, info: Info) -> Authority | None:
        """The caller's authority."""
        context = info.context
        allow(context.principal, "graphql.authority")
        found: Any = await context.one("authority").load_one(context.principal.authority_id)
        return found

    @resolved("Areas, by name.")
    async def areas(self, info: Info, first: First = PAGE_SIZE, after: After = None) -> Connection[Area] | None:
        """A page of areas."""
        return await connect(info, Area, "areas", order="name", filters={}, after=after, first=first)

    @resolved("Schools, by name.")
    async def schools(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        area: GlobalId = None,
        phase: str | None = None,
        urn: str | None = None,
    ) -> Connection[School] | None:
        """A page of schools."""
        filters = {"area_id": record_id(area, "Area"), "phase": phase, "urn": urn}
        return await connect(info, School, "schools", order="name", filters=filters, after=after, first=first)

    @resolved("Providers, by name.")
    async def providers(self, info: Info, first: First = PAGE_SIZE, after: After = None) -> Connection[Provider] | None:
        """A page of providers."""
        return await connect(info, Provider, "providers", order="name", filters={}, after=after, first=first)

    @resolved("Contracts, the latest first.")
    async def contracts(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        provider: GlobalId = None,
        running_on: date | None = None,
    ) -> Connection[Contract] | None:
        """A page of contracts."""
        filters = {"provider_id": record_id(provider, "Provider"), "running_on": figures.checked_day(running_on)}
        return await connect(info, Contract, "contracts", order="starts", filters=filters, after=after, first=first)

    @resolved("Versions of the allocation policy, the newest first; the one in force on a day where that is asked.")
    async def policies(
        self, info: Info, *, first: First = PAGE_SIZE, after: After = None, in_force_on: date | None = None
    ) -> Connection[Policy] | None:
        """A page of policy versions."""
        filters = {"in_force_on": figures.checked_day(in_force_on)}
        return await connect(info, Policy, "policies", order="number", filters=filters, after=after, first=first)

    @resolved("Lots, by name.")
    async def lots(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        provider: GlobalId = None,
        contract: GlobalId = None,
    ) -> Connection[Lot] | None:
        """A page of lots."""
        filters = {"provider_id": record_id(provider, "Provider"), "contract_id": record_id(contract, "Contract")}
        return await connect(info, Lot, "lots", order="name", filters=filters, after=after, first=first)

    @resolved("Courses, by their first day.")
    async def courses(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        state: States = None,
        provider: GlobalId = None,
        lot: GlobalId = None,
        first_from: date | None = None,
    ) -> Connection[Course] | None:
        """A page of courses."""
        filters = {
            **_one_or_any("state", state, {each.value for each in CourseState}),
            "provider_id": record_id(provider, "Provider"),
            "lot_id": record_id(lot, "Lot"),
            "first_from": figures.checked_day(first_from),
        }
        return await connect(info, Course, "courses", order="first_on", filters=filters, after=after, first=first)

    @resolved("Who is enrolled on courses, or waits for them, in the order of asking.")
    async def course_enrolments(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        state: States = None,
        course: GlobalId = None,
        school: GlobalId = None,
    ) -> Connection[CourseEnrolment] | None:
        """A page of enrolments."""
        filters = {
            **_one_or_any("state", state, {each.value for each in EnrolmentState}),
            "course_id": record_id(course, "Course"),
            "school_id": record_id(school, "School"),
        }
        return await connect(
            info, CourseEnrolment, "courseEnrolments", order="enrolled", filters=filters, after=after, first=first
        )

    @resolved("Placements, the latest asked for first.")
    async def placements(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        state: States = None,
        provider: GlobalId = None,
        school: GlobalId = None,
        lot: GlobalId = None,
    ) -> Connection[Placement] | None:
        """A page of placements."""
        filters = {
            **_one_or_any("state", state, {each.value for each in PlacementState}),
            "provider_id": record_id(provider, "Provider"),
            "school_id": record_id(school, "School"),
            "lot_id": record_id(lot, "Lot"),
        }
        return await connect(
            info, Placement, "placements", order="requested", filters=filters, after=after, first=first
        )

    @resolved("Link days, by date.")
    async def link_days(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        state: States = None,
        provider: GlobalId = None,
        school: GlobalId = None,
        lot: GlobalId = None,
    ) -> Connection[LinkDay] | None:
        """A page of link days."""
        filters = {
            **_one_or_any("state", state, {each.value for each in LinkDayState}),
            "provider_id": record_id(provider, "Provider"),
            "school_id": record_id(school, "School"),
            "lot_id": record_id(lot, "Lot"),
        }
        return await connect(info, LinkDay, "linkDays", order="on", filters=filters, after=after, first=first)

    @resolved("Referrals, the latest first.")
    async def referrals(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        state: States = None,
        band: list[str] | None = None,
        area: GlobalId = None,
        school: GlobalId = None,
        provider: GlobalId = None,
        need: str | None = None,
        unplaceable: bool | None = None,
        received_from: datetime | None = None,
        received_before: datetime | None = None,
        attention: RuleKey = None,
    ) -> Connection[Referral] | None:
        """A page of referrals."""
        filters = {
            **_one_or_any("state", state, {each.value for each in State} - {State.NEW.value}),
            **_one_or_any("band", band, {each.value for each in Band}),
            "area_id": record_id(area, "Area"),
            "school_id": record_id(school, "School"),
            "provider_id": record_id(provider, "Provider"),
            "need": need,
            "unplaceable": unplaceable,
            "received_from": _moment(received_from),
            "received_before": _moment(received_before),
            "attention": attention,
        }
        return await connect(info, Referral, "referrals", order="received", filters=filters, after=after, first=first)

    @resolved("Referrals that wait for a place, in the published order: that of REST's waiting list.", price=_FIGURES)
    async def waiting_list(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        area: GlobalId = None,
        band: list[str] | None = None,
    ) -> Connection[Referral] | None:
        """A page of the waiting list."""
        _one_or_any("band", band, {each.value for each in Band})
        area_id = record_id(area, "Area")

        def keep(line: Waiting) -> bool:
            return (area_id is None or line.want.area_id == area_id) and (band is None or line.want.band in band)

        return await connect_waiting(info, keep=keep, after=after, first=first)

    @resolved("Allocations, the latest first.")
    async def allocations(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        state: States = None,
        provider: GlobalId = None,
        lot: GlobalId = None,
        offered_from: datetime | None = None,
        offered_before: datetime | None = None,
    ) -> Connection[Allocation] | None:
        """A page of allocations."""
        filters = {
            **_one_or_any("state", state, _OFFER_STATES),
            "provider_id": record_id(provider, "Provider"),
            "lot_id": record_id(lot, "Lot"),
            "offered_from": _moment(offered_from),
            "offered_before": _moment(offered_before),
        }
        return await connect(
            info, Allocation, "allocations", order="offered", filters=filters, after=after, first=first
        )

    @resolved("Interventions, the latest first.")
    async def interventions(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        state: States = None,
        provider: GlobalId = None,
        school: GlobalId = None,
        lot: GlobalId = None,
        outcome: str | None = None,
        accepted_from: datetime | None = None,
        accepted_before: datetime | None = None,
    ) -> Connection[Intervention] | None:
        """A page of interventions."""
        filters = {
            **_one_or_any("state", state, _INTERVENTION_STATES),
            "provider_id": record_id(provider, "Provider"),
            "school_id": record_id(school, "School"),
            "lot_id": record_id(lot, "Lot"),
            "outcome": outcome,
            "accepted_from": _moment(accepted_from),
            "accepted_before": _moment(accepted_before),
        }
        return await connect(
            info, Intervention, "interventions", order="accepted", filters=filters, after=after, first=first
        )

    @resolved("Returns, the latest due first.")
    async def returns(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        state: States = None,
        organisation: GlobalId = None,
        template: str | None = None,
        period: str | None = None,
        late_on: Annotated[date | None, strawberry.argument(description="Due before this day and not sent.")] = None,
    ) -> Connection[ReturnRecord] | None:
        """A page of returns."""
        filters = {
            **_one_or_any("state", state, _RETURN_STATES),
            "organisation_id": record_id(organisation, "Organisation", "School", "Provider"),
            "template": template,
            "period": period,
            "late_on": figures.checked_day(late_on),
        }
        return await connect(info, ReturnRecord, "returns", order="due", filters=filters, after=after, first=first)

    @resolved("Panels on which the caller has a seat, or all for officers, by name.")
    async def panels(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        area: GlobalId = None,
        active: bool | None = None,
    ) -> Connection[Panel] | None:
        """A page of panels."""
        filters = {"area_id": record_id(area, "Area"), "active": active}
        return await connect(info, Panel, "panels", order="name", filters=filters, after=after, first=first)

    @resolved("Urgent concerns that the caller raised or that came to it, the latest first.")
    async def concerns(
        self, info: Info, *, first: First = PAGE_SIZE, after: After = None, kind: str | None = None
    ) -> Connection[Concern] | None:
        """A page of concerns. The authority's safeguarding clients see all."""
        return await connect(
            info, Concern, "concerns", order="raised", filters={"kind": kind}, after=after, first=first
        )

    @resolved("Audits of practice, the latest first.")
    async def practice_audits(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        organisation: GlobalId = None,
        measure: str | None = None,
    ) -> Connection[PracticeAudit] | None:
        """A page of audits."""
        filters = {
            "organisation_id": record_id(organisation, "Organisation", "School", "Provider"),
            "measure": measure,
        }
        return await connect(
            info, PracticeAudit, "practiceAudits", order="taken", filters=filters, after=after, first=first
        )

    @resolved("What is owed, the first due first.")
    async def obligations(
        self,
        info: Info,
        *,
        first: First = PAGE_SIZE,
        after: After = None,
        state: ObligationState | None = None,
        kind: str | None = None,
        owed_by: GlobalId = None,
        subject_id: UUID | None = None,
        referral: GlobalId = None,
        area: GlobalId = None,
        due_before: datetime | None = None,
    ) -> Connection[Obligation] | None:
        """A page of obligations. OVERDUE is judged now, by business time; `subjectId` is an id as REST gives it."""
        context = info.context
        allow(context.principal, "graphql.obligations")
        filters: dict[str, object] = {
            "kind": kind,
            "owed_by_id": record_id(owed_by, "Organisation", "School", "Provider"),
            "subject_id": subject_id,
            "referral_id": record_id(referral, "Referral"),
            "area_id": record_id(area, "Area"),
            "due_before": _moment(due_before),
        }
        if state is not None:
            filters[state.value] = await context.now() if state is ObligationState.OVERDUE else True
        return await connect(info, Obligation, "obligations", order="due", filters=filters, after=after, first=first)

    @resolved("An outcome of the support that ended in a period: the whole, or one row per group.", price=_FIGURES)
    async def outcomes(
        self,
        info: Info,
        *,
        measure: OutcomeMeasure,
        group_by: domain.GroupBy = domain.GroupBy.NONE,
        filter: OutcomeFilter | None = None,  # noqa: A002 - the schema's name
        period: Period | None = None,
    ) -> list[Outcome] | None:
        """The rows of an outcome."""
        allow(info.context.principal, "graphql.outcomes")
        asked = figures.asked(filter, period)
        figures.check_period(asked.starts_on, asked.ends_on)
        ask = outcomes.attendance_change if measure is OutcomeMeasure.ATTENDANCE else outcomes.suspensions_change
        async with info.context.read() as session:
            rows: Any = await ask(session, asked, group_by)
        return rows

    @resolved("How what was due in a period was met: in the 28 days to today unless told.", price=_FIGURES)
    async def compliance(
        self,
        info: Info,
        *,
        group_by: LevelsBy = LevelsBy.KIND,
        kind: str | None = None,
        owed_by: GlobalId = None,
        period: Period | None = None,
    ) -> list[ServiceLevel] | None:
        """The rows of the service levels: the caller's own, or as an officer everybody's."""
        allow(info.context.principal, "graphql.compliance")
        owed_by_id = record_id(owed_by, "Organisation", "School", "Provider")
        async with info.context.read() as session:
            whole = figures.whole_period(period, session.today)
            figures.check_period(*whole)
            rows: Any = await service_levels(session, whole, group_by, kind=kind, owed_by_id=owed_by_id)
        return rows

    @resolved("Places held and volume used: in the 28 days to today unless told.", price=_FIGURES)
    async def capacity(
        self,
        info: Info,
        *,
        period: Period | None = None,
        interval: domain.Interval = domain.Interval.WEEK,
        provider: GlobalId = None,
    ) -> Capacity | None:
        """The use of the block."""
        allow(info.context.principal, "graphql.capacity")
        provider_id = record_id(provider, "Provider")
        async with info.context.read() as session:
            whole = figures.whole_period(period, session.today)
            figures.check_period(*whole)
            found: Any = await outcomes.capacity(session, whole, interval, provider_id)
        return found

    @resolved("How long the referrals received in a period waited: in the last 365 days unless told.", price=_FIGURES)
    async def timeliness(
        self,
        info: Info,
        *,
        group_by: domain.GroupBy = domain.GroupBy.BAND,
        filter: OutcomeFilter | None = None,  # noqa: A002 - the schema's name
        period: Period | None = None,
    ) -> list[Timeliness] | None:
        """The rows of timeliness."""
        allow(info.context.principal, "graphql.timeliness")
        asked = figures.asked(filter, period)
        figures.check_period(asked.starts_on, asked.ends_on)
        async with info.context.read() as session:
            rows: Any = await outcomes.timeliness(session, asked, group_by)
        return rows


_OFFER_STATES: Final = frozenset({"proposed", "pending", "accepted", "declined", "expired", "withdrawn", "superseded"})
_INTERVENTION_STATES: Final = frozenset({"planned", "active", "paused", "closed"})
_RETURN_STATES: Final = frozenset({"due", "draft", "submitted", "queried", "resubmitted", "accepted"})


def _one_or_any(name: str, wanted: list[str] | None, known: set[str] | frozenset[str]) -> dict[str, object]:
    """The filter for one value or several: a plan for one value is the better one. Raises BadInputError."""
    if wanted is None:
        return {}
    unknown = set(wanted) - known
    if unknown or len(wanted) > len(known):
        raise BadInputError(f"A {name} is one of: {', '.join(sorted(known))}.")
    return {name: wanted[0]} if len(wanted) == 1 else {f"{name}s": wanted}


def _moment(moment: datetime | None) -> datetime | None:
    """A moment that says its offset, within reason. Raises BadInputError."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise BadInputError("A time says its offset from UTC.")
    figures.checked_day(moment.date())
    return moment
