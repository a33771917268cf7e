"""Return templates over the wire."""

from typing import Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.return_template_rules import own_content
from app.domain.returns import SCHOOL_TERM, Template, template_of
from app.routers.schemas.base import In, LongText, Out
from app.routers.schemas.policies import Sentence
from app.routers.schemas.types import Date, Moment
from app.services.returns.templates import Draft


class TemplateOut(Out):
    """A return template: what is asked, in JSON Schema and in plain English."""

    id: UUID | None = Field(description="Null for one that ships with the service.")
    template: str
    version: int = Field(description="From 1001 on: a version of the authority's own.")
    applies_from: Date | None = Field(description="Returns of periods that end on this day or later are of it.")
    published_at: Moment | None
    summary_of_changes: str | None
    withdrawn_at: Moment | None
    withdrawal_reason: str | None
    title: str
    asked_of: str
    period: str
    purpose: str
    rows: dict[str, str]
    kept: list[str] = Field(description="Fields that facts and outcomes stand on: every version has them as they are.")
    sheet: list[dict[str, str]] = Field(description="The columns of its rows in a spreadsheet.")
    schema_: dict[str, Any] = Field(alias="schema")
    labels: dict[str, str]
    help: dict[str, str] | None = None
    needed: list[str]
    prefill: dict[str, str] = Field(description="What of the record each field is filled in with when it is opened.")
    rules: list[dict[str, Any]]


class TemplatesOut(Out):
    """Every template and version."""

    data: list[TemplateOut]


_EXAMPLE: Final[dict[str, Any]] = {
    "template": SCHOOL_TERM,
    "applies_from": "2027-01-04",
    "summary_of_changes": "Asks for the form tutor's view.",
    "content": own_content(template_of(SCHOOL_TERM)),
}


class TemplateIn(In):
    """A version of a template that is to be published. It cannot be changed afterwards."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    template: str = Field(max_length=64, description="The name of one that ships.")
    applies_from: Date = Field(description="Today at the earliest. Returns of periods that end before it keep theirs.")
    summary_of_changes: LongText = Field(description="What it asks otherwise, for those who fill it in.")
    content: dict[str, Any] = Field(
        max_length=20,
        description="`title`, `purpose`, `schema`, `labels`, `help`, `needed`, `prefill`, `rules`, `sheet`.",
    )

    def draft(self) -> Draft:
        """As the service takes it."""
        return Draft(self.template, self.applies_from, self.summary_of_changes, self.content)


class TemplateWithdrawalIn(In):
    """Why a version is withdrawn."""

    reason: Sentence = Field(description="For whoever reads the version.")


class TemplatePreviewOut(Out):
    """What a version would ask, and what it changes."""

    instead_of_version: int = Field(description="The version in force on the day from which it would apply.")
    added: list[str]
    dropped: list[str] = Field(description="Returns that were opened before keep these fields.")
    changed: list[str]
    headings: list[str] = Field(description="The columns of its spreadsheet.")


def shown(asked: Template, about: dict[str, Any] | None = None) -> dict[str, Any]:
    """A template, with what is known of its publication."""
    names = ("id", "applies_from", "published_at", "summary_of_changes", "withdrawn_at", "withdrawal_reason")
    return {**dict.fromkeys(names), **{name: (about or {}).get(name) for name in names}, **asked.content}
