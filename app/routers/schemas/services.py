"""Services in requests and answers."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.domain.courses import Audience
from app.domain.vocabulary import DeliveryMode
from app.domain.year_groups import KeyStage
from app.routers.schemas.base import In, Out, ShortText
from app.routers.schemas.codes import Distinct, Language, NeedKey, Whole
from app.routers.schemas.types import Date
from app.services.services import CapacityStatus


class Tier(StrEnum):
    """How intensive the support is."""

    UNIVERSAL = "universal"
    TARGETED = "targeted"
    INTENSIVE = "intensive"
    SPECIALIST = "specialist"


class Format(StrEnum):
    """How the support is given."""

    CASEWORK = "casework"
    COURSE = "course"
    PLACEMENT = "placement"
    LINK_DAYS = "link_days"


Summary = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Pamphlet = Annotated[str, StringConstraints(max_length=50_000)]
PamphletUrl = Annotated[str, StringConstraints(max_length=500, pattern=r"^https://[^\s<>\"]+$")]
Needs = Annotated[list[NeedKey], Field(min_length=1, max_length=30), Distinct]
KeyStages = Annotated[list[KeyStage], Field(min_length=1, max_length=6), Distinct]
Languages = Annotated[list[Language], Field(min_length=1, max_length=50), Distinct]
Modes = Annotated[list[DeliveryMode], Field(min_length=1, max_length=3), Distinct]
Weeks = Annotated[Whole, Field(ge=1, le=52, description="Usual length in school weeks.")]


class ServiceIn(In):
    """What a provider offers. The pamphlet is Markdown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "provider_id": "019a0000-0000-7000-8000-000000000002",
                    "name": "Family support at home",
                    "summary": "A practitioner works with the family for six school weeks.",
                    "pamphlet": "# Family support at home\n\nWhat to expect.",
                    "tier": "targeted",
                    "needs": ["attendance", "parenting_support"],
                    "key_stages": ["KS1", "KS2"],
                    "languages": ["ENG"],
                    "modes": ["home", "school"],
                }
            ]
        }
    )

    provider_id: UUID
    name: ShortText
    summary: Summary
    pamphlet: Pamphlet = ""
    pamphlet_url: PamphletUrl | None = None
    tier: Tier
    format: Format = Format.CASEWORK
    needs: Needs
    key_stages: KeyStages
    languages: Languages
    modes: Modes
    standard_weeks: Weeks = 6


class ServiceChange(In):
    """What is to change; what is left out stays. A provider changes its words, languages and modes only."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"pamphlet": "# Family support at home\n\nReworded."}]})

    name: ShortText = Field(default_factory=str)
    summary: Summary = Field(default_factory=str)
    pamphlet: Pamphlet = Field(default_factory=str)
    pamphlet_url: PamphletUrl | None = None
    tier: Tier = Field(default_factory=lambda: Tier.TARGETED)
    format: Format = Field(default_factory=lambda: Format.CASEWORK)
    needs: Needs = Field(default_factory=list)
    key_stages: KeyStages = Field(default_factory=list)
    languages: Languages = Field(default_factory=list)
    modes: Modes = Field(default_factory=list)
    standard_weeks: Weeks = Field(default_factory=int)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_change", "Say what is to change.")
        return self


class NextCourseOut(Out):
    """A course that has still to begin."""

    id: UUID
    lot_id: UUID
    title: str
    audience: Audience
    first_on: Date
    last_on: Date
    seats_free: int


class ServiceRow(Out):
    """A service in a list; its pamphlet is in the service itself."""

    id: UUID
    provider_id: UUID
    provider_name: str
    name: str
    summary: str
    pamphlet_url: str | None
    tier: Tier
    format: Format
    needs: list[str]
    key_stages: list[str]
    languages: list[str]
    modes: list[str]
    standard_weeks: int = Field(description="Usual length in school weeks.")
    eligibility: str = Field(description="Who it is for, in plain words.")
    capacity_status: CapacityStatus = Field(
        description="Whether a family could start today; for a school, on what serves that school."
    )
    next_courses: list[NextCourseOut] = Field(
        max_length=10, description="Of a service of the format `course`: the next ones, by their first day."
    )


class ServiceOut(ServiceRow):
    """What a provider offers, with its pamphlet in Markdown."""

    pamphlet: str
