"""Link days and the actions agreed on, in requests and answers."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.domain.link_days import (
    MOST_FAMILIES,
    ActionState,
    DayPart,
    LinkDayActivity,
    LinkDayCancellation,
    LinkDayState,
)
from app.routers.schemas.base import In, Out
from app.routers.schemas.codes import Distinct, Whole
from app.routers.schemas.types import Date, Moment

Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class LinkDayIn(In):
    """A day, or half of one, that a school asks for."""

    service_id: UUID = Field(description="A service of the format `link_days`.")
    school_id: UUID = Field(description="A school asks for itself; an officer for any.")
    on: Date = Field(description="A day on which the school is open.")
    part: DayPart = DayPart.WHOLE


class LinkDayConfirmIn(In):
    """Who comes."""

    practitioner_id: UUID


class LinkDayDoneIn(In):
    """What was done: never with whom."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"families_seen_count": 3, "activities": ["drop_in", "staff_consultation"]}]}
    )

    families_seen_count: Annotated[Whole, Field(ge=0, le=MOST_FAMILIES)]
    activities: Annotated[list[LinkDayActivity], Field(min_length=1, max_length=9), Distinct]


class LinkDayCancelIn(In):
    """Why the day is not held."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "school_cannot"}]})

    reason: LinkDayCancellation


class LinkDayOut(Out):
    """A practitioner's day in a school, or half of one."""

    id: UUID
    lot_id: UUID
    provider_id: UUID
    provider_name: str
    school_id: UUID
    practitioner_id: UUID | None = Field(description="Who comes, once it is confirmed.")
    on: Date
    part: DayPart
    state: LinkDayState
    reason: LinkDayCancellation | None
    families_seen_count: int | None
    activities: list[LinkDayActivity]
    requested_at: Moment
    updated_at: Moment
    version: int = Field(description="The number in the ETag.")


class LinkDayActionIn(In):
    """What will be done, by whom and by when. It names nobody."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"what": "A coffee morning for year 7", "owed_by": "school", "due_on": "2034-01-20"}]
        }
    )

    what: Words
    owed_by: Literal["school", "provider"]
    due_on: Date


class LinkDayActionOut(Out):
    """An action of a school's plan for a term."""

    id: UUID
    link_day_id: UUID
    lot_id: UUID
    provider_id: UUID
    school_id: UUID
    owed_by_id: UUID
    term: str = Field(description="`2026/27-autumn` and so on: the term in which it is due.")
    what: str
    due_on: Date
    state: ActionState
    done_on: date | None
    created_at: Moment
    version: int = Field(description="The number in the ETag.")
