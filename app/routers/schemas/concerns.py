"""Concerns over the wire. What is answered when one is raised holds none of its words: it is stored for retries."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.access import Group
from app.domain.concerns import ConcernAction, ConcernActKind, ConcernKind, ConcernState
from app.routers.schemas.base import In, LongText, Out, Seen, ShortText
from app.routers.schemas.referral_views import NoticeOut
from app.routers.schemas.types import Moment
from app.services.concerns import Done, NewConcern, Worker

_Concerns, _Safeguarding = Group.CONCERNS, Group.SAFEGUARDING


class RaiserIn(In):
    """The person who raises a concern, whom the safeguarding hub calls back."""

    name: ShortText
    role: ShortText | None = None
    phone: ShortText | None = None


class WorkerIn(In):
    """Whom an allegation is about."""

    organisation_id: UUID = Field(description="For whom the worker works. It reads nothing of this.")
    name: ShortText | None = None
    role: ShortText | None = None


class ConcernIn(In):
    """Something that cannot wait."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "child_at_risk",
                    "text": "He said that he is afraid to go home tonight.",
                    "person": {"name": "Jo Exemplar", "role": "family support worker", "phone": "01632 960123"},
                }
            ]
        }
    )

    kind: ConcernKind
    text: LongText
    person: RaiserIn
    worker: WorkerIn | None = Field(None, description="Of an allegation, and of nothing else.")
    noticed_at: Moment | None = None

    def concern(self) -> NewConcern:
        """In the service's terms."""
        worker = Worker(**self.worker.model_dump()) if self.worker else None
        return NewConcern(self.kind, self.text, self.person.model_dump(), worker, self.noticed_at)


class ConcernRaisedOut(Out):
    """That a concern is recorded, who has to act, and what to do now."""

    id: UUID
    referral_id: UUID
    kind: ConcernKind
    state: ConcernState
    raised_at: datetime
    recipient_id: UUID = Field(description="The organisation that has to act on it.")
    notice: NoticeOut


class ActingPersonIn(In):
    """The person who acts."""

    name: ShortText
    role: ShortText | None = None


class ConcernActIn(In):
    """What was done about a concern."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "action": "referred_to_social_care",
                    "person": {"name": "Robin Exemplar", "role": "designated safeguarding lead"},
                    "note": "Called the hub at 16:05; a social worker visits this evening.",
                }
            ]
        }
    )

    action: ConcernAction
    person: ActingPersonIn
    note: LongText | None = Field(None, description="Required with `other`, and to close.")

    @model_validator(mode="after")
    def _explains_other(self) -> "ConcernActIn":
        if self.action is ConcernAction.OTHER and self.note is None:
            raise PydanticCustomError("note_needed", "Say in a note what was done.")
        return self

    def done(self) -> Done:
        """In the service's terms."""
        return Done(self.action, self.person.model_dump(), self.note)


class ConcernCloseIn(ConcernActIn):
    """How a concern ended."""

    note: LongText


class ConcernActOut(Seen):
    """What was done, for whoever has to act and for the authority's safeguarding officers."""

    id: Annotated[UUID, _Safeguarding]
    kind: Annotated[ConcernActKind, _Safeguarding]
    organisation_id: Annotated[UUID, _Safeguarding]
    person: Annotated[dict[str, Any], _Safeguarding]
    action: Annotated[ConcernAction, _Safeguarding]
    note: Annotated[str | None, _Safeguarding]
    acted_at: Annotated[datetime, _Safeguarding]


class ConcernLineOut(Seen):
    """A concern in a list: none of its words."""

    id: Annotated[UUID, _Concerns]
    referral_id: Annotated[UUID, _Concerns]
    organisation_id: Annotated[UUID, _Concerns, Field(description="Who raised it.")]
    kind: Annotated[ConcernKind, _Concerns]
    state: Annotated[
        ConcernState, _Concerns, Field(description="As far as you are told: to who raised it, always `raised`.")
    ]
    version: Annotated[int, _Concerns]
    noticed_at: Annotated[datetime | None, _Concerns]
    raised_at: Annotated[datetime, _Concerns]
    recipient_id: Annotated[UUID, _Concerns, Field(description="The organisation that has to act on it.")]


class ConcernOut(ConcernLineOut):
    """A concern: what was raised, and what followed for those who may know."""

    text: Annotated[str, _Concerns]
    person: Annotated[dict[str, Any], _Concerns, Field(description="Who raised it.")]
    worker_organisation_id: Annotated[UUID | None, _Safeguarding]
    worker: Annotated[dict[str, Any] | None, _Safeguarding]
    acts: Annotated[list[ConcernActOut], _Safeguarding]
