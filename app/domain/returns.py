"""Returns: the templates that say what is asked, the states of a return, and the periods that owe one.

A template is versioned data under `app/data/return_templates`: JSON Schema, labels, what is needed to submit, and its
rules in plain English. A period is known by its key, `2026/27-3` for a half-term and `2026/27-autumn` for a term.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, TypeVar

from app.domain.academic_year import HalfTerm, Term, TermName, start_year_of
from app.domain.calendar import Calendar
from app.errors import ActionNotAvailable


class ReturnState(StrEnum):
    """Where a return stands. Being late is a fact about it, not a state."""

    DUE = "due"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    QUERIED = "queried"
    RESUBMITTED = "resubmitted"
    ACCEPTED = "accepted"


class ReturnAct(StrEnum):
    """What may be done to a return."""

    FILL = "fill"
    SUBMIT = "submit"
    QUERY = "query"
    ACCEPT = "accept"
    AMEND = "amend"


_S = ReturnState
# A return that filled itself may be submitted as it stands. A filled answer to a query stays queried until submitted.
_MOVES: Final[Mapping[tuple[ReturnAct, ReturnState], tuple[ReturnState, str]]] = MappingProxyType(
    {
        (ReturnAct.FILL, _S.DUE): (_S.DRAFT, "return.drafted"),
        (ReturnAct.FILL, _S.DRAFT): (_S.DRAFT, "return.drafted"),
        (ReturnAct.FILL, _S.QUERIED): (_S.QUERIED, "return.drafted"),
        (ReturnAct.SUBMIT, _S.DUE): (_S.SUBMITTED, "return.submitted"),
        (ReturnAct.SUBMIT, _S.DRAFT): (_S.SUBMITTED, "return.submitted"),
        (ReturnAct.SUBMIT, _S.QUERIED): (_S.RESUBMITTED, "return.resubmitted"),
        (ReturnAct.QUERY, _S.SUBMITTED): (_S.QUERIED, "return.queried"),
        (ReturnAct.QUERY, _S.RESUBMITTED): (_S.QUERIED, "return.queried"),
        (ReturnAct.ACCEPT, _S.SUBMITTED): (_S.ACCEPTED, "return.accepted"),
        (ReturnAct.ACCEPT, _S.RESUBMITTED): (_S.ACCEPTED, "return.accepted"),
        # A figure that was wrong is put right: by whoever sent it, or because the authority asks again.
        (ReturnAct.AMEND, _S.ACCEPTED): (_S.QUERIED, "return.reopened"),
        (ReturnAct.QUERY, _S.ACCEPTED): (_S.QUERIED, "return.queried"),
    }
)
_DONE: Final = {
    ReturnAct.FILL: "filled in",
    ReturnAct.SUBMIT: "submitted",
    ReturnAct.QUERY: "queried",
    ReturnAct.ACCEPT: "accepted",
    ReturnAct.AMEND: "amended",
}


def move(state: ReturnState, act: ReturnAct) -> tuple[ReturnState, str]:
    """The state after an act and the event that tells of it. Raises ActionNotAvailable where the act is not open."""
    found = _MOVES.get((act, state))
    if found is None:
        raise ActionNotAvailable(f"A return that is {state.value} cannot be {_DONE[act]}.")
    return found


def available_acts(state: ReturnState, *, officer: bool) -> list[str]:
    """The acts open now to the authority's officers, or to the organisation that owes the return."""
    acts = (ReturnAct.QUERY, ReturnAct.ACCEPT) if officer else (ReturnAct.FILL, ReturnAct.SUBMIT, ReturnAct.AMEND)
    return [act.value for act in acts if (act, state) in _MOVES]


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a return template."""

    name: str
    version: int
    content: Mapping[str, Any]
    """The file as it stands: what the API answers."""

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a return's content. Figures may be null in it: what is needed, `needed` says."""
        schema: dict[str, Any] = self.content["schema"]
        return schema

    @property
    def needed(self) -> list[str]:
        """JSON Pointers, `*` for each row, of what must be there to submit."""
        needed: list[str] = self.content["needed"]
        return needed

    @property
    def rows(self) -> tuple[str, str]:
        """The field that holds the rows, and the field of a row that names what it is about."""
        return self.content["rows"]["list"], self.content["rows"]["key"]

    @property
    def excused_by(self) -> str | None:
        """The field of a row that says why it has no figures, where the template has one."""
        excused_by: str | None = self.content["rows"].get("excused_by")
        return excused_by

    @property
    def checks(self) -> list[dict[str, Any]]:
        """The rules that are checked by what they say of themselves (`app.domain.return_checks`)."""
        return [rule for rule in self.content["rules"] if "check" in rule]

    @property
    def kept(self) -> list[str]:
        """JSON Pointers of the fields that facts and outcomes stand on: every version of the template has them."""
        kept: list[str] = self.content["kept"]
        return kept

    @property
    def prefill(self) -> dict[str, str]:
        """By JSON Pointer, `*` for each row: what of the record a field is filled in with when a return is opened."""
        prefill: dict[str, str] = self.content["prefill"]
        return prefill

    @property
    def sheet(self) -> list[dict[str, str]]:
        """The columns of its rows in a spreadsheet: `heading`, and `field` of a row, or where else it comes `from`.

        From `record` and `name` and `year_group`: told for people to find the row, and never read back; from `marks`:
        register marks, counted into the four session counts.
        """
        sheet: list[dict[str, str]] = self.content["sheet"]
        return sheet


