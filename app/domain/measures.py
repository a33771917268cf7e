"""Measures: what is asked and on what scale, defined once as data in `app/data/measures`.

A measure's areas are its own, or the goals of a family's plan. An audit is about the practice of a school or a service;
every other measure is about a family's case. The wording is ours; an authority that holds a licence for another
instrument loads its own measure.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from json import loads
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from app.errors import FieldFault, Invalid

MeasureKind = Literal["journey", "goals", "survey", "audit"]
Respondent = Literal["child", "parent", "worker", "school"]
CompletedWith = Literal["family", "worker_only", "jointly", "alone"]
Purpose = Literal["baseline", "review", "closing", "follow_up"]
Source = Literal["shipped", "authority"]

AUDITED: Final = ("school", "service")
"""Whose practice an audit can be about."""


@dataclass(frozen=True, slots=True)
class Area:
    """One area of a measure (of a survey: one statement), and whom it is about."""

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
    kind: MeasureKind
    name: str
    summary: str
    respondents: tuple[str, ...]
    """Who is asked; of an audit, whose practice it can be about."""
    lowest: int
    highest: int
    steps: tuple[Step, ...]
    areas: tuple[Area, ...]
    may_skip: bool = False
    """Whether an area may be left unanswered."""
    reading_age: int | None = None
    """The age at which most can read its words, as its author judges."""
    licence_note: str | None = None
    """By what right an authority uses an instrument that is another's."""

    @property
    def of_goals(self) -> bool:
        """Whether the goals of the plan are its areas."""
        return self.kind == "goals"

    @property
    def of_practice(self) -> bool:
        """Whether it is about a school or a service, and not about a case."""
        return self.kind == "audit"

    def step_of(self, score: int) -> str:
        """The words of the step that a score of the scale lies in."""
        return next(step.label for step in self.steps if step.lowest <= score <= step.highest)

    def content(self) -> dict[str, Any]:
        """As plain data, from which `measure_from` makes it again."""
        return asdict(self)


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


def measure_from(content: Mapping[str, Any]) -> Measure:
    """A measure of its definition. Raises ValueError, TypeError or KeyError when the definition is not sound."""
    measure = Measure(
        **{
            **content,
            "respondents": tuple(content["respondents"]),
            "steps": tuple(Step(**step) for step in content["steps"]),
            "areas": tuple(Area(**area) for area in content["areas"]),
        }
    )
    faults = definition_faults(measure)
    if faults:
        raise ValueError(f"{measure.key}: " + " ".join(f"{fault.pointer}: {fault.detail}" for fault in faults))
    return measure


def definition_faults(measure: Measure) -> list[FieldFault]:
    """What is wrong with a measure, each by the field that it is in."""
    return [*_respondent_faults(measure), *_step_faults(measure), *_area_faults(measure), *_survey_faults(measure)]


def _respondent_faults(measure: Measure) -> list[FieldFault]:
    known = AUDITED if measure.of_practice else get_args(Respondent)
    if not measure.respondents:
        return [FieldFault("/respondents", "required", "Say who is asked.")]
    faults = []
    for position, respondent in enumerate(measure.respondents):
        pointer = f"/respondents/{position}"
        if respondent not in known:
            sentence = f"This kind of measure is asked of {', '.join(known)}."
            faults.append(FieldFault(pointer, "unknown_value", sentence))
        elif respondent in measure.respondents[:position]:
            faults.append(FieldFault(pointer, "repeated", "This respondent is named twice."))
    return faults


def _step_faults(measure: Measure) -> list[FieldFault]:
    """The steps cover the scale once, in order."""
    if measure.lowest >= measure.highest:
        return [FieldFault("/highest", "out_of_range", "The highest score lies above the lowest.")]
    expected = measure.lowest
    for position, step in enumerate(measure.steps):
        if step.lowest != expected:
            sentence = f"The steps cover the scale once, in order: this one begins at {expected}."
            return [FieldFault(f"/steps/{position}/lowest", "gap_or_overlap", sentence)]
        if not step.lowest <= step.highest <= measure.highest:
            sentence = f"A step ends where it begins or above, and at {measure.highest} at most."
            return [FieldFault(f"/steps/{position}/highest", "out_of_range", sentence)]
        expected = step.highest + 1
    if expected != measure.highest + 1:
        return [FieldFault("/steps", "gap_or_overlap", f"The steps cover the scale up to {measure.highest}.")]
    return []


def _area_faults(measure: Measure) -> list[FieldFault]:
    if measure.of_goals:
        sentence = "The goals of the plan are the areas of this kind of measure."
        return [FieldFault("/areas", "not_of_this_kind", sentence)] if measure.areas else []
    if not measure.areas:
        return [FieldFault("/areas", "required", "The measure needs an area.")]
    keys = [area.key for area in measure.areas]
    return [
        FieldFault(f"/areas/{position}/key", "repeated", "This area is named twice.")
        for position, key in enumerate(keys)
        if key in keys[:position]
    ]


def _survey_faults(measure: Measure) -> list[FieldFault]:
    if measure.kind == "survey" and measure.reading_age is None:
        return [FieldFault("/reading_age", "required", "Say at which age most can read a survey's words.")]
    return []


def check_scores(measure: Measure, respondent: str, scores: Mapping[str, int], goal_keys: Collection[str]) -> None:
    """Check a reading's scores against its measure.

    A measure with areas of its own is answered in every area, unless it lets areas be skipped; of the goals of the plan
    (`goal_keys`) at least one is scored. Raises Invalid naming each score that does not fit.
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
    if not scores:
        faults.append(FieldFault("/scores", "required", "Score one area or more."))
    elif not measure.of_goals and not measure.may_skip:
        faults += [
            FieldFault(_pointer(key), "required", "Every area of this measure is scored.")
            for key in known
            if key not in scores
        ]
    if faults:
        raise Invalid(errors=faults)


def _pointer(key: str) -> str:
    return "/scores/" + key[:100].replace("~", "~0").replace("/", "~1")
