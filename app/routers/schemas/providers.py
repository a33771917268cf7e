"""Providers in requests and answers."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.routers.schemas.base import In, Out, ShortText
from app.routers.schemas.codes import Ukprn
from app.routers.schemas.parties import PersonIn, PersonOut

# Forms as the Charity Commission and Companies House write them.
CharityNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{6,7}(-[0-9]{1,3})?$", max_length=11)]
CompanyNumber = Annotated[str, StringConstraints(pattern=r"^([0-9]{8}|[A-Z]{2}[0-9]{6})$", max_length=8)]


class ProviderIn(In):
    """An organisation that delivers family support."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Harbour Families (made up)",
                    "charity_number": "0000001",
                    "contact": {"name": "Ada Sampleton (made up)", "email": "referrals@harbour.example"},
                }
            ]
        }
    )

    name: ShortText
    ukprn: Ukprn | None = None
    charity_number: CharityNumber | None = None
    company_number: CompanyNumber | None = None
    contact: PersonIn | None = None


class OfferAnswersOut(Out):
    """How a provider answered the offers whose time to answer ended within a period."""

    provider_id: UUID
    offers_count: int = Field(ge=0, description="All of them; those that were taken back are left out.")
    answered_in_time_count: int = Field(ge=0)
    answered_late_count: int = Field(ge=0, description="After `answer_due_at`, and before the place had gone.")
    deemed_count: int = Field(ge=0, description="Left to silence, under a contract by which that is yes.")
    unanswered_count: int = Field(ge=0, description="Left to run out.")


class ProviderOut(Out):
    """An organisation that delivers family support."""

    id: UUID
    name: str
    ukprn: str | None
    charity_number: str | None
    company_number: str | None
    contact: PersonOut
