"""Keep what a return said each time that it was submitted, and what was asked of its rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_OWN = (
    f"{_TENANT} AND ((SELECT current_setting('halfterm.reach', true) = 'authority')"
    " OR organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))"
)
POLICIES = (
    'ALTER TABLE "return_submission" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "return_submission" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "return_submission_owner" ON "return_submission" FOR ALL TO "{owner}" USING (true)'
    " WITH CHECK (true)",
    f'CREATE POLICY "return_submission_read" ON "return_submission" FOR SELECT TO "{{application}}" USING ({_OWN})',
    f'CREATE POLICY "return_submission_insert" ON "return_submission" FOR INSERT TO "{{application}}"'
    f" WITH CHECK ({_OWN})",
    'GRANT SELECT, INSERT ON "return_submission" TO "{application}"',
)


def upgrade() -> None:
    """Create the table; what was submitted before is its return's first row."""
    op.add_column(
        "return_record",
        sa.Column("query_lines", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("return_record", sa.Column("amendment_reason", sa.Text(), nullable=True))
    op.create_table(
        "return_submission",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("return_id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_return_submission_number")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_return_submission_authority_id")),
        sa.ForeignKeyConstraint(
            ["authority_id", "return_id"],
            ["return_record.authority_id", "return_record.id"],
            name=op.f("fk_return_submission_authority_id_return_id"),
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_return_submission")),
        sa.UniqueConstraint(
            "authority_id", "return_id", "number", name=op.f("uq_return_submission_authority_id_return_id_number")
        ),
    )
    op.execute(
        'CREATE STATISTICS "st_return_submission_parties" (dependencies) ON "authority_id", "organisation_id"'
        ' FROM "return_submission"'
    )
    op.execute(
        "INSERT INTO return_submission (authority_id, id, return_id, organisation_id, number, submitted_at, content)"
        " SELECT authority_id, gen_random_uuid(), id, organisation_id, 1, submitted_at, content FROM return_record"
        " WHERE submitted_at IS NOT NULL AND state NOT IN ('due', 'draft', 'queried')"
    )
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for statement in POLICIES:
        named = statement.replace("{application}", application).replace("{owner}", owner)
        op.get_bind().exec_driver_sql(named)


def downgrade() -> None:
    """Drop it: what earlier submissions said is lost."""
    op.drop_table("return_submission")
    op.drop_column("return_record", "amendment_reason")
    op.drop_column("return_record", "query_lines")
