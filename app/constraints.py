"""What a broken database constraint means in the domain's words.

The database is the last line: most of these are caught earlier with a better sentence. A constraint that is not
listed is a fault of ours and is answered as such.
"""

from collections.abc import Callable
from typing import Final

import asyncpg

from app.errors import (
    AlreadyExists,
    CapacityRefused,
    Conflict,
    DuplicateReferral,
    HalftermError,
    Invalid,
    InvariantBroken,
    PlaceTaken,
    StillReferredTo,
    Unavailable,
)

BY_CONSTRAINT: Final[dict[str, tuple[type[HalftermError], str]]] = {
    "ex_booking_no_overlap": (PlaceTaken, "The place is booked for some of those days."),
    "ux_booking_one_live_per_household": (Conflict, "This household already has a place."),
    "ux_offer_one_live_per_referral": (Conflict, "The referral already has an open offer."),
    "ux_offer_one_live_per_place": (PlaceTaken, "The place is already offered to another family."),
    "ux_referral_one_open_per_pupil_and_sender": (
        DuplicateReferral,
        "Your organisation already has an open referral for this pupil.",
    ),
    "ux_pupil_statutory_upn_holder": (
        AlreadyExists,
        "Another request is recording the same pupil: send this one again.",
    ),
    "uq_reading_one_a_day": (
        AlreadyExists,
        "This measure was already recorded for that respondent on that day.",
    ),
    "ex_intervention_pause_no_overlap": (Conflict, "The work was paused on some of those days already."),
    "uq_intervention_review_one_a_day": (AlreadyExists, "A review of that day was already recorded."),
    "uq_reading_authority_id_supersedes_id": (
        AlreadyExists,
        "That reading was already corrected by another.",
    ),
    "uq_measure_version_number": (
        AlreadyExists,
        "Another version of this measure is being published: send this one again.",
    ),
    "ux_practice_audit_one_a_day": (
        AlreadyExists,
        "This audit was already recorded for that day.",
    ),
    "uq_audit_action_position": (
        AlreadyExists,
        "Another action is being added to this audit: send this one again.",
    ),
    "uq_intervention_contact_authority_id_supersedes_id": (
        AlreadyExists,
        "That contact was already replaced by another.",
    ),
    "uq_case_note_authority_id_supersedes_id": (AlreadyExists, "That note was already corrected by another."),
    "uq_concern_act_in_turn": (Conflict, "Somebody acted on the concern meanwhile: read it again."),
    "uq_concern_act_one_of_each": (Conflict, "Somebody did that meanwhile: read the concern again."),
    "uq_lot_authority_id_contract_id_name": (AlreadyExists, "The contract already has a lot of that name."),
    "uq_contract_authority_id_contract_number": (AlreadyExists, "There is already a contract of that number."),
    "uq_area_authority_id_code": (AlreadyExists, "There is already an area of that code."),
    "uq_school_authority_id_urn": (AlreadyExists, "A school of that URN is already a member of the authority."),
    "ux_organisation_name": (AlreadyExists, "There is already an organisation of that kind and name."),
    "uq_attendance_record_one_per_period": (
        AlreadyExists,
        "Attendance for that period is already recorded.",
    ),
    "uq_suspension_record_one_per_period": (
        AlreadyExists,
        "Suspensions for that period are already recorded.",
    ),
    "uq_return_template_authority_id_template_version": (AlreadyExists, "Another version was published meanwhile."),
    "ux_return_template_one_from_a_day": (AlreadyExists, "Another version applies from that day."),
    "uq_return_record_authority_id_organisation_id_template_period": (
        AlreadyExists,
        "The return for that period is already open.",
    ),
    "uq_policy_version_authority_id_effective_from": (
        AlreadyExists,
        "A policy already takes effect on that day: two cannot be in force at once.",
    ),
    "ux_panel_name": (AlreadyExists, "There is already a panel of that name."),
    "ux_panel_sitting_one_a_day": (AlreadyExists, "The panel already has a sitting on that day."),
    "uq_panel_sitting_planned_on": (AlreadyExists, "The panel already has a sitting for that day."),
    "ux_panel_item_one_of_referral": (AlreadyExists, "The referral stands on an agenda already."),
    "ux_panel_item_one_of_review": (AlreadyExists, "The review stands on an agenda already."),
    "ux_panel_decision_one_first": (Conflict, "The panel has decided of this item already."),
    "uq_panel_decision_corrected_once": (Conflict, "That decision was corrected already."),
    "uq_panel_minutes_number": (Conflict, "The minutes were drafted by someone else meanwhile."),
    "ux_allocation_run_one_running": (
        Conflict,
        "The last year is being played for this authority already: ask again when that is done.",
    ),
    "ux_course_enrolment_once": (AlreadyExists, "That person is on the course, or waits for it, already."),
    "ux_course_enrolment_seat": (PlaceTaken, "The seat is somebody else's."),
    "ex_course_seat_no_overlap": (PlaceTaken, "The place is another course's on some of those days."),
    "ex_placement_one_at_a_time": (Conflict, "The pupil has a placement on some of those days."),
    "ex_link_day_one_at_a_time": (PlaceTaken, "The practitioner is at a school then already."),
    "ck_lot_volume": (CapacityRefused, "A lot's volume cannot be negative."),
}


# By class, in this order: a foreign key's violation is also one of integrity.
_BY_CLASS: Final[tuple[tuple[tuple[type[asyncpg.PostgresError], ...], Callable[[], HalftermError]], ...]] = (
    ((asyncpg.ForeignKeyViolationError,), StillReferredTo),
    ((asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError), InvariantBroken),
    (
        (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError),
        lambda: Unavailable("Two changes met: try again.", headers={"Retry-After": "1"}),
    ),
    (
        (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError),
        lambda: Invalid("A text holds a character that cannot be stored, such as NUL."),
    ),
    (
        (asyncpg.QueryCanceledError,),
        lambda: Unavailable("That took too long and was stopped: nothing was changed.", headers={"Retry-After": "5"}),
    ),
)


def domain_error(error: asyncpg.PostgresError) -> HalftermError | None:
    """The domain error of a PostgreSQL error, or None where it is plainly a fault of ours or not about data."""
    name = getattr(error, "constraint_name", None) or ""
    if name in BY_CONSTRAINT:
        cls, sentence = BY_CONSTRAINT[name]
        return cls(sentence)
    return next((make() for classes, make in _BY_CLASS if isinstance(error, classes)), None)
