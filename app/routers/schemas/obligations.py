"""Obligations over the wire."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.obligations import ObligationClock, ObligationKind, ObligationState, SubjectKind
from app.domain.service_levels import LevelsBy, ServiceLevel
from app.routers.schemas.base import In, LongText, Out
from app.routers.schemas.officers_acts import OfficerIn


class DoneOut(Out):
    """What an officer noted of an obligation that was met outside the service."""

    note: str
    officer: dict[str, str | None]


class ObligationOut(Out):
    """Something that an organisation owes, by when, and what became of it."""

    id: UUID
    version: int
    kind: ObligationKind
    owed_by_id: UUID
    subject_kind: SubjectKind
    subject_id: UUID
    referral_id: UUID | None = Field(description="The referral that it concerns; null where you may not read that.")
    intervention_id: UUID | None = Field(description="The case that it concerns, alike.")
    clock: ObligationClock = Field(description="In which days or hours the time was counted.")
    created_at: datetime
    due_at: datetime
    put_off_at: datetime | None = Field(description="When its due time was last moved.")
    reminded_at: datetime | None = Field(description="When `obligation.due_soon` told of this due time.")
    overdue_at: datetime | None = Field(description="When `obligation.overdue` told of this due time.")
    escalated_at: datetime | None = Field(description="When `obligation.escalated` told of this due time.")
    met_at: datetime | None
    cancelled_at: datetime | None
    state: ObligationState
    overdue: bool = Field(description="Open, and past its due time.")
    settled_by: list[str] = Field(description="The operations that meet it, by their `operationId`.")
    done: DoneOut | None = Field(description="The officer's note, where that settled it.")


_EXAMPLE: Final[dict[str, Any]] = {
    "note": "Rang both providers; the second takes the family from Monday.",
    "officer": {"name": "Robin Exemplar", "role": "lead officer"},
}


class DoneIn(In):
    """What was done about something owed that no act of the service settles."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    note: LongText
    officer: OfficerIn


class ServiceLevelsOut(Out):
    """How what was due in a period was met."""

    definition: str
    starts_on: date
    ends_on: date
    group_by: LevelsBy
    data: list[ServiceLevel]
