"""Interventions over the wire: as each party sees one, and the acts that turn it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.access import Group, Kind, party_of
from app.domain.household_case import as_member_sees
from app.domain.interventions import CLOSING_OUTCOMES, GoalResult, available_actions
from app.domain.pauses import PauseReason
from app.domain.vocabulary import ClosureOutcome, ClosureReason
from app.routers.schemas.base import In, LongText, Public, Seen, ShortText, show
from app.routers.schemas.types import Date
from app.services.interventions.case import case_of


class SignpostOut(Seen):
    """A service that the family was pointed to."""

    name: Annotated[str, Group.PROGRESS]
    url: Annotated[str | None, Group.PROGRESS]


class CaseClosureOut(Seen):
    """How the work ended, for the school as for the authority."""

    what_changed: Annotated[str | None, Group.PROGRESS]
    signposted: Annotated[list[SignpostOut], Group.PROGRESS]
    family_words: Annotated[
        str | None, Group.PROGRESS, Field(description="What the family said; kept only with its consent.")
    ]


class PauseOut(Seen):
    """Days on which the work stands still."""

    id: Annotated[UUID, Group.PROGRESS]
    reason: Annotated[PauseReason, Group.PROGRESS]
    note: Annotated[str | None, Group.CASEWORK]
    starts_on: Annotated[date, Group.PROGRESS]
    expected_last_on: Annotated[date, Group.PROGRESS, Field(description="The last day that was expected, included.")]
    resumed_on: Annotated[date | None, Group.PROGRESS, Field(description="The first day back; null while it lasts.")]
    school_days: Annotated[
        int, Group.PROGRESS, Field(description="By how many it moved the planned end: as expected until it is over.")
    ]


class InterventionOut(Seen):
    """One family's work with a provider, from acceptance to close."""

    id: Annotated[UUID, Public]
    referral_id: Annotated[UUID, Public, Field(description="The referral holds the names, for those who may see them.")]
    referral_ids: Annotated[
        list[UUID],
        Public,
        Field(description="The open referrals that it serves, as far as you may see them: siblings may share it."),
    ]
    provider_id: Annotated[UUID, Public]
    lot_id: Annotated[UUID, Public]
    school_id: Annotated[UUID | None, Public]
    practitioner_id: Annotated[UUID | None, Public]
    state: Annotated[Literal["planned", "active", "paused", "closed"], Public]
    version: Annotated[int, Public, Field(description="The number in the ETag.")]
    accepted_at: Annotated[datetime, Public]
    updated_at: Annotated[datetime, Public]
    safety_acknowledged_at: Annotated[datetime | None, Public]
    started_on: Annotated[date | None, Public, Field(description="The first attended contact: volume is used from it.")]
    planned_start_on: Annotated[
        date, Public, Field(description="The day of acceptance, or the later one on which the place is free.")
    ]
    planned_end_on: Annotated[date, Public, Field(description="The first day that the place no longer covers.")]
    closed_on: Annotated[date | None, Public]
    outcome: Annotated[ClosureOutcome | None, Public]
    close_reason: Annotated[ClosureReason | None, Public]
    pauses: Annotated[list[PauseOut], Group.PROGRESS, Field(description="In order; one without `resumed_on` lasts.")]
    closure: Annotated[CaseClosureOut | None, Group.PROGRESS]
    available_actions: Annotated[
        list[str], Public, Field(description="What the caller may do now, as paths' last parts.")
    ]


def intervention_as_seen(row: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """An intervention's row as a caller of this kind sees it."""
    if row["part"] is not None:
        row = as_member_sees(row, row["part"])
    values = {
        **row,
        "closure": row["closure_summary"],
        "available_actions": available_actions(case_of(row), kind),
    }
    return show(InterventionOut, party_of(kind), values)


class SafetyIn(In):
    """Both must be stated: what was not read is not acknowledged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"safe_contact": True, "visit_risks": True}]})

    safe_contact: Literal[True] = Field(description="The do-not-contact list, safe times and channels were read.")
    visit_risks: Literal[True] = Field(description="The risks of a visit were read.")


class ExtendIn(In):
    """More school weeks, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"weeks": 2, "reason": "Two visits were missed through illness."}]}
    )

    weeks: Annotated[int, Field(strict=True, ge=1, le=52, description="School weeks; holidays use none up.")]
    reason: LongText


class PauseIn(In):
    """Why the work stands still, and for which days."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "family_away",
                    "note": "Away to look after a grandparent; back after half-term.",
                    "starts_on": "2026-11-23",
                    "expected_last_on": "2026-12-04",
                }
            ]
        }
    )

    reason: PauseReason
    note: LongText | None = Field(None, description="Why, in words: for the provider and the authority.")
    starts_on: Date = Field(description="The first day without work: today, the next school day, or a few days ago.")
    expected_last_on: Date = Field(description="The last one, included, as far as you know.")


class ResumeIn(In):
    """When the work goes on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"resumed_on": "2026-12-01"}]})

    resumed_on: Date | None = Field(None, description="The first day back, not yet to come: today unless stated.")


class GoalResultIn(In):
    """What became of one goal of the plan."""

    goal_id: UUID
    result: GoalResult


class SignpostIn(In):
    """A service that the family was pointed to."""

    name: ShortText
    url: Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s]+$")] | None = None


class FamilyWordsIn(In):
    """The family's own words. Without consent they are not sent."""

    text: LongText
    consent: Literal[True] = Field(description="The family agreed that its words are kept and shown.")


class SummaryIn(In):
    """What the school and the authority read about how it went."""

    what_changed: LongText | None = Field(None, description="Required once a contact was attended.")
    signposted: list[SignpostIn] = Field(default_factory=list, max_length=20)
    family_words: FamilyWordsIn | None = None


class ChildsEndingIn(In):
    """How a shared case ended for one of its children."""

    referral_id: UUID
    outcome: ClosureOutcome = Field(json_schema_extra={"enum": list(CLOSING_OUTCOMES)})
    reason: ClosureReason


class LeaveIn(ChildsEndingIn):
    """One child's part in a shared case ends; the case goes on."""

    note: LongText | None = Field(None, description="Why, in words.")


class CloseIn(In):
    """The end of the work: outcome and reason in codes, a result for every goal of the plan, and a summary."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "outcome": "completed",
                    "reason": "plan_completed",
                    "goals": [{"goal_id": "0192f0c4-7c1a-7b3e-8a55-0d6c2b9e4f10", "result": "partly"}],
                    "summary": {
                        "what_changed": "Mornings have a routine that everybody keeps to.",
                        "signposted": [{"name": "Saturday family club (made up)"}],
                        "family_words": {"text": "We are calmer now.", "consent": True},
                    },
                }
            ]
        }
    )

    outcome: ClosureOutcome = Field(
        description="One of " + ", ".join(CLOSING_OUTCOMES) + ".", json_schema_extra={"enum": list(CLOSING_OUTCOMES)}
    )
    reason: ClosureReason
    goals: list[GoalResultIn] = Field(default_factory=list, max_length=20)
    children: list[ChildsEndingIn] = Field(
        default_factory=list,
        max_length=20,
        description="Of a case that brothers and sisters share: the children for whom it ended otherwise.",
    )
    summary: SummaryIn
    note: LongText | None = Field(None, description="Why it ended so, in words.")
