"""Measures and readings over the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.access import Group
from app.domain.measures import CompletedWith, Measure, Respondent
from app.routers.schemas.base import Code, In, Out, Seen
from app.routers.schemas.types import Date


class ReadingIn(In):
    """A dated set of scores."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "measure": "goal_progress",
                    "respondent": "parent",
                    "taken_on": "2026-11-24",
                    "completed_with": "jointly",
                    "scores": {"0192f0c4-7c1a-7b3e-8a55-0d6c2b9e4f10": 3},
                }
            ]
        }
    )

    measure: Code
    respondent: Respondent
    taken_on: Date
    completed_with: CompletedWith
    scores: dict[Code, Annotated[int, Field(strict=True, ge=-1000, le=1000)]] = Field(
        min_length=1, max_length=50, description="By area of the measure, or by goal id: a whole number of its scale."
    )


class ReadingOut(Seen):
    """A reading, for the provider that took it and the authority."""

    id: Annotated[UUID, Group.READINGS]
    intervention_id: Annotated[UUID, Group.READINGS]
    measure: Annotated[str, Group.READINGS]
    measure_version: Annotated[int, Group.READINGS]
    respondent: Annotated[Respondent, Group.READINGS]
    taken_on: Annotated[date, Group.READINGS]
    completed_with: Annotated[CompletedWith, Group.READINGS]
    scores: Annotated[dict[str, int], Group.READINGS]
    recorded_at: Annotated[datetime, Group.READINGS]


class MeasureAreaOut(Out):
    """One area of a measure."""

    key: str
    label: str
    about: str = Field(description="child, parent or family.")


class ScaleStepOut(Out):
    """A stretch of the scale, both ends included."""

    lowest: int
    highest: int
    label: str


class MeasureOut(Out):
    """What is asked, and on what scale."""

    key: str
    version: int
    name: str
    summary: str
    respondents: list[str]
    lowest: int
    highest: int
    steps: list[ScaleStepOut]
    areas: list[MeasureAreaOut] = Field(description="Empty when the areas are the goals of the plan.")
    areas_are_goals: bool


def measure_out(measure: Measure) -> MeasureOut:
    """A measure as it is answered."""
    return MeasureOut(
        key=measure.key,
        version=measure.version,
        name=measure.name,
        summary=measure.summary,
        respondents=list(measure.respondents),
        lowest=measure.lowest,
        highest=measure.highest,
        steps=[ScaleStepOut(lowest=step.lowest, highest=step.highest, label=step.label) for step in measure.steps],
        areas=[MeasureAreaOut(key=area.key, label=area.label, about=area.about) for area in measure.areas],
        areas_are_goals=measure.of_goals,
    )
