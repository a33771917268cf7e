"""Policy versions are published: when, by whom, with what change; never altered, and one takes effect on a day."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_OFFICERS = f"{_TENANT} AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))"


def upgrade() -> None:
    """Versions from before say nothing of their publication. The public page finds an authority by its code."""
    roles = op.get_context().config.attributes["roles"]
    op.add_column("policy_version", sa.Column("published_at", sa.DateTime(timezone=True)))
    op.add_column("policy_version", sa.Column("published_by_client_id", sa.UUID()))
    op.add_column("policy_version", sa.Column("summary_of_changes", sa.Text()))
    op.add_column("policy_version", sa.Column("contact", sa.Text()))
    op.create_unique_constraint(
        op.f("uq_policy_version_authority_id_effective_from"), "policy_version", ["authority_id", "effective_from"]
    )
    op.execute('DROP POLICY "policy_version_write" ON "policy_version"')
    op.execute(
        f'CREATE POLICY "policy_version_insert" ON "policy_version" FOR INSERT TO "{roles.application}"'
        f" WITH CHECK ({_OFFICERS})"
    )
    op.execute(f'REVOKE UPDATE, DELETE ON "policy_version" FROM "{roles.application}"')
    op.execute(f'GRANT SELECT (la_code) ON "authority" TO "{roles.worker}"')


def downgrade() -> None:
    """As it was; what was told of each publication is lost."""
    roles = op.get_context().config.attributes["roles"]
    op.execute(f'REVOKE SELECT (la_code) ON "authority" FROM "{roles.worker}"')  # noqa: S608 - our own names
    op.execute(f'GRANT UPDATE, DELETE ON "policy_version" TO "{roles.application}"')
    op.execute('DROP POLICY "policy_version_insert" ON "policy_version"')
    op.execute(
        f'CREATE POLICY "policy_version_write" ON "policy_version" FOR ALL TO "{roles.application}"'
        f" USING ({_OFFICERS}) WITH CHECK ({_OFFICERS})"
    )
    op.drop_constraint(op.f("uq_policy_version_authority_id_effective_from"), "policy_version")
    for column in ("contact", "summary_of_changes", "published_by_client_id", "published_at"):
        op.drop_column("policy_version", column)
