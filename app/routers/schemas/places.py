"""Places out of service, and whose caseload a place is on, in requests and answers."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.routers.schemas.base import In, LongText, Out
from app.routers.schemas.types import Date


class OutOfServiceIn(In):
    """Days on which a place takes no family."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"starts_on": "2034-11-02", "ends_on": "2034-11-23", "reason": "The practitioner is on leave."}
            ]
        }
    )

    starts_on: Date = Field(description="The first day away: today or later.")
    ends_on: Date = Field(description="The first day back.")
    reason: LongText


class BackInServiceIn(In):
    """An earlier day back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ends_on": "2034-11-10"}]})

    ends_on: Date = Field(
        description="The first day back: today or later. On or before the first day away, the range never was."
    )


class OutOfServiceOut(Out):
    """Days on which a place takes no family. A case that runs on it goes on."""

    id: UUID
    lot_id: UUID
    place_id: UUID
    place_number: int
    practitioner_id: UUID | None
    starts_on: Date
    ends_on: Date = Field(description="The first day back.")
    reason: str


class PlacePractitionerIn(In):
    """Whose caseload a place is on from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"practitioner_id": None}]})

    practitioner_id: UUID | None = Field(description="One of the provider's active practitioners; null: nobody yet.")


class PlacePractitionerOut(Out):
    """Whose caseload a place is on."""

    place_id: UUID
    place_number: int
    practitioner_id: UUID | None
