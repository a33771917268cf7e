"""Practitioners in requests and answers."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.year_groups import KeyStage
from app.routers.schemas.base import In, Out, ShortText
from app.routers.schemas.codes import Distinct, Language, Whole
from app.routers.schemas.parties import Email
from app.routers.schemas.types import Date

CaseloadLimit = Annotated[Whole, Field(ge=0, le=200, description="Interventions at a time.")]
Languages = Annotated[list[Language], Field(max_length=20), Distinct]
KeyStages = Annotated[list[KeyStage], Field(max_length=6), Distinct]
AreaIds = Annotated[list[UUID], Field(max_length=50, description="Where they work; empty: anywhere.")]


class PractitionerIn(In):
    """A family support worker of the caller's own organisation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Sam Sampleton (made up)",
                    "email": "sam@harbour.example",
                    "caseload_limit": 12,
                    "languages": ["ENG", "POL"],
                    "key_stages": ["KS1", "KS2"],
                    "dbs_checked_on": "2026-06-01",
                }
            ]
        }
    )

    name: ShortText
    email: Email | None = None
    caseload_limit: CaseloadLimit
    languages: Languages = Field(default_factory=list)
    key_stages: KeyStages = Field(default_factory=list)
    area_ids: AreaIds = Field(default_factory=list)
    dbs_checked_on: Date | None = None


class PractitionerChange(In):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"caseload_limit": 8}, {"active": False}]})

    name: ShortText = Field(default_factory=str)
    email: Email | None = None
    caseload_limit: CaseloadLimit = Field(default_factory=int)
    languages: Languages = Field(default_factory=list)
    key_stages: KeyStages = Field(default_factory=list)
    area_ids: AreaIds = Field(default_factory=list)
    dbs_checked_on: Date | None = None
    active: Annotated[bool, Field(strict=True)] = Field(default_factory=bool)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_change", "Say what is to change.")
        return self


class PractitionerOut(Out):
    """A family support worker."""

    id: UUID
    provider_id: UUID
    name: str
    email: str | None
    caseload_limit: int
    caseload_count: int = Field(description="Families that hold a place of theirs now.")
    languages: list[str]
    key_stages: list[str]
    area_ids: list[UUID]
    dbs_checked_on: Date | None
    active: bool
    version: int = Field(description="Send it as `If-Match` to change the record.")
