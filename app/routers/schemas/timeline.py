"""Timelines over the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.access import Group
from app.routers.schemas.base import Public, Seen
from app.routers.schemas.types import Moment


class TimelineEntryOut(Seen):
    """One act on a referral, as an event that the caller was told of."""

    id: Annotated[UUID, Public, Field(description="The event's id.")]
    type: Annotated[str, Public, Field(examples=["allocation.offered"], max_length=64)]
    occurred_at: Annotated[Moment, Public, Field(description="Business time.")]
    sentence: Annotated[str, Public, Field(description="What happened, in plain English, without a name.")]
    organisation_id: Annotated[UUID, Public, Field(description="Who acted.")]
    practitioner_id: Annotated[UUID | None, Group.CASEWORK, Field(description="Who held the contact, if it was one.")]
    subject_kind: Annotated[str, Public, Field(max_length=32)]
    subject_id: Annotated[UUID, Public]
    subject_version: Annotated[int, Public, Field(ge=1)]
    links: Annotated[
        dict[str, str],
        Public,
        Field(description="The ids of what it names, such as `contact_id` or `intervention_id`."),
    ]
