"""Obligations over the wire."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.domain.obligations import ObligationClock, ObligationKind, ObligationState, SubjectKind
from app.routers.schemas.base import Out


class ObligationOut(Out):
    """Something that an organisation owes, by when, and what became of it."""

    id: UUID
    kind: ObligationKind
    owed_by_id: UUID
    subject_kind: SubjectKind
    subject_id: UUID
    clock: ObligationClock = Field(description="In which days or hours the time was counted.")
    created_at: datetime
    due_at: datetime
    met_at: datetime | None
    cancelled_at: datetime | None
    state: ObligationState
    overdue: bool = Field(description="Open, and past its due time.")
