"""School calendars in requests and answers."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.domain.calendar import ClosureKind
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


class CalendarOut(Out):
    """An academic year of the authority's schools."""

    academic_year: str = Field(examples=["2026/27"])
    source: str = Field(
        description="`authority`: as loaded. `default`: none is loaded, and half-terms by rule stand in for it.",
        examples=["authority"],
    )
    half_terms: list[HalfTermOut] = Field(max_length=6)
    closures: list[ClosureOut] = Field(max_length=100)
