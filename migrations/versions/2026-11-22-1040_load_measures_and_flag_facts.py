"""Measures that authorities load, audits of practice, readings that are corrected, facts that ask for attention."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_ME = "(SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"
_OFFICERS = f"{_TENANT} AND ({_WIDE})"
_OWN = f"{_TENANT} AND ({_WIDE} OR organisation_id = {_ME})"
_SEEN = (
    f"{_TENANT} AND ({_WIDE} OR EXISTS (SELECT 1 FROM referral r"  # noqa: S608
    " WHERE r.authority_id = referral_attention.authority_id AND r.id = referral_attention.referral_id"
    f" AND (r.referring_organisation_id = {_ME} OR r.school_id = {_ME} OR r.case_provider_id = {_ME})))"
)
_ALL = "SELECT, INSERT, UPDATE, DELETE"
_ADDED_TO = "SELECT, INSERT"
# Table -> what the application role may do, and its policies: name -> clause.
_TABLES = {
    "measure_version": (
        _ADDED_TO,
        {"read": f"FOR SELECT {{role}} USING ({_TENANT})", "insert": f"FOR INSERT {{role}} WITH CHECK ({_OFFICERS})"},
    ),
    "practice_audit": (_ALL, {"write": f"FOR ALL {{role}} USING ({_OWN}) WITH CHECK ({_OWN})"}),
    "audit_action": (_ALL, {"write": f"FOR ALL {{role}} USING ({_OWN}) WITH CHECK ({_OWN})"}),
    "referral_attention": (
        _ALL,
        {
            "read": f"FOR SELECT {{role}} USING ({_SEEN})",
            "write": f"FOR ALL {{role}} USING ({_OFFICERS}) WITH CHECK ({_OFFICERS})",
        },
    ),
    "attention_look": (_ADDED_TO, {"write": f"FOR ALL {{role}} USING ({_OFFICERS}) WITH CHECK ({_OFFICERS})"}),
}
_OF_PARTIES = ("practice_audit", "audit_action", "attention_look")
_FACTS = ("attendance_record", "suspension_record")
_PERIOD = ("authority_id", "referral_id", "source", "period_starts_on")


def upgrade() -> None:
    """Make the tables; readings so far are of shipped measures, and none of them was corrected."""
    op.create_table(
        "measure_version",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_client_id", sa.UUID(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_measure_version_version")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_measure_version_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_measure_version")),
        sa.UniqueConstraint("authority_id", "key", "version", name="uq_measure_version_number"),
    )
    op.create_table(
        "practice_audit",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("measure_version", sa.Integer(), nullable=False),
        sa.Column("measure_version_id", sa.UUID(), nullable=True),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("scores", postgresql.JSONB(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_by_id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "measure_version_id"],
            ["measure_version.authority_id", "measure_version.id"],
            name=op.f("fk_practice_audit_authority_id_measure_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "organisation_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_practice_audit_authority_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "service_id"],
            ["service.authority_id", "service.id"],
            name=op.f("fk_practice_audit_authority_id_service_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_practice_audit_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_practice_audit")),
    )
    op.create_index(
        "ix_practice_audit_organisation",
        "practice_audit",
        ["authority_id", "organisation_id", "taken_on", "id"],
        unique=False,
    )
    op.create_index(
        "ux_practice_audit_one_a_day",
        "practice_audit",
        ["authority_id", "organisation_id", "service_id", "measure", "taken_on"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "audit_action",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("practice_audit_id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name=op.f("ck_audit_action_settled")),
        sa.CheckConstraint("state IN ('open', 'done', 'dropped')", name=op.f("ck_audit_action_state")),
        sa.ForeignKeyConstraint(
            ["authority_id", "practice_audit_id"],
            ["practice_audit.authority_id", "practice_audit.id"],
            name=op.f("fk_audit_action_authority_id_practice_audit_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_audit_action_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_audit_action")),
        sa.UniqueConstraint("authority_id", "practice_audit_id", "position", name="uq_audit_action_position"),
    )
    op.create_table(
        "referral_attention",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("window_key", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("rule_content", postgresql.JSONB(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("asks_review", sa.Boolean(), nullable=False),
        sa.Column("wants_panel", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_because", sa.Text(), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "cleared_because IN ('no_longer_true', 'closed')", name=op.f("ck_referral_attention_cleared_because")
        ),
        sa.CheckConstraint(
            "(cleared_at IS NULL) = (cleared_because IS NULL)", name=op.f("ck_referral_attention_cleared_whole")
        ),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_referral_attention_dates")),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_referral_attention_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_referral_attention_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_referral_attention")),
        sa.UniqueConstraint("authority_id", "referral_id", "rule", "window_key", name="uq_referral_attention_window"),
    )
    op.create_index(
        "ix_referral_attention_open",
        "referral_attention",
        ["authority_id", "rule", "referral_id"],
        unique=False,
        postgresql_where=sa.text("cleared_at IS NULL AND looked_at IS NULL"),
    )
    op.create_table(
        "attention_look",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("window_keys", postgresql.JSONB(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_by_name", sa.Text(), nullable=False),
        sa.Column("looked_by_role", sa.Text(), nullable=True),
        sa.Column("decided", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "decided IN ('no_change', 'band_changed', 'to_panel', 'other')", name=op.f("ck_attention_look_decided")
        ),
        sa.CheckConstraint("looked_by_name <> '' AND note <> ''", name=op.f("ck_attention_look_is_explained")),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_attention_look_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_attention_look_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_attention_look")),
    )
    op.create_index(
        "ix_attention_look_referral", "attention_look", ["authority_id", "referral_id", "looked_at"], unique=False
    )
    _policies()
    _change_readings()
    _change_facts()
    op.create_index(
        "ix_referral_hearing",
        "referral",
        ["authority_id", "id"],
        postgresql_where=sa.text("state <> 'closed' AND (circumstances ->> 'governing_board_on') IS NOT NULL"),
    )


def _policies() -> None:
    application = op.get_context().config.attributes["roles"].application
    application_role = f'TO "{application}"'
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for table, (verbs, policies) in _TABLES.items():
        if table in _OF_PARTIES:
            op.execute(
                f'CREATE STATISTICS "st_{table}_parties" (dependencies) ON "authority_id", "organisation_id"'
                f' FROM "{table}"'
            )
        statements = [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
            *(
                f'CREATE POLICY "{table}_{name}" ON "{table}" {clause.format(role=application_role)}'
                for name, clause in policies.items()
            ),
            f'GRANT {verbs} ON "{table}" TO "{application}"',
        ]
        for statement in statements:
            op.get_bind().exec_driver_sql(statement)


def _change_readings() -> None:
    op.add_column("reading", sa.Column("measure_version_id", sa.UUID()))
    op.add_column("reading", sa.Column("purpose", sa.Text()))
    op.add_column("reading", sa.Column("supersedes_id", sa.UUID()))
    op.add_column("reading", sa.Column("correction_reason", sa.Text()))
    op.add_column("reading", sa.Column("superseded_at", sa.DateTime(timezone=True)))
    # The first of a measure and a respondent began the work; those after it looked again.
    op.execute(
        "UPDATE reading r SET purpose = CASE WHEN EXISTS (SELECT FROM reading e WHERE e.authority_id = r.authority_id"
        " AND e.intervention_id = r.intervention_id AND e.measure = r.measure AND e.respondent = r.respondent"
        " AND e.taken_on < r.taken_on) THEN 'review' ELSE 'baseline' END"
    )
    op.alter_column("reading", "purpose", nullable=False)
    op.create_foreign_key(
        op.f("fk_reading_authority_id_measure_version_id"),
        "reading",
        "measure_version",
        ["authority_id", "measure_version_id"],
        ["authority_id", "id"],
    )
    op.create_foreign_key(
        op.f("fk_reading_authority_id_supersedes_id"),
        "reading",
        "reading",
        ["authority_id", "supersedes_id"],
        ["authority_id", "id"],
    )
    op.create_unique_constraint(
        op.f("uq_reading_authority_id_supersedes_id"), "reading", ["authority_id", "supersedes_id"]
    )
    op.drop_constraint("uq_reading_one_a_day", "reading")
    op.create_index(
        "uq_reading_one_a_day",
        "reading",
        ["authority_id", "intervention_id", "measure", "respondent", "taken_on"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index("ix_reading_intervention", "reading", ["authority_id", "intervention_id", "taken_on", "id"])
    op.create_check_constraint(
        op.f("ck_reading_correction_is_explained"), "reading", "(supersedes_id IS NULL) = (correction_reason IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_reading_purpose"), "reading", "purpose IN ('baseline', 'review', 'closing', 'follow_up')"
    )
    _check_readings(", 'school'", ", 'alone'")


def _check_readings(respondent: str, completed_with: str) -> None:
    for name, words in (
        ("respondent", f"'child', 'parent', 'worker'{respondent}"),
        ("completed_with", f"'family', 'worker_only', 'jointly'{completed_with}"),
    ):
        op.drop_constraint(op.f(f"ck_reading_{name}"), "reading", type_="check")
        op.create_check_constraint(op.f(f"ck_reading_{name}"), "reading", f"{name} IN ({words})")


def _change_facts() -> None:
    op.add_column("suspension_record", sa.Column("dated", postgresql.JSONB()))
    for table in _FACTS:
        op.drop_constraint(f"uq_{table}_one_per_period", table)
        op.create_unique_constraint(
            f"uq_{table}_one_per_period", table, [*_PERIOD, "school_id"], postgresql_nulls_not_distinct=True
        )


def downgrade() -> None:
    """As it was: what was corrected goes. Where a new word was used, or two schools told of one term, this fails."""
    op.drop_index("ix_referral_hearing", "referral")
    for table in _FACTS:
        op.drop_constraint(f"uq_{table}_one_per_period", table)
        op.create_unique_constraint(f"uq_{table}_one_per_period", table, list(_PERIOD))
    op.drop_column("suspension_record", "dated")
    _check_readings("", "")
    for name in ("purpose", "correction_is_explained"):
        op.drop_constraint(op.f(f"ck_reading_{name}"), "reading", type_="check")
    op.drop_index("ix_reading_intervention", "reading")
    op.drop_index("uq_reading_one_a_day", "reading")
    op.drop_constraint(op.f("uq_reading_authority_id_supersedes_id"), "reading")
    op.execute("DELETE FROM reading WHERE superseded_at IS NOT NULL")
    op.create_unique_constraint(
        "uq_reading_one_a_day", "reading", ["authority_id", "intervention_id", "measure", "respondent", "taken_on"]
    )
    op.drop_constraint(op.f("fk_reading_authority_id_supersedes_id"), "reading")
    op.drop_constraint(op.f("fk_reading_authority_id_measure_version_id"), "reading")
    for name in ("superseded_at", "correction_reason", "supersedes_id", "purpose", "measure_version_id"):
        op.drop_column("reading", name)
    for table in ("attention_look", "referral_attention", "audit_action", "practice_audit", "measure_version"):
        op.drop_table(table)
