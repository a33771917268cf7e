"""Cases are paused and resumed, reviewed half-way, and followed up a term after they closed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_OWN = (
    "(SELECT current_setting('halfterm.reach', true) = 'authority')"
    " OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"
)
_TABLES = ("intervention_pause", "intervention_review")
_KINDS = "'initial', 'session', 'review', 'team_around_the_child', 'closing'"


def _policies(table: str, application: str, owner: str) -> list[str]:
    of_case = (
        f"EXISTS (SELECT 1 FROM intervention i WHERE i.authority_id = {table}.authority_id"  # noqa: S608 - fixed names
        f" AND i.id = {table}.intervention_id)"
    )
    read, write = f"{_TENANT} AND ({_OWN} OR {of_case})", f"{_TENANT} AND ({_OWN})"
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
        f'CREATE POLICY "{table}_read" ON "{table}" FOR SELECT TO "{application}" USING ({read})',
        f'CREATE POLICY "{table}_write" ON "{table}" FOR ALL TO "{application}" USING ({write}) WITH CHECK ({write})',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{application}"',
        f'CREATE STATISTICS "st_{table}_parties" (dependencies) ON "authority_id", "provider_id" FROM "{table}"',
    ]


def _of_a_case(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f(f"fk_{table}_authority_id")),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["intervention.authority_id", "intervention.id"],
            name=op.f(f"fk_{table}_authority_id_intervention_id"),
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f(f"pk_{table}")),
    ]


def _set_kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_intervention_contact_kind"), "intervention_contact")
    op.create_check_constraint(op.f("ck_intervention_contact_kind"), "intervention_contact", f"kind IN ({kinds})")


def upgrade() -> None:
    """Create the two tables, and let a contact be a follow-up and say how late it was."""
    op.create_table(
        "intervention_pause",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("expected_last_on", sa.Date(), nullable=False),
        sa.Column("school_days", sa.Integer(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resumed_on", sa.Date(), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('family_ill', 'bereavement', 'family_away', 'family_asked', 'practitioner_away',"
            " 'safeguarding_advice', 'other')",
            name=op.f("ck_intervention_pause_reason"),
        ),
        sa.CheckConstraint("starts_on <= expected_last_on", name=op.f("ck_intervention_pause_dates")),
        sa.CheckConstraint("starts_on <= resumed_on", name=op.f("ck_intervention_pause_resumed_on")),
        sa.CheckConstraint(
            "(resumed_on IS NULL) = (resumed_at IS NULL)", name=op.f("ck_intervention_pause_resumed_at")
        ),
        sa.CheckConstraint("school_days >= 0", name=op.f("ck_intervention_pause_school_days")),
        postgresql.ExcludeConstraint(
            (sa.column("authority_id"), "="),
            (sa.column("intervention_id"), "="),
            (sa.text("daterange(starts_on, resumed_on)"), "&&"),
            using="gist",
            name="ex_intervention_pause_no_overlap",
        ),
        *_of_a_case("intervention_pause"),
    )
    op.create_index(
        "ix_intervention_pause_intervention", "intervention_pause", ["authority_id", "intervention_id", "starts_on"]
    )
    op.create_table(
        "intervention_review",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("present", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("agencies", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("going_well", sa.Text(), nullable=True),
        sa.Column("worries", sa.Text(), nullable=True),
        sa.Column("goals", postgresql.JSONB(), nullable=False),
        sa.Column("plan_changes", sa.Boolean(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "proposal IN ('continue', 'extend', 'step_up', 'step_down', 'close')",
            name=op.f("ck_intervention_review_proposal"),
        ),
        sa.UniqueConstraint("authority_id", "intervention_id", "held_on", name="uq_intervention_review_one_a_day"),
        *_of_a_case("intervention_review"),
    )
    op.add_column("intervention_contact", sa.Column("minutes_late", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("ck_intervention_contact_minutes_late"),
        "intervention_contact",
        "minutes_late IS NULL OR (result = 'late' AND minutes_late BETWEEN 1 AND 240)",
    )
    _set_kinds(f"{_KINDS}, 'follow_up'")
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for table in _TABLES:
        for statement in _policies(table, application, owner):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Drop them: paused work can only be closed, and pauses, reviews and follow-ups are lost."""
    op.execute("DELETE FROM intervention_contact WHERE kind = 'follow_up'")
    _set_kinds(_KINDS)
    op.drop_column("intervention_contact", "minutes_late")
    for table in _TABLES:
        op.drop_table(table)
