"""Authorities publish versions of return templates of their own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_OFFICERS = f"{_TENANT} AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))"
POLICIES = (
    'ALTER TABLE "return_template" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "return_template" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "return_template_owner" ON "return_template" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    f'CREATE POLICY "return_template_read" ON "return_template" FOR SELECT TO "{{application}}" USING ({_TENANT})',
    f'CREATE POLICY "return_template_write" ON "return_template" FOR ALL TO "{{application}}" USING ({_OFFICERS})'
    f" WITH CHECK ({_OFFICERS})",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "return_template" TO "{application}"',
)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "return_template",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("applies_from", sa.Date(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_client_id", sa.UUID(), nullable=False),
        sa.Column("summary_of_changes", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("version > 1000", name=op.f("ck_return_template_version")),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawal_reason IS NULL)", name=op.f("ck_return_template_withdrawn_whole")
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_return_template_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_return_template")),
        sa.UniqueConstraint(
            "authority_id", "template", "version", name=op.f("uq_return_template_authority_id_template_version")
        ),
    )
    op.create_index(
        "ux_return_template_one_from_a_day",
        "return_template",
        ["authority_id", "template", "applies_from"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for statement in POLICIES:
        named = statement.replace("{application}", application).replace("{owner}", owner)
        op.get_bind().exec_driver_sql(named)


def downgrade() -> None:
    """Drop it: returns of an authority's own version cannot be read by what ran before."""
    op.drop_table("return_template")
