"""What the event feed answers: ids and codes only, the same for everyone who may read the event."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.routers.schemas.base import Out
from app.routers.schemas.types import Moment


class EventOut(Out):
    """One act. Read its subject to learn more: what you may see of it is decided there."""

    id: UUID = Field(description="Delivery is at least once: skip an id that you already have.")
    type: str = Field(description="What happened.", examples=["allocation.offered"], max_length=64)
    subject_kind: str = Field(
        description="What it happened to: `referral`, `offer`, `intervention`, `return` ...", max_length=32
    )
    subject_id: UUID
    subject_version: int = Field(
        description="The subject's version after the act. Keep the highest that you saw.", examples=[3], ge=1
    )
    referral_id: UUID | None = Field(description="The referral that it concerns, if one.")
    organisation_id: UUID = Field(description="Who acted.")
    occurred_at: Moment = Field(description="Business time.")
    recorded_at: Moment = Field(description="Real time.")
    data: dict[str, object] = Field(description="Further ids and codes.")


class EventPage(Out):
    """Events in feed order."""

    data: Annotated[list[EventOut], Field(max_length=200)]
    next_cursor: str = Field(description="Always there, also when `data` is empty: ask with it next.", max_length=1024)
    has_more: bool = Field(
        description="More was waiting when this page was read: ask on at once. With `type`, a page may be short and"
        " this still true."
    )
