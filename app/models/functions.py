"""The few functions of the schema: each is one round trip where statements would be several, or a trigger's.

They run as their caller, under its row policy. PL/pgSQL gives every statement inside a snapshot of its own, as the
statements would have if they were sent one by one.
"""

from typing import Final

FUNCTIONS: Final[dict[str, str]] = {
    # The lock first: read in the same statement, the record could be older than the lock.
    "claim_idempotency_key": """
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
    # Sets the row-policy context itself, for its own transaction: polls are most of what the service is asked.
    # The newest change is not enough, because an older transaction may still commit: then the horizon, and the number
    # of changes above it, stand in the mark too. The newest is named by its table: plain `changed_xid` would be the
    # text selected, by which 999 comes after 1000.
    "worklist_mark": """
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
    # One row for each transaction and authority: the mark, which dies with the transaction and goes back with a
    # savepoint as the row does, saves asking the table. Without an authority's context (an administrator) every
    # authority is told.
    "note_ground_change": """
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
""",
}
