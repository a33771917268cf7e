"""What a decision may know: wants, lots, places and the caps around them, as plain facts of one moment.

Nothing here holds a name, sex, ethnicity, free text or expected length: what is not here cannot count. Days are whole
school days from the day of the decision, counted by the caller with the authority's own calendar (`facts_of_time`),
so that a decision needs no calendar and can be made again from its record.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Reason(StrEnum):
    """Why a lot or place cannot take a referral, in the order in which they are looked at."""

    CONTRACT_PERIOD = "CONTRACT_PERIOD"
    LOT_AREA = "LOT_AREA"
    KEY_STAGE = "KEY_STAGE"
    NEED = "NEED"
    LANGUAGE = "LANGUAGE"
    MODE = "MODE"
    CONFLICT = "CONFLICT"
    """The family will not work with the provider."""
    PROVIDER_DECLINED = "PROVIDER_DECLINED"
    """The provider declined this referral, let an offer of it run out, or an officer took its offer back; until an
    officer lets it be asked again."""
    VOLUME = "VOLUME"
    """The contract's volume is used or committed."""
    NO_PLACES = "NO_PLACES"
    """The lot has no places at all."""
    COURSE_DATE = "COURSE_DATE"
    """The course has begun, or begins too soon for an offer to be answered."""
    WINDOW = "WINDOW"
    """The place falls free later than the band may be offered ahead."""


class Hold(StrEnum):
    """Why a referral stands unoffered whatever is free."""

    SAFEGUARDING_HOLD = "SAFEGUARDING_HOLD"
    POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"
    AGREEMENT_WITHDRAWN = "AGREEMENT_WITHDRAWN"
    HOUSEHOLD_HAS_PLACE = "HOUSEHOLD_HAS_PLACE"
    FAMILY_PAUSED = "FAMILY_PAUSED"
    """The family asked to wait; its place in the order stays."""


@dataclass(frozen=True, slots=True)
class Want:
    """What a decision may know of a referral: facts that matter for eligibility and order, and nothing else."""

    referral_id: UUID
    reference: str
    household_id: UUID
    """Who shares one casework case: only one referral of it is offered a place."""
    band: str
    banded_on: date
    received_at: datetime
    area_id: UUID | None
    school_id: UUID | None
    key_stage: str
    primary_need: str
    language: str
    modes: tuple[str, ...]
    """Ways of working that the family takes; `course` among them when it would join a group."""
    refused_provider_ids: tuple[UUID, ...] = ()
    declined_provider_ids: tuple[UUID, ...] = ()
    holds: tuple[str, ...] = ()
    secondary_needs: tuple[str, ...] = ()
    preferred_mode: str | None = None
    previous_provider_id: UUID | None = None
    sibling_group_id: UUID | None = None
    """Links the separate cases of siblings whose family wishes one practitioner for them."""
    long_stop_on: date | None = None
    """The school day on which the policy's long-stop is reached, for the band that has one (`facts_of_time`)."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot on the day of the decision: its terms with every variation in force applied."""

    id: UUID
    provider_id: UUID
    service_id: UUID
    starts_on: date
    ends_on: date
    area_ids: tuple[UUID, ...]
    school_ids: tuple[UUID, ...]
    key_stages: tuple[str, ...]
    needs: tuple[str, ...]
    languages: tuple[str, ...]
    modes: tuple[str, ...]
    standard_weeks: int
    volume_left: int
    place_count: int | None = None
    """How many places the lot has, free or not; None when the caller did not say."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place that is free, or planned to fall free. Abilities that are None are its service's."""

    id: UUID
    lot_id: UUID
    number: int
    practitioner_id: UUID | None = None
    needs: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    modes: tuple[str, ...] | None = None
    free_in: int = 0
    """School days until it is planned to be free; 0 when it is free now. A course seat: until the course begins."""
    free_on: date | None = None
    """The date of that day, to hold against the contract's end; None when it is free now."""
    reach: int = 100
    """Referrals of last year that it could have served, in hundredths of the mean place (`reach_of`)."""
    course_id: UUID | None = None
    """Set on a seat of a dated course."""
    booked: bool = False
    """It already has its next family: an offer is live, or accepted and not begun. It is counted, never offered."""
    in_service: bool = True
    taken: bool = False
    """In the record of a decision: it went to someone else in the same run."""


@dataclass(frozen=True, slots=True)
class Caseload:
    """A practitioner's limit and the bookings that stand against it today: offered, accepted and active."""

    practitioner_id: UUID
    limit: int
    held: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A sibling's claim on the next place of a practitioner, for as long as the policy says after the first start.

    The caller leaves out claims that have run out.
    """

    referral_id: UUID
    practitioner_id: UUID


@dataclass(frozen=True, slots=True)
class SchoolShare:
    """What fair share weighs: a school's starts this year and its entitlement, in hundredths of a start."""

    school_id: UUID
    starts: int
    entitlement: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a plan is made from. The order of the parts does not matter."""

    wants: tuple[Want, ...]
    lots: tuple[Lot, ...]
    places: tuple[Place, ...]
    """Free places suffice for offers; with the busy ones, explanations and expected starts can count them too."""
    caseloads: tuple[Caseload, ...] = ()
    claims: tuple[Claim, ...] = ()
    shares: tuple[SchoolShare, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Marks a decision as one on arrival: only this referral may be offered a place."""

    referral_id: UUID
    someone_waits: bool = False
    """Someone eligible for a free place that this one could have already waits, beyond the snapshot's own wants."""
