"""Lots, their places, and changes of capacity, in requests and answers."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.vocabulary import DeliveryMode
from app.domain.year_groups import KeyStage
from app.routers.schemas.base import In, LongText, Out, ShortText
from app.routers.schemas.codes import Distinct, Language, NeedKey, Whole
from app.routers.schemas.contracts import Volume
from app.routers.schemas.services import Format
from app.routers.schemas.types import Date, Moment
from app.services.lots import LotFacts, PlaceFacts

PlaceCount = Annotated[Whole, Field(ge=0, le=500)]
Needs = Annotated[list[NeedKey], Field(min_length=1, max_length=30), Distinct]
Languages = Annotated[list[Language], Field(min_length=1, max_length=50), Distinct]
Modes = Annotated[list[DeliveryMode], Field(min_length=1, max_length=3), Distinct]
KeyStages = Annotated[list[KeyStage], Field(min_length=1, max_length=6), Distinct]


class PlaceIn(In):
    """What one place has of its own. What is left out is as the service."""

    practitioner_id: UUID | None = Field(None, description="Whose caseload it is on.")
    needs: Needs | None = None
    languages: Languages | None = None
    modes: Modes | None = None


class VolumeLine(In):
    """The share of the volume in one half-term."""

    academic_year: Annotated[str, Field(pattern=r"^[0-9]{4}/[0-9]{2}$")]
    half_term: Annotated[Whole, Field(ge=1, le=6)]
    volume: Volume


class LotIn(In):
    """One service, block-booked: where it serves, for whom, how many places, how many interventions."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "service_id": "019a0000-0000-7000-8000-000000000003",
                    "name": "North and East",
                    "volume": 120,
                    "volume_unit": "family",
                    "area_ids": ["019a0000-0000-7000-8000-000000000001"],
                    "places": 12,
                }
            ]
        }
    )

    service_id: UUID
    name: ShortText
    provider_id: UUID | None = Field(None, description="Who delivers it; left out: the contract's own provider.")
    key_stages: KeyStages | None = Field(None, description="Left out: all of the service's.")
    needs: Needs | None = Field(None, description="Left out: all of the service's.")
    area_ids: list[UUID] = Field(default_factory=list, max_length=100)
    school_ids: list[UUID] = Field(
        default_factory=list, max_length=1000, description="With neither areas nor schools: the whole authority."
    )
    volume: Volume = Field(description="Interventions commissioned; of link days, days.")
    volume_unit: Literal["family", "pupil", "day"] = Field(
        "family", description="Of a service of the format `link_days` it is `day`, and of no other."
    )
    volume_profile: list[VolumeLine] = Field(default_factory=list, max_length=60)
    places: PlaceCount = Field(description="Interventions at a time.")
    place_details: list[PlaceIn] = Field(
        default_factory=list, max_length=500, description="Of places 1, 2 and so on; at most as many as there are."
    )
    places_from: Date | None = Field(None, description="The first day of the places; left out: the contract's start.")

    @model_validator(mode="after")
    def _details_fit(self) -> Self:
        if len(self.place_details) > self.places:
            raise PydanticCustomError("too_many_details", "There are more place_details than places.")
        return self

    def facts(self) -> LotFacts:
        """As the service takes it; places without details are as the service."""
        details = [PlaceFacts(**detail.model_dump()) for detail in self.place_details]
        plain = [PlaceFacts()] * (self.places - len(details))
        return LotFacts(
            service_id=self.service_id,
            name=self.name,
            provider_id=self.provider_id,
            key_stages=None if self.key_stages is None else [stage.value for stage in self.key_stages],
            needs=self.needs,
            area_ids=self.area_ids,
            school_ids=self.school_ids,
            volume=self.volume,
            volume_unit=self.volume_unit,
            volume_profile=[line.model_dump() for line in self.volume_profile],
            places=[*details, *plain],
            places_from=self.places_from,
        )


class LotFiguresOut(Out):
    """Figures of a lot on one date, counted from its places, bookings and interventions."""

    as_of: Date
    in_force: bool = Field(description="Whether the contract runs on that date and the lot is part of it.")
    ends_on: Date = Field(description="The last day of the contract as it stands on that date.")
    places_count: int
    held_count: int
    free_count: int = Field(description="Free, in service, and offered to whoever is next.")
    withheld_count: int = Field(
        description="Free, but not offered while as many families are still held on places that were cut."
    )
    out_of_service_count: int
    held_after_cut_count: int = Field(description="Held, though the place takes no further family.")
    over_held_count: int = Field(description="Held beyond the number of places; nothing is offered until it is 0.")
    promised_count: int = Field(description="Places that a family was offered for a later day, held until then or not.")
    volume: int
    volume_used_count: int = Field(
        description="In the lot's unit: interventions whose first contact was attended; of other formats than casework,"
        " what somebody came to, and link days that were done."
    )
    volume_committed_count: int = Field(description="Held or promised, and not used yet.")


class LotOut(Out):
    """A block-booked part of a contract."""

    id: UUID
    contract_id: UUID
    provider_id: UUID
    provider_name: str
    prime_id: UUID
    service_id: UUID
    service_name: str
    service_format: Format
    name: str
    key_stages: list[str]
    needs: list[str]
    area_ids: list[UUID]
    school_ids: list[UUID]
    signed_volume: int
    volume_unit: Literal["family", "pupil", "day"]
    volume_profile: list[VolumeLine]
    figures: LotFiguresOut


class CapacityChangeRow(Out):
    """A recorded change of how many places a lot has."""

    id: UUID
    effective_on: Date
    places_from: int
    places_to: int
    reason: str
    recorded_at: Moment
    recorded_by_id: UUID = Field(description="The organisation that recorded it.")


class LotDetail(LotOut):
    """A block-booked part of a contract, with the changes of its places."""

    capacity_changes: list[CapacityChangeRow] = Field(max_length=200, description="Newest first.")


class PlaceOut(Out):
    """One intervention at a time."""

    id: UUID
    number: int
    state: Literal["free", "withheld", "held", "out_of_service", "to_come", "ended"]
    practitioner_id: UUID | None
    practitioner_name: str | None
    needs: list[str] | None
    languages: list[str] | None
    modes: list[str] | None
    available_from: Date
    available_until: Date | None = Field(description="The first day on which it takes no family; null: no such day.")
    extra_reason: str | None = Field(description="Why it was added beyond the block.")
    booking_state: Literal["offered", "accepted", "active", "released"] | None
    booked_from: Date | None
    booked_until: Date | None = Field(description="The planned end: the first day after it.")
    promised_from: Date | None = Field(description="From when it is promised to its next family.")


class CapacityChangeIn(In):
    """How many places a lot is to have from a date on, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"places": 10, "effective_on": "2026-11-02", "reason": "A practitioner leaves."}]
        }
    )

    places: PlaceCount = Field(description="The new number of places, not the difference.")
    effective_on: Date
    reason: LongText


class CapacityChangeOut(Out):
    """What a change did to numbered places. Nobody is evicted: what runs on a place that ends goes on."""

    id: UUID
    lot_id: UUID
    effective_on: Date
    places_from: int
    places_to: int
    reason: str
    added_numbers: list[int] = Field(max_length=500)
    ended_numbers: list[int] = Field(max_length=500)
    still_held_numbers: list[int] = Field(max_length=500, description="Of those that end: held on that date.")
