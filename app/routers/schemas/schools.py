"""Schools in requests and answers."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from app.routers.schemas.base import In, Out, ShortText
from app.routers.schemas.codes import Laestab, Phase, Ukprn, Urn, Whole
from app.routers.schemas.parties import PersonIn, PersonOut
from app.routers.schemas.types import Date
from app.services.schools import SchoolFacts

Age = Annotated[Whole, Field(ge=0, le=25)]


class SchoolIn(In):
    """A school that joins the authority. What the national register knows of its URN need not be stated."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "urn": "900101",
                    "name": "Fernbank Primary (made up)",
                    "laestab": "9992101",
                    "phase": "primary",
                    "low_age": 4,
                    "high_age": 11,
                    "area_id": "019a0000-0000-7000-8000-000000000001",
                    "member_from": "2026-09-01",
                }
            ]
        }
    )

    urn: Urn
    area_id: UUID
    member_from: Date
    member_until: Date | None = Field(None, description="The last day of the membership.")
    name: ShortText | None = Field(None, description="Instead of the register's.")
    laestab: Laestab | None = None
    phase: Phase | None = None
    low_age: Age | None = None
    high_age: Age | None = None
    pupils_on_roll: Annotated[Whole, Field(ge=0, le=20000)] | None = None
    ukprn: Ukprn | None = None
    holiday_contact: PersonIn | None = Field(None, description="Whom a provider may reach when the school is closed.")

    def facts(self) -> SchoolFacts:
        """As the service takes it."""
        contact = self.holiday_contact.model_dump(exclude_none=True) if self.holiday_contact else None
        return SchoolFacts(**self.model_dump(exclude={"holiday_contact"}), holiday_contact=contact)


class SchoolOut(Out):
    """A school that is or was a member of the authority."""

    id: UUID
    urn: str
    laestab: str | None
    name: str
    phase: str
    low_age: int | None
    high_age: int | None
    pupils_on_roll: int | None
    area_id: UUID
    area_name: str
    holiday_contact: PersonOut
    member_from: Date
    member_until: Date | None = Field(description="The last day of the membership; null while it has no end.")


class SchoolJoined(SchoolOut):
    """A school that has just joined, and what looked odd about it."""

    warnings: list[str] = Field(max_length=10)

    @classmethod
    def of(cls, school: SchoolOut, warnings: list[str]) -> Self:
        """A school with its warnings."""
        return cls(**school.model_dump(), warnings=warnings)
