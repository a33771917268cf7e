"""Allocations as they go out, and the answers to offers as they come in."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from orjson import Fragment
from pydantic import Field

from app.access import Group, Kind, Party
from app.domain.vocabulary import DeclineReason
from app.routers.schemas.base import In, LongText, Seen, show

_Public = Group.PUBLIC


class SummaryOut(Seen):
    """What a provider may know before it accepts: nothing says whose the referral is.

    It goes out as it is stored, so a migration that adds a part adds it to the offers that stand.
    """

    year_group: Annotated[str, Group.NEEDS]
    key_stage: Annotated[str, Group.NEEDS]
    band: Annotated[str, Group.NEEDS]
    needs: Annotated[list[str], Group.NEEDS]
    area_id: Annotated[UUID | None, Group.NEEDS]
    language: Annotated[str, Group.NEEDS]
    interpreter_needed: Annotated[bool, Group.NEEDS]
    modes: Annotated[list[str], Group.NEEDS]
    preferred_mode: Annotated[str | None, Group.NEEDS]
    visit_risk_level: Annotated[str, Group.NEEDS]
    known_to_you: Annotated[bool, Group.NEEDS]
    attendance_band: Annotated[str | None, Group.ATTENDANCE_BANDS]
    suspensions_band: Annotated[str | None, Group.ATTENDANCE_BANDS]


class AllocationLineOut(Seen):
    """An allocation in the worklist. It names no family: reading that is an act of its own, and logged."""

    id: Annotated[UUID, _Public]
    reference: Annotated[str, _Public]
    state: Annotated[str, _Public]
    version: Annotated[int, _Public]
    provider_id: Annotated[UUID, _Public]
    kind: Annotated[
        Literal["place", "joins_case"],
        Group.SHARED_CASE,
        Field(description="`joins_case`: the child is to join a case of yours, in its place."),
    ]
    joins_intervention_id: Annotated[UUID | None, Group.SHARED_CASE, Field(description="The case to be joined.")]
    starts_on: Annotated[
        date,
        _Public,
        Field(description="From when the place is the family's; after the offer's day where it is busy until then."),
    ]
    offered_at: Annotated[datetime, _Public]
    answer_due_at: Annotated[datetime, _Public]
    answered_at: Annotated[datetime | None, _Public]
    updated_at: Annotated[datetime, _Public]
    decline_reason: Annotated[str | None, _Public]
    deemed_acceptance: Annotated[bool, _Public, Field(description="Silence until `answer_due_at` counts as accepted.")]
    deemed_at: Annotated[datetime | None, _Public, Field(description="When silence was taken for yes.")]
    identity_released_at: Annotated[
        datetime | None, _Public, Field(description="After `deemed_at`: when the provider first read whose case it is.")
    ]
    objection_until: Annotated[
        datetime | None, _Public, Field(description="After `deemed_at`, and once read: until when it may be declined.")
    ]
    lot_id: Annotated[UUID, _Public]
    service_id: Annotated[UUID, _Public]
    service_name: Annotated[str, _Public]
    place_id: Annotated[UUID, _Public]
    place_number: Annotated[int, _Public]
    practitioner_id: Annotated[UUID | None, _Public]
    summary: Annotated[SummaryOut | None, Group.NEEDS]
    intervention_id: Annotated[UUID | None, _Public]
    intervention_state: Annotated[str | None, _Public]
    started_on: Annotated[date | None, _Public]
    planned_end_on: Annotated[date | None, _Public]
    closed_on: Annotated[date | None, _Public]
    # Only what acceptance released; before it these are null because the rows themselves are closed.
    referral_id: Annotated[UUID | None, Group.IDENTITY]
    referral_reference: Annotated[str | None, Group.IDENTITY]
    school_id: Annotated[UUID | None, Group.IDENTITY]
    school_name: Annotated[str | None, Group.IDENTITY]


class AllocationOut(AllocationLineOut):
    """An offer and what became of it: one id, carrying `intervention_id` and the family's name once accepted."""

    pupil_id: Annotated[UUID | None, Group.IDENTITY]
    given_name: Annotated[str | None, Group.IDENTITY]
    family_name: Annotated[str | None, Group.IDENTITY]
    preferred_name: Annotated[str | None, Group.IDENTITY]
    date_of_birth: Annotated[date | None, Group.IDENTITY]


def allocation_as_seen(row: Mapping[str, Any], kind: Kind, model: type[AllocationLineOut]) -> dict[str, Any]:
    """An offer's row as a caller of this kind may see it. Row policy has decided which part a provider plays."""
    values = dict(row)
    if values["summary"] is not None:
        values["summary"] = Fragment(values["summary"])
    if kind is Kind.AUTHORITY:
        party = Party.AUTHORITY
    elif values["referral_id"] is not None:
        party = Party.CASE_PROVIDER
    else:
        party = Party.OFFERED_PROVIDER
    return show(model, party, values)


class DeclineIn(In):
    """Why an offer is declined. After a deemed acceptance only `conflict_of_interest` and `safeguarding` are open."""

    reason: DeclineReason
    note: LongText | None = None


class PractitionerIn(In):
    """Who is to work with the family."""

    practitioner_id: UUID
