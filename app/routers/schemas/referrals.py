"""The referral as it comes in: types, codes and bounds. Its sense is judged in `app.domain.referral_facts`."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.vocabulary import (
    AgreementException,
    AgreementStatus,
    Band,
    DeliveryMode,
    RelationshipKind,
    SafeContactChannel,
)
from app.routers.schemas.base import Code, In, LongText, ShortText
from app.routers.schemas.types import Date

Phone = Annotated[str, Field(min_length=3, max_length=40, pattern=r"^[0-9+() \-x]+$")]
Email = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Reference = Annotated[str, Field(min_length=3, max_length=20)]
Count = Annotated[int, Field(ge=0, le=1000, strict=True)]


class Address(In):
    """Where the family lives; optional as a whole."""

    lines: list[ShortText] = Field(min_length=1, max_length=6)
    postcode: Annotated[str, Field(max_length=10)] | None = None


class SocialCare(In):
    """Looked after, child in need or child protection, and who is responsible."""

    status: Literal[
        "none", "early_help", "child_in_need", "child_protection", "looked_after", "previously_looked_after"
    ]
    placing_la_code: Annotated[str, Field(pattern=r"^[0-9]{3}$")] | None = None
    social_worker: ShortText | None = None
    social_worker_phone: Phone | None = None
    virtual_school_head: ShortText | None = None
    corporate_parent: ShortText | None = None


class PupilIn(In):
    """The child. A UPN, or the reason why there is none."""

    upn: Annotated[str, Field(max_length=13)] | None = None
    upn_missing_reason: Code | None = Field(None, description="A DfE code UN1 to UN10.")
    mis_id: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="The sender's own key of the pupil."
    )
    given_name: ShortText
    family_name: ShortText
    preferred_name: ShortText | None = None
    date_of_birth: Date
    year_group: Annotated[str, Field(min_length=1, max_length=2)]
    sex: Literal["F", "M"] | None = None
    ethnicity: Code | None = None
    first_language: Code | None = None
    sen_provision: Code | None = None
    sen_types: list[Code] = Field(default_factory=list, max_length=4)
    free_school_meals: bool | None = None
    pupil_premium: list[Code] = Field(default_factory=list, max_length=5)
    social_care: SocialCare | None = None
    young_carer: Code | None = None
    health_conditions: LongText | None = None
    home_la_code: Annotated[str, Field(pattern=r"^[0-9]{3}$")] | None = None


class ContactIn(In):
    """A parent, carer or other person to reach, in the order to try them."""

    name: ShortText
    relationship: RelationshipKind
    parental_responsibility: bool | None = None
    lives_with_child: bool | None = None
    phones: list[Phone] = Field(default_factory=list, max_length=5)
    email: Email | None = None
    language: Code | None = None
    interpreter_needed: bool = False
    accessibility: LongText | None = None


class LinkedChildIn(In):
    """Another child of the household, also one who is on no school's roll."""

    name: ShortText
    date_of_birth: Date | None = None
    relationship: ShortText = "sibling"


class HouseholdIn(In):
    """The home."""

    home_language: Code | None = None
    interpreter_needed: bool = False
    address: Address | None = None
    address_confidential: bool = False
    linked_children: list[LinkedChildIn] = Field(default_factory=list, max_length=12)


class SafeContactIn(In):
    """How the family may be reached without putting anyone at risk."""

    do_not_contact: list[ShortText] = Field(default_factory=list, max_length=10)
    safe_times: ShortText | None = None
    channels: list[SafeContactChannel] = Field(default_factory=list, max_length=5)
    voicemail_allowed: bool = False
    court_orders: LongText | None = None


class VisitRisksIn(In):
    """What a visitor to the home must know."""

    level: Literal["none", "some", "high"] = "none"
    lone_working: bool = True
    weapons: bool = False
    animals: bool = False
    details: LongText | None = None


class ReferrerIn(In):
    """Who refers, on behalf of the sending organisation."""

    name: ShortText
    role: ShortText
    email: Email | None = None
    phone: Phone | None = None


