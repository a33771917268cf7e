"""Panels and their sittings in requests and answers."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.domain.panels import SittingState
from app.routers.schemas.base import In, LongText, Out, ShortText
from app.routers.schemas.officers_acts import OfficerIn
from app.routers.schemas.types import Date, Moment
from app.services.panels.meeting import Attendance, Attendee, Presence

ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Members = Annotated[list[UUID], Field(min_length=1, max_length=40)]
Weekday = Annotated[int, Field(ge=1, le=5, description="1 is Monday, 5 Friday.")]
EveryWeeks = Annotated[int, Field(ge=1, le=12)]
ItemMinutes = Annotated[int, Field(ge=1, le=120)]

_NO_ID: Final = "019a0000-0000-7000-8000-000000000000"
_EXAMPLE: Final[dict[str, Any]] = {
    "name": "North hot clinic",
    "area_id": None,
    "officers": [{"name": "Robin Exemplar", "role": "area lead"}],
    "member_ids": [_NO_ID],
    "weekday": 3,
    "every_weeks": 2,
    "first_on": "2026-09-09",
    "starts_at": "09:30",
    "minutes_per_item": 10,
}


class PanelIn(In):
    """A regular meeting of several agencies, of an area or, without one, of the whole authority."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: ShortText
    area_id: UUID | None = None
    officers: list[OfficerIn] = Field(min_length=1, max_length=10, description="Who runs it at the authority.")
    member_ids: Members = Field(description="Agencies and schools. Providers have no seat.")
    chair_order: Members | None = Field(
        None,
        description="Members, or the authority's own organisation, in the order in which they take the chair; all the"
        " members in theirs unless told.",
    )
    weekday: Weekday
    every_weeks: EveryWeeks = 1
    first_on: Date = Field(description="From when on, and the week from which the weeks are counted.")
    starts_at: ClockTime = Field(description="By the clock on the wall in England.")
    minutes_per_item: ItemMinutes = 10

    @model_validator(mode="after")
    def _each_once(self) -> "PanelIn":
        _once(self.member_ids, self.chair_order)
        return self

    def facts(self) -> dict[str, Any]:
        """As the service takes it."""
        facts = self.model_dump()
        return {**facts, "chair_order": facts["chair_order"] or facts["member_ids"]}


class PanelChangeIn(In):
    """What changes of a panel. Its sittings to come have its new members; their days stay."""

    name: ShortText | None = None
    officers: list[OfficerIn] | None = Field(None, min_length=1, max_length=10)
    member_ids: Members | None = None
    chair_order: Members | None = None
    weekday: Weekday | None = None
    every_weeks: EveryWeeks | None = None
    first_on: Date | None = None
    starts_at: ClockTime | None = None
    minutes_per_item: ItemMinutes | None = None
    active: bool | None = Field(None, description="False: it meets no more, and nothing further is sent to it.")

    @model_validator(mode="after")
    def _each_once(self) -> "PanelChangeIn":
        if any(getattr(self, name) is None for name in self.model_fields_set):
            raise PydanticCustomError("null", "These fields cannot be emptied: leave out what stays.")
        _once(self.member_ids, self.chair_order)
        return self

    def facts(self) -> dict[str, Any]:
        """As the service takes it: what was sent."""
        return self.model_dump(include=self.model_fields_set)


def _once(*lists: list[UUID] | None) -> None:
    if any(named is not None and len(named) != len(set(named)) for named in lists):
        raise PydanticCustomError("repeated", "Name each organisation once.")


class PersonOut(Out):
    """A person who runs a panel."""

    name: str
    role: str | None


class PanelOut(Out):
    """A regular meeting of several agencies."""

    id: UUID
    name: str
    area_id: UUID | None
    officers: list[PersonOut]
    member_ids: list[UUID]
    chair_order: list[UUID]
    weekday: int
    every_weeks: int
    first_on: date
    starts_at: str
    minutes_per_item: int
    active: bool
    version: int


class SittingsIn(In):
    """Which sittings to make: by the rule until a day, or one on a day of its own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "2026-12-18"}]})

    until: Date | None = Field(None, description="By the panel's rule, up to this day, that day included.")
    on: Date | None = Field(None, description="One sitting, on this day.")
    starts_at: ClockTime | None = Field(None, description="With `on`: another time than usual.")

    @model_validator(mode="after")
    def _one_of_both(self) -> "SittingsIn":
        if (self.until is None) == (self.on is None):
            raise PydanticCustomError("until_or_on", "State either `until` or `on`.")
        return self


class MoveIn(In):
    """To which day a sitting is moved, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": "2026-11-26", "reason": "The room is taken."}]})

    on: Date
    starts_at: ClockTime | None = None
    reason: LongText


class ReasonIn(In):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Too few of the members can come."}]})

    reason: LongText


class ChairIn(In):
    """Who takes the chair of this sitting instead, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"chair_id": _NO_ID, "reason": "A conflict of dates."}]})

    chair_id: UUID
    reason: LongText


class AttendeeIn(In):
    """One person of a member, and whether they came."""

    organisation_id: UUID
    name: ShortText
    role: ShortText | None = None
    state: Presence


class AttendanceIn(In):
    """Who came, and whether they were enough to decide."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"attendance": [], "quorate": True}]})

    attendance: list[AttendeeIn] = Field(max_length=100)
    quorate: bool
    quorum_note: ShortText | None = None

    def attended(self) -> Attendance:
        """As the service takes it."""
        people = [Attendee(one.organisation_id, one.name, one.role, one.state) for one in self.attendance]
        return Attendance(people, self.quorate, self.quorum_note)


class ChangeOut(Out):
    """What was changed of a sitting, and why."""

    at: datetime
    what: Literal["moved", "cancelled", "chair"]
    reason: str


class AttendeeOut(Out):
    """One person of a member, and whether they came."""

    organisation_id: UUID
    name: str
    role: str | None
    state: Presence


class CandidateOut(Out):
    """A referral that a rule asks to have put before a panel."""

    model_config = ConfigDict(extra="ignore")

    referral_id: UUID
    reference: str
    area_id: UUID | None
    rule: str
    plain_english: str = Field(description="What the rule found, as the policy says it.")
    starts_on: Date
    ends_on: Date
    raised_at: Moment


class CandidatesOut(Out):
    """What asks for a panel."""

    data: list[CandidateOut]


class SittingOut(Out):
    """One meeting of a panel. It says nothing of any family."""

    id: UUID
    panel_id: UUID
    state: SittingState
    version: int
    planned_on: date
    sits_on: date
    sits_at: datetime
    turn_id: UUID = Field(description="Whose turn the chair is, by the panel's order.")
    chair_id: UUID = Field(description="Who takes it.")
    member_ids: list[UUID]
    changes: list[ChangeOut]
    circulated_at: datetime | None
    access_until: date | None = Field(description="The last day on which its members read its items.")
    held_at: datetime | None
    attendance: list[AttendeeOut]
    quorate: bool | None
    quorum_note: str | None


class SittingsOut(Out):
    """The sittings that were made; none where all were there already."""

    data: list[SittingOut] = Field(max_length=200)


class ToPanelIn(In):
    """Why a referral goes before a panel, and which: that of its area, or of the authority, unless told."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "Two services know the family.", "officer": {"name": "Robin Exemplar"}}]
        }
    )

    panel_id: UUID | None = None
    reason: LongText
    officer: OfficerIn