FIRST_OWN_VERSION: Final = 1001
"""Authorities' own versions are numbered from here on, so that they never meet one that ships later."""

PROVIDER_HALF_TERM: Final = "provider_half_term"
SCHOOL_TERM: Final = "school_term"


@cache
def templates() -> tuple[Template, ...]:
    """Every template that ships, by name, latest version last."""
    folder = resources.files("app.data").joinpath("return_templates")
    contents = [
        json.loads(file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".json")
    ]
    made = [Template(content["template"], content["version"], content) for content in contents]
    return tuple(sorted(made, key=lambda template: (template.name, template.version)))


def template_of(name: str, version: int | None = None) -> Template:
    """One version of a template, the latest unless told. Raises KeyError when it does not ship."""
    found = [template for template in templates() if template.name == name and version in (None, template.version)]
    if not found:
        raise KeyError(name)
    return found[-1]


@dataclass(frozen=True, slots=True)
class Period:
    """A half-term or term by its key; both dates belong to it."""

    key: str
    starts_on: date
    ends_on: date


def half_term_period(half_term: HalfTerm) -> Period:
    """The period of a half-term: `2026/27-3`."""
    return Period(f"{half_term.academic_year}-{half_term.half_term}", half_term.starts_on, half_term.ends_on)


def term_period(term: Term) -> Period:
    """The period of a term: `2026/27-autumn`."""
    return Period(f"{term.academic_year}-{term.name.value}", term.starts_on, term.ends_on)


_TERM_KEY: Final = re.compile(r"([0-9]{4}/[0-9]{2})-(autumn|spring|summer)")
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


def term_of_key(calendar: Calendar, key: str) -> Period | None:
    """The term of a key such as `2026/27-autumn` in a calendar; None when the key is no term's."""
    match = _TERM_KEY.fullmatch(key)
    if match is None:
        return None
    try:
        start_year = start_year_of(match[1])
    except ValueError:
        return None
    if not _FIRST_YEAR <= start_year <= _LAST_YEAR:
        return None
    return next(term_period(term) for term in calendar.terms_of(match[1]) if term.name is TermName(match[2]))


def ended_half_terms(calendar: Calendar, since: date, up_to: date) -> list[Period]:
    """The half-terms that ended from `since` up to the day before `up_to`, in order."""
    return _ended(half_term_period, calendar.last_half_term_before, since, up_to)


@dataclass(frozen=True, slots=True)
class TermOwed:
    """A term that has ended, and the first day of the term before it: whose cases closed since then need it."""

    period: Period
    previous_starts_on: date


def ended_terms(calendar: Calendar, since: date, up_to: date) -> list[TermOwed]:
    """The terms that ended from `since` up to the day before `up_to`, in order."""
    periods = _ended(term_period, calendar.last_term_before, since, up_to)
    return [TermOwed(period, calendar.last_term_before(period.starts_on).starts_on) for period in periods]


_Span = TypeVar("_Span", HalfTerm, Term)


def _ended(
    make: Callable[[_Span], Period], last_before: Callable[[date], _Span], since: date, up_to: date
) -> list[Period]:
    found: list[Period] = []
    period = make(last_before(up_to))
    while period.ends_on >= since:
        found.append(period)
        period = make(last_before(period.starts_on))
    return found[::-1]