class AgreementIn(In):
    """The family's agreement to the support; apart from the lawful basis of processing."""

    status: AgreementStatus
    given_by: ShortText | None = None
    parental_responsibility: bool | None = None
    how: Literal["in_person", "telephone", "writing", "video"] | None = None
    agreed_on: Date | None = None
    exception: AgreementException | None = None
    exception_person: ShortText | None = Field(None, description="Who decided to send it without agreement.")


class LawfulBasisIn(In):
    """Why the data may be processed, and that the family was told."""

    purpose: ShortText
    basis: Literal["public_task", "legal_obligation", "vital_interests", "consent"]
    told_by: ShortText | None = None
    told_on: Date | None = None


class SafeguardingIn(In):
    """The school's designated lead, and any referral to the multi-agency safeguarding hub."""

    designated_lead: ShortText
    designated_lead_phone: Phone | None = None
    mash_referred_on: Date | None = None


class NeedIn(In):
    """One need. The first of the list is the primary one."""

    code: Code
    about: Literal["child", "parent", "family"] | None = None
    words: LongText | None = None


class AttendanceIn(In):
    """Sessions over stated dates; a session is half a day."""

    from_on: Date
    to_on: Date
    sessions_possible: Count
    sessions_attended: Count
    sessions_authorised: Count | None = None
    sessions_unauthorised: Count | None = None


class SuspensionsIn(In):
    """Suspensions this half-term and last term."""

    this_half_term_count: Annotated[int, Field(ge=0, le=100, strict=True)]
    this_half_term_sessions: Count = 0
    last_term_count: Annotated[int, Field(ge=0, le=100, strict=True)] = 0
    last_term_sessions: Count = 0


class EarlyHelpIn(In):
    """An assessment that exists already."""

    assessment_on: Date | None = None
    lead_practitioner: ShortText | None = None


class CircumstancesIn(In):
    """Facts that bear on urgency. None of them sets a band."""

    risk_of_permanent_exclusion: bool = False
    governing_board_on: Date | None = None
    enforcement_stage: (
        Literal["none", "notice_to_improve", "penalty_notice", "prosecution_considered", "prosecution"] | None
    ) = None
    support_tried: list[ShortText] = Field(default_factory=list, max_length=20)
    early_help: EarlyHelpIn | None = None


_EXAMPLE: dict[str, Any] = {
    "sender_reference": "MIS-2026-0042",
    "pupil": {
        "upn": "J926999924001",
        "mis_id": "P-1042",
        "given_name": "Robin",
        "family_name": "Sampleton",
        "date_of_birth": "2015-03-09",
        "year_group": "7",
        "sex": "F",
        "first_language": "ENG",
        "free_school_meals": True,
    },
    "contacts": [
        {
            "name": "Alex Sampleton",
            "relationship": "mother",
            "parental_responsibility": True,
            "lives_with_child": True,
            "phones": ["01632 960123"],
        }
    ],
    "household": {"home_language": "ENG"},
    "safe_contact": {"channels": ["phone_call"], "safe_times": "after 16:00", "voicemail_allowed": False},
    "visit_risks": {"level": "none"},
    "referrer": {"name": "Sam Testwell", "role": "Attendance lead", "email": "s.testwell@school.example"},
    "agreement": {
        "status": "given",
        "given_by": "Alex Sampleton",
        "parental_responsibility": True,
        "how": "in_person",
        "agreed_on": "2026-11-02",
    },
    "lawful_basis": {
        "purpose": "Early help for the family",
        "basis": "public_task",
        "told_by": "Sam Testwell",
        "told_on": "2026-11-02",
    },
    "immediate_danger": False,
    "safeguarding": {"designated_lead": "Jo Exemplar"},
    "needs": [{"code": "attendance", "about": "child", "words": "Mornings are hard since the move."}],
    "attendance": {
        "from_on": "2026-09-03",
        "to_on": "2026-10-23",
        "sessions_possible": 72,
        "sessions_attended": 51,
        "sessions_authorised": 9,
        "sessions_unauthorised": 12,
    },
    "suspensions": {"this_half_term_count": 1, "this_half_term_sessions": 4},
    "band": "P2",
    "language": "ENG",
    "modes": ["home", "school"],
    "child_view": "I like art. I would like mornings to be calmer.",
}


