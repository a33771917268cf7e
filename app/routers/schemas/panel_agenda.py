"""What stands on an agenda, cut to what a panel's member may see; decisions, actions and minutes."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.access import Group
from app.domain.panels import Deciding, Effect, ItemKind, ItemSource, ItemState, PanelOutcome, Task
from app.routers.schemas.base import In, LongText, Out, Seen, ShortText
from app.routers.schemas.officers_acts import OfficerIn
from app.routers.schemas.panels import AttendeeOut, ItemMinutes
from app.routers.schemas.types import Date
from app.services.panels.deciding import Decided

_Public = Group.PUBLIC
_Identity = Group.IDENTITY
_Needs = Group.NEEDS
_Attendance = Group.ATTENDANCE
_Progress = Group.PROGRESS

_NO_ID: Final = "019a0000-0000-7000-8000-000000000000"


class BlockageIn(In):
    """Something that keeps families from support and is no referral. Name nobody here."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "No interpreter", "words": "Three families wait for one."}]}
    )

    title: ShortText
    words: LongText
    area_id: UUID | None = None
    minutes: ItemMinutes | None = None


class PlaceOnAgendaIn(In):
    """An item of the agenda and its time."""

    item_id: UUID
    minutes: ItemMinutes


class OrderIn(In):
    """The whole agenda, in its new order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [{"item_id": _NO_ID, "minutes": 10}]}]})

    items: list[PlaceOnAgendaIn] = Field(max_length=60)


class ConflictIn(In):
    """A member's interest in an item, for which it is left out of it. An officer says whose."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "The head is a relative of the family."}]})

    organisation_id: UUID | None = None
    note: LongText


class LaterFactIn(In):
    """What was learnt since the agenda was circulated."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"words": "The hearing was put off by a week."}]})

    words: LongText


class TaskIn(In):
    """What a decision asks of an organisation."""

    owner_id: UUID
    what: LongText
    due_on: Date


class DecisionIn(In):
    """What the panel decided of an item."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "outcome": "hold",
                    "reason": "The school nurse could not come.",
                    "decided_by": {"name": "Jo Sampleton"},
                }
            ]
        }
    )

    outcome: PanelOutcome
    reason: LongText
    decided_by: OfficerIn = Field(description="The person who speaks for the panel: a token is a machine's.")
    lot_id: UUID | None = Field(None, description="With `allocate`: of which lot a place is offered.")
    redirected_to: ShortText | None = Field(None, description="With `redirect`: where to.")
    question: LongText | None = Field(None, description="With `request_information`: what the sender is asked.")
    actions: list[TaskIn] = Field(default_factory=list, max_length=20)
    referral_version: int | None = Field(
        None, ge=1, description="Decide only if the referral is still at this version; 409 where it is not."
    )
    corrects_id: UUID | None = Field(
        None, description="An officer's: the decision that this one corrects, until the minutes are approved."
    )

    @model_validator(mode="after")
    def _corrects_what_it_read(self) -> "DecisionIn":
        if self.corrects_id is not None and self.referral_version is not None:
            raise PydanticCustomError(
                "version_or_correction", "A correction names the decision, not the referral's version."
            )
        return self

    def decided(self) -> Decided:
        """As the service takes it."""
        tasks = tuple(Task(one.owner_id, one.what, one.due_on) for one in self.actions)
        return Decided(
            Deciding(self.outcome, self.lot_id, self.redirected_to, self.question, tasks),
            self.reason,
            self.decided_by.officer(),
            self.corrects_id,
            self.referral_version,
        )


class ActionDoneIn(In):
    """That it was done."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "The nurse called on Monday."}]})

    note: LongText | None = None


class MinutesIn(In):
    """What is to stand in the minutes besides the record. Name nobody of a family."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"remarks": "The next sitting begins at ten."}]})

    remarks: LongText | None = None


