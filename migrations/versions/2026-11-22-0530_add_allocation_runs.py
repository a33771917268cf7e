"""Runs that an officer previews and commits: the plan, what it was made from, and who let it take effect."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OFFICERS = (
    "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
    " AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))"
)
POLICIES = (
    'ALTER TABLE "allocation_run" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "allocation_run" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "allocation_run_owner" ON "allocation_run" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    f'CREATE POLICY "allocation_run_write" ON "allocation_run" FOR ALL TO "{{application}}" USING ({_OFFICERS})'
    f" WITH CHECK ({_OFFICERS})",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "allocation_run" TO "{application}"',
)


def upgrade() -> None:
    """Create the table, and name a decision's run."""
    op.create_table(
        "allocation_run",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("policy_version_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_client_id", sa.UUID(), nullable=False),
        sa.Column("snapshot_hash", sa.Text(), nullable=False),
        sa.Column("what_if", postgresql.JSONB(), nullable=True),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_by_client_id", sa.UUID(), nullable=True),
        sa.CheckConstraint("state IN ('preview', 'committed')", name=op.f("ck_allocation_run_state")),
        sa.CheckConstraint(
            "(state = 'committed') = (committed_at IS NOT NULL AND committed_by_client_id IS NOT NULL)",
            name=op.f("ck_allocation_run_committed_by"),
        ),
        sa.CheckConstraint("what_if IS NULL OR state = 'preview'", name=op.f("ck_allocation_run_what_if_stays_one")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_allocation_run_authority_id")),
        sa.ForeignKeyConstraint(
            ["authority_id", "policy_version_id"],
            ["policy_version.authority_id", "policy_version.id"],
            name=op.f("fk_allocation_run_authority_id_policy_version_id"),
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_allocation_run")),
    )
    op.create_index("ix_allocation_run_made", "allocation_run", ["authority_id", "made_at", "id"])
    op.add_column("decision", sa.Column("run_id", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("fk_decision_authority_id_run_id"),
        "decision",
        "allocation_run",
        ["authority_id", "run_id"],
        ["authority_id", "id"],
    )
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for statement in POLICIES:
        named = statement.replace("{application}", application).replace("{owner}", owner)
        op.get_bind().exec_driver_sql(named)


def downgrade() -> None:
    """Drop them."""
    op.drop_constraint(op.f("fk_decision_authority_id_run_id"), "decision", type_="foreignkey")
    op.drop_column("decision", "run_id")
    op.drop_table("allocation_run")
