"""Placements in requests and answers."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.placements import (
    MOST_WEEKS,
    Basis,
    PlacementOutcome,
    PlacementRefusal,
    PlacementState,
    PlacementWithdrawal,
    ReviewDecision,
)
from app.routers.schemas.base import In, LongText, Out
from app.routers.schemas.codes import Whole
from app.routers.schemas.types import Date, Moment
from app.services.placements.ask import NewPlacement

Weeks = Annotated[Whole, Field(ge=1, le=MOST_WEEKS, description="School weeks: holidays use none up.")]


class PlacementIn(In):
    """A placement that is asked for, of the pupil of a referral."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "service_id": "019a0000-0000-7000-8000-000000000003",
                    "referral_id": "019a0000-0000-7000-8000-000000000004",
                    "basis": "agreed",
                    "starts_on": "2034-01-10",
                    "weeks": 6,
                }
            ]
        }
    )

    service_id: UUID = Field(description="A service of the format `placement`.")
    referral_id: UUID
    basis: Basis
    starts_on: Date = Field(description="A day on which the pupil's school is open.")
    weeks: Weeks
    parents_told_on: Date | None = Field(
        None, description="When the parents were told in writing; of a direction two school days before it, or more."
    )
    review_on: Date | None = Field(None, description="Left out: half way.")
    registered_school_id: UUID | None = Field(
        None, description="Where the unit is a school at which the pupil is registered too (dual registration)."
    )

    def new_placement(self) -> NewPlacement:
        """As the service takes it."""
        return NewPlacement(**self.model_dump())


class ParentsToldIn(In):
    """When the parents were told in writing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parents_told_on": "2026-11-03"}]})

    parents_told_on: Date


class PlacementDeclineIn(In):
    """Why the unit does not take the pupil."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "unsuitable"}]})

    reason: PlacementRefusal


class PlacementWithdrawIn(In):
    """Why the school takes the placement back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "parents_object"}]})

    reason: PlacementWithdrawal


class PlacementDay(In):
    """A day of the placement: whether the pupil was there in the morning, and in the afternoon."""

    on: Date
    morning: Annotated[bool, Field(strict=True)]
    afternoon: Annotated[bool, Field(strict=True)]


class PlacementDaysIn(In):
    """Days of the placement that have come; one that was recorded before is put right."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"days": [{"on": "2026-11-10", "morning": True, "afternoon": False}]}]}
    )

    days: list[PlacementDay] = Field(min_length=1, max_length=100)


class PlacementReviewIn(In):
    """What a review found, and when the next one is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"held_on": "2026-11-17", "decision": "continue"}]})

    held_on: Date
    decision: ReviewDecision
    note: LongText | None = None
    next_review_on: Date | None = Field(None, description="Left out: there is none.")


class ReturnPlanIn(In):
    """How the pupil comes back to school."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"plan": "Mornings first, with a named adult.", "planned_on": "2026-11-17"}]}
    )

    plan: LongText
    planned_on: Date


class PlacementExtendIn(In):
    """More school weeks, within twenty in all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"weeks": 2}]})

    weeks: Weeks


class PlacementEndIn(In):
    """What became of the pupil, and the last day there."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "broke_down", "ended_on": "2026-11-17"}]})

    outcome: PlacementOutcome
    ended_on: Date


class PlacementReviewOut(Out):
    """What a review found."""

    id: UUID
    held_on: Date
    decision: ReviewDecision
    note: str | None
    next_review_on: date | None
    recorded_by_id: UUID


class PlacementRow(Out):
    """A pupil's placement at a unit."""

    id: UUID
    lot_id: UUID
    provider_id: UUID
    provider_name: str
    referral_id: UUID | None = Field(description="Null for who may not see the referral.")
    school_id: UUID
    pupil_name: str | None = Field(description="The provider reads it once it has agreed.")
    state: PlacementState
    reason: str | None = Field(description="Why it was declined or withdrawn.")
    basis: Basis
    starts_on: Date
    ends_on: Date = Field(description="The first day after it.")
    weeks: int
    parents_told_on: date | None
    review_on: date | None = Field(description="The next review.")
    registered_school_id: UUID | None
    attendance_code: Literal["D", "B"] = Field(
        description="What the pupil's own school enters for sessions at the unit: `D` when registered there too."
    )
    reintegration_plan: str | None
    reintegration_planned_on: date | None
    first_attended_on: date | None = Field(description="Volume is used from it.")
    days_attended_count: int
    days_recorded_count: int
    outcome: PlacementOutcome | None
    ended_on: date | None
    requested_at: Moment
    updated_at: Moment
    version: int = Field(description="The number in the ETag.")


class PlacementOut(PlacementRow):
    """A pupil's placement, with its reviews and the days there."""

    reviews: list[PlacementReviewOut] = Field(max_length=60)
    days: list[PlacementDay] = Field(max_length=120)