class ApprovalIn(In):
    """Which draft is approved, by whom."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": 1, "approved_by": {"name": "Jo Sampleton", "role": "chair"}}]}
    )

    number: int = Field(ge=1, le=1000)
    approved_by: OfficerIn


class ItemPupilOut(Seen):
    """The child."""

    given_name: Annotated[str, _Identity]
    family_name: Annotated[str, _Identity]
    preferred_name: Annotated[str | None, _Identity]
    date_of_birth: Annotated[date, _Identity]


class ItemContactOut(Seen):
    """Someone of the family."""

    name: Annotated[str, _Identity]
    relationship: Annotated[str, _Identity]
    parental_responsibility: Annotated[bool | None, _Identity]
    phones: Annotated[list[str], _Identity]


class ItemAttendanceOut(Seen):
    """Sessions over some dates."""

    period_starts_on: Annotated[date, _Attendance]
    period_ends_on: Annotated[date, _Attendance]
    sessions_possible: Annotated[int, _Attendance]
    sessions_attended: Annotated[int, _Attendance]


class ItemSuspensionsOut(Seen):
    """Suspensions over some dates."""

    period_starts_on: Annotated[date, _Attendance]
    period_ends_on: Annotated[date, _Attendance]
    suspension_count: Annotated[int, _Attendance]
    sessions_lost: Annotated[int, _Attendance]


class ItemGoalOut(Seen):
    """A goal of earlier work."""

    title: Annotated[str, _Progress]
    result: Annotated[str | None, _Progress]


class EarlierWorkOut(Seen):
    """Work with the family on this referral before."""

    started_on: Annotated[date | None, _Progress]
    closed_on: Annotated[date | None, _Progress]
    outcome: Annotated[str | None, _Progress]
    contact_count: Annotated[int, _Progress]
    attended_count: Annotated[int, _Progress]
    goals: Annotated[list[ItemGoalOut], _Progress]


class ItemReferralOut(Seen):
    """A referral as it was when the agenda was circulated."""

    reference: Annotated[str, _Public]
    received_at: Annotated[datetime, _Public]
    referral_version: Annotated[int, _Public, Field(description="Of the referral, when this was frozen.")]
    area_name: Annotated[str | None, _Public]
    referring_organisation_name: Annotated[str, _Public]
    school_name: Annotated[str | None, _Public]
    band: Annotated[str, _Public]
    year_group: Annotated[str, _Needs]
    key_stage: Annotated[str, _Needs]
    need_codes: Annotated[list[str], _Needs]
    language: Annotated[str, _Needs]
    interpreter_needed: Annotated[bool, _Needs]
    modes: Annotated[list[str], _Needs]
    visit_risk_level: Annotated[str, _Needs]
    needs: Annotated[list[dict[str, Any]], _Identity]
    pupil: Annotated[ItemPupilOut, _Identity]
    contacts: Annotated[list[ItemContactOut], _Identity]
    address: Annotated[dict[str, Any], _Identity, Field(description="Empty where it is confidential.")]
    child_view: Annotated[str | None, _Identity]
    parent_view: Annotated[str | None, _Identity]
    words: Annotated[str, _Identity, Field(description="Why it is before the panel.")]
    attendance: Annotated[list[ItemAttendanceOut], _Attendance]
    suspensions: Annotated[list[ItemSuspensionsOut], _Attendance]
    earlier_work: Annotated[list[EarlierWorkOut], _Progress]


class ReviewedPupilOut(Seen):
    """The child of a review."""

    given_name: Annotated[str, _Identity]
    family_name: Annotated[str, _Identity]


class ItemReviewOut(Seen):
    """A school's pre-exclusion review as it was when the agenda was circulated."""

    reference: Annotated[str, _Public]
    school_name: Annotated[str, _Public]
    held_on: Annotated[date, _Public]
    cause: Annotated[str, _Needs]
    year_group: Annotated[str, _Needs]
    cause_words: Annotated[str | None, _Identity]
    pupil: Annotated[ReviewedPupilOut, _Identity]
    pupil_voice: Annotated[str | None, _Identity]
    family_voice: Annotated[str | None, _Identity]
    factors: Annotated[list[dict[str, Any]], _Identity]
    support_exhausted: Annotated[list[dict[str, Any]], _Identity]
    decision: Annotated[str | None, _Identity]
    decision_words: Annotated[str | None, _Identity]
    governors_meet_on: Annotated[date | None, _Identity]
    words: Annotated[str, _Identity]


class ItemBlockageOut(Seen):
    """What stands in families' way, as it was when the agenda was circulated."""

    title: Annotated[str, _Public]
    area_name: Annotated[str | None, _Public]
    words: Annotated[str, _Public]


