"""Readings of measures over the wire, and what their charts are drawn from."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.access import Group
from app.domain.charts import Chart
from app.domain.measures import CompletedWith, Purpose, Respondent
from app.routers.schemas.base import Code, In, LongText, Seen
from app.routers.schemas.types import Date

_Readings = Group.READINGS


class ReadingIn(In):
    """A dated set of scores."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "measure": "goal_progress",
                    "respondent": "parent",
                    "purpose": "baseline",
                    "taken_on": "2026-11-24",
                    "completed_with": "jointly",
                    "scores": {"0192f0c4-7c1a-7b3e-8a55-0d6c2b9e4f10": 3},
                }
            ]
        }
    )

    measure: Code
    respondent: Respondent
    purpose: Purpose | None = Field(
        None, description="Unless said, `baseline` for the first of a measure and respondent, `review` after it."
    )
    taken_on: Date
    completed_with: CompletedWith = Field(description="`alone`: by the respondent, without the worker.")
    scores: dict[Code, Annotated[int, Field(strict=True, ge=-1000, le=1000)]] = Field(
        min_length=1, max_length=50, description="By area of the measure, or by goal id: a whole number of its scale."
    )
    supersedes_id: UUID | None = Field(
        None, description="The wrong reading that this one corrects: it stays to be read, and counts no more."
    )
    correction_reason: LongText | None = Field(None, description="Required of a correction, and of nothing else.")

    @model_validator(mode="after")
    def _explains_a_correction(self) -> "ReadingIn":
        if (self.supersedes_id is None) != (self.correction_reason is None):
            raise PydanticCustomError("correction", "A correction names the reading that was wrong, and says why.")
        return self


class ReadingOut(Seen):
    """A reading, for the provider that took it and the authority."""

    id: Annotated[UUID, _Readings]
    intervention_id: Annotated[UUID, _Readings]
    measure: Annotated[str, _Readings]
    measure_version: Annotated[int, _Readings]
    respondent: Annotated[Respondent, _Readings]
    purpose: Annotated[Purpose, _Readings]
    taken_on: Annotated[date, _Readings]
    completed_with: Annotated[CompletedWith, _Readings]
    scores: Annotated[dict[str, int], _Readings]
    recorded_at: Annotated[datetime, _Readings]
    supersedes_id: Annotated[UUID | None, _Readings]
    correction_reason: Annotated[str | None, _Readings]
    superseded_at: Annotated[
        datetime | None, _Readings, Field(description="Set on one that was corrected: it counts in no figure.")
    ]


class PointOut(Seen):
    """One score of an area."""

    reading_id: Annotated[UUID, _Readings]
    taken_on: Annotated[date, _Readings]
    purpose: Annotated[Purpose, _Readings]
    score: Annotated[int, _Readings]
    step: Annotated[str, _Readings, Field(description="The words of the step of the scale.")]


class LineOut(Seen):
    """The scores of one area, in the order in which they were taken."""

    area: Annotated[str, _Readings, Field(description="The area's key, or the goal's id.")]
    label: Annotated[str, _Readings]
    first: Annotated[int, _Readings]
    last: Annotated[int, _Readings]
    change: Annotated[int | None, _Readings, Field(description="Last less first; null while there is one score.")]
    points: Annotated[list[PointOut], _Readings]


class ScaleStepSeen(Seen):
    """A stretch of the scale, both ends included."""

    lowest: Annotated[int, _Readings]
    highest: Annotated[int, _Readings]
    label: Annotated[str, _Readings]


class ChartOut(Seen):
    """One measure in one version, as one respondent answered it."""

    measure: Annotated[str, _Readings]
    measure_version: Annotated[int, _Readings]
    source: Annotated[str, _Readings, Field(description="`shipped` or `authority`.")]
    name: Annotated[str, _Readings]
    respondent: Annotated[Respondent, _Readings]
    lowest: Annotated[int, _Readings]
    highest: Annotated[int, _Readings]
    steps: Annotated[list[ScaleStepSeen], _Readings]
    areas: Annotated[list[LineOut], _Readings]


def chart_values(chart: Chart) -> dict[str, Any]:
    """A chart's values, by the fields of `ChartOut`."""
    measure = chart.measure
    return {
        "measure": measure.key,
        "measure_version": measure.version,
        "source": chart.source,
        "name": measure.name,
        "respondent": chart.respondent,
        "lowest": measure.lowest,
        "highest": measure.highest,
        "steps": [{"lowest": step.lowest, "highest": step.highest, "label": step.label} for step in measure.steps],
        "areas": [
            {
                "area": line.area,
                "label": line.label,
                "first": line.first,
                "last": line.last,
                "change": line.change,
                "points": [
                    {
                        "reading_id": point.reading_id,
                        "taken_on": point.taken_on,
                        "purpose": point.purpose,
                        "score": point.score,
                        "step": point.step,
                    }
                    for point in line.points
                ],
            }
            for line in chart.lines
        ],
    }
