"""What a chart of readings is drawn from: for each measure and respondent, each area's scores in order.

Readings of two versions of a measure stand in two charts: what was asked of the family changed, so the one's score says
nothing about the other's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from app.domain.measures import Measure, Source, measures


@dataclass(frozen=True, slots=True)
class Point:
    """One score."""

    reading_id: UUID
    taken_on: date
    purpose: str
    score: int
    step: str


@dataclass(frozen=True, slots=True)
class Line:
    """The scores of one area, in the order in which they were taken."""

    area: str
    label: str
    points: tuple[Point, ...]

    @property
    def first(self) -> int:
        """The first score."""
        return self.points[0].score

    @property
    def last(self) -> int:
        """The latest score; of an area that was scored once, the first too."""
        return self.points[-1].score

    @property
    def change(self) -> int | None:
        """The latest less the first; None while there is one score only."""
        return self.last - self.first if len(self.points) > 1 else None


@dataclass(frozen=True, slots=True)
class Chart:
    """One measure as one respondent answered it."""

    measure: Measure
    source: Source
    respondent: str
    lines: tuple[Line, ...]


def charts(
    readings: Iterable[Mapping[str, Any]], loaded: Mapping[UUID, Measure], goals: Mapping[str, str]
) -> list[Chart]:
    """The charts of a case's readings, none of them superseded, by measure, version and respondent.

    `loaded` are the versions that the authority loaded, by their ids. `goals` are titles by goal id: a goal that has
    left the plan keeps its line, without its title.
    """
    ordered = sorted(readings, key=lambda row: (*_group(row), row["taken_on"], row["id"]))
    found = []
    for _, group in groupby(ordered, key=_group):
        rows = list(group)
        version_id = rows[0]["measure_version_id"]
        measure = loaded[version_id] if version_id else measures()[rows[0]["measure"]]
        source: Source = "authority" if version_id else "shipped"
        found.append(Chart(measure, source, rows[0]["respondent"], _lines(measure, rows, goals)))
    return found


def _group(row: Mapping[str, Any]) -> tuple[str, str, int, str]:
    return row["measure"], str(row["measure_version_id"] or ""), row["measure_version"], row["respondent"]


def _lines(measure: Measure, rows: list[Mapping[str, Any]], goals: Mapping[str, str]) -> tuple[Line, ...]:
    labels = goals if measure.of_goals else {area.key: area.label for area in measure.areas}
    scored = {key for row in rows for key in row["scores"]}
    keys = [*(key for key in labels if key in scored), *sorted(scored - set(labels))]
    return tuple(
        Line(key, labels.get(key, key), tuple(_point(measure, row, key) for row in rows if key in row["scores"]))
        for key in keys
    )


def _point(measure: Measure, row: Mapping[str, Any], key: str) -> Point:
    score = row["scores"][key]
    return Point(row["id"], row["taken_on"], row["purpose"], score, measure.step_of(score))
