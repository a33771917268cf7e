"""Measures: what is asked and on what scale, defined once as data in `app/data/measures`.

A measure's areas are either its own or the goals of a family's plan. The wording is ours; an authority that holds a
licence for another instrument names its own measure.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from json import loads
from types import MappingProxyType
from typing import Any, Literal

from app.errors import FieldFault, Invalid

Respondent = Literal["child", "parent", "worker"]
CompletedWith = Literal["family", "worker_only", "jointly"]


@dataclass(frozen=True, slots=True)
class Area:
    """One area of a measure, and whom it is about."""

    key: str
    label: str
    about: str


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of the scale, both ends included, with its words."""

    lowest: int
    highest: int
    label: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure in one version. `areas` is empty when the goals of the plan are its areas."""

    key: str
    version: int
    name: str
    summary: str
    respondents: tuple[str, ...]
    lowest: int
    highest: int
    steps: tuple[Step, ...]
    areas: tuple[Area, ...]
    of_goals: bool


@cache
def measures() -> Mapping[str, Measure]:
    """The measures that ship with the service, by key. Raises ValueError when one of the files is not sound."""
    folder = resources.files("app.data").joinpath("measures")
    found = [
        measure_from(loads(file.read_text(encoding="utf-8")))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json")
    ]
    return MappingProxyType({measure.key: measure for measure in found})


def measure_from(content: dict[str, Any]) -> Measure:
    """A measure of its definition. Raises ValueError or KeyError when the definition is not sound."""
    scale = content["scale"]
    measure = Measure(
        key=content["key"],
        version=content["version"],
        name=content["name"],
        summary=content["summary"],
        respondents=tuple(content["respondents"]),
        lowest=scale["lowest"],
        highest=scale["highest"],
        steps=tuple(Step(step["from"], step["to"], step["label"]) for step in scale["steps"]),
        areas=tuple(Area(area["key"], area["label"], area["about"]) for area in content.get("areas", ())),
        of_goals=content.get("areas_of") == "goals",
    )
    if measure.of_goals == bool(measure.areas):
        raise ValueError(f"{measure.key} needs areas of its own or the goals as its areas, not both.")
    if len({area.key for area in measure.areas}) != len(measure.areas):
        raise ValueError(f"{measure.key} names an area twice.")
    covered = [score for step in measure.steps for score in range(step.lowest, step.highest + 1)]
    if covered != list(range(measure.lowest, measure.highest + 1)):
        raise ValueError(f"The steps of {measure.key} must cover its scale once, in order.")
    return measure


def check_scores(measure: Measure, respondent: str, scores: Mapping[str, int], goal_keys: Collection[str]) -> None:
    """Check a reading's scores against its measure.

    A measure with areas of its own is answered in every area; of the goals of the plan (`goal_keys`) at least one is
    scored. Raises Invalid naming each score that does not fit.
    """
    known = list(goal_keys) if measure.of_goals else [area.key for area in measure.areas]
    faults: list[FieldFault] = []
    if respondent not in measure.respondents:
        faults.append(FieldFault("/respondent", "unknown_value", "This measure is not asked of that respondent."))
    for key, score in scores.items():
        if key not in known:
            faults.append(FieldFault(_pointer(key), "unknown_area", f"{measure.name} has no such area."))
        elif not measure.lowest <= score <= measure.highest:
            faults.append(
                FieldFault(
                    _pointer(key), "out_of_scale", f"A score lies between {measure.lowest} and {measure.highest}."
                )
            )
    if not measure.of_goals:
        faults += [
            FieldFault(_pointer(key), "required", "Every area of this measure is scored.")
            for key in known
            if key not in scores
        ]
    if faults:
        raise Invalid(errors=faults)


def _pointer(key: str) -> str:
    return "/scores/" + key[:100].replace("~", "~0").replace("/", "~1")
