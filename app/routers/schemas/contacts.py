"""Contacts of an intervention over the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool

from app.access import Group
from app.domain.contacts import ContactKind, ContactMode, Present
from app.domain.vocabulary import ContactResult
from app.routers.schemas.base import In, LongText, Seen, ShortText
from app.routers.schemas.codes import Distinct
from app.routers.schemas.types import Moment


class CaseContactIn(In):
    """A contact that took place, or the attempt at one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "initial",
                    "mode": "home",
                    "held_at": "2026-11-24T15:30:00Z",
                    "minutes": 60,
                    "present": ["child", "parent_or_carer"],
                    "child_seen": True,
                    "result": "attended",
                }
            ]
        }
    )

    kind: ContactKind
    mode: ContactMode
    held_at: Moment = Field(description="When it was held or was to be held; never in the future.")
    minutes: Annotated[int, Field(strict=True, ge=0, le=1440)] | None = None
    minutes_late: Annotated[int, Field(strict=True, ge=1, le=240)] | None = Field(
        None, description="How late it began; of a contact that was late alone."
    )
    present: Annotated[list[Present], Distinct] = Field(default_factory=list, max_length=8)
    agencies: list[ShortText] = Field(
        default_factory=list, max_length=20, description="Agencies present. A team around the child names at least one."
    )
    child_seen: StrictBool = False
    child_seen_alone: StrictBool = False
    announced: StrictBool = True
    result: ContactResult
    reason: LongText | None = Field(
        None, description="Required when it was missed, refused or cancelled by the provider, as far as you know."
    )
    supersedes_id: UUID | None = Field(None, description="The missed contact that this one was rescheduled from.")


class CaseContactOut(Seen):
    """A contact: whether it was kept, for the school; how it went, for the provider and the authority."""

    id: Annotated[UUID, Group.PROGRESS]
    intervention_id: Annotated[UUID, Group.PROGRESS]
    kind: Annotated[ContactKind, Group.PROGRESS]
    mode: Annotated[ContactMode, Group.PROGRESS]
    held_at: Annotated[datetime, Group.PROGRESS]
    minutes: Annotated[int | None, Group.PROGRESS]
    minutes_late: Annotated[int | None, Group.PROGRESS]
    result: Annotated[ContactResult, Group.PROGRESS]
    supersedes_id: Annotated[UUID | None, Group.PROGRESS]
    superseded_by_id: Annotated[
        UUID | None, Group.PROGRESS, Field(description="The contact that took this one's place; count that one.")
    ]
    recorded_at: Annotated[datetime, Group.PROGRESS]
    practitioner_id: Annotated[UUID | None, Group.CASEWORK]
    present: Annotated[list[Present], Group.CASEWORK]
    agencies: Annotated[list[str], Group.CASEWORK]
    child_seen: Annotated[bool, Group.CASEWORK]
    child_seen_alone: Annotated[bool, Group.CASEWORK]
    announced: Annotated[bool, Group.CASEWORK]
    reason: Annotated[str | None, Group.CASEWORK]
