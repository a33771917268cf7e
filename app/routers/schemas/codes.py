"""Codes that the supply is described with, each checked against its closed list."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.domain.codes import code_fault
from app.domain.identifiers import laestab_fault, ukprn_fault, urn_fault
from app.domain.needs import need_fault
from app.domain.school_phase import PHASES


def _need(value: str) -> str:
    return _checked("unknown_need", need_fault(value), value)


def _language(value: str) -> str:
    return _checked("unknown_language", code_fault("language", value), value)


def _urn(value: str) -> str:
    return _checked("not_a_urn", urn_fault(value), value)


def _laestab(value: str) -> str:
    return _checked("not_a_laestab", laestab_fault(value), value)


def _ukprn(value: str) -> str:
    return _checked("not_a_ukprn", ukprn_fault(value), value)


def _phase(value: str) -> str:
    fault = None if value in PHASES else f"A phase is one of {', '.join(PHASES)}."
    return _checked("unknown_phase", fault, value)


def _checked(code: str, fault: str | None, value: str) -> str:
    if fault is not None:
        raise PydanticCustomError(code, "{fault}", {"fault": fault})
    return value


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise PydanticCustomError("repeated", "An entry of this list stands in it twice.")
    return values


_Short = Annotated[str, StringConstraints(min_length=1, max_length=64)]
NeedKey = Annotated[_Short, AfterValidator(_need)]
Language = Annotated[_Short, AfterValidator(_language)]
Urn = Annotated[_Short, AfterValidator(_urn)]
Laestab = Annotated[_Short, AfterValidator(_laestab)]
Ukprn = Annotated[_Short, AfterValidator(_ukprn)]
Phase = Annotated[_Short, AfterValidator(_phase)]
Distinct = AfterValidator(_distinct)
Whole = Annotated[int, Field(strict=True)]
"""A whole number: neither text nor true or false."""
