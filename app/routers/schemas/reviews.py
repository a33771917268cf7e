"""Reviews of an intervention over the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool

from app.access import Group
from app.domain.contacts import Present
from app.domain.reviews import GoalProgress, Proposal
from app.routers.schemas.base import In, LongText, Seen, ShortText
from app.routers.schemas.codes import Distinct
from app.routers.schemas.types import Date


class ReviewedGoalIn(In):
    """How far one goal of the plan has come."""

    goal_id: UUID
    progress: GoalProgress
    words: LongText | None = None


class ReviewIn(In):
    """What was found half-way, and how the work is to go on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "held_on": "2026-11-24",
                    "present": ["parent_or_carer", "school_staff"],
                    "going_well": "Mornings are calmer, and the bus is caught.",
                    "worries": "Mondays after a weekend away.",
                    "goals": [{"goal_id": "0192f0c4-7c1a-7b3e-8a55-0d6c2b9e4f10", "progress": "under_way"}],
                    "plan_changes": False,
                    "proposal": "continue",
                }
            ]
        }
    )

    held_on: Date
    present: Annotated[list[Present], Distinct] = Field(default_factory=list, max_length=8)
    agencies: list[ShortText] = Field(default_factory=list, max_length=20, description="Agencies present.")
    going_well: LongText | None = None
    worries: LongText | None = None
    goals: list[ReviewedGoalIn] = Field(
        default_factory=list, max_length=20, description="Goals of the plan, each at most once."
    )
    plan_changes: StrictBool = Field(description="Whether the plan is to change: put it as usual.")
    proposal: Proposal = Field(description="Proposes only: to extend or to close is an act of its own.")


class ReviewedGoalOut(Seen):
    """How far a goal had come on the day; its title as it was then."""

    goal_id: Annotated[UUID, Group.PROGRESS]
    title: Annotated[str, Group.PROGRESS]
    progress: Annotated[GoalProgress, Group.PROGRESS]
    words: Annotated[str | None, Group.CASEWORK]


class ReviewOut(Seen):
    """A review: goals and proposal for the school too, what was said for the provider and the authority."""

    id: Annotated[UUID, Group.PROGRESS]
    intervention_id: Annotated[UUID, Group.PROGRESS]
    held_on: Annotated[date, Group.PROGRESS]
    goals: Annotated[list[ReviewedGoalOut], Group.PROGRESS]
    plan_changes: Annotated[bool, Group.PROGRESS]
    proposal: Annotated[Proposal, Group.PROGRESS]
    recorded_at: Annotated[datetime, Group.PROGRESS]
    practitioner_id: Annotated[UUID | None, Group.CASEWORK]
    present: Annotated[list[Present], Group.CASEWORK]
    agencies: Annotated[list[str], Group.CASEWORK]
    going_well: Annotated[str | None, Group.CASEWORK]
    worries: Annotated[str | None, Group.CASEWORK]