class ReferralIn(In):
    """A referral of one child. Facts, never scores."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    sender_reference: ShortText | None = Field(None, description="The sender's own reference; given back everywhere.")
    pupil: PupilIn
    school_urn: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = Field(
        None, description="The pupil's school. A school refers for its own pupils and may leave it out."
    )
    household: HouseholdIn = Field(default_factory=HouseholdIn)
    contacts: list[ContactIn] = Field(min_length=1, max_length=10)
    safe_contact: SafeContactIn
    visit_risks: VisitRisksIn = Field(default_factory=VisitRisksIn)
    referrer: ReferrerIn
    agreement: AgreementIn
    lawful_basis: LawfulBasisIn
    immediate_danger: bool = Field(description="Is anyone in immediate danger? This is no safeguarding referral.")
    safeguarding: SafeguardingIn
    needs: list[NeedIn] = Field(min_length=1, max_length=10)
    attendance: AttendanceIn | None = None
    suspensions: SuspensionsIn | None = None
    circumstances: CircumstancesIn = Field(default_factory=CircumstancesIn)
    child_view: LongText | None = None
    parent_view: LongText | None = None
    band: Band = Field(description="Asked for against the authority's published criteria; P1 is the most urgent.")
    language: Code = "ENG"
    interpreter_needed: bool = False
    modes: list[DeliveryMode] = Field(min_length=1, max_length=3)
    preferred_mode: DeliveryMode | None = None
    refused_provider_ids: list[UUID] = Field(default_factory=list, max_length=20)
    sibling_wish: Literal["same_practitioner"] | None = Field(
        None, description="What the family wishes where a brother or sister is referred too."
    )
    sibling_of: Reference | None = Field(
        None,
        description="With `sibling_wish`: the reference (`R-7K3F-9QXM`) of your own open referral of a brother or"
        " sister. They are decided together, and have a claim on one another's practitioner.",
    )


class AmendmentIn(In):
    """What to change, and why. Only the fields that are sent change; a field that holds a structure is sent whole."""

    reason: LongText
    sender_reference: ShortText | None = None
    household: HouseholdIn | None = None
    contacts: list[ContactIn] | None = Field(None, min_length=1, max_length=10)
    safe_contact: SafeContactIn | None = None
    visit_risks: VisitRisksIn | None = None
    referrer: ReferrerIn | None = None
    safeguarding: SafeguardingIn | None = None
    needs: list[NeedIn] | None = Field(None, min_length=1, max_length=10)
    band: Band | None = None
    circumstances: CircumstancesIn | None = None
    child_view: LongText | None = None
    parent_view: LongText | None = None
    language: Code | None = None
    interpreter_needed: bool | None = None
    modes: list[DeliveryMode] | None = Field(None, min_length=1, max_length=3)
    preferred_mode: DeliveryMode | None = None
    refused_provider_ids: list[UUID] | None = Field(None, max_length=20)


class WithdrawIn(In):
    """Why the sender takes the referral back."""

    reason: Literal[
        "support_not_wanted",
        "supported_elsewhere",
        "moved_away",
        "changed_school",
        "agreement_withdrawn",
        "duplicate",
        "sent_by_mistake",
        "other",
    ]
    note: LongText | None = None


class InformationRequestIn(In):
    """What needs to be known before the referral can go on."""

    question: LongText


class InformationAnswerIn(In):
    """The sender's answer."""

    answer: LongText


class SiblingsIn(In):
    """Which referral is of a brother or sister; null takes this one out of its group."""

    sibling_of: Reference | None


class ReleaseIn(In):
    """Why an officer lets a held referral go on."""

    reason: LongText


class SearchIn(In):
    """A search by what must never stand in a URL."""

    upn: Annotated[str, Field(min_length=13, max_length=13)]
