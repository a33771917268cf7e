"""School calendars in requests and answers."""

from collections.abc import Iterable
from typing import Annotated, Final
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from app.domain.academic_year import HalfTerm
from app.domain.calendar import ClosureKind, NamedClosure, Shut
from app.domain.obligations import ObligationClock
from app.routers.schemas.base import In, Out, ShortText
from app.routers.schemas.codes import Whole
from app.routers.schemas.types import Date

_EXAMPLE: Final[JsonDict] = {
    "half_terms": [
        {"half_term": 1, "starts_on": "2026-09-02", "ends_on": "2026-10-23"},
        {"half_term": 2, "starts_on": "2026-11-02", "ends_on": "2026-12-18"},
        {"half_term": 3, "starts_on": "2027-01-04", "ends_on": "2027-02-12"},
        {"half_term": 4, "starts_on": "2027-02-22", "ends_on": "2027-03-25"},
        {"half_term": 5, "starts_on": "2027-04-12", "ends_on": "2027-05-28"},
        {"half_term": 6, "starts_on": "2027-06-07", "ends_on": "2027-07-21"},
    ],
    "closures": [{"on": "2026-09-02", "kind": "inset", "name": "Training day"}],
}


class HalfTermIn(In):
    """One of the six half-terms. Both dates belong to it."""

    half_term: Annotated[Whole, Field(ge=1, le=6)]
    starts_on: Date
    ends_on: Date


class ClosureIn(In):
    """A day in term without pupils. Bank holidays need stating only when they were proclaimed once."""

    on: Date
    kind: ClosureKind
    name: ShortText


class CalendarIn(In):
    """An academic year, whole: it replaces what was loaded."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    half_terms: list[HalfTermIn] = Field(min_length=6, max_length=6)
    closures: list[ClosureIn] = Field(default_factory=list, max_length=100)


class HalfTermOut(Out):
    """One of the six half-terms. Both dates belong to it."""

    half_term: int
    term: str
    starts_on: Date
    ends_on: Date


class ClosureOut(Out):
    """A day in term without pupils."""

    on: Date
    kind: ClosureKind
    name: str


def half_terms_out(half_terms: Iterable[HalfTerm]) -> list[HalfTermOut]:
    """Half-terms as they are answered."""
    return [
        HalfTermOut(half_term=half.half_term, term=half.term_name, starts_on=half.starts_on, ends_on=half.ends_on)
        for half in half_terms
    ]


def closures_out(closures: Iterable[NamedClosure]) -> list[ClosureOut]:
    """Closures as they are answered."""
    return [ClosureOut(on=closed.closure.on, kind=closed.closure.kind, name=closed.name) for closed in closures]


class CalendarOut(Out):
    """An academic year of the authority's schools."""

    academic_year: str = Field(examples=["2026/27"])
    source: str = Field(
        description="`authority`: as loaded. `default`: none is loaded, and half-terms by rule stand in for it.",
        examples=["authority"],
    )
    half_terms: list[HalfTermOut] = Field(max_length=6)
    closures: list[ClosureOut] = Field(max_length=100)


class TrainingDayIn(In):
    """A day in term on which a school trains its staff, and has no pupils in."""

    on: Date
    name: ShortText


class SchoolCalendarIn(In):
    """What a school states of an academic year, whole: it replaces what was stated.

    What is left out stays with the authority, also when that changes.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"training_days": [{"on": "2026-09-02", "name": "Training day"}]}]}
    )

    half_terms: list[HalfTermIn] | None = Field(
        None, min_length=6, max_length=6, description="For a school whose terms are not its authority's."
    )
    training_days: list[TrainingDayIn] | None = Field(
        None, max_length=100, description="All of the school's, in place of those that the authority lists."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "SchoolCalendarIn":
        if self.half_terms is None and self.training_days is None:
            raise PydanticCustomError("required", "State half_terms, training_days or both; DELETE takes them back.")
        return self


_SOURCE: Final = (
    "`school`: as the school states. `authority`: as its authority loaded. `default`: neither; half-terms by rule."
)


class SchoolClosureOut(ClosureOut):
    """A day in term without pupils, and who stated it."""

    source: str = Field(description=_SOURCE, examples=["school"])


class SchoolCalendarOut(Out):
    """The academic year that holds for one school."""

    school_id: UUID
    academic_year: str = Field(examples=["2026/27"])
    source: str = Field(description=f"Of the half-terms. {_SOURCE}", examples=["authority"])
    training_days_source: str = Field(description=_SOURCE, examples=["school"])
    half_terms: list[HalfTermOut] = Field(max_length=6)
    closures: list[SchoolClosureOut] = Field(max_length=200)


class ImportedYearOut(Out):
    """An academic year as a file states it."""

    academic_year: str = Field(examples=["2026/27"])
    replaces: bool = Field(description="Whether it was loaded before.")
    half_terms: list[HalfTermOut] = Field(max_length=6, description="None: a school's file of training days alone.")
    closures: list[ClosureOut] = Field(max_length=100)


class ImportedLineOut(Out):
    """What became of a line, or of an event, of the file."""

    line: int = Field(description="From 1; an event's is that of its BEGIN. 0 is the whole file.", examples=[2])
    outcome: str = Field(
        description="`half_term`, `term`, `holiday`, `inset` or `bank_holiday`: as what it was read."
        " `left_out`: a calendar does not hold it. `refused`: it is wrong, and the file cannot be loaded.",
        examples=["half_term"],
    )
    detail: str | None = None


class CalendarImportOut(Out):
    """A calendar file, line by line, and what came of it."""

    sound: bool = Field(description="Whether the file can be loaded.")
    loaded: bool = Field(description="Whether it was.")
    years: list[ImportedYearOut] = Field(max_length=20, description="What the file states; empty when it is not sound.")
    lines: list[ImportedLineOut] = Field(max_length=5000)


class DayOut(Out):
    """One date."""

    on: Date
    is_school_day: bool
    is_working_day: bool = Field(description="A weekday that is no bank holiday, in term or out of it.")
    shut: Shut | None = Field(description="Why it is no school day.")
    half_term: int | None = Field(description="1 to 6; null between half-terms.")
    academic_year: str = Field(examples=["2026/27"])


class DaysOut(Out):
    """Dates in order, both ends included."""

    school_id: UUID | None = Field(description="Whose days they are; null: the authority's.")
    data: list[DayOut] = Field(max_length=400)


class CountedOut(Out):
    """Two dates, and how many days of a clock lie between them."""

    school_id: UUID | None = Field(description="Whose days they are; null: the authority's.")
    clock: ObligationClock = Field(description="`school_day` or `working_day`.")
    starts_on: Date
    ends_on: Date
    days: int = Field(description="Days of the clock after `starts_on`, up to and including `ends_on`.")
