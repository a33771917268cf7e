"""Policies in requests and answers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from app.domain.attention_rules import MOST_RULES, Comparator, Consequence, RuleMeasure, Window
from app.domain.policy import Policy
from app.domain.vocabulary import Band
from app.routers.schemas.base import In, LongText, Out, ShortText
from app.routers.schemas.codes import Distinct, Whole
from app.routers.schemas.types import Date, Moment
from app.services.policies import Draft


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


Days = Annotated[Whole, Field(ge=0, le=400)]
Clock = Annotated[Whole, Field(ge=1, le=400)]
Hours = Annotated[Whole, Field(ge=1, le=1000)]
Cost = Annotated[Whole, Field(ge=0, le=100_000)]
Bands = Annotated[list[Band], Field(max_length=4), Distinct]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_on_one_line)]
RoleName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z][a-z_]*$")]


class DaysByBand(In):
    """A number of days for each band."""

    P1: Days
    P2: Days
    P3: Days
    P4: Days


class ClocksByBand(In):
    """A number of days, one at least, for each band."""

    P1: Clock
    P2: Clock
    P3: Clock
    P4: Clock


class HoursByBand(In):
    """A number of hours, one at least, for each band."""

    P1: Hours
    P2: Hours
    P3: Hours
    P4: Hours


class ByGroup(In):
    """A figure for each group of debts, on the debt's own clock: school days, working days or hours."""

    offer: Days
    casework: Days
    officer: Days
    concern: Days
    filing: Days
    meeting: Days
    contract: Days


class WeightsByBand(In):
    """A weight for each band: a whole number."""

    P1: Cost
    P2: Cost
    P3: Cost
    P4: Cost


class Criteria(In):
    """By what a person sets the band: plain English, for each band."""

    P1: Sentence
    P2: Sentence
    P3: Sentence
    P4: Sentence


class Costs(In):
    """What a place costs in the choice between places, in whole numbers."""

    reach: Cost = Field(description="Of a place that as many families could use as the average one.")
    soft: Cost = Field(description="Of each wish that the place does not meet.")
    day: Cost = Field(description="Of a school day until it is free, times the band's weight.")


class LongStop(In):
    """After how long a band counts as a more urgent one, dated from that day."""

    band: Band
    becomes: Band
    school_days: Clock


class FairShare(In):
    """Whether a school that has had more than its share comes after the others of its band."""

    on: Annotated[bool, Field(strict=True)]
    percent: Annotated[Whole, Field(ge=0, le=10_000)] = Field(description="Of its entitlement.")
    extra_hundredths: Annotated[Whole, Field(ge=0, le=100_000)] = Field(description="Hundredths of a start, on top.")
    exempt: Bands = Field(description="Bands that it does not touch.")


class AtOnce(In):
    """What is decided on arrival."""

    bands: Bands = Field(description="Always.")
    free_places: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        description="The others, when so many places would do and nobody who could take one waits."
    )


class ConcernHours(In):
    """Hours for each kind of concern, of the day and the night."""

    child_at_risk: Annotated[Whole, Field(ge=1, le=168)]
    allegation_about_worker: Annotated[Whole, Field(ge=1, le=168)]


class AttentionRule(In):
    """A rule by which facts ask an officer to look at a referral. It sets no band and moves nobody in the order."""

    key: RoleName
    measure: RuleMeasure
    comparator: Comparator
    threshold: Annotated[Whole, Field(ge=1, le=200)]
    window: Window = Field(description="`ahead` for a hearing; the others for what schools count.")
    then: Annotated[list[Consequence], Field(min_length=1, max_length=3), Distinct] = Field(
        description="`flag` always; `review_band` asks an officer, `panel_agenda` a panel."
    )
    plain_english: Sentence = Field(description="What is found, for the sender and the public.")


