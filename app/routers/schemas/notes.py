"""Case notes over the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool

from app.access import Group
from app.domain.notes import NoteKind
from app.routers.schemas.base import In, LongText, Seen
from app.routers.schemas.types import Moment


class CaseNoteIn(In):
    """A note for the case's record."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "observation",
                    "occurred_at": "2026-11-03T16:30:00Z",
                    "text": "Met at the school gate. Mornings are hardest when the night shift runs late.",
                }
            ]
        }
    )

    kind: NoteKind = NoteKind.OTHER
    occurred_at: Moment = Field(description="When it was; never in the future, nor before the case was accepted.")
    text: LongText
    practitioner_id: UUID | None = Field(None, description="Who writes; the case's practitioner unless given.")
    shared_with_referrer: StrictBool = Field(False, description="Whether the referring school or agency reads it too.")
    supersedes_id: UUID | None = Field(
        None, description="Your earlier note that this one corrects. It is kept, and shared with nobody any longer."
    )


class CaseNoteOut(Seen):
    """A note: for the referrer if it is shared and stands, with its history for the provider and the authority."""

    id: Annotated[UUID, Group.NOTES]
    intervention_id: Annotated[UUID, Group.NOTES]
    kind: Annotated[NoteKind, Group.NOTES]
    occurred_at: Annotated[datetime, Group.NOTES]
    text: Annotated[str, Group.NOTES]
    recorded_at: Annotated[datetime, Group.NOTES]
    organisation_id: Annotated[UUID, Group.NOTES, Field(description="The provider whose practitioner wrote it.")]
    practitioner_id: Annotated[UUID, Group.CASEWORK]
    shared_with_referrer: Annotated[bool, Group.CASEWORK]
    supersedes_id: Annotated[UUID | None, Group.CASEWORK]
    superseded_by_id: Annotated[
        UUID | None, Group.CASEWORK, Field(description="The note that took this one's place; read that one.")
    ]
