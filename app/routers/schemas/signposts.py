"""Signposts over the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool

from app.access import Group
from app.domain.signposts import ForWhom, SignpostKind, TakenUp, WhyNot
from app.routers.schemas.base import In, Public, Seen, ShortText
from app.routers.schemas.types import Date

Url = Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s]+$")]


class SignpostRecordIn(In):
    """A service that the family was pointed to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Saturday family club (made up)",
                    "kind": "community",
                    "signposted_on": "2026-11-12",
                    "for_whom": "family",
                }
            ]
        }
    )

    name: ShortText
    kind: SignpostKind
    url: Url | None = None
    service_id: UUID | None = Field(None, description="One of the authority's own services, if it is one.")
    signposted_on: Date
    for_whom: ForWhom = Field(description="The school is not shown what a parent was pointed to for itself.")
    in_letters: StrictBool | None = Field(
        None,
        description="Whether the closure letters name it: yes unless told, and never for `domestic_abuse`, because a"
        " letter lies where others may read it.",
    )


class TakeUpIn(In):
    """Whether the family went there, and why not."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"taken_up": "no", "why_not": "waiting_list", "followed_up_on": "2026-11-19"}]}
    )

    taken_up: TakenUp
    why_not: WhyNot | None = Field(None, description="Required when it was not taken up, and only then.")
    followed_up_on: Date = Field(description="When the family was asked.")


class SignpostRecordOut(Seen):
    """A service that the family was pointed to, and what became of it."""

    id: Annotated[UUID, Group.PROGRESS]
    intervention_id: Annotated[UUID, Group.PROGRESS]
    name: Annotated[str, Group.PROGRESS]
    kind: Annotated[SignpostKind, Group.PROGRESS]
    url: Annotated[str | None, Group.PROGRESS]
    service_id: Annotated[UUID | None, Group.PROGRESS]
    signposted_on: Annotated[date, Group.PROGRESS]
    for_whom: Annotated[ForWhom, Group.PROGRESS]
    in_letters: Annotated[bool, Group.CASEWORK]
    taken_up: Annotated[TakenUp, Group.PROGRESS]
    why_not: Annotated[WhyNot | None, Group.PROGRESS]
    followed_up_on: Annotated[date | None, Group.PROGRESS]
    recorded_at: Annotated[datetime, Group.PROGRESS]
    version: Annotated[int, Public, Field(description="The number in the ETag.")]
