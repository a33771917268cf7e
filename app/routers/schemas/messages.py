"""Messages over the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.access import Group
from app.domain.messages import Addressee
from app.routers.schemas.base import In, LongText, Seen
from app.routers.schemas.codes import Distinct


class MessageIn(In):
    """A message to other parties of the referral."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Could the first visit be after 15:30?", "to": ["referrer"]}]}
    )

    text: LongText
    to: Annotated[list[Addressee], Distinct] = Field(
        default_factory=list,
        max_length=len(Addressee),
        description="The parties that read it, as they are now; the other side unless given. `case` is the provider"
        " that has the case and whichever has it later.",
    )


class MessageReadOut(Seen):
    """That an organisation has read a message."""

    organisation_id: Annotated[UUID, Group.MESSAGES]
    read_at: Annotated[datetime, Group.MESSAGES]


class MessageOut(Seen):
    """A message, for those to whom it was addressed and who posted it."""

    id: Annotated[UUID, Group.MESSAGES]
    referral_id: Annotated[UUID, Group.MESSAGES]
    organisation_id: Annotated[UUID, Group.MESSAGES, Field(description="Who posted it.")]
    organisation_name: Annotated[str, Group.MESSAGES]
    addressed_to: Annotated[list[Addressee], Group.MESSAGES]
    text: Annotated[str, Group.MESSAGES]
    posted_at: Annotated[datetime, Group.MESSAGES]
    read_by: Annotated[list[MessageReadOut], Group.MESSAGES]
