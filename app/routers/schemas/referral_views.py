"""The referral as it goes out: every field says to which group of facts it belongs, and so who sees it."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.access import Group
from app.routers.schemas.base import Out, Seen

_Public = Group.PUBLIC
_Identity = Group.IDENTITY
_Needs = Group.NEEDS
_Statutory = Group.STATUTORY


class PupilOut(Seen):
    """The child."""

    id: Annotated[UUID, _Identity]
    given_name: Annotated[str, _Identity]
    family_name: Annotated[str, _Identity]
    preferred_name: Annotated[str | None, _Identity]
    date_of_birth: Annotated[date, _Identity]
    sex: Annotated[str | None, _Identity]
    first_language: Annotated[str | None, _Identity]
    sen_provision: Annotated[str | None, _Identity]
    sen_types: Annotated[list[str], _Identity]
    young_carer: Annotated[str | None, _Identity]
    social_care: Annotated[dict[str, Any], _Identity]
    health_conditions: Annotated[str | None, _Identity]
    home_la_code: Annotated[str | None, _Identity]


class StatutoryOut(Seen):
    """What schools and the authority hold for the census: never shown to a provider."""

    upn: Annotated[str | None, _Statutory]
    upn_missing_reason: Annotated[str | None, _Statutory]
    ethnicity: Annotated[str | None, _Statutory]
    free_school_meals: Annotated[bool | None, _Statutory]
    pupil_premium: Annotated[list[str], _Statutory]


class HouseholdOut(Seen):
    """The home. The address is left out for a provider when it is confidential."""

    home_language: Annotated[str | None, _Identity]
    interpreter_needed: Annotated[bool, _Identity]
    address: Annotated[dict[str, Any], _Identity]
    address_confidential: Annotated[bool, _Identity]


class ContactOut(Seen):
    """Someone to reach, in the order to try."""

    position: Annotated[int, _Identity]
    name: Annotated[str, _Identity]
    relationship: Annotated[str, _Identity]
    parental_responsibility: Annotated[bool | None, _Identity]
    lives_with_child: Annotated[bool | None, _Identity]
    phones: Annotated[list[str], _Identity]
    email: Annotated[str | None, _Identity]
    language: Annotated[str | None, _Identity]
    interpreter_needed: Annotated[bool, _Identity]
    accessibility: Annotated[str | None, _Identity]


class LinkedChildOut(Seen):
    """Another child of the household."""

    name: Annotated[str, _Identity]
    date_of_birth: Annotated[date | None, _Identity]
    relationship: Annotated[str, _Identity]


class AttendanceOut(Seen):
    """Sessions over some dates."""

    term: Annotated[str | None, Group.ATTENDANCE]
    period_starts_on: Annotated[date, Group.ATTENDANCE]
    period_ends_on: Annotated[date, Group.ATTENDANCE]
    sessions_possible: Annotated[int, Group.ATTENDANCE]
    sessions_attended: Annotated[int, Group.ATTENDANCE]
    sessions_authorised: Annotated[int | None, Group.ATTENDANCE]
    sessions_unauthorised: Annotated[int | None, Group.ATTENDANCE]
    source: Annotated[str, Group.ATTENDANCE]


class SuspensionsOut(Seen):
    """Suspensions over some dates."""

    term: Annotated[str | None, Group.ATTENDANCE]
    period_starts_on: Annotated[date, Group.ATTENDANCE]
    period_ends_on: Annotated[date, Group.ATTENDANCE]
    suspension_count: Annotated[int, Group.ATTENDANCE]
    sessions_lost: Annotated[int, Group.ATTENDANCE]
    permanent_exclusion_count: Annotated[int, Group.ATTENDANCE]
    source: Annotated[str, Group.ATTENDANCE]


class AttentionOut(Seen):
    """What a rule of the policy found in the facts. It asks a person to look, and decides nothing."""

    id: Annotated[UUID, Group.ATTENDANCE]
    rule: Annotated[str, Group.ATTENDANCE]
    window: Annotated[str, Group.ATTENDANCE, Field(description="A half-term, a term, a year, or dates.")]
    starts_on: Annotated[date, Group.ATTENDANCE]
    ends_on: Annotated[date, Group.ATTENDANCE]
    figures: Annotated[dict[str, int], Group.ATTENDANCE, Field(description="What was counted.")]
    then: Annotated[list[str], Group.ATTENDANCE, Field(description="`flag`, `review_band`, `panel_agenda`.")]
    state: Annotated[str, Group.ATTENDANCE, Field(description="`open`, `looked_at` or `cleared`.")]
    first_seen_at: Annotated[datetime, Group.ATTENDANCE]
    cleared_at: Annotated[datetime | None, Group.ATTENDANCE]
    cleared_because: Annotated[str | None, Group.ATTENDANCE, Field(description="`no_longer_true` or `closed`.")]
    looked_at: Annotated[datetime | None, Group.ATTENDANCE]
    explanation: Annotated[str, Group.ATTENDANCE, Field(description="In plain English.")]


class ReferralAllocationOut(Seen):
    """The latest offer of the referral, as its sender sees it."""

    id: Annotated[UUID, _Public]
    reference: Annotated[str, _Public]
    state: Annotated[str, _Public]
    provider_id: Annotated[UUID, _Public]
    provider_name: Annotated[str, _Public]
    service_id: Annotated[UUID, _Public]
    service_name: Annotated[str, _Public]
    starts_on: Annotated[date, _Public, Field(description="From when the place is the family's.")]
    offered_at: Annotated[datetime, _Public]
    answer_due_at: Annotated[datetime, _Public]
    answered_at: Annotated[datetime | None, _Public]
    deemed_at: Annotated[datetime | None, _Public]


class ReferralOut(Seen):
    """A referral, its state, and what may be done with it."""

    id: Annotated[UUID, _Public]
    reference: Annotated[str, _Public]
    version: Annotated[int, _Public]
    state: Annotated[str, _Public]
    available_actions: Annotated[list[str], _Public]
    sender_reference: Annotated[str | None, _Public]
    mis_id: Annotated[str | None, _Statutory]
    referring_organisation_id: Annotated[UUID, _Public]
    referring_organisation_name: Annotated[str, _Public]
    school_id: Annotated[UUID | None, _Public]
    school_name: Annotated[str | None, _Public]
    school_urn: Annotated[str | None, _Public]
    area_id: Annotated[UUID | None, _Public]
    received_at: Annotated[datetime, _Public]
    updated_at: Annotated[datetime, _Public]
    band: Annotated[str, _Public]
    band_asked: Annotated[str, _Public]
    banded_on: Annotated[date, _Public]
    band_set_by: Annotated[
        str, _Public, Field(description="`sender`, or `officer` once one has set it: a sender then asks for another.")
    ]
    year_group: Annotated[str, _Needs]
    key_stage: Annotated[str, _Needs]
    needs: Annotated[list[dict[str, Any]], _Identity]
    need_codes: Annotated[list[str], _Needs]
    language: Annotated[str, _Needs]
    interpreter_needed: Annotated[bool, _Needs]
    modes: Annotated[list[str], _Needs]
    preferred_mode: Annotated[str | None, _Needs]
    refused_provider_ids: Annotated[list[UUID], _Statutory]
    sibling_wish: Annotated[str | None, _Needs]
    sibling_group_id: Annotated[UUID | None, Group.DECISIONS]
    referrer: Annotated[dict[str, Any], _Identity]
    pupil: Annotated[PupilOut | None, _Identity]
    statutory: Annotated[StatutoryOut | None, _Statutory]
    household: Annotated[HouseholdOut | None, _Identity]
    contacts: Annotated[list[ContactOut], _Identity]
    linked_children: Annotated[list[LinkedChildOut], _Identity]
    safe_contact: Annotated[dict[str, Any], _Identity]
    visit_risks: Annotated[dict[str, Any], _Identity]
    visit_risk_level: Annotated[str, _Needs]
    agreement: Annotated[dict[str, Any], _Identity]
    lawful_basis: Annotated[dict[str, Any], _Identity]
    immediate_danger: Annotated[bool, _Identity]
    safeguarding: Annotated[dict[str, Any], _Identity]
    circumstances: Annotated[dict[str, Any], _Identity]
    child_view: Annotated[str | None, _Identity]
    parent_view: Annotated[str | None, _Identity]
    attendance: Annotated[list[AttendanceOut], Group.ATTENDANCE]
    suspensions: Annotated[list[SuspensionsOut], Group.ATTENDANCE]
    attention: Annotated[list[AttentionOut], Group.ATTENDANCE]
    holds: Annotated[list[str], Group.DECISIONS]
    unplaceable: Annotated[bool, _Public]
    information_request: Annotated[dict[str, Any] | None, _Statutory]
    warnings: Annotated[list[dict[str, Any]], _Statutory]
    allocation: Annotated[ReferralAllocationOut | None, _Public]
    case_provider_id: Annotated[UUID | None, _Public]
    case_provider_name: Annotated[str | None, _Public]
    intervention_id: Annotated[UUID | None, _Public]
    outcome: Annotated[str | None, Group.PROGRESS]
    close_reason: Annotated[str | None, Group.PROGRESS]
    redirected_to: Annotated[
        str | None, Group.PROGRESS, Field(description="Where the family was sent instead, where a panel redirected it.")
    ]
    closed_at: Annotated[datetime | None, Group.PROGRESS]
    household_id: Annotated[UUID, _Identity]
    moved_on: Annotated[
        date | None,
        _Public,
        Field(description="The child left your school on this day: this is the referral as it stood then."),
    ]


class ReferralLineOut(Seen):
    """A referral in a list."""

    id: Annotated[UUID, _Public]
    reference: Annotated[str, _Public]
    version: Annotated[int, _Public]
    state: Annotated[str, _Public]
    band: Annotated[str, _Public]
    sender_reference: Annotated[str | None, _Public]
    mis_id: Annotated[str | None, _Statutory]
    received_at: Annotated[datetime, _Public]
    updated_at: Annotated[datetime, _Public]
    year_group: Annotated[str, _Needs]
    key_stage: Annotated[str, _Needs]
    need_codes: Annotated[list[str], _Needs]
    given_name: Annotated[str | None, _Identity]
    family_name: Annotated[str | None, _Identity]
    referring_organisation_id: Annotated[UUID, _Public]
    school_id: Annotated[UUID | None, _Public]
    case_provider_id: Annotated[UUID | None, _Public]
    intervention_id: Annotated[UUID | None, _Public]
    holds: Annotated[list[str], Group.DECISIONS]
    unplaceable: Annotated[bool, _Public]
    outcome: Annotated[str | None, Group.PROGRESS]
    closed_at: Annotated[datetime | None, Group.PROGRESS]


class NoticeOut(Out):
    """What a sender who reports immediate danger must do now."""

    message: str
    contact: dict[str, Any]


class StepOut(Seen):
    """One move of a referral."""

    sequence: Annotated[int, _Public]
    from_state: Annotated[str, _Public]
    to_state: Annotated[str, _Public]
    event_type: Annotated[str, _Public]
    event_id: Annotated[UUID, _Public]
    changed_at: Annotated[datetime, _Public]
    organisation_id: Annotated[UUID, _Public]
    organisation_name: Annotated[str, _Public]
    reason: Annotated[str | None, _Public]


class AmendmentOut(Seen):
    """One change after sending, field by field."""

    id: Annotated[UUID, _Statutory]
    amended_at: Annotated[datetime, _Statutory]
    organisation_id: Annotated[UUID, _Statutory]
    reason: Annotated[str, _Statutory]
    changes: Annotated[dict[str, Any], _Statutory]


class DecisionOut(Seen):
    """Why a referral was offered where it was, or why it waits: enough to decide again."""

    id: Annotated[UUID, Group.DECISIONS]
    decided_at: Annotated[datetime, Group.DECISIONS]
    as_of: Annotated[date, Group.DECISIONS]
    trigger: Annotated[str, Group.DECISIONS]
    outcome: Annotated[str, Group.DECISIONS]
    policy_number: Annotated[int, Group.DECISIONS]
    policy_digest: Annotated[str, Group.DECISIONS]
    record: Annotated[dict[str, Any], Group.DECISIONS]


class LotVerdictOut(Out):
    """What the check found of one service: eligible, or the first reason why not."""

    service_id: UUID
    service_name: str
    provider_name: str
    eligible: bool
    reason: str | None
    place_free_now: bool


class CheckOut(Out):
    """What would happen to a referral if it were sent now. Nothing was stored."""

    warnings: list[dict[str, Any]]
    own_open_referral: str | None
    services: list[LotVerdictOut]
    would_be: str
    expected_start: str