class ItemContentOut(Seen):
    """What was frozen: one of the three."""

    referral: Annotated[ItemReferralOut | None, _Public]
    pre_exclusion_review: Annotated[ItemReviewOut | None, _Public]
    blockage: Annotated[ItemBlockageOut | None, _Public]


class LaterFactOut(Seen):
    """What was learnt since circulation."""

    at: Annotated[datetime, _Identity]
    words: Annotated[str, _Identity]


class ConflictOut(Seen):
    """A member that is left out of the item."""

    organisation_id: Annotated[UUID, Group.DECISIONS]
    note: Annotated[str, Group.DECISIONS]
    at: Annotated[datetime, Group.DECISIONS]


class ItemOut(Seen):
    """An item of an agenda. Its content is there from circulation on, as it was then."""

    id: Annotated[UUID, _Public]
    panel_id: Annotated[UUID, _Public]
    sitting_id: Annotated[UUID, _Public]
    position: Annotated[int, _Public]
    minutes: Annotated[int, _Public]
    kind: Annotated[ItemKind, _Public]
    state: Annotated[ItemState, _Public]
    version: Annotated[int, _Public]
    source: Annotated[ItemSource, _Public]
    area_id: Annotated[UUID | None, _Public]
    listed_at: Annotated[datetime, _Public]
    carried_from_id: Annotated[UUID | None, _Public]
    content: Annotated[ItemContentOut | None, _Public]
    later_facts: Annotated[list[LaterFactOut], _Identity]
    title: Annotated[str | None, Group.DECISIONS]
    words: Annotated[str, Group.DECISIONS]
    referral_id: Annotated[UUID | None, Group.DECISIONS]
    review_id: Annotated[UUID | None, Group.DECISIONS]
    listed_by_id: Annotated[UUID, Group.DECISIONS]
    conflicts: Annotated[list[ConflictOut], Group.DECISIONS]
    referral_state: Annotated[
        str | None, Group.DECISIONS, Field(description="Where the referral stands now: later than what was frozen.")
    ]
    referral_version: Annotated[int | None, Group.DECISIONS]


class ActionOut(Out):
    """What a panel asked of an organisation."""

    id: UUID
    sitting_id: UUID
    item_id: UUID
    decision_id: UUID
    owner_id: UUID
    what: str
    due_on: date
    state: str = Field(description="`open`, `done`, or `dropped` where the decision was corrected.")
    done_at: datetime | None
    done_note: str | None
    version: int


class DecisionDetailOut(Out):
    """What the outcome needed, and what it made."""

    lot_id: UUID | None
    redirected_to: str | None
    question: str | None
    offer_id: UUID | None


class DecisionOut(Out):
    """What a panel decided of an item, and what came of it."""

    id: UUID
    sitting_id: UUID
    item_id: UUID
    corrects_id: UUID | None
    stands: bool = Field(description="False where a later decision corrects it.")
    outcome: PanelOutcome
    effect: Effect
    reason: str
    detail: DecisionDetailOut
    decided_at: datetime
    decided_by_name: str
    decided_by_role: str | None
    organisation_id: UUID
    actions: list[ActionOut]


class MinutesAttendeeOut(AttendeeOut):
    """One person in the minutes."""

    organisation_name: str


class MinutesContentOut(Out):
    """The open part: who met, and how often which outcome was reached."""

    number: int
    panel_name: str
    sits_on: date
    chair_name: str
    attendance: list[MinutesAttendeeOut]
    quorate: bool | None
    quorum_note: str | None
    outcome_counts: dict[str, int]
    remarks: str | None


class MinutesActionOut(Out):
    """An action in the minutes."""

    owner_name: str
    what: str
    due_on: date


class MinutesItemOut(Out):
    """An item of the closed part: by reference and initials."""

    kind: ItemKind
    title: str
    initials: str | None
    year_group: str | None
    outcome: str
    effect: str | None
    reason: str | None
    redirected_to: str | None
    question: str | None
    decided_by: str | None
    actions: list[MinutesActionOut]


class MinutesOut(Out):
    """Minutes of a sitting, frozen when they were drafted."""

    id: UUID
    sitting_id: UUID
    number: int
    state: str = Field(description="`draft` or `approved`.")
    drafted_at: datetime
    approved_at: datetime | None
    approved_by_name: str | None
    approved_by_role: str | None
    content: MinutesContentOut
    items: list[MinutesItemOut] = Field(max_length=60, description="Those that you may read.")
