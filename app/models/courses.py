"""Courses: the dated runs of a lot, their numbered seats, who is enrolled, and the register of each session.

A seat is a place of the lot for the dates of the course, and a seat that somebody has is a booking of that place: so
the figures of places and volume are counted from the same rows as those of casework.
"""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from app.domain.courses import (
    Audience,
    CancelReason,
    CourseState,
    EnrolmentState,
    LeaveReason,
    RefusalReason,
    RegisterResult,
)
from app.models.base import reference, tenant_table, uuid, words
from app.models.policies import WIDE, RowPolicy, directory, own, owned, within

# A course is offered to every school of the authority: nothing in these two tables tells of a person.
course = tenant_table(
    "course",
    uuid("lot_id"),
    uuid("service_id"),
    uuid("provider_id"),
    Column("title", Text, nullable=False),
    # Null: it is held online.
    Column("venue", Text),
    Column("audience", Text, nullable=False),
    Column("key_stages", ARRAY(Text), nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("seats", Integer, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("cancel_reason", Text),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    reference("lot", "lot_id"),
    reference("service", "service_id"),
    reference("organisation", "provider_id"),
    CheckConstraint(words("audience", Audience), name="audience"),
    CheckConstraint(words("state", CourseState), name="state"),
    CheckConstraint(words("cancel_reason", CancelReason), name="cancel_reason"),
    CheckConstraint("(state = 'cancelled') = (cancel_reason IS NOT NULL)", name="cancelled_has_reason"),
    CheckConstraint("seats >= 1", name="seats"),
    CheckConstraint("first_on <= last_on", name="dates"),
    Index("ix_course_lot", "authority_id", "lot_id", "first_on", "id"),
    Index("ix_course_service", "authority_id", "service_id", "first_on", "id"),
    Index("ix_course_first", "authority_id", "first_on", "id"),
    policy=directory(),
)

course_session = tenant_table(
    "course_session",
    uuid("course_id"),
    uuid("provider_id"),
    Column("number", Integer, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    # When its register was first filled.
    Column("registered_at", DateTime(timezone=True)),
    reference("course", "course_id"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("starts_at < ends_at", name="times"),
    CheckConstraint("registered_at >= starts_at", name="registered_after"),
    key=("course_id", "number"),
    policy=directory(),
)

# The numbered seats of a course, each on a place of the lot that is the course's from its first day to its last. Gone
# with a course that is cancelled.
course_seat = tenant_table(
    "course_seat",
    uuid("course_id"),
    uuid("provider_id"),
    Column("number", Integer, nullable=False),
    uuid("place_id"),
    Column("starts_on", Date, nullable=False),
    # Exclusive, as every range here.
    Column("ends_on", Date, nullable=False),
    reference("course", "course_id"),
    reference("place", "place_id"),
    UniqueConstraint("authority_id", "course_id", "place_id"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("starts_on < ends_on", name="dates"),
    ExcludeConstraint(
        ("authority_id", "="),
        ("place_id", "="),
        (func.daterange(text("starts_on"), text("ends_on")), "&&"),
        name="ex_course_seat_no_overlap",
        using="gist",
    ),
    key=("course_id", "number"),
    policy=owned("provider_id"),
)

_PARTIES = ("provider_id", "enrolled_by_id", "referring_organisation_id", "school_id")

course_enrolment = tenant_table(
    "course_enrolment",
    uuid("course_id"),
    uuid("lot_id"),
    uuid("provider_id"),
    uuid("booking_id", nullable=True),
    Column("seat_number", Integer),
    uuid("referral_id"),
    uuid("pupil_id"),
    uuid("household_id"),
    uuid("enrolled_by_id"),
    uuid("referring_organisation_id"),
    uuid("school_id", nullable=True),
    Column("who", Text, nullable=False),
    # Of a child the pupil, of an adult made from the household and the name: the same person is not enrolled twice.
    uuid("person_id"),
    Column("language", Text, nullable=False),
    Column("interpreter_needed", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("enrolled_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    # The date of the first session attended: from then on the contract's volume is used.
    Column("used_on", Date),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("course", "course_id"),
    reference("lot", "lot_id"),
    reference("organisation", "provider_id"),
    reference("organisation", "enrolled_by_id"),
    reference("booking", "booking_id"),
    reference("referral", "referral_id"),
    reference("pupil", "pupil_id"),
    reference("household", "household_id"),
    UniqueConstraint("authority_id", "booking_id"),
    CheckConstraint("who IN ('adult', 'child')", name="who"),
    CheckConstraint(words("state", EnrolmentState), name="state"),
    CheckConstraint(
        f"reason IS NULL OR (state = 'refused' AND {words('reason', RefusalReason)})"
        f" OR (state = 'left' AND {words('reason', LeaveReason)})",
        name="reason",
    ),
    CheckConstraint("state NOT IN ('refused', 'left') OR reason IS NOT NULL", name="has_reason"),
    CheckConstraint("state NOT IN ('offered', 'taken', 'completed') OR booking_id IS NOT NULL", name="has_seat"),
    CheckConstraint("(booking_id IS NULL) = (seat_number IS NULL)", name="seat_number"),
    Index(
        "ux_course_enrolment_once",
        "authority_id",
        "course_id",
        "person_id",
        unique=True,
        postgresql_where=text("state IN ('waiting', 'offered', 'taken', 'completed')"),
    ),
    Index(
        "ux_course_enrolment_seat",
        "authority_id",
        "course_id",
        "seat_number",
        unique=True,
        postgresql_where=text("state IN ('offered', 'taken')"),
    ),
    Index("ix_course_enrolment_course", "authority_id", "course_id", "enrolled_at", "id"),
    Index("ix_course_enrolment_referral", "authority_id", "referral_id"),
    Index("ix_course_enrolment_lot", "authority_id", "lot_id"),
    policy=owned(*_PARTIES),
)

# Who it is, apart from the enrolment: its provider reads the name only once the seat is taken, and not for ever.
course_participant = tenant_table(
    "course_participant",
    uuid("enrolment_id"),
    uuid("provider_id"),
    uuid("enrolled_by_id"),
    uuid("referring_organisation_id"),
    uuid("school_id", nullable=True),
    Column("name", Text, nullable=False),
    Column("provider_reads", Boolean, nullable=False, server_default=text("false")),
    reference("course_enrolment", "enrolment_id"),
    key=("enrolment_id",),
    policy=RowPolicy(
        read=within(
            f"{own('enrolled_by_id', 'referring_organisation_id', 'school_id')}"
            f" OR (provider_reads AND ({own('provider_id')}))"
        ),
        write=within(WIDE),
    ),
)

course_attendance = tenant_table(
    "course_attendance",
    uuid("course_id"),
    Column("number", Integer, nullable=False),
    uuid("enrolment_id"),
    uuid("provider_id"),
    uuid("enrolled_by_id"),
    uuid("referring_organisation_id"),
    uuid("school_id", nullable=True),
    Column("result", Text, nullable=False),
    Column("reason", Text),
    reference("course_session", "course_id", "number", to=("course_id", "number")),
    reference("course_enrolment", "enrolment_id"),
    CheckConstraint(words("result", RegisterResult), name="result"),
    CheckConstraint("(result = 'absent') = (reason IS NOT NULL)", name="absent_has_reason"),
    key=("course_id", "number", "enrolment_id"),
    policy=owned(*_PARTIES),
)
