"""Link days: a practitioner in a school for a day or half of one, and the school's plan of action for the term.

Nothing here tells of a family: how many were seen, and what was done, in codes.
"""

from sqlalchemy import ARRAY, CheckConstraint, Column, Date, DateTime, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from app.domain.link_days import ActionState, DayPart, LinkDayCancellation, LinkDayState
from app.models.base import reference, tenant_table, uuid, words
from app.models.policies import owned

link_day = tenant_table(
    "link_day",
    uuid("lot_id"),
    uuid("provider_id"),
    uuid("school_id"),
    # Set when the provider confirms it. Two half days of one practitioner share the booking of the day.
    uuid("practitioner_id", nullable=True),
    uuid("booking_id", nullable=True),
    Column("on_day", Date, nullable=False),
    Column("part", Text, nullable=False),
    Column("halves", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("families_seen_count", Integer),
    Column("activities", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("lot", "lot_id"),
    reference("organisation", "provider_id"),
    reference("school", "school_id", to=("organisation_id",)),
    reference("practitioner", "practitioner_id"),
    reference("booking", "booking_id"),
    CheckConstraint(words("part", DayPart), name="part"),
    CheckConstraint("halves = CASE part WHEN 'whole' THEN 2 ELSE 1 END", name="halves"),
    CheckConstraint(words("state", LinkDayState), name="state"),
    CheckConstraint(words("reason", LinkDayCancellation), name="reason"),
    CheckConstraint("(state = 'cancelled') = (reason IS NOT NULL)", name="cancelled_has_reason"),
    CheckConstraint("(state = 'done') = (families_seen_count IS NOT NULL)", name="done_has_count"),
    CheckConstraint(
        "state NOT IN ('confirmed', 'done') OR (practitioner_id IS NOT NULL AND booking_id IS NOT NULL)",
        name="confirmed_has_practitioner",
    ),
    CheckConstraint("families_seen_count BETWEEN 0 AND 200", name="families_seen_count"),
    # Nobody is in two schools at once: a morning is half 0 of a day, an afternoon half 1, a whole day both.
    ExcludeConstraint(
        ("authority_id", "="),
        ("practitioner_id", "="),
        ("on_day", "="),
        (
            func.int4range(
                text("CASE part WHEN 'afternoon' THEN 1 ELSE 0 END"), text("CASE part WHEN 'morning' THEN 1 ELSE 2 END")
            ),
            "&&",
        ),
        name="ex_link_day_one_at_a_time",
        using="gist",
        where=text("state IN ('confirmed', 'done')"),
    ),
    Index("ix_link_day_provider", "authority_id", "provider_id", "on_day", "id"),
    Index("ix_link_day_school", "authority_id", "school_id", "on_day", "id"),
    Index("ix_link_day_on", "authority_id", "on_day", "id"),
    Index("ix_link_day_lot", "authority_id", "lot_id"),
    Index("ix_link_day_booking", "authority_id", "booking_id"),
    policy=owned("provider_id", "school_id"),
)

link_day_action = tenant_table(
    "link_day_action",
    uuid("link_day_id"),
    uuid("lot_id"),
    uuid("provider_id"),
    uuid("school_id"),
    uuid("owed_by_id"),
    # `2026/27-autumn` and so on, by the school's own calendar.
    Column("term", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("done_on", Date),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("link_day", "link_day_id"),
    reference("lot", "lot_id"),
    reference("organisation", "provider_id"),
    reference("school", "school_id", to=("organisation_id",)),
    reference("organisation", "owed_by_id"),
    CheckConstraint(words("state", ActionState), name="state"),
    CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name="done_on"),
    CheckConstraint("owed_by_id IN (provider_id, school_id)", name="owed_by"),
    Index("ix_link_day_action_school", "authority_id", "school_id", "due_on", "id"),
    Index("ix_link_day_action_provider", "authority_id", "provider_id", "due_on", "id"),
    Index("ix_link_day_action_due", "authority_id", "due_on", "id"),
    policy=owned("provider_id", "school_id"),
)
