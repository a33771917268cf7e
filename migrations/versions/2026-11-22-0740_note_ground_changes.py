"""What the waiting list stands on notes its changes; plans are proposed; an announced policy can be withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"
_OFFICERS = f"{_TENANT} AND ({_WIDE})"
_WITHDRAWN = f"{_TENANT} AND ({_WIDE} AND effective_from IS NULL AND withdrawn_at IS NOT NULL)"
_WITHDRAWAL = "effective_from, announced_for, withdrawn_at, withdrawn_by_client_id, withdrawal_reason"

GROUND = (
    "allocation_run",
    "booking",
    "calendar_closure",
    "calendar_period",
    "calendar_year",
    "contract",
    "contract_variation",
    "intervention",
    "lot",
    "offer",
    "organisation",
    "place",
    "place_out_of_service",
    "policy_version",
    "practitioner",
    "referral",
    "school",
    "service",
)
FUNCTION = """
CREATE FUNCTION note_ground_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  mine text := coalesce(current_setting('halfterm.authority', true), '');
  mark text := pg_current_xact_id()::text || mine;
BEGIN
  IF current_setting('halfterm.ground_changed', true) IS DISTINCT FROM mark THEN
    IF mine <> '' THEN
      INSERT INTO ground_change (authority_id, xid)
      SELECT id, pg_current_xact_id() FROM authority WHERE id = mine::uuid ON CONFLICT DO NOTHING;
    ELSE
      INSERT INTO ground_change (authority_id, xid) SELECT id, pg_current_xact_id() FROM authority
      ON CONFLICT DO NOTHING;
    END IF;
    PERFORM set_config('halfterm.ground_changed', mark, true);
  END IF;
  RETURN NULL;
END $$
"""
NEW_TABLES = (
    'ALTER TABLE "ground_change" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "ground_change" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "ground_change_owner" ON "ground_change" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    f'CREATE POLICY "ground_change_read" ON "ground_change" FOR SELECT TO "{{application}}" USING ({_TENANT})',
    f'CREATE POLICY "ground_change_write" ON "ground_change" FOR ALL TO "{{application}}" USING ({_OFFICERS})'
    f" WITH CHECK ({_OFFICERS})",
    f'CREATE POLICY "ground_change_insert" ON "ground_change" FOR INSERT TO "{{application}}" WITH CHECK ({_TENANT})',
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "ground_change" TO "{application}"',
    f'CREATE POLICY "policy_version_becomes" ON "policy_version" FOR UPDATE TO "{{application}}" USING ({_OFFICERS})'
    f" WITH CHECK ({_WITHDRAWN})",
    f'GRANT UPDATE ({_WITHDRAWAL}) ON "policy_version" TO "{{application}}"',
    "REVOKE ALL ON FUNCTION note_ground_change() FROM PUBLIC",
    'GRANT EXECUTE ON FUNCTION note_ground_change() TO "{application}"',
)
_WITHDRAWN_WHOLE = (
    "(withdrawn_at IS NULL) = (effective_from IS NOT NULL)"
    " AND (withdrawn_at IS NULL) = (announced_for IS NULL)"
    " AND (withdrawn_at IS NULL) = (withdrawn_by_client_id IS NULL)"
    " AND (withdrawn_at IS NULL) = (withdrawal_reason IS NULL)"
)


class _Xid8(sa.types.UserDefinedType):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def upgrade() -> None:
    """Versions that were published stay as they are; no run from before was proposed."""
    op.create_table(
        "ground_change",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("xid", _Xid8(), nullable=False),
        sa.PrimaryKeyConstraint("authority_id", "xid", name=op.f("pk_ground_change")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_ground_change_authority_id")),
    )
    op.create_index("ix_booking_household", "booking", ["authority_id", "household_id"])
    op.add_column(
        "allocation_run", sa.Column("proposed", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.alter_column("policy_version", "effective_from", nullable=True)
    op.add_column("policy_version", sa.Column("announced_for", sa.Date()))
    op.add_column("policy_version", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
    op.add_column("policy_version", sa.Column("withdrawn_by_client_id", sa.UUID()))
    op.add_column("policy_version", sa.Column("withdrawal_reason", sa.Text()))
    op.create_check_constraint(op.f("ck_policy_version_withdrawn_whole"), "policy_version", _WITHDRAWN_WHOLE)
    op.execute(FUNCTION)
    for table in GROUND:
        op.execute(
            f'CREATE TRIGGER "note_ground_change" AFTER INSERT OR UPDATE OR DELETE ON "{table}"'
            " FOR EACH STATEMENT EXECUTE FUNCTION note_ground_change()"
        )
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for statement in NEW_TABLES:
        named = statement.replace("{application}", application).replace("{owner}", owner)
        op.get_bind().exec_driver_sql(named)


def downgrade() -> None:
    """As it was. A version that was withdrawn never took effect: it goes, with its number."""
    application = op.get_context().config.attributes["roles"].application
    for table in GROUND:
        op.execute(f'DROP TRIGGER "note_ground_change" ON "{table}"')
    op.execute("DROP FUNCTION note_ground_change()")
    op.execute('DROP POLICY "policy_version_becomes" ON "policy_version"')
    op.execute(f'REVOKE UPDATE ({_WITHDRAWAL}) ON "policy_version" FROM "{application}"')
    op.drop_constraint(op.f("ck_policy_version_withdrawn_whole"), "policy_version", type_="check")
    op.execute("DELETE FROM policy_version WHERE effective_from IS NULL")
    for column in ("withdrawal_reason", "withdrawn_by_client_id", "withdrawn_at", "announced_for"):
        op.drop_column("policy_version", column)
    op.alter_column("policy_version", "effective_from", nullable=False)
    op.drop_column("allocation_run", "proposed")
    op.drop_index("ix_booking_household", "booking")
    op.drop_table("ground_change")
