"""Schools state their own training days, and terms where they differ from their authority's."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_OWN = (
    f"{_TENANT} AND ((SELECT current_setting('halfterm.reach', true) = 'authority')"
    " OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))"
)
POLICIES = (
    'ALTER TABLE "school_calendar" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "school_calendar" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "school_calendar_owner" ON "school_calendar" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    f'CREATE POLICY "school_calendar_read" ON "school_calendar" FOR SELECT TO "{{application}}" USING ({_TENANT})',
    f'CREATE POLICY "school_calendar_write" ON "school_calendar" FOR ALL TO "{{application}}" USING ({_OWN})'
    f" WITH CHECK ({_OWN})",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "school_calendar" TO "{application}"',
)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "school_calendar",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.Column("academic_year", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.UUID(), nullable=False),
        sa.Column("half_terms", postgresql.JSONB(), nullable=True),
        sa.Column("training_days", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(r"academic_year ~ '^\d{4}/\d{2}$'", name=op.f("ck_school_calendar_academic_year")),
        sa.CheckConstraint("jsonb_array_length(half_terms) = 6", name=op.f("ck_school_calendar_six_half_terms")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_school_calendar_authority_id")),
        sa.ForeignKeyConstraint(
            ["authority_id", "school_id"],
            ["school.authority_id", "school.organisation_id"],
            name=op.f("fk_school_calendar_authority_id_school_id"),
        ),
        sa.PrimaryKeyConstraint("authority_id", "school_id", "academic_year", name=op.f("pk_school_calendar")),
    )
    op.execute(
        'CREATE STATISTICS "st_school_calendar_parties" (dependencies) ON "authority_id", "school_id"'
        ' FROM "school_calendar"'
    )
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for statement in POLICIES:
        named = statement.replace("{application}", application).replace("{owner}", owner)
        op.get_bind().exec_driver_sql(named)


def downgrade() -> None:
    """Drop it: schools follow their authority again."""
    op.drop_table("school_calendar")
