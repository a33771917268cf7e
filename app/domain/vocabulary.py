"""Closed lists of our own that referrals, offers and contacts use. National code lists are in `codes`.

The values are public: they stand in requests, answers and database checks. Add, never rename.
"""

from enum import StrEnum
from typing import Final


class DeliveryMode(StrEnum):
    """Where the work with a family happens."""

    HOME = "home"
    SCHOOL = "school"
    REMOTE = "remote"


class Band(StrEnum):
    """How urgent a referral is, set by a person against the authority's criteria; P1 is the most urgent."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class DeclineReason(StrEnum):
    """Why a provider declines. `no_capacity` also asks for a capacity change; `safeguarding` and `other` need words."""

    NO_CAPACITY = "no_capacity"
    UNSUITABLE = "unsuitable"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    FAMILY_DECLINED = "family_declined"
    DUPLICATE = "duplicate"
    SAFEGUARDING = "safeguarding"
    """Working with this family would put a child, the family or a worker at risk."""
    OTHER = "other"


class OverrideReason(StrEnum):
    """Why an officer places a referral that the rule would not; words stand beside each."""

    SAFEGUARDING_ADVICE = "safeguarding_advice"
    COURT_OR_PANEL = "court_or_panel"
    EXCLUSION_IMMINENT = "exclusion_imminent"
    CONTINUITY = "continuity"
    """The family knows the provider or the worker, or a brother or sister is there."""
    COMPLAINT_UPHELD = "complaint_upheld"
    MISTAKE_PUT_RIGHT = "mistake_put_right"
    OTHER = "other"


class OfferWithdrawalReason(StrEnum):
    """Why an officer takes a live offer back; words stand beside each."""

    WRONG_MATCH = "wrong_match"
    PROVIDER_UNABLE = "provider_unable"
    FAMILY_ASKED = "family_asked"
    NEW_INFORMATION = "new_information"
    MADE_IN_ERROR = "made_in_error"
    OTHER = "other"


class BandSetBy(StrEnum):
    """Who set the band that a referral has."""

    SENDER = "sender"
    OFFICER = "officer"


class ClosureOutcome(StrEnum):
    """How a referral ended."""

    COMPLETED = "completed"
    ENDED_EARLY = "ended_early"
    WITHDRAWN = "withdrawn"
    NOT_SUITABLE = "not_suitable"
    REDIRECTED = "redirected"
    STEPPED_UP = "stepped_up"
    STEPPED_DOWN = "stepped_down"
    TRANSFERRED = "transferred"
    ENTERED_IN_ERROR = "entered_in_error"


class ClosureReason(StrEnum):
    """Why a referral ended as it did; free text stands beside it."""

    GOALS_MET = "goals_met"
    PLAN_COMPLETED = "plan_completed"
    DID_NOT_ENGAGE = "did_not_engage"
    MOVED_AWAY = "moved_away"
    CHANGED_SCHOOL = "changed_school"
    AGREEMENT_WITHDRAWN = "agreement_withdrawn"
    SUPPORT_NOT_WANTED = "support_not_wanted"
    SUPPORTED_ELSEWHERE = "supported_elsewhere"
    SAFEGUARDING = "safeguarding"
    OUTSIDE_CRITERIA = "outside_criteria"
    PROVIDER_UNABLE = "provider_unable"
    DUPLICATE = "duplicate"
    SENT_BY_MISTAKE = "sent_by_mistake"
    OTHER = "other"


class RelationshipKind(StrEnum):
    """What a contact is to the child."""

    MOTHER = "mother"
    FATHER = "father"
    PARENT = "parent"
    STEP_PARENT = "step_parent"
    ADOPTIVE_PARENT = "adoptive_parent"
    FOSTER_CARER = "foster_carer"
    SPECIAL_GUARDIAN = "special_guardian"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    OTHER_RELATIVE = "other_relative"
    SOCIAL_WORKER = "social_worker"
    OTHER = "other"


class SafeContactChannel(StrEnum):
    """How a family may safely be reached."""

    PHONE_CALL = "phone_call"
    TEXT_MESSAGE = "text_message"
    EMAIL = "email"
    LETTER = "letter"
    THROUGH_SCHOOL = "through_school"


class AgreementStatus(StrEnum):
    """Whether the family agreed to the support; apart from the lawful basis of processing."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    NOT_YET = "not_yet"
    EXCEPTION = "exception"


WITHHELD: Final = frozenset({AgreementStatus.REFUSED, AgreementStatus.WITHDRAWN})
"""Without agreement nobody works with the family."""


class AgreementException(StrEnum):
    """Why a named person sends a referral without the family's agreement."""

    COURT_ORDER = "court_order"
    CHILD_PROTECTION_PLAN = "child_protection_plan"
    SAFEGUARDING_ADVICE = "safeguarding_advice"
    YOUNG_PERSON_AGREED = "young_person_agreed"
    PARENT_CANNOT_BE_REACHED = "parent_cannot_be_reached"


class ContactResult(StrEnum):
    """What came of a contact. `was_not_brought` is said of a child, `did_not_attend` of an adult."""

    ATTENDED = "attended"
    LATE = "late"
    DID_NOT_ATTEND = "did_not_attend"
    WAS_NOT_BROUGHT = "was_not_brought"
    NO_REPLY = "no_reply"
    REFUSED = "refused"
    CANCELLED_BY_PROVIDER = "cancelled_by_provider"
    CANCELLED_BY_FAMILY = "cancelled_by_family"


# A late start is still a contact that happened: it counts as attended and uses volume.
ATTENDED_RESULTS: Final = frozenset({ContactResult.ATTENDED, ContactResult.LATE})
