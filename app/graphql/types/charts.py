"""What charts of readings are drawn from."""

from datetime import date
from typing import Final
from uuid import UUID

import strawberry

from app.access import Group
from app.domain.charts import Chart
from app.graphql.visibility import case_type, seen

CHART_PRICE: Final = 20
"""What the charts of one case cost: they hold a point for every score."""

_READINGS: Final = Group.READINGS


@case_type
@strawberry.type(description="One score of an area.")
class ChartPoint:
    """A point, with the groups that its reader sees."""

    sees: strawberry.Private[frozenset[Group]]
    reading_id: UUID | None = seen(_READINGS)
    taken_on: date | None = seen(_READINGS)
    purpose: str | None = seen(_READINGS)
    score: int | None = seen(_READINGS)
    step: str | None = seen(_READINGS, "The words of the step of the scale.")


@case_type
@strawberry.type(description="The scores of one area, in the order in which they were taken.")
class ChartLine:
    """A line, with the groups that its reader sees."""

    sees: strawberry.Private[frozenset[Group]]
    area: str | None = seen(_READINGS, "The area's key, or the goal's id.")
    label: str | None = seen(_READINGS)
    first: int | None = seen(_READINGS)
    last: int | None = seen(_READINGS)
    change: int | None = seen(_READINGS, "Last less first; null while there is one score.")
    points: list[ChartPoint] | None = seen(_READINGS)


@case_type
@strawberry.type(description="A stretch of the scale, both ends included.")
class ChartStep:
    """A step, with the groups that its reader sees."""

    sees: strawberry.Private[frozenset[Group]]
    lowest: int | None = seen(_READINGS)
    highest: int | None = seen(_READINGS)
    label: str | None = seen(_READINGS)


@case_type
@strawberry.type(description="One measure in one version, as one respondent answered it.")
class ReadingsChart:
    """A chart, with the groups that its reader sees."""

    sees: strawberry.Private[frozenset[Group]]
    measure: str | None = seen(_READINGS)
    measure_version: int | None = seen(_READINGS)
    source: str | None = seen(_READINGS, "`shipped` or `authority`.")
    name: str | None = seen(_READINGS)
    respondent: str | None = seen(_READINGS)
    lowest: int | None = seen(_READINGS)
    highest: int | None = seen(_READINGS)
    steps: list[ChartStep] | None = seen(_READINGS)
    areas: list[ChartLine] | None = seen(_READINGS)


def shown(chart: Chart, sees: frozenset[Group]) -> ReadingsChart:
    """A chart for a reader who sees these groups."""
    measure = chart.measure
    return ReadingsChart(
        sees=sees,
        measure=measure.key,
        measure_version=measure.version,
        source=chart.source,
        name=measure.name,
        respondent=chart.respondent,
        lowest=measure.lowest,
        highest=measure.highest,
        steps=[
            ChartStep(sees=sees, lowest=step.lowest, highest=step.highest, label=step.label) for step in measure.steps
        ],
        areas=[
            ChartLine(
                sees=sees,
                area=line.area,
                label=line.label,
                first=line.first,
                last=line.last,
                change=line.change,
                points=[
                    ChartPoint(
                        sees=sees,
                        reading_id=point.reading_id,
                        taken_on=point.taken_on,
                        purpose=point.purpose,
                        score=point.score,
                        step=point.step,
                    )
                    for point in line.points
                ],
            )
            for line in chart.lines
        ],
    )
