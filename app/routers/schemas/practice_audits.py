"""Audits of practice over the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.measures import measures
from app.domain.practice_audits import MOST_ACTIONS, ActionState, PlannedAction
from app.routers.schemas.base import Code, In, LongText, Out, ShortText
from app.routers.schemas.types import Date
from app.services.practice_audits import Audit

_AREAS: Final = [area.key for area in measures()["family_engagement_audit"].areas]
_ACTION: Final[dict[str, Any]] = {
    "area": "first_welcome",
    "action": "A named person rings each new family in its first fortnight.",
    "owner": "Pastoral lead",
    "due_on": "2027-03-26",
}
_EXAMPLE: Final[dict[str, Any]] = {
    "measure": "family_engagement_audit",
    "taken_on": "2026-11-20",
    "scores": dict.fromkeys(_AREAS, 2),
    "evidence": dict.fromkeys(_AREAS, "Minutes of the governors' visit, and the families' survey."),
    "actions": [_ACTION],
}


class ActionIn(In):
    """One thing that is to change."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ACTION]})

    area: Code
    action: LongText
    owner: ShortText = Field(description="Who sees to it: a role, or a name.")
    due_on: Date

    def planned(self) -> PlannedAction:
        """In the domain's terms."""
        return PlannedAction(self.area, self.action, self.owner, self.due_on)


class AuditIn(In):
    """An audit of how a school or a service works with families, with what is to change."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    measure: Code
    school_id: UUID | None = Field(None, description="A school leaves it out: the audit is its own.")
    service_id: UUID | None = Field(None, description="Of an audit of a service.")
    taken_on: Date
    scores: dict[Code, Annotated[int, Field(strict=True, ge=-1000, le=1000)]] = Field(min_length=1, max_length=50)
    evidence: dict[Code, LongText] = Field(max_length=50, description="By area: what shows the score.")
    actions: list[ActionIn] = Field([], max_length=MOST_ACTIONS)

    def audit(self) -> Audit:
        """As the service takes it."""
        return Audit(
            self.measure,
            self.school_id,
            self.service_id,
            self.taken_on,
            self.scores,
            self.evidence,
            [action.planned() for action in self.actions],
        )


class ActionChangeIn(In):
    """What changes of an open action: the fields that are sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "done", "note": "Since January."}]})

    owner: ShortText | None = None
    due_on: Date | None = None
    state: ActionState | None = None
    note: LongText | None = None

    def changes(self) -> dict[str, Any]:
        """Those that were sent."""
        return self.model_dump(exclude_none=True)


class ActionOut(Out):
    """An action of the plan."""

    id: UUID
    position: int
    area: str
    action: str
    owner: str
    due_on: date
    state: ActionState
    settled_at: datetime | None
    note: str | None


class AuditOut(Out):
    """An audit with its action plan, for whose practice it is and the authority."""

    id: UUID
    version: int = Field(description="Rises with every change of its plan.")
    organisation_id: UUID
    organisation_name: str
    service_id: UUID | None
    measure: str
    measure_version: int
    taken_on: date
    scores: dict[str, int]
    evidence: dict[str, str]
    recorded_by_id: UUID
    recorded_at: datetime
    actions: list[ActionOut]


def audit_out(row: dict[str, Any]) -> AuditOut:
    """An audit as it is answered."""
    return AuditOut(**{name: row[name] for name in AuditOut.model_fields})
