"""Courses, placements and link days.

A booking says of which format it is: casework alone is one per household, and a link day is no family's.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"
_ORGANISATION = "(SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"

_POLICIES = {
    "course": (
        _TENANT,
        f"{_TENANT} AND ({_WIDE})",
    ),
    "course_seat": (
        f"{_TENANT} AND ({_WIDE} OR provider_id = {_ORGANISATION})",
        f"{_TENANT} AND ({_WIDE})",
    ),
    "course_session": (
        _TENANT,
        f"{_TENANT} AND ({_WIDE})",
    ),
    "course_enrolment": (
        f"""{_TENANT} AND ({_WIDE} OR provider_id = {_ORGANISATION} OR enrolled_by_id = {_ORGANISATION} OR referring_organisation_id = {_ORGANISATION} OR school_id = {_ORGANISATION})""",
        f"{_TENANT} AND ({_WIDE})",
    ),
    "link_day": (
        f"{_TENANT} AND ({_WIDE} OR provider_id = {_ORGANISATION} OR school_id = {_ORGANISATION})",
        f"{_TENANT} AND ({_WIDE})",
    ),
    "placement": (
        f"{_TENANT} AND ({_WIDE} OR provider_id = {_ORGANISATION} OR referring_organisation_id = {_ORGANISATION} OR school_id = {_ORGANISATION})",
        f"{_TENANT} AND ({_WIDE})",
    ),
    "course_attendance": (
        f"""{_TENANT} AND ({_WIDE} OR provider_id = {_ORGANISATION} OR enrolled_by_id = {_ORGANISATION} OR referring_organisation_id = {_ORGANISATION} OR school_id = {_ORGANISATION})""",
        f"{_TENANT} AND ({_WIDE})",
    ),
    "course_participant": (
        f"""{_TENANT} AND ({_WIDE} OR enrolled_by_id = {_ORGANISATION} OR referring_organisation_id = {_ORGANISATION} OR school_id = {_ORGANISATION} OR (provider_reads AND ({_WIDE} OR provider_id = {_ORGANISATION})))""",
        f"{_TENANT} AND ({_WIDE})",
    ),
    "link_day_action": (
        f"{_TENANT} AND ({_WIDE} OR provider_id = {_ORGANISATION} OR school_id = {_ORGANISATION})",
        f"{_TENANT} AND ({_WIDE})",
    ),
    "placement_day": (
        f"{_TENANT} AND ({_WIDE} OR provider_id = {_ORGANISATION} OR referring_organisation_id = {_ORGANISATION} OR school_id = {_ORGANISATION})",
        f"{_TENANT} AND ({_WIDE})",
    ),
    "placement_pupil": (
        f"""{_TENANT} AND ({_WIDE} OR referring_organisation_id = {_ORGANISATION} OR school_id = {_ORGANISATION} OR (provider_reads AND ({_WIDE} OR provider_id = {_ORGANISATION})))""",
        f"{_TENANT} AND ({_WIDE})",
    ),
    "placement_review": (
        f"{_TENANT} AND ({_WIDE} OR provider_id = {_ORGANISATION} OR referring_organisation_id = {_ORGANISATION} OR school_id = {_ORGANISATION})",
        f"{_TENANT} AND ({_WIDE})",
    ),
}
"""By new table: who reads a row, and who writes it."""

_STATISTICS = {
    "course": '"authority_id", "provider_id", "lot_id"',
    "course_seat": '"authority_id", "provider_id"',
    "course_session": '"authority_id", "provider_id"',
    "course_enrolment": '"authority_id", "provider_id", "school_id", "referring_organisation_id", "lot_id"',
    "link_day": '"authority_id", "provider_id", "school_id", "lot_id"',
    "placement": '"authority_id", "provider_id", "school_id", "referring_organisation_id", "lot_id"',
    "course_attendance": '"authority_id", "provider_id", "school_id", "referring_organisation_id"',
    "course_participant": '"authority_id", "provider_id", "school_id", "referring_organisation_id"',
    "link_day_action": '"authority_id", "provider_id", "school_id", "owed_by_id", "lot_id"',
    "placement_day": '"authority_id", "provider_id", "school_id", "referring_organisation_id"',
    "placement_pupil": '"authority_id", "provider_id", "school_id", "referring_organisation_id"',
    "placement_review": '"authority_id", "provider_id", "school_id", "referring_organisation_id"',
}


def upgrade() -> None:
    """Create the tables, and let a booking say what it holds its place for."""
    op.add_column("booking", sa.Column("format", sa.Text(), server_default=sa.text("'casework'"), nullable=False))
    op.create_check_constraint(
        op.f("ck_booking_format"), "booking", "format IN ('casework', 'course', 'placement', 'link_days')"
    )
    op.alter_column("booking", "household_id", nullable=True)
    op.create_check_constraint(
        op.f("ck_booking_household"), "booking", "(format = 'link_days') = (household_id IS NULL)"
    )
    _units("'family', 'pupil', 'day'")
    _one_live_per_household("state <> 'released' AND format = 'casework'")
    for create in _CREATE:
        create()
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for table, (read, write) in _POLICIES.items():
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)')
        if read != write:
            op.execute(f'CREATE POLICY "{table}_read" ON "{table}" FOR SELECT TO "{application}" USING ({read})')
        op.execute(
            f'CREATE POLICY "{table}_write" ON "{table}" FOR ALL TO "{application}" USING ({write})'
            f" WITH CHECK ({write})"
        )
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{application}"')
    for table, columns in _STATISTICS.items():
        op.execute(f'CREATE STATISTICS "st_{table}_parties" (dependencies) ON {columns} FROM "{table}"')


def downgrade() -> None:
    """Drop them, with the bookings that were made for them."""
    for table in reversed(_POLICIES):
        op.drop_table(table)
    op.execute("DELETE FROM booking WHERE format <> 'casework'")
    _one_live_per_household("state <> 'released'")
    op.execute("UPDATE lot SET volume_unit = 'family' WHERE volume_unit = 'day'")
    _units("'family', 'pupil'")
    op.drop_constraint(op.f("ck_booking_household"), "booking")
    op.alter_column("booking", "household_id", nullable=False)
    op.drop_constraint(op.f("ck_booking_format"), "booking")
    op.drop_column("booking", "format")


def _units(words: str) -> None:
    op.drop_constraint(op.f("ck_lot_volume_unit"), "lot")
    op.create_check_constraint(op.f("ck_lot_volume_unit"), "lot", f"volume_unit IN ({words})")


def _one_live_per_household(condition: str) -> None:
    name = "ux_booking_one_live_per_household"
    op.execute(f'DROP INDEX "{name}"')
    op.create_index(name, "booking", ["authority_id", "household_id"], unique=True, postgresql_where=sa.text(condition))


def _create_course() -> None:
    op.create_table(
        "course",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("key_stages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancel_reason IS NOT NULL)", name=op.f("ck_course_cancelled_has_reason")
        ),
        sa.CheckConstraint("audience IN ('adults', 'children', 'families')", name=op.f("ck_course_audience")),
        sa.CheckConstraint(
            "cancel_reason IN ('too_few', 'staff', 'venue', 'safety', 'planned_in_error', 'other')",
            name=op.f("ck_course_cancel_reason"),
        ),
        sa.CheckConstraint("state IN ('planned', 'running', 'finished', 'cancelled')", name=op.f("ck_course_state")),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_course_dates")),
        sa.CheckConstraint("seats >= 1", name=op.f("ck_course_seats")),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"], ["lot.authority_id", "lot.id"], name=op.f("fk_course_authority_id_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_course_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "service_id"],
            ["service.authority_id", "service.id"],
            name=op.f("fk_course_authority_id_service_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_course_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_course")),
    )
    op.create_index("ix_course_first", "course", ["authority_id", "first_on", "id"], unique=False)
    op.create_index("ix_course_lot", "course", ["authority_id", "lot_id", "first_on", "id"], unique=False)
    op.create_index("ix_course_service", "course", ["authority_id", "service_id", "first_on", "id"], unique=False)


def _create_course_seat() -> None:
    op.create_table(
        "course_seat",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("course_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.UUID(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("authority_id"), "="),
            (sa.column("place_id"), "="),
            (sa.text("daterange(starts_on, ends_on)"), "&&"),
            using="gist",
            name="ex_course_seat_no_overlap",
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_course_seat_number")),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_course_seat_dates")),
        sa.ForeignKeyConstraint(
            ["authority_id", "course_id"],
            ["course.authority_id", "course.id"],
            name=op.f("fk_course_seat_authority_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "place_id"],
            ["place.authority_id", "place.id"],
            name=op.f("fk_course_seat_authority_id_place_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_course_seat_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "course_id", "number", name=op.f("pk_course_seat")),
        sa.UniqueConstraint(
            "authority_id", "course_id", "place_id", name=op.f("uq_course_seat_authority_id_course_id_place_id")
        ),
    )


def _create_course_session() -> None:
    op.create_table(
        "course_session",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("course_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_course_session_number")),
        sa.CheckConstraint("registered_at >= starts_at", name=op.f("ck_course_session_registered_after")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_course_session_times")),
        sa.ForeignKeyConstraint(
            ["authority_id", "course_id"],
            ["course.authority_id", "course.id"],
            name=op.f("fk_course_session_authority_id_course_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_course_session_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "course_id", "number", name=op.f("pk_course_session")),
    )


def _create_course_enrolment() -> None:
    op.create_table(
        "course_enrolment",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("course_id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=True),
        sa.Column("seat_number", sa.Integer(), nullable=True),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("enrolled_by_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("interpreter_needed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "reason IS NULL OR (state = 'refused' AND reason IN ('dates_do_not_suit', 'too_far', 'childcare', 'work', 'language', 'health', 'not_wanted', 'other_support', 'no_answer', 'other')) OR (state = 'left' AND reason IN ('never_came', 'did_not_engage', 'childcare', 'work', 'health', 'moved_away', 'agreement_withdrawn', 'no_longer_needed', 'other'))",
            name=op.f("ck_course_enrolment_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'taken', 'refused', 'completed', 'left', 'lapsed', 'cancelled')",
            name=op.f("ck_course_enrolment_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('offered', 'taken', 'completed') OR booking_id IS NOT NULL",
            name=op.f("ck_course_enrolment_has_seat"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('refused', 'left') OR reason IS NOT NULL", name=op.f("ck_course_enrolment_has_reason")
        ),
        sa.CheckConstraint("who IN ('adult', 'child')", name=op.f("ck_course_enrolment_who")),
        sa.CheckConstraint(
            "(booking_id IS NULL) = (seat_number IS NULL)", name=op.f("ck_course_enrolment_seat_number")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "booking_id"],
            ["booking.authority_id", "booking.id"],
            name=op.f("fk_course_enrolment_authority_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "course_id"],
            ["course.authority_id", "course.id"],
            name=op.f("fk_course_enrolment_authority_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "enrolled_by_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_course_enrolment_authority_id_enrolled_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "household_id"],
            ["household.authority_id", "household.id"],
            name=op.f("fk_course_enrolment_authority_id_household_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"],
            ["lot.authority_id", "lot.id"],
            name=op.f("fk_course_enrolment_authority_id_lot_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_course_enrolment_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "pupil_id"],
            ["pupil.authority_id", "pupil.id"],
            name=op.f("fk_course_enrolment_authority_id_pupil_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_course_enrolment_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_course_enrolment_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_course_enrolment")),
        sa.UniqueConstraint("authority_id", "booking_id", name=op.f("uq_course_enrolment_authority_id_booking_id")),
    )
    op.create_index(
        "ix_course_enrolment_course",
        "course_enrolment",
        ["authority_id", "course_id", "enrolled_at", "id"],
        unique=False,
    )
    op.create_index("ix_course_enrolment_lot", "course_enrolment", ["authority_id", "lot_id"], unique=False)
    op.create_index("ix_course_enrolment_referral", "course_enrolment", ["authority_id", "referral_id"], unique=False)
    op.create_index(
        "ux_course_enrolment_once",
        "course_enrolment",
        ["authority_id", "course_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'offered', 'taken', 'completed')"),
    )
    op.create_index(
        "ux_course_enrolment_seat",
        "course_enrolment",
        ["authority_id", "course_id", "seat_number"],
        unique=True,
        postgresql_where=sa.text("state IN ('offered', 'taken')"),
    )


def _create_link_day() -> None:
    op.create_table(
        "link_day",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("booking_id", sa.UUID(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("halves", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("families_seen_count", sa.Integer(), nullable=True),
        sa.Column("activities", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("authority_id"), "="),
            (sa.column("practitioner_id"), "="),
            (sa.column("on_day"), "="),
            (
                sa.text(
                    "int4range(CASE part WHEN 'afternoon' THEN 1 ELSE 0 END, CASE part WHEN 'morning' THEN 1 ELSE 2 END)"
                ),
                "&&",
            ),
            where=sa.text("state IN ('confirmed', 'done')"),
            using="gist",
            name="ex_link_day_one_at_a_time",
        ),
        sa.CheckConstraint(
            "(state = 'cancelled') = (reason IS NOT NULL)", name=op.f("ck_link_day_cancelled_has_reason")
        ),
        sa.CheckConstraint(
            "(state = 'done') = (families_seen_count IS NOT NULL)", name=op.f("ck_link_day_done_has_count")
        ),
        sa.CheckConstraint("halves = CASE part WHEN 'whole' THEN 2 ELSE 1 END", name=op.f("ck_link_day_halves")),
        sa.CheckConstraint("part IN ('whole', 'morning', 'afternoon')", name=op.f("ck_link_day_part")),
        sa.CheckConstraint(
            "reason IN ('school_cannot', 'practitioner_away', 'no_practitioner_free', 'no_longer_needed', 'school_closed', 'made_in_error', 'other')",
            name=op.f("ck_link_day_reason"),
        ),
        sa.CheckConstraint("state IN ('requested', 'confirmed', 'done', 'cancelled')", name=op.f("ck_link_day_state")),
        sa.CheckConstraint(
            "state NOT IN ('confirmed', 'done') OR (practitioner_id IS NOT NULL AND booking_id IS NOT NULL)",
            name=op.f("ck_link_day_confirmed_has_practitioner"),
        ),
        sa.CheckConstraint("families_seen_count BETWEEN 0 AND 200", name=op.f("ck_link_day_families_seen_count")),
        sa.ForeignKeyConstraint(
            ["authority_id", "booking_id"],
            ["booking.authority_id", "booking.id"],
            name=op.f("fk_link_day_authority_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"], ["lot.authority_id", "lot.id"], name=op.f("fk_link_day_authority_id_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "practitioner_id"],
            ["practitioner.authority_id", "practitioner.id"],
            name=op.f("fk_link_day_authority_id_practitioner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_link_day_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "school_id"],
            ["school.authority_id", "school.organisation_id"],
            name=op.f("fk_link_day_authority_id_school_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_link_day_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_link_day")),
    )
    op.create_index("ix_link_day_booking", "link_day", ["authority_id", "booking_id"], unique=False)
    op.create_index("ix_link_day_lot", "link_day", ["authority_id", "lot_id"], unique=False)
    op.create_index("ix_link_day_on", "link_day", ["authority_id", "on_day", "id"], unique=False)
    op.create_index("ix_link_day_provider", "link_day", ["authority_id", "provider_id", "on_day", "id"], unique=False)
    op.create_index("ix_link_day_school", "link_day", ["authority_id", "school_id", "on_day", "id"], unique=False)


def _create_placement() -> None:
    op.create_table(
        "placement",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("parents_told_on", sa.Date(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("registered_school_id", sa.UUID(), nullable=True),
        sa.Column("reintegration_plan", sa.Text(), nullable=True),
        sa.Column("reintegration_planned_on", sa.Date(), nullable=True),
        sa.Column("used_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("authority_id"), "="),
            (sa.column("pupil_id"), "="),
            (sa.text("daterange(starts_on, ends_on)"), "&&"),
            where=sa.text("state NOT IN ('declined', 'withdrawn')"),
            using="gist",
            name="ex_placement_one_at_a_time",
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (outcome IS NOT NULL AND ended_on IS NOT NULL)",
            name=op.f("ck_placement_ended_has_outcome"),
        ),
        sa.CheckConstraint(
            "basis <> 'off_site_direction' OR parents_told_on IS NOT NULL OR state NOT IN ('agreed', 'running')",
            name=op.f("ck_placement_parents_told"),
        ),
        sa.CheckConstraint("basis IN ('off_site_direction', 'school_own', 'agreed')", name=op.f("ck_placement_basis")),
        sa.CheckConstraint(
            "outcome IN ('reintegrated', 'part_time_return', 'moved_school', 'other_provision', 'permanently_excluded', 'broke_down', 'other')",
            name=op.f("ck_placement_outcome"),
        ),
        sa.CheckConstraint(
            "reason IS NULL OR (state = 'declined' AND reason IN ('no_capacity', 'unsuitable', 'safeguarding', 'dates_do_not_suit', 'other')) OR (state = 'withdrawn' AND reason IN ('no_longer_needed', 'parents_object', 'other_support', 'moved_away', 'made_in_error', 'other'))",
            name=op.f("ck_placement_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'agreed', 'running', 'declined', 'withdrawn', 'ended')",
            name=op.f("ck_placement_state"),
        ),
        sa.CheckConstraint(
            "(reintegration_plan IS NULL) = (reintegration_planned_on IS NULL)",
            name=op.f("ck_placement_reintegration_planned_on"),
        ),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_placement_dates")),
        sa.CheckConstraint("weeks BETWEEN 1 AND 20", name=op.f("ck_placement_weeks")),
        sa.ForeignKeyConstraint(
            ["authority_id", "booking_id"],
            ["booking.authority_id", "booking.id"],
            name=op.f("fk_placement_authority_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"], ["lot.authority_id", "lot.id"], name=op.f("fk_placement_authority_id_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_placement_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "pupil_id"],
            ["pupil.authority_id", "pupil.id"],
            name=op.f("fk_placement_authority_id_pupil_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_placement_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "registered_school_id"],
            ["school.authority_id", "school.organisation_id"],
            name=op.f("fk_placement_authority_id_registered_school_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "school_id"],
            ["school.authority_id", "school.organisation_id"],
            name=op.f("fk_placement_authority_id_school_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_placement_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_placement")),
        sa.UniqueConstraint("authority_id", "booking_id", name=op.f("uq_placement_authority_id_booking_id")),
    )
    op.create_index("ix_placement_lot", "placement", ["authority_id", "lot_id"], unique=False)
    op.create_index(
        "ix_placement_provider", "placement", ["authority_id", "provider_id", "requested_at", "id"], unique=False
    )
    op.create_index("ix_placement_referral", "placement", ["authority_id", "referral_id"], unique=False)
    op.create_index("ix_placement_requested", "placement", ["authority_id", "requested_at", "id"], unique=False)
    op.create_index(
        "ix_placement_school", "placement", ["authority_id", "school_id", "requested_at", "id"], unique=False
    )


def _create_course_attendance() -> None:
    op.create_table(
        "course_attendance",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("course_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("enrolled_by_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(result = 'absent') = (reason IS NOT NULL)", name=op.f("ck_course_attendance_absent_has_reason")
        ),
        sa.CheckConstraint("result IN ('attended', 'late', 'absent')", name=op.f("ck_course_attendance_result")),
        sa.ForeignKeyConstraint(
            ["authority_id", "course_id", "number"],
            ["course_session.authority_id", "course_session.course_id", "course_session.number"],
            name=op.f("fk_course_attendance_authority_id_course_id_number"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "enrolment_id"],
            ["course_enrolment.authority_id", "course_enrolment.id"],
            name=op.f("fk_course_attendance_authority_id_enrolment_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_course_attendance_authority_id")),
        sa.PrimaryKeyConstraint(
            "authority_id", "course_id", "number", "enrolment_id", name=op.f("pk_course_attendance")
        ),
    )


def _create_course_participant() -> None:
    op.create_table(
        "course_participant",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("enrolment_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("enrolled_by_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider_reads", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "enrolment_id"],
            ["course_enrolment.authority_id", "course_enrolment.id"],
            name=op.f("fk_course_participant_authority_id_enrolment_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_course_participant_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "enrolment_id", name=op.f("pk_course_participant")),
    )


def _create_link_day_action() -> None:
    op.create_table(
        "link_day_action",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("link_day_id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.Column("owed_by_id", sa.UUID(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name=op.f("ck_link_day_action_done_on")),
        sa.CheckConstraint("state IN ('open', 'done', 'cancelled')", name=op.f("ck_link_day_action_state")),
        sa.CheckConstraint("owed_by_id IN (provider_id, school_id)", name=op.f("ck_link_day_action_owed_by")),
        sa.ForeignKeyConstraint(
            ["authority_id", "link_day_id"],
            ["link_day.authority_id", "link_day.id"],
            name=op.f("fk_link_day_action_authority_id_link_day_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"],
            ["lot.authority_id", "lot.id"],
            name=op.f("fk_link_day_action_authority_id_lot_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "owed_by_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_link_day_action_authority_id_owed_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_link_day_action_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "school_id"],
            ["school.authority_id", "school.organisation_id"],
            name=op.f("fk_link_day_action_authority_id_school_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_link_day_action_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_link_day_action")),
    )
    op.create_index("ix_link_day_action_due", "link_day_action", ["authority_id", "due_on", "id"], unique=False)
    op.create_index(
        "ix_link_day_action_provider", "link_day_action", ["authority_id", "provider_id", "due_on", "id"], unique=False
    )
    op.create_index(
        "ix_link_day_action_school", "link_day_action", ["authority_id", "school_id", "due_on", "id"], unique=False
    )


def _create_placement_day() -> None:
    op.create_table(
        "placement_day",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("placement_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("morning", sa.Boolean(), nullable=False),
        sa.Column("afternoon", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "placement_id"],
            ["placement.authority_id", "placement.id"],
            name=op.f("fk_placement_day_authority_id_placement_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_placement_day_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "placement_id", "on_day", name=op.f("pk_placement_day")),
    )


def _create_placement_pupil() -> None:
    op.create_table(
        "placement_pupil",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("placement_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider_reads", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "placement_id"],
            ["placement.authority_id", "placement.id"],
            name=op.f("fk_placement_pupil_authority_id_placement_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_placement_pupil_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "placement_id", name=op.f("pk_placement_pupil")),
    )


def _create_placement_review() -> None:
    op.create_table(
        "placement_review",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("placement_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("next_review_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decision IN ('continue', 'extend', 'end_early')", name=op.f("ck_placement_review_decision")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "placement_id"],
            ["placement.authority_id", "placement.id"],
            name=op.f("fk_placement_review_authority_id_placement_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_placement_review_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_placement_review")),
    )
    op.create_index(
        "ix_placement_review_placement",
        "placement_review",
        ["authority_id", "placement_id", "held_on", "id"],
        unique=False,
    )


_CREATE = (
    _create_course,
    _create_course_seat,
    _create_course_session,
    _create_course_enrolment,
    _create_link_day,
    _create_placement,
    _create_course_attendance,
    _create_course_participant,
    _create_link_day_action,
    _create_placement_day,
    _create_placement_pupil,
    _create_placement_review,
)
