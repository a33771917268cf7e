"""Returns and their templates over the wire."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.access import Kind
from app.domain.return_rules import school_warnings
from app.domain.returns import SCHOOL_TERM, ReturnState, available_acts
from app.routers.schemas.base import In, LongText, Out

Row = dict[str, Any]


class ReturnIn(In):
    """What a return says, whole: it takes the place of what was kept before."""

    content: dict[str, Any] = Field(
        max_length=50, description="As the template's schema says. Begin from the `content` that you read."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "content": {
                        "pupils": [
                            {
                                "referral_id": "01939d2a-7b1c-7e55-8f00-5d1c0f6f2a10",
                                "referral_reference": "R-7K3F-9QXM",
                                "mis_id": "SYN-0412",
                                "no_figures_reason": None,
                                "sessions_possible": 142,
                                "sessions_attended": 121,
                                "sessions_authorised": 12,
                                "sessions_unauthorised": 9,
                                "suspension_count": 1,
                                "sessions_lost": 4,
                                "permanent_exclusion_count": 0,
                                "comment": None,
                            }
                        ]
                    }
                }
            ]
        }
    )


class QueryLineIn(In):
    """What is asked of one row."""

    row: str = Field(max_length=64, description="The row's key, as the template names it: `referral_id` or so.")
    field: str | None = Field(None, max_length=64, description="The field that is asked about; null for the whole row.")
    question: LongText


class QueryIn(In):
    """What the authority asks about a submitted return, as a whole and row by row."""

    question: LongText = Field(examples=["Session totals for two pupils look like those of last term: please check."])
    lines: list[QueryLineIn] = Field(default=[], max_length=500)


class AmendIn(In):
    """Why an accepted return is put right."""

    reason: LongText = Field(examples=["Two weeks of marks were missing from our own system."])


class QueryLineOut(Out):
    """What was asked of one row."""

    row: str
    field: str | None
    question: str


class SubmissionOut(Out):
    """What a return said when it was submitted."""

    number: int
    submitted_at: datetime
    reason: str | None = Field(description="Why it was put right after it had been accepted.")
    content: dict[str, Any]


class SubmissionsOut(Out):
    """Every submission of a return, in order."""

    data: list[SubmissionOut]


class WarningOut(Out):
    """Something that a person should look at again."""

    pointer: str
    code: str
    detail: str


class ReturnSummaryOut(Out):
    """A return in a list."""

    id: UUID
    organisation_id: UUID
    organisation_name: str
    template: str
    template_version: int
    period: str = Field(examples=["2026/27-autumn"])
    period_starts_on: date
    period_ends_on: date
    state: ReturnState
    version: int
    due_on: date
    late: bool = Field(description="Submitted after it was due, or not submitted though the day is past.")
    opened_at: datetime
    submitted_at: datetime | None
    accepted_at: datetime | None
    available_actions: list[str]


class ReturnOut(ReturnSummaryOut):
    """A return with its content, pre-filled with everything that the record already knows."""

    query: str | None = Field(description="What the authority last asked.")
    query_lines: list[QueryLineOut] = Field(description="What it last asked of single rows.")
    amendment_reason: str | None = Field(description="Why it is being put right after it had been accepted.")
    content: dict[str, Any]
    warnings: list[WarningOut]


def summary_of(row: Row, *, kind: Kind, today: date, submitted_on: date | None) -> Row:
    """A return's row as a list shows it."""
    names = (name for name in ReturnSummaryOut.model_fields if name not in ("late", "available_actions"))
    return {
        **{name: row[name] for name in names},
        "late": (submitted_on or today) > row["due_on"],
        "available_actions": available_acts(ReturnState(row["state"]), officer=kind is Kind.AUTHORITY),
    }


def return_of(row: Row, *, kind: Kind, today: date, submitted_on: date | None) -> Row:
    """A return's row whole."""
    warnings = school_warnings(row["content"]) if row["template"] == SCHOOL_TERM else []
    return {
        **summary_of(row, kind=kind, today=today, submitted_on=submitted_on),
        "query": row["query"],
        "query_lines": row["query_lines"],
        "amendment_reason": row["amendment_reason"],
        "content": row["content"],
        "warnings": warnings,
    }
