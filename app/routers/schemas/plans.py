"""The plan and its goals over the wire."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.access import Group
from app.domain.interventions import GoalResult
from app.routers.schemas.base import In, LongText, Public, Seen, ShortText
from app.routers.schemas.codes import NeedKey
from app.routers.schemas.returns import WarningOut
from app.routers.schemas.types import Date


class GoalOwner(StrEnum):
    """Who works towards a goal: a part, never a name."""

    CHILD = "child"
    PARENT_OR_CARER = "parent_or_carer"
    FAMILY = "family"
    PRACTITIONER = "practitioner"
    SCHOOL = "school"
    AGENCY = "agency"


class GoalIn(In):
    """A goal; with the id it has, or without one when it is new."""

    id: UUID | None = None
    title: ShortText
    need_code: NeedKey | None = None
    owner: GoalOwner
    due_on: Date | None = Field(
        None,
        description="From the day that the plan was agreed, and within a year. A day after the planned end is taken,"
        " with a warning.",
    )
    progress: LongText | None = Field(None, description="How it stands, in the plan's own words.")


class PlanIn(In):
    """The whole plan: a goal that is left out is taken away."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "agreed_on": "2026-11-24",
                    "review_on": "2026-12-14",
                    "goals": [
                        {
                            "title": "In school by the bell, four days in five",
                            "need_code": "attendance",
                            "owner": "family",
                        }
                    ],
                }
            ]
        }
    )

    agreed_on: Date
    review_on: Date | None = None
    family_words: LongText | None = None
    goals: list[GoalIn] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _review_follows(self) -> Self:
        if self.review_on is not None and self.review_on < self.agreed_on:
            raise PydanticCustomError("review_before_plan", "A plan is reviewed after it was agreed.")
        return self


class GoalOut(Seen):
    """A goal, and at the close its result."""

    id: Annotated[UUID, Group.PROGRESS]
    title: Annotated[str, Group.PROGRESS]
    need_code: Annotated[str | None, Group.PROGRESS]
    owner: Annotated[GoalOwner, Group.PROGRESS]
    due_on: Annotated[date | None, Group.PROGRESS]
    progress: Annotated[str | None, Group.PROGRESS]
    result: Annotated[GoalResult | None, Group.PROGRESS]


class PlanOut(Seen):
    """The plan agreed with the family; version 0, without goals, until there is one."""

    intervention_id: Annotated[UUID, Public]
    version: Annotated[int, Public, Field(description="The number in the ETag.")]
    agreed_on: Annotated[date | None, Group.PROGRESS]
    review_on: Annotated[date | None, Group.PROGRESS]
    family_words: Annotated[str | None, Group.CASEWORK]
    goals: Annotated[list[GoalOut], Group.PROGRESS]
    warnings: Annotated[
        list[WarningOut], Group.PROGRESS, Field(description="What is unusual: goals due after the planned end.")
    ]
