"""Functions that make one round trip of several statements: the claim of an idempotency key, a worklist's mark."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FUNCTIONS = (
    """
CREATE FUNCTION claim_idempotency_key(
  an_authority uuid, a_client uuid, an_operation text, a_key text,
  OUT free boolean, OUT body_digest bytea, OUT status integer, OUT headers jsonb, OUT body bytea
) LANGUAGE plpgsql AS $$
BEGIN
  free := pg_try_advisory_xact_lock(hashtextextended(concat_ws('|', a_client, an_operation, a_key), 1));
  IF free THEN
    SELECT i.body_digest, i.status, i.headers, i.body INTO body_digest, status, headers, body
    FROM idempotency_record i
    WHERE i.authority_id = an_authority AND i.client_id = a_client AND i.operation = an_operation
      AND i.idempotency_key = a_key;
  END IF;
END $$
""",
    """
CREATE FUNCTION worklist_mark(an_authority uuid, an_organisation uuid, a_client uuid) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  newest text;
  above bigint;
BEGIN
  PERFORM set_config('halfterm.authority', an_authority::text, true),
          set_config('halfterm.organisation', an_organisation::text, true),
          set_config('halfterm.client', a_client::text, true),
          set_config('halfterm.reach', 'own', true);
  SELECT (SELECT o.changed_xid::text FROM offer o WHERE o.authority_id = an_authority
            AND o.provider_id = an_organisation ORDER BY o.changed_xid DESC LIMIT 1),
         (SELECT count(*) FROM offer o WHERE o.authority_id = an_authority AND o.provider_id = an_organisation
            AND o.changed_xid >= pg_snapshot_xmin(pg_current_snapshot()))
    INTO newest, above;
  RETURN CASE WHEN newest IS NULL THEN '0' WHEN above = 0 THEN newest
              ELSE concat_ws('.', newest, pg_snapshot_xmin(pg_current_snapshot()), above) END;
END $$
""",
)
_CLAIM = "claim_idempotency_key(uuid, uuid, text, text)"
_MARK = "worklist_mark(uuid, uuid, uuid)"


def upgrade() -> None:
    """Create the functions, for the service's own role alone."""
    application = op.get_context().config.attributes["roles"].application
    for statement in FUNCTIONS:
        op.execute(statement)
    for signature in (_CLAIM, _MARK):
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f'GRANT EXECUTE ON FUNCTION {signature} TO "{application}"')


def downgrade() -> None:
    """Drop them."""
    for signature in (_CLAIM, _MARK):
        op.execute(f"DROP FUNCTION {signature}")
