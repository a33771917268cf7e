"""Acts about a household: joining a case, changing school, moving away, and an officer's own close."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.access import Group
from app.domain.vocabulary import ClosureOutcome, ClosureReason
from app.routers.schemas.base import In, LongText, Out, Seen, ShortText
from app.routers.schemas.officers_acts import OfficerIn
from app.services.referrals.closing import OFFICERS_OUTCOMES
from app.services.referrals.school_changes import NewSchool
from app.services.referrals.transfers import Move

_Identity = Group.IDENTITY
_OFFICER: Final[dict[str, Any]] = {"name": "Robin Exemplar", "role": "officer"}


class JoinCaseIn(In):
    """The running case that a child is to join, and why."""

    intervention_id: UUID
    officer: OfficerIn
    reason: LongText


class ChangeSchoolIn(In):
    """The school that the child goes to, from a day on: one of this authority, by id or URN."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"urn": "900002", "starts_on": "2027-01-04"}]})

    school_id: UUID | None = None
    urn: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    starts_on: date = Field(description="The first day on its roll; a later day than today takes effect at midnight.")
    mis_id: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="The pupil's key in the new school's system."
    )

    @model_validator(mode="after")
    def _names_one_school(self) -> "ChangeSchoolIn":
        if (self.school_id is None) == (self.urn is None):
            raise PydanticCustomError("one_school", "Name the school by its id or by its URN.")
        return self

    def new_school(self) -> NewSchool:
        """In the service's terms."""
        return NewSchool(self.starts_on, self.school_id, self.urn, self.mis_id)


class TransferIn(In):
    """The authority that the child moved to, and whether the work ends with it or is finished here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "home_la_code": "340",
                    "moved_on": "2026-11-02",
                    "plan": "end",
                    "consent": "given",
                    "note": "The family has moved to be near grandparents.",
                    "officer": _OFFICER,
                }
            ]
        }
    )

    home_la_code: Annotated[str, Field(pattern=r"^[0-9]{3}$", description="The DfE code of the receiving authority.")]
    moved_on: date
    plan: Literal["end", "finish_here"]
    consent: Literal["given", "refused"] = Field(description="Whether the family agrees that a summary is passed on.")
    note: LongText
    officer: OfficerIn

    def move(self) -> Move:
        """In the service's terms."""
        return Move(self.home_la_code, self.moved_on, self.plan, self.consent, self.note, self.officer.officer())


class ConfirmTransferIn(In):
    """Who has it at the receiving authority, and who saw to that."""

    received_by: ShortText = Field(description="A team, or a person's post.")
    officer: OfficerIn


class CloseReferralIn(In):
    """How an officer ends a referral, and why."""

    outcome: ClosureOutcome = Field(json_schema_extra={"enum": list(OFFICERS_OUTCOMES)})
    reason: ClosureReason
    note: LongText
    officer: OfficerIn


class TransferSummaryOut(Out):
    """What goes to the authority that a child moved to, with the family's agreement: a file, which nobody is sent."""

    format: str
    made_on: date
    to_la_code: str
    moved_on: date
    plan: str
    consent: str
    referral_reference: str
    received_at: datetime
    pupil: dict[str, Any]
    contacts: list[dict[str, Any]]
    address: dict[str, Any] | None
    needs: list[dict[str, Any]]
    child_view: str | None
    parent_view: str | None
    work: dict[str, Any] | None
    note: str


class HouseholdMemberOut(Seen):
    """A child of the household who has been referred, and the referral."""

    referral_id: Annotated[UUID, _Identity]
    reference: Annotated[str, _Identity]
    state: Annotated[str, _Identity]
    pupil_id: Annotated[UUID, _Identity]
    given_name: Annotated[str | None, _Identity]
    family_name: Annotated[str | None, _Identity]
    date_of_birth: Annotated[date | None, _Identity]
    year_group: Annotated[str, _Identity]
    school_id: Annotated[UUID | None, _Identity]
    school_name: Annotated[str | None, _Identity]
    agreement_status: Annotated[str, _Identity]
    safe_contact: Annotated[dict[str, Any], _Identity]
    visit_risks: Annotated[dict[str, Any], _Identity]
    intervention_id: Annotated[UUID | None, _Identity]


class HouseholdChildOut(Seen):
    """Another child of the household, such as one who is on no roll yet."""

    name: Annotated[str, _Identity]
    date_of_birth: Annotated[date | None, _Identity]
    relationship: Annotated[str, _Identity]
    under_five: Annotated[bool | None, _Identity]


class HouseholdContactOut(Seen):
    """A parent, carer or other person to reach."""

    household_id: Annotated[UUID, _Identity]
    position: Annotated[int, _Identity]
    name: Annotated[str, _Identity]
    relationship: Annotated[str, _Identity]
    parental_responsibility: Annotated[bool | None, _Identity]
    lives_with_child: Annotated[bool | None, _Identity]
    phones: Annotated[list[str], _Identity]
    email: Annotated[str | None, _Identity]
    language: Annotated[str | None, _Identity]
    interpreter_needed: Annotated[bool, _Identity]
    accessibility: Annotated[str | None, _Identity]


class HouseholdHomeOut(Seen):
    """A home of the family, as its referrals tell of it. A provider is not told an address that is confidential."""

    id: Annotated[UUID, _Identity]
    home_language: Annotated[str | None, _Identity]
    interpreter_needed: Annotated[bool, _Identity]
    address: Annotated[dict[str, Any], _Identity]
    address_confidential: Annotated[bool, _Identity]


class HouseholdGoalOut(Seen):
    """A goal of the family's plan."""

    position: Annotated[int, Group.PROGRESS]
    title: Annotated[str, Group.PROGRESS]
    owner: Annotated[str, Group.PROGRESS]
    due_on: Annotated[date | None, Group.PROGRESS]
    result: Annotated[str | None, Group.PROGRESS]


class HouseholdCaseOut(Seen):
    """A case of the family."""

    intervention_id: Annotated[UUID, Group.PROGRESS]
    provider_id: Annotated[UUID, Group.PROGRESS]
    provider_name: Annotated[str, Group.PROGRESS]
    state: Annotated[str, Group.PROGRESS]
    started_on: Annotated[date | None, Group.PROGRESS]
    planned_end_on: Annotated[date, Group.PROGRESS]
    goals: Annotated[list[HouseholdGoalOut], Group.PROGRESS]


class FamilyOut(Seen):
    """The whole family, as far as the caller may see it: brothers and sisters are found by what links them."""

    id: Annotated[UUID, _Identity]
    homes: Annotated[list[HouseholdHomeOut], _Identity]
    members: Annotated[list[HouseholdMemberOut], _Identity]
    other_children: Annotated[list[HouseholdChildOut], _Identity]
    contacts: Annotated[list[HouseholdContactOut], _Identity]
    cases: Annotated[list[HouseholdCaseOut], _Identity]