class PolicyContent(In):
    """A whole policy. Days are working days unless the name says otherwise; allocation's figures are in school days."""

    answer_days: ClocksByBand = Field(description="By band: how long a provider has to answer an offer.")
    first_contact_school_days: Clock = Field(description="From acceptance to the first contact.")
    extension_weeks: Annotated[Whole, Field(ge=0, le=52)] = Field(
        description="School weeks by which an intervention may be extended, in all."
    )
    extension_notice_school_days: Days = Field(
        description="How many school days before the planned end an extension is declared."
    )
    safeguarding_hours: Annotated[Whole, Field(ge=1, le=168)] = Field(
        description="For an officer to act on a referral that says a child is in immediate danger."
    )
    placement_hours: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        description="For an officer to look at a referral that no lot can serve."
    )
    escalation_hours: HoursByBand = Field(
        description="By band: for an officer to look at a referral whose offer nobody answered."
    )
    objection_working_days: Clock = Field(
        description="Where silence counts as yes: from the provider's first read until it can no longer object."
    )
    return_working_days: Clock = Field(description="From the end of a period until its return is late.")
    identity_days_after_closure: Annotated[Whole, Field(ge=0, le=3660)] = Field(
        description="Calendar days for which a provider still sees whose case it was, after closing it."
    )
    criteria: Criteria
    windows: DaysByBand = Field(description="By band: how many school days before it is free a place may be offered.")
    course_windows: DaysByBand = Field(description="By band: the same before a course begins, for its seats.")
    course_notice_school_days: Days = Field(description="A seat is offered no later than this before its course.")
    weights: WeightsByBand = Field(description="By band: what a school day of waiting weighs.")
    costs: Costs
    long_stop: LongStop | None = Field(description="Null: never.")
    fair_share: FairShare
    at_once: AtOnce
    sibling_claim_school_days: Days = Field(description="For how long siblings have a claim on the same practitioner.")
    confirm_batches: Annotated[bool, Field(strict=True)] = Field(
        description="Whether an officer confirms the plan of a batch before it takes effect."
    )
    approvers: Annotated[list[RoleName], Field(min_length=1, max_length=20), Distinct] = Field(
        description="The roles that may confirm a plan."
    )
    panel_circulation_working_days: Clock = Field(
        description="Before a panel's sitting: for its agenda to reach the members."
    )
    panel_access_days: Days = Field(description="Calendar days for which members read a sitting's items, after it.")
    exclusion_outcome_school_days: Clock = Field(
        description="From a school's pre-exclusion review until it says what became of it."
    )
    register_working_days: Clock = Field(
        2, description="From the end of a course's session until its register is late."
    )
    placement_outcome_working_days: Clock = Field(
        5, description="From the planned end of a placement until its outcome is late."
    )
    baseline_school_days: Clock = Field(description="From the first attended contact to the baseline reading.")
    plan_school_days: Clock = Field(description="From the first attended contact to the plan.")
    pause_weeks: Annotated[Whole, Field(ge=0, le=52)] = Field(
        description="School weeks for which the work with a family may be paused, in all."
    )
    pause_backdate_school_days: Days = Field(
        description="How many school days after its first day a pause, or the first day back, may still be recorded."
    )
    follow_up_school_days: Clock = Field(description="From the closure of completed work to its follow-up.")
    follow_up_window_school_days: Days = Field(
        description="How many school days before and after that day a follow-up may be done."
    )
    agreement_check_hours: Hours = Field(description="For an officer to check on a family that withdrew its agreement.")
    band_review_hours: Hours = Field(description="For an officer to answer a sender that asks for another band.")
    reminders: ByGroup = Field(description="How long before it is due whoever owes is reminded.")
    escalations: ByGroup = Field(description="How long after it was due the area's lead officer hears of it.")
    concern_hours: ConcernHours = Field(description="By kind of concern: for whoever it went to, to act on it.")
    attention: Annotated[list[AttentionRule], Field(max_length=MOST_RULES)] = Field(
        description="The rules by which facts ask an officer to look at a referral."
    )
    attention_working_days: Clock = Field(
        description="For an officer to look, where a rule asks for the band to be reviewed."
    )
    transfer_working_days: Clock = Field(
        description="For an officer to see that the authority that a child moved to has what it needs."
    )


_EXAMPLE: Final[dict[str, Any]] = {
    "effective_from": "2027-01-04",
    "summary_of_changes": "Providers now answer urgent offers within one working day.",
    "contact": "Family support team, 01632 960100",
    "content": Policy().content(),
}


class PolicyIn(In):
    """A policy that is to be published, whole. It cannot be changed or withdrawn afterwards."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    effective_from: Date = Field(description="Tomorrow at the earliest; no other version takes effect on that day.")
    summary_of_changes: LongText = Field(description="What it changes, in plain English, for the public.")
    contact: ShortText = Field(description="Whom to ask about it, for the public: a team, not a person.")
    content: PolicyContent

    def draft(self) -> Draft:
        """As the service takes it."""
        return Draft(self.effective_from, self.summary_of_changes, self.contact, self.content.model_dump(mode="json"))


class WithdrawalIn(In):
    """Why an announced version is withdrawn."""

    reason: Sentence = Field(description="For whoever reads the version: it stands on its page.")


class PolicyState(StrEnum):
    """Where a version stands today."""

    ANNOUNCED = "announced"
    IN_FORCE = "in_force"
    PAST = "past"
    WITHDRAWN = "withdrawn"


def state_on(
    today: date, effective_from: date, in_force_until: date | None, withdrawn_at: datetime | None
) -> PolicyState:
    """Where a version stands on a day, by its first day and its last, and whether it was withdrawn before."""
    if withdrawn_at is not None:
        return PolicyState.WITHDRAWN
    if effective_from > today:
        return PolicyState.ANNOUNCED
    return PolicyState.PAST if in_force_until is not None and in_force_until < today else PolicyState.IN_FORCE


class PolicyRow(Out):
    """A version in a list; its content is in the version itself."""

    id: UUID
    number: int = Field(description="1, 2, 3 ... in the order of publication.")
    state: PolicyState
    effective_from: Date = Field(description="Of one that was withdrawn: the day that it was announced for.")
    in_force_until: Date | None = Field(
        description="The last day before another version takes effect, so far as one is announced."
    )
    published_at: Moment | None = Field(description="Null for what was put in force before this was recorded.")
    withdrawn_at: Moment | None = Field(description="Set on a version that never takes effect.")
    summary_of_changes: str | None
    digest: str = Field(description="SHA-256 of the content, hexadecimal: decisions name the policy by it.")


class PolicyOut(Out):
    """A published version, whole: it never changes, but to be withdrawn before its day."""

    id: UUID
    number: int
    effective_from: Date
    published_at: Moment | None
    withdrawn_at: Moment | None
    withdrawal_reason: str | None
    summary_of_changes: str | None
    contact: str | None
    digest: str
    content: dict[str, Any] = Field(
        description="As it was published. A version from before a field existed lacks it, and has its default."
    )


class TransparencyRecordOut(Out):
    """The transparency record of a version, by the headings of the Algorithmic Transparency Recording Standard."""

    standard: str
    tier_1: dict[str, Any]
    tier_2: dict[str, Any]
