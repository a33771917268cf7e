"""Measures over the wire: the same shape comes in as goes out."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.domain.measures import Area, Measure, MeasureKind, Source, Step
from app.queries.measures import Loaded
from app.routers.schemas.base import In, LongText, Out, ShortText
from app.routers.schemas.types import Date

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Score = Annotated[int, Field(strict=True, ge=-1000, le=1000)]

_EXAMPLE: Final[dict[str, Any]] = {
    "effective_from": "2027-01-04",
    "key": "family_calm",
    "kind": "journey",
    "name": "How calm home is",
    "summary": "Two areas, asked of parents.",
    "respondents": ["parent", "worker"],
    "lowest": 1,
    "highest": 5,
    "steps": [{"lowest": 1, "highest": 2, "label": "Stormy"}, {"lowest": 3, "highest": 5, "label": "Settled"}],
    "areas": [
        {"key": "mornings", "label": "Mornings", "about": "family"},
        {"key": "bedtime", "label": "Bedtime", "about": "family"},
    ],
}


class AreaIn(In):
    """One area of a measure."""

    key: Key
    label: ShortText
    about: Key


class StepIn(In):
    """A stretch of the scale, both ends included."""

    lowest: Score
    highest: Score
    label: ShortText


class MeasureIn(In):
    """A measure that an authority publishes, whole. It cannot be changed afterwards: publish the next version."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    effective_from: Date = Field(description="Tomorrow at the earliest.")
    key: Key = Field(description="That of a shipped measure: this one stands in its place.")
    kind: MeasureKind
    name: ShortText
    summary: LongText
    respondents: Annotated[list[Key], Field(max_length=10)] = Field(
        description="`child`, `parent`, `worker`, `school`; of an audit `school`, `service`."
    )
    lowest: Score
    highest: Score
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=30)] = Field(
        description="They cover the scale once, in order."
    )
    areas: Annotated[list[AreaIn], Field(max_length=50)] = Field([], description="None where `kind` is `goals`.")
    may_skip: Annotated[bool, Field(strict=True)] = Field(False, description="Whether areas may be left unanswered.")
    reading_age: Annotated[int, Field(strict=True, ge=5, le=18)] | None = Field(
        None, description="The age at which most can read it. A survey says it."
    )
    licence_note: LongText | None = Field(
        None, description="Of an instrument that is another's: by what licence the authority uses it."
    )

    def draft(self) -> Measure:
        """In the domain's terms, without a version's number."""
        content = self.model_dump(exclude={"effective_from"})
        content["respondents"] = tuple(self.respondents)
        content["steps"] = tuple(Step(**step) for step in content["steps"])
        content["areas"] = tuple(Area(**area) for area in content["areas"])
        return Measure(**content, version=0)


class RetireIn(In):
    """From which day a measure is no longer asked."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"effective_from": "2027-01-04"}]})

    effective_from: Date = Field(description="Tomorrow at the earliest.")


class MeasureAreaOut(Out):
    """One area of a measure."""

    key: str
    label: str
    about: str = Field(description="Such as child, parent, family, school, support or practice.")


class ScaleStepOut(Out):
    """A stretch of the scale, both ends included."""

    lowest: int
    highest: int
    label: str


class MeasureOut(Out):
    """What is asked, and on what scale."""

    key: str
    version: int
    source: Source = Field(description="Whether it ships with the service, or the authority loaded it.")
    effective_from: date | None = Field(description="Null for what ships.")
    kind: MeasureKind
    name: str
    summary: str
    respondents: list[str]
    lowest: int
    highest: int
    steps: list[ScaleStepOut]
    areas: list[MeasureAreaOut] = Field(description="Empty when the areas are the goals of the plan.")
    areas_are_goals: bool
    may_skip: bool = Field(description="Whether areas may be left unanswered.")
    reading_age: int | None
    licence_note: str | None


class MeasureVersionOut(Out):
    """One version that the authority published."""

    id: UUID
    version: int
    effective_from: date
    published_at: datetime
    retired: bool = Field(description="From that day the measure is no longer asked.")
    measure: MeasureOut | None = Field(description="Null where it is retired.")


def measure_out(loaded: Loaded) -> MeasureOut:
    """A measure as it is answered."""
    measure = loaded.measure
    return MeasureOut(
        **measure.content(),
        source=loaded.source,
        effective_from=loaded.effective_from,
        areas_are_goals=measure.of_goals,
    )
