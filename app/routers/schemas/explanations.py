"""Explanations and the waiting list as they go out."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.access import Group
from app.routers.schemas.base import Seen

_Public = Group.PUBLIC
_Needs = Group.NEEDS
_Told = Group.EXPLANATION
_Decisions = Group.DECISIONS


class ReasonCountOut(Seen):
    """How many services one reason stands against."""

    code: Annotated[str, _Told]
    services_count: Annotated[int, _Told]


class ExplanationFactsOut(Seen):
    """What the paragraph is made from: counts of places and services, and codes."""

    outcome: Annotated[str, _Told, Field(description="`offered`, `waiting` or `unplaceable`.")]
    band: Annotated[str, _Told, Field(description="The band that counts: the long-stop may have raised it.")]
    long_stopped: Annotated[bool, _Told]
    services_count: Annotated[int, _Told, Field(description="Services that were looked at.")]
    serving_places_count: Annotated[int, _Told, Field(description="Places that could serve, busy or free.")]
    offerable_places_count: Annotated[int, _Told, Field(description="Those that could be offered that day.")]
    next_free_in_school_days: Annotated[
        int | None, _Told, Field(description="Until the next of them is planned to be free.")
    ]
    reasons: Annotated[list[ReasonCountOut], _Told, Field(description="Reasons against services, in the rules' order.")]
    hold: Annotated[str | None, _Told, Field(description="Why it stands unoffered; `OFFICER_CHECK` says no more.")]
    waits_for: Annotated[str | None, _Told, Field(description="`PLACE`, `TURN`, `RUN`, `CONFIRMATION` or `HOLD`.")]
    free_in_school_days: Annotated[int | None, _Told, Field(description="Until the place offered is free.")]
    free_on: Annotated[date | None, _Told, Field(description="The day of that; null when it is free.")]
    wishes_not_met: Annotated[list[str], _Told]
    placed_by_officer: Annotated[bool, _Told, Field(description="An officer chose the place, not the order.")]
    joins_case: Annotated[bool, _Told, Field(description="It is to join the case of a brother or sister.")]
    window_school_days: Annotated[int, _Told, Field(description="How far ahead this band is offered places.")]
    excuse: Annotated[str | None, _Told, Field(description="Of an offer before its turn: why, such as `SIBLING_HOLD`.")]
    passed_over_for: Annotated[
        str | None, _Told, Field(description="While it waits: why a place went to a family further back.")
    ]


class ExpectedStartOut(Seen):
    """When it may begin if plans hold: a date for P1 and P2, a range for P3, recent waits and no date for P4."""

    method: Annotated[str, _Told, Field(description="`DATE`, `RANGE` or `POSITION`.")]
    earliest_on: Annotated[date | None, _Told]
    latest_on: Annotated[date | None, _Told]
    recent_low_school_days: Annotated[
        int | None, _Told, Field(description="A tenth of those who began in the last 90 days waited less.")
    ]
    recent_high_school_days: Annotated[int | None, _Told, Field(description="A tenth waited longer.")]


class PolicyCitedOut(Seen):
    """The version of the policy that it was decided under."""

    id: Annotated[UUID, _Told]
    number: Annotated[int, _Told]
    digest: Annotated[str, _Told]
    effective_from: Annotated[date, _Told]
    href: Annotated[str, _Told, Field(description="The page that explains it to the public.")]


class HolderOut(Seen):
    """A referral ahead."""

    id: Annotated[UUID, _Decisions]
    reference: Annotated[str, _Decisions]


class CertificateOut(Seen):
    """Proof that a turn was not passed over: places that all go to referrals ahead which could have no others."""

    place_ids: Annotated[list[UUID], _Decisions]
    capacity: Annotated[int, _Decisions, Field(description="How many of the places may be taken.")]
    holders: Annotated[list[HolderOut], _Decisions]


class ExplanationOut(Seen):
    """Why a referral was offered a place, or why it waits."""

    referral_id: Annotated[UUID, _Told]
    reference: Annotated[str, _Told]
    state: Annotated[str, _Told]
    paragraph: Annotated[str, _Told]
    facts: Annotated[ExplanationFactsOut, _Told]
    as_of: Annotated[date, _Told]
    decided_at: Annotated[
        datetime | None, _Told, Field(description="Null while it waits: it is explained as it stands now.")
    ]
    policy: Annotated[PolicyCitedOut, _Told]
    ahead_count: Annotated[
        int | None, _Told, Field(description="While it waits: families ahead for places that it could have.")
    ]
    waited_school_days: Annotated[int | None, _Told]
    expected_start: Annotated[ExpectedStartOut | None, _Told]
    decision_id: Annotated[UUID | None, _Decisions]
    trigger: Annotated[str | None, _Decisions]
    certificate: Annotated[CertificateOut | None, _Decisions]


class WaitingOut(Seen):
    """A referral in the order of the waiting list."""

    id: Annotated[UUID, _Public]
    reference: Annotated[str, _Public]
    position: Annotated[int, _Told, Field(description="In the whole list; 1 is first.")]
    band: Annotated[str, _Public]
    effective_band: Annotated[str, _Told, Field(description="The band that counts in the order.")]
    long_stopped: Annotated[bool, _Told, Field(description="The long-stop has raised its band.")]
    long_stop_on: Annotated[date | None, _Told, Field(description="The day on which the long-stop raises it.")]
    fair_share_bucket: Annotated[int, _Decisions, Field(description="1: after the others of its band.")]
    banded_on: Annotated[date, _Public]
    effective_from: Annotated[date, _Told, Field(description="The day that its band counts from.")]
    received_at: Annotated[datetime, _Public]
    waited_school_days: Annotated[int, _Told]
    ahead_count: Annotated[
        int | None, _Told, Field(description="Families ahead for places that it could have; null where none could.")
    ]
    waits_for: Annotated[str | None, _Told, Field(description="`PLACE`, `TURN`, `RUN`, `CONFIRMATION` or `HOLD`.")]
    expected_start: Annotated[ExpectedStartOut | None, _Told]
    certificate: Annotated[CertificateOut | None, _Decisions]
    year_group: Annotated[str, _Needs]
    key_stage: Annotated[str, _Needs]
    need_codes: Annotated[list[str], _Needs]
    area_id: Annotated[UUID | None, _Public]
    school_id: Annotated[UUID | None, _Public]
    language: Annotated[str, _Needs]
    holds: Annotated[list[str], _Decisions]
    unplaceable: Annotated[bool, _Public]
