"""The first schema: parties, supply, demand, allocation, casework, returns, events; row policy on every tenant table."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The DDL name."""
        return "xid8"


# (from, to, event): the moves of a referral as they stood at this revision.
TRANSITIONS = [
    ("accepted", "closed", "intervention.closed"),
    ("accepted", "closed", "referral.closed"),
    ("accepted", "in_progress", "intervention.started"),
    ("accepted", "on_hold", "intervention.paused"),
    ("closed", "in_progress", "referral.reopened"),
    ("closed", "waiting", "referral.reopened"),
    ("draft", "closed", "referral.closed"),
    ("draft", "submitted", "referral.submitted"),
    ("in_panel", "closed", "referral.closed"),
    ("in_panel", "waiting", "referral.waiting"),
    ("in_progress", "closed", "intervention.closed"),
    ("in_progress", "closed", "referral.closed"),
    ("in_progress", "on_hold", "intervention.paused"),
    ("information_requested", "closed", "referral.closed"),
    ("information_requested", "submitted", "referral.information_answered"),
    ("new", "draft", "referral.drafted"),
    ("new", "submitted", "referral.submitted"),
    ("offered", "accepted", "allocation.accepted"),
    ("offered", "closed", "referral.closed"),
    ("offered", "information_requested", "referral.information_requested"),
    ("offered", "waiting", "allocation.declined"),
    ("offered", "waiting", "allocation.expired"),
    ("offered", "waiting", "allocation.withdrawn"),
    ("on_hold", "accepted", "intervention.resumed"),
    ("on_hold", "closed", "intervention.closed"),
    ("on_hold", "closed", "referral.closed"),
    ("on_hold", "in_progress", "intervention.resumed"),
    ("submitted", "closed", "referral.closed"),
    ("submitted", "in_panel", "referral.sent_to_panel"),
    ("submitted", "information_requested", "referral.information_requested"),
    ("submitted", "offered", "allocation.offered"),
    ("submitted", "waiting", "referral.waiting"),
    ("waiting", "accepted", "allocation.accepted"),
    ("waiting", "closed", "referral.closed"),
    ("waiting", "in_panel", "referral.sent_to_panel"),
    ("waiting", "information_requested", "referral.information_requested"),
    ("waiting", "offered", "allocation.offered"),
]

# Grants, row policies and statistics as they stood at this revision; the braces take the names of the roles.
POLICIES = [
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "authority" TO "{application}"',
    'GRANT SELECT (id, sandbox, clock_offset, clock_ran_to) ON "authority" TO "{worker}"',
    'CREATE POLICY "authority_worker" ON "authority" FOR SELECT TO "{worker}" USING (true)',
    'ALTER TABLE "authority" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "authority" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "authority_owner" ON "authority" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "authority_read" ON "authority" FOR SELECT TO "{application}" USING (id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"authority_write\" ON \"authority\" FOR ALL TO \"{application}\" USING (id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND (SELECT current_setting('halfterm.reach', true) = 'authority')) WITH CHECK (id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND (SELECT current_setting('halfterm.reach', true) = 'authority'))",
    'GRANT SELECT ON "referral_transition" TO "{application}"',
    'GRANT SELECT ON "school_register" TO "{application}"',
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "area" TO "{application}"',
    'ALTER TABLE "area" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "area" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "area_owner" ON "area" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "area_read" ON "area" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"area_write\" ON \"area\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "calendar_year" TO "{application}"',
    'ALTER TABLE "calendar_year" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "calendar_year" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "calendar_year_owner" ON "calendar_year" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "calendar_year_read" ON "calendar_year" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"calendar_year_write\" ON \"calendar_year\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT ON "event" TO "{application}"',
    'CREATE STATISTICS "st_event_parties" (dependencies) ON "authority_id", "organisation_id" FROM "event"',
    'ALTER TABLE "event" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "event" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "event_owner" ON "event" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"event_read\" ON \"event\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND (EXISTS (SELECT 1 FROM event_audience a WHERE a.authority_id = event.authority_id AND a.event_id = event.id AND a.organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))))",
    "CREATE POLICY \"event_insert\" ON \"event\" FOR INSERT TO \"{application}\" WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "household" TO "{application}"',
    'ALTER TABLE "household" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "household" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "household_owner" ON "household" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"household_read\" ON \"household\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR EXISTS (SELECT 1 FROM pupil p WHERE p.authority_id = household.authority_id AND p.household_id = household.id)))",
    "CREATE POLICY \"household_write\" ON \"household\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "idempotency_record" TO "{application}"',
    'GRANT SELECT (created_at) ON "idempotency_record" TO "{worker}"',
    'CREATE POLICY "idempotency_record_worker" ON "idempotency_record" FOR SELECT TO "{worker}" USING (true)',
    'GRANT DELETE ON "idempotency_record" TO "{worker}"',
    'CREATE POLICY "idempotency_record_worker_expiry" ON "idempotency_record" FOR DELETE TO "{worker}" USING (true)',
    'ALTER TABLE "idempotency_record" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "idempotency_record" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "idempotency_record_owner" ON "idempotency_record" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"idempotency_record_write\" ON \"idempotency_record\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND (client_id = (SELECT nullif(current_setting('halfterm.client', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND (client_id = (SELECT nullif(current_setting('halfterm.client', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "organisation" TO "{application}"',
    'ALTER TABLE "organisation" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "organisation" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "organisation_owner" ON "organisation" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "organisation_read" ON "organisation" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"organisation_write\" ON \"organisation\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "policy_version" TO "{application}"',
    'ALTER TABLE "policy_version" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "policy_version" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "policy_version_owner" ON "policy_version" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "policy_version_read" ON "policy_version" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"policy_version_write\" ON \"policy_version\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "school_group" TO "{application}"',
    'ALTER TABLE "school_group" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "school_group" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "school_group_owner" ON "school_group" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "school_group_read" ON "school_group" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"school_group_write\" ON \"school_group\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT ON "audit_entry" TO "{application}"',
    'CREATE STATISTICS "st_audit_entry_parties" (dependencies) ON "authority_id", "organisation_id" FROM "audit_entry"',
    'ALTER TABLE "audit_entry" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "audit_entry" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "audit_entry_owner" ON "audit_entry" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"audit_entry_read\" ON \"audit_entry\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    "CREATE POLICY \"audit_entry_insert\" ON \"audit_entry\" FOR INSERT TO \"{application}\" WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND (organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "calendar_closure" TO "{application}"',
    'ALTER TABLE "calendar_closure" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "calendar_closure" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "calendar_closure_owner" ON "calendar_closure" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "calendar_closure_read" ON "calendar_closure" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"calendar_closure_write\" ON \"calendar_closure\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "calendar_period" TO "{application}"',
    'ALTER TABLE "calendar_period" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "calendar_period" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "calendar_period_owner" ON "calendar_period" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "calendar_period_read" ON "calendar_period" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"calendar_period_write\" ON \"calendar_period\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "client" TO "{application}"',
    'CREATE STATISTICS "st_client_parties" (dependencies) ON "authority_id", "organisation_id" FROM "client"',
    'ALTER TABLE "client" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "client" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "client_owner" ON "client" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"client_read\" ON \"client\" FOR SELECT TO \"{application}\" USING (id = (SELECT nullif(current_setting('halfterm.client', true), '')::uuid) OR (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))))",
    "CREATE POLICY \"client_write\" ON \"client\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "contract" TO "{application}"',
    'CREATE STATISTICS "st_contract_parties" (dependencies) ON "authority_id", "provider_id" FROM "contract"',
    'ALTER TABLE "contract" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "contract" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "contract_owner" ON "contract" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"contract_read\" ON \"contract\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"contract_write\" ON \"contract\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT ON "event_audience" TO "{application}"',
    'GRANT SELECT (authority_id, organisation_id, xid, seq) ON "event_audience" TO "{worker}"',
    'CREATE POLICY "event_audience_worker" ON "event_audience" FOR SELECT TO "{worker}" USING (true)',
    'CREATE STATISTICS "st_event_audience_parties" (dependencies) ON "authority_id", "organisation_id" FROM "event_audience"',
    'ALTER TABLE "event_audience" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "event_audience" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "event_audience_owner" ON "event_audience" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"event_audience_read\" ON \"event_audience\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND (organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'CREATE POLICY "event_audience_insert" ON "event_audience" FOR INSERT TO "{application}" WITH CHECK (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "household_contact" TO "{application}"',
    'ALTER TABLE "household_contact" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "household_contact" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "household_contact_owner" ON "household_contact" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"household_contact_read\" ON \"household_contact\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR EXISTS (SELECT 1 FROM pupil p WHERE p.authority_id = household_contact.authority_id AND p.household_id = household_contact.household_id)))",
    "CREATE POLICY \"household_contact_write\" ON \"household_contact\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "linked_child" TO "{application}"',
    'ALTER TABLE "linked_child" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "linked_child" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "linked_child_owner" ON "linked_child" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"linked_child_read\" ON \"linked_child\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR EXISTS (SELECT 1 FROM pupil p WHERE p.authority_id = linked_child.authority_id AND p.household_id = linked_child.household_id)))",
    "CREATE POLICY \"linked_child_write\" ON \"linked_child\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "obligation" TO "{application}"',
    'CREATE STATISTICS "st_obligation_parties" (dependencies) ON "authority_id", "owed_by_id" FROM "obligation"',
    'ALTER TABLE "obligation" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "obligation" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "obligation_owner" ON "obligation" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"obligation_write\" ON \"obligation\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR owed_by_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR owed_by_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "practitioner" TO "{application}"',
    'CREATE STATISTICS "st_practitioner_parties" (dependencies) ON "authority_id", "provider_id" FROM "practitioner"',
    'ALTER TABLE "practitioner" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "practitioner" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "practitioner_owner" ON "practitioner" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"practitioner_write\" ON \"practitioner\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "pupil" TO "{application}"',
    'ALTER TABLE "pupil" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "pupil" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "pupil_owner" ON "pupil" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"pupil_read\" ON \"pupil\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR EXISTS (SELECT 1 FROM enrolment e WHERE e.authority_id = pupil.authority_id AND e.pupil_id = pupil.id AND e.school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) AND e.ends_on IS NULL) OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = pupil.authority_id AND r.pupil_id = pupil.id AND (r.case_provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR r.referring_organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))))",
    "CREATE POLICY \"pupil_write\" ON \"pupil\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "return_record" TO "{application}"',
    'CREATE STATISTICS "st_return_record_parties" (dependencies) ON "authority_id", "organisation_id" FROM "return_record"',
    'ALTER TABLE "return_record" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "return_record" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "return_record_owner" ON "return_record" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"return_record_write\" ON \"return_record\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "school" TO "{application}"',
    'CREATE STATISTICS "st_school_parties" (dependencies) ON "authority_id", "organisation_id" FROM "school"',
    'ALTER TABLE "school" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "school" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "school_owner" ON "school" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "school_read" ON "school" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"school_write\" ON \"school\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "service" TO "{application}"',
    'CREATE STATISTICS "st_service_parties" (dependencies) ON "authority_id", "provider_id" FROM "service"',
    'ALTER TABLE "service" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "service" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "service_owner" ON "service" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "service_read" ON "service" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"service_write\" ON \"service\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "client_secret" TO "{application}"',
    'ALTER TABLE "client_secret" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "client_secret" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "client_secret_owner" ON "client_secret" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"client_secret_read\" ON \"client_secret\" FOR SELECT TO \"{application}\" USING (client_id = (SELECT nullif(current_setting('halfterm.client', true), '')::uuid) OR (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))))",
    "CREATE POLICY \"client_secret_write\" ON \"client_secret\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "contract_variation" TO "{application}"',
    'CREATE STATISTICS "st_contract_variation_parties" (dependencies) ON "authority_id", "provider_id" FROM "contract_variation"',
    'ALTER TABLE "contract_variation" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "contract_variation" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "contract_variation_owner" ON "contract_variation" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"contract_variation_read\" ON \"contract_variation\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"contract_variation_write\" ON \"contract_variation\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "enrolment" TO "{application}"',
    'CREATE STATISTICS "st_enrolment_parties" (dependencies) ON "authority_id", "school_id" FROM "enrolment"',
    'ALTER TABLE "enrolment" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "enrolment" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "enrolment_owner" ON "enrolment" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"enrolment_read\" ON \"enrolment\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"enrolment_write\" ON \"enrolment\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "lot" TO "{application}"',
    'CREATE STATISTICS "st_lot_parties" (dependencies) ON "authority_id", "provider_id" FROM "lot"',
    'ALTER TABLE "lot" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "lot" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "lot_owner" ON "lot" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"lot_read\" ON \"lot\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR prime_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"lot_write\" ON \"lot\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "pupil_statutory" TO "{application}"',
    'ALTER TABLE "pupil_statutory" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "pupil_statutory" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "pupil_statutory_owner" ON "pupil_statutory" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"pupil_statutory_read\" ON \"pupil_statutory\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR EXISTS (SELECT 1 FROM enrolment e WHERE e.authority_id = pupil_statutory.authority_id AND e.pupil_id = pupil_statutory.pupil_id AND e.school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) AND e.ends_on IS NULL) OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = pupil_statutory.authority_id AND r.pupil_id = pupil_statutory.pupil_id AND (r.referring_organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))))",
    "CREATE POLICY \"pupil_statutory_write\" ON \"pupil_statutory\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "referral" TO "{application}"',
    'CREATE STATISTICS "st_referral_parties" (dependencies) ON "authority_id", "school_id", "referring_organisation_id", "case_provider_id" FROM "referral"',
    'ALTER TABLE "referral" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "referral" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "referral_owner" ON "referral" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"referral_read\" ON \"referral\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR referring_organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR case_provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"referral_write\" ON \"referral\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR referring_organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR case_provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR referring_organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR case_provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "school_group_member" TO "{application}"',
    'CREATE STATISTICS "st_school_group_member_parties" (dependencies) ON "authority_id", "school_id" FROM "school_group_member"',
    'ALTER TABLE "school_group_member" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "school_group_member" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "school_group_member_owner" ON "school_group_member" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    'CREATE POLICY "school_group_member_read" ON "school_group_member" FOR SELECT TO "{application}" USING (authority_id = (SELECT nullif(current_setting(\'halfterm.authority\', true), \'\')::uuid))',
    "CREATE POLICY \"school_group_member_write\" ON \"school_group_member\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "attendance_record" TO "{application}"',
    'CREATE STATISTICS "st_attendance_record_parties" (dependencies) ON "authority_id", "school_id" FROM "attendance_record"',
    'ALTER TABLE "attendance_record" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "attendance_record" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "attendance_record_owner" ON "attendance_record" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"attendance_record_read\" ON \"attendance_record\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = attendance_record.authority_id AND r.id = attendance_record.referral_id AND (r.case_provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR r.referring_organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))))",
    "CREATE POLICY \"attendance_record_write\" ON \"attendance_record\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "capacity_change" TO "{application}"',
    'CREATE STATISTICS "st_capacity_change_parties" (dependencies) ON "authority_id", "provider_id", "lot_id" FROM "capacity_change"',
    'ALTER TABLE "capacity_change" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "capacity_change" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "capacity_change_owner" ON "capacity_change" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"capacity_change_read\" ON \"capacity_change\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"capacity_change_write\" ON \"capacity_change\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT ON "decision" TO "{application}"',
    'ALTER TABLE "decision" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "decision" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "decision_owner" ON "decision" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"decision_write\" ON \"decision\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "place" TO "{application}"',
    'CREATE STATISTICS "st_place_parties" (dependencies) ON "authority_id", "provider_id", "lot_id" FROM "place"',
    'ALTER TABLE "place" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "place" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "place_owner" ON "place" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"place_read\" ON \"place\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"place_write\" ON \"place\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT ON "referral_amendment" TO "{application}"',
    'CREATE STATISTICS "st_referral_amendment_parties" (dependencies) ON "authority_id", "organisation_id" FROM "referral_amendment"',
    'ALTER TABLE "referral_amendment" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "referral_amendment" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "referral_amendment_owner" ON "referral_amendment" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"referral_amendment_read\" ON \"referral_amendment\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = referral_amendment.authority_id AND r.id = referral_amendment.referral_id AND r.referring_organisation_id = referral_amendment.organisation_id AND r.school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))))",
    "CREATE POLICY \"referral_amendment_write\" ON \"referral_amendment\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT ON "status_history" TO "{application}"',
    'CREATE STATISTICS "st_status_history_parties" (dependencies) ON "authority_id", "organisation_id" FROM "status_history"',
    'ALTER TABLE "status_history" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "status_history" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "status_history_owner" ON "status_history" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"status_history_write\" ON \"status_history\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = status_history.authority_id AND r.id = status_history.referral_id))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = status_history.authority_id AND r.id = status_history.referral_id)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "suspension_record" TO "{application}"',
    'CREATE STATISTICS "st_suspension_record_parties" (dependencies) ON "authority_id", "school_id" FROM "suspension_record"',
    'ALTER TABLE "suspension_record" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "suspension_record" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "suspension_record_owner" ON "suspension_record" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"suspension_record_read\" ON \"suspension_record\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = suspension_record.authority_id AND r.id = suspension_record.referral_id AND (r.case_provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR r.referring_organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))))",
    "CREATE POLICY \"suspension_record_write\" ON \"suspension_record\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "booking" TO "{application}"',
    'CREATE STATISTICS "st_booking_parties" (dependencies) ON "authority_id", "provider_id", "lot_id" FROM "booking"',
    'ALTER TABLE "booking" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "booking" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "booking_owner" ON "booking" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"booking_read\" ON \"booking\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"booking_write\" ON \"booking\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "place_out_of_service" TO "{application}"',
    'CREATE STATISTICS "st_place_out_of_service_parties" (dependencies) ON "authority_id", "provider_id" FROM "place_out_of_service"',
    'ALTER TABLE "place_out_of_service" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "place_out_of_service" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "place_out_of_service_owner" ON "place_out_of_service" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"place_out_of_service_read\" ON \"place_out_of_service\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"place_out_of_service_write\" ON \"place_out_of_service\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority'))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority')))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "intervention" TO "{application}"',
    'CREATE STATISTICS "st_intervention_parties" (dependencies) ON "authority_id", "provider_id", "school_id", "referring_organisation_id", "lot_id" FROM "intervention"',
    'ALTER TABLE "intervention" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "intervention" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "intervention_owner" ON "intervention" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"intervention_read\" ON \"intervention\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR referring_organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    "CREATE POLICY \"intervention_write\" ON \"intervention\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "offer" TO "{application}"',
    'CREATE STATISTICS "st_offer_parties" (dependencies) ON "authority_id", "provider_id", "school_id", "referring_organisation_id", "lot_id" FROM "offer"',
    'ALTER TABLE "offer" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "offer" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "offer_owner" ON "offer" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"offer_read\" ON \"offer\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR (state <> 'proposed' AND (provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR referring_organisation_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR school_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))))",
    "CREATE POLICY \"offer_write\" ON \"offer\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR (state <> 'proposed' AND provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR (state <> 'proposed' AND provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "intervention_contact" TO "{application}"',
    'CREATE STATISTICS "st_intervention_contact_parties" (dependencies) ON "authority_id", "provider_id" FROM "intervention_contact"',
    'ALTER TABLE "intervention_contact" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "intervention_contact" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "intervention_contact_owner" ON "intervention_contact" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"intervention_contact_read\" ON \"intervention_contact\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR EXISTS (SELECT 1 FROM intervention i WHERE i.authority_id = intervention_contact.authority_id AND i.id = intervention_contact.intervention_id)))",
    "CREATE POLICY \"intervention_contact_write\" ON \"intervention_contact\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "intervention_extension" TO "{application}"',
    'CREATE STATISTICS "st_intervention_extension_parties" (dependencies) ON "authority_id", "provider_id" FROM "intervention_extension"',
    'ALTER TABLE "intervention_extension" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "intervention_extension" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "intervention_extension_owner" ON "intervention_extension" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"intervention_extension_read\" ON \"intervention_extension\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR EXISTS (SELECT 1 FROM intervention i WHERE i.authority_id = intervention_extension.authority_id AND i.id = intervention_extension.intervention_id)))",
    "CREATE POLICY \"intervention_extension_write\" ON \"intervention_extension\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "plan" TO "{application}"',
    'CREATE STATISTICS "st_plan_parties" (dependencies) ON "authority_id", "provider_id" FROM "plan"',
    'ALTER TABLE "plan" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "plan" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "plan_owner" ON "plan" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"plan_read\" ON \"plan\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR EXISTS (SELECT 1 FROM intervention i WHERE i.authority_id = plan.authority_id AND i.id = plan.intervention_id)))",
    "CREATE POLICY \"plan_write\" ON \"plan\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "reading" TO "{application}"',
    'CREATE STATISTICS "st_reading_parties" (dependencies) ON "authority_id", "provider_id" FROM "reading"',
    'ALTER TABLE "reading" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "reading" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "reading_owner" ON "reading" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"reading_write\" ON \"reading\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON "goal" TO "{application}"',
    'CREATE STATISTICS "st_goal_parties" (dependencies) ON "authority_id", "provider_id" FROM "goal"',
    'ALTER TABLE "goal" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "goal" FORCE ROW LEVEL SECURITY',
    'CREATE POLICY "goal_owner" ON "goal" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    "CREATE POLICY \"goal_read\" ON \"goal\" FOR SELECT TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid) OR EXISTS (SELECT 1 FROM intervention i WHERE i.authority_id = goal.authority_id AND i.id = goal.intervention_id)))",
    "CREATE POLICY \"goal_write\" ON \"goal\" FOR ALL TO \"{application}\" USING (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid))) WITH CHECK (authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid) AND ((SELECT current_setting('halfterm.reach', true) = 'authority') OR provider_id = (SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)))",
]


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "authority",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("la_code", sa.Text(), nullable=False),
        sa.Column("gss_code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("safeguarding_contact", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sandbox", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("clock_offset", sa.Interval(), server_default=sa.text("'0'"), nullable=False),
        sa.Column("clock_ran_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("la_code ~ '^\\d{3}$'", name=op.f("ck_authority_la_code")),
        sa.CheckConstraint(
            "sandbox OR clock_offset = interval '0'", name=op.f("ck_authority_clock_moves_in_sandbox_only")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority")),
    )
    op.create_table(
        "referral_transition",
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("from_state", "to_state", "event_type", name=op.f("pk_referral_transition")),
    )
    op.create_table(
        "school_register",
        sa.Column("urn", sa.Text(), nullable=False),
        sa.Column("laestab", sa.Text(), nullable=True),
        sa.Column("la_code", sa.Text(), nullable=True),
        sa.Column("la_name", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("low_age", sa.Integer(), nullable=True),
        sa.Column("high_age", sa.Integer(), nullable=True),
        sa.Column("pupils_on_roll", sa.Integer(), nullable=True),
        sa.Column("ukprn", sa.Text(), nullable=True),
        sa.Column("trust_uid", sa.Text(), nullable=True),
        sa.Column("trust_name", sa.Text(), nullable=True),
        sa.Column("town", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("urn", name=op.f("pk_school_register")),
    )
    op.create_index("ix_school_register_la_code", "school_register", ["la_code"], unique=False)
    op.create_index("ix_school_register_laestab", "school_register", ["laestab"], unique=False)
    op.create_table(
        "area",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lead_officer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_area_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_area")),
        sa.UniqueConstraint("authority_id", "code", name=op.f("uq_area_authority_id_code")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("academic_year", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.UUID(), nullable=False),
        sa.CheckConstraint("academic_year ~ '^\\d{4}/\\d{2}$'", name=op.f("ck_calendar_year_academic_year")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_calendar_year_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "academic_year", name=op.f("pk_calendar_year")),
    )
    op.create_table(
        "event",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=False),
        sa.Column("subject_version", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=True),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_event_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_event")),
        sa.UniqueConstraint("authority_id", "id", "type", name=op.f("uq_event_authority_id_id_type")),
    )
    op.create_index("ix_event_referral", "event", ["authority_id", "referral_id", "recorded_at"], unique=False)
    op.create_table(
        "household",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("home_language", sa.Text(), nullable=True),
        sa.Column("interpreter_needed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("address", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("address_confidential", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_household_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_household")),
    )
    op.create_table(
        "idempotency_record",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(idempotency_key) BETWEEN 1 AND 255", name=op.f("ck_idempotency_record_key_length")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_idempotency_record_authority_id")),
        sa.PrimaryKeyConstraint(
            "authority_id", "client_id", "operation", "idempotency_key", name=op.f("pk_idempotency_record")
        ),
    )
    op.create_index("ix_idempotency_record_created_at", "idempotency_record", ["created_at"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ukprn", sa.Text(), nullable=True),
        sa.Column("charity_number", sa.Text(), nullable=True),
        sa.Column("company_number", sa.Text(), nullable=True),
        sa.Column("contact", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('authority', 'school', 'provider', 'agency')", name=op.f("ck_organisation_kind")),
        sa.CheckConstraint("ukprn ~ '^\\d{8}$'", name=op.f("ck_organisation_ukprn")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_organisation_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_organisation")),
    )
    op.create_index(
        "ux_organisation_name",
        "organisation",
        ["authority_id", "kind", sa.literal_column("lower(name)")],
        unique=True,
        postgresql_where=sa.text("kind <> 'school'"),
    )
    op.create_index(
        "ux_organisation_one_authority",
        "organisation",
        ["authority_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'authority'"),
    )
    op.create_table(
        "policy_version",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_policy_version_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("authority_id", "number", name=op.f("uq_policy_version_authority_id_number")),
    )
    op.create_table(
        "school_group",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("group_uid", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_school_group_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_school_group")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=True),
        sa.Column("fields", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("request_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "organisation_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_audit_entry_authority_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_audit_entry_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_recorded", "audit_entry", ["authority_id", "recorded_at", "id"], unique=False)
    op.create_index(
        "ix_audit_entry_subject", "audit_entry", ["authority_id", "subject_id", "recorded_at", "id"], unique=False
    )
    op.create_table(
        "calendar_closure",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("academic_year", sa.Text(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('inset', 'bank_holiday')", name=op.f("ck_calendar_closure_kind")),
        sa.ForeignKeyConstraint(
            ["authority_id", "academic_year"],
            ["calendar_year.authority_id", "calendar_year.academic_year"],
            name=op.f("fk_calendar_closure_authority_id_academic_year"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_calendar_closure_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "closed_on", name=op.f("pk_calendar_closure")),
    )
    op.create_table(
        "calendar_period",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("academic_year", sa.Text(), nullable=False),
        sa.Column("half_term", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("half_term BETWEEN 1 AND 6", name=op.f("ck_calendar_period_half_term")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_calendar_period_dates")),
        sa.ForeignKeyConstraint(
            ["authority_id", "academic_year"],
            ["calendar_year.authority_id", "calendar_year.academic_year"],
            name=op.f("fk_calendar_period_authority_id_academic_year"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_calendar_period_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "academic_year", "half_term", name=op.f("pk_calendar_period")),
    )
    op.create_table(
        "client",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "organisation_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_client_authority_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_client_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_client")),
        sa.UniqueConstraint("id", name=op.f("uq_client_id")),
    )
    op.create_index("ix_client_organisation", "client", ["authority_id", "organisation_id"], unique=False)
    op.create_table(
        "contract",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("contract_number", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("price_pence", sa.BigInteger(), nullable=False),
        sa.Column("extension_options", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint("price_pence >= 0", name=op.f("ck_contract_price")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_contract_dates")),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_contract_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_contract_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_contract")),
        sa.UniqueConstraint("authority_id", "contract_number", name=op.f("uq_contract_authority_id_contract_number")),
        sa.UniqueConstraint("authority_id", "id", "provider_id", name=op.f("uq_contract_authority_id_id_provider_id")),
    )
    op.create_table(
        "event_audience",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "event_id"],
            ["event.authority_id", "event.id"],
            name=op.f("fk_event_audience_authority_id_event_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_event_audience_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "event_id", "organisation_id", name=op.f("pk_event_audience")),
    )
    op.create_index("ix_event_audience_order", "event_audience", ["xid", "seq"], unique=False)
    op.create_index(
        "ux_event_audience_feed", "event_audience", ["authority_id", "organisation_id", "xid", "seq"], unique=True
    )
    op.create_table(
        "household_contact",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.Column("parental_responsibility", sa.Boolean(), nullable=True),
        sa.Column("lives_with_child", sa.Boolean(), nullable=True),
        sa.Column("phones", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("interpreter_needed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("accessibility", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["authority_id", "household_id"],
            ["household.authority_id", "household.id"],
            name=op.f("fk_household_contact_authority_id_household_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_household_contact_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_household_contact")),
    )
    op.create_index(
        "ix_household_contact_household", "household_contact", ["authority_id", "household_id"], unique=False
    )
    op.create_table(
        "linked_child",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "household_id"],
            ["household.authority_id", "household.id"],
            name=op.f("fk_linked_child_authority_id_household_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_linked_child_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_linked_child")),
    )
    op.create_index("ix_linked_child_household", "linked_child", ["authority_id", "household_id"], unique=False)
    op.create_table(
        "obligation",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owed_by_id", sa.UUID(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.UUID(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("clock IN ('school_day', 'working_day', 'calendar_hour')", name=op.f("ck_obligation_clock")),
        sa.CheckConstraint(
            "kind IN ('answer_offer', 'safeguarding_action', 'agreement_check', 'initial_contact', 'baseline', 'plan', 'review', 'closure', 'provider_return', 'school_return', 'follow_up', 'place_referral')",
            name=op.f("ck_obligation_kind"),
        ),
        sa.CheckConstraint(
            "subject_kind IN ('offer', 'referral', 'intervention', 'return')", name=op.f("ck_obligation_subject_kind")
        ),
        sa.CheckConstraint("met_at IS NULL OR cancelled_at IS NULL", name=op.f("ck_obligation_met_or_cancelled")),
        sa.ForeignKeyConstraint(
            ["authority_id", "owed_by_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_obligation_authority_id_owed_by_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_obligation_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_obligation")),
    )
    op.create_index("ix_obligation_due", "obligation", ["authority_id", "due_at", "id"], unique=False)
    op.create_index(
        "ix_obligation_not_yet_overdue",
        "obligation",
        ["authority_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("met_at IS NULL AND cancelled_at IS NULL AND overdue_at IS NULL"),
    )
    op.create_index("ix_obligation_owed_by", "obligation", ["authority_id", "owed_by_id", "due_at", "id"], unique=False)
    op.create_index(
        "ux_obligation_one_open",
        "obligation",
        ["authority_id", "subject_id", "kind"],
        unique=True,
        postgresql_where=sa.text("met_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_table(
        "practitioner",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("caseload_limit", sa.Integer(), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("key_stages", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("area_ids", sa.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("dbs_checked_on", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("caseload_limit BETWEEN 0 AND 200", name=op.f("ck_practitioner_caseload_limit")),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_practitioner_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_practitioner_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_practitioner")),
    )
    op.create_index("ix_practitioner_provider", "practitioner", ["authority_id", "provider_id"], unique=False)
    op.create_table(
        "pupil",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("preferred_name", sa.Text(), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("first_language", sa.Text(), nullable=True),
        sa.Column("sen_provision", sa.Text(), nullable=True),
        sa.Column("sen_types", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("young_carer", sa.Text(), nullable=True),
        sa.Column("social_care", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("health_conditions", sa.Text(), nullable=True),
        sa.Column("home_la_code", sa.Text(), nullable=True),
        sa.CheckConstraint("sex IN ('F', 'M')", name=op.f("ck_pupil_sex")),
        sa.ForeignKeyConstraint(
            ["authority_id", "household_id"],
            ["household.authority_id", "household.id"],
            name=op.f("fk_pupil_authority_id_household_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_pupil_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_pupil")),
    )
    op.create_index("ix_pupil_household", "pupil", ["authority_id", "household_id"], unique=False)
    op.create_table(
        "return_record",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("period_starts_on", sa.Date(), nullable=False),
        sa.Column("period_ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("prefilled", postgresql.JSONB(), nullable=False),
        sa.Column("query", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'accepted') = (accepted_at IS NOT NULL)", name=op.f("ck_return_record_accepted_at")
        ),
        sa.CheckConstraint(
            "state IN ('due', 'draft') OR submitted_at IS NOT NULL", name=op.f("ck_return_record_submitted_at")
        ),
        sa.CheckConstraint(
            "state IN ('due', 'draft', 'submitted', 'queried', 'resubmitted', 'accepted')",
            name=op.f("ck_return_record_state"),
        ),
        sa.CheckConstraint("period_starts_on <= period_ends_on", name=op.f("ck_return_record_dates")),
        sa.ForeignKeyConstraint(
            ["authority_id", "organisation_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_return_record_authority_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_return_record_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_return_record")),
        sa.UniqueConstraint(
            "authority_id",
            "organisation_id",
            "template",
            "period",
            name=op.f("uq_return_record_authority_id_organisation_id_template_period"),
        ),
    )
    op.create_index("ix_return_record_due", "return_record", ["authority_id", "due_on", "id"], unique=False)
    op.create_index(
        "ix_return_record_owed", "return_record", ["authority_id", "organisation_id", "due_on", "id"], unique=False
    )
    op.create_table(
        "school",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("urn", sa.Text(), nullable=False),
        sa.Column("laestab", sa.Text(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("low_age", sa.Integer(), nullable=True),
        sa.Column("high_age", sa.Integer(), nullable=True),
        sa.Column("pupils_on_roll", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.UUID(), nullable=False),
        sa.Column("holiday_contact", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("member_from", sa.Date(), nullable=False),
        sa.Column("member_until", sa.Date(), nullable=True),
        sa.CheckConstraint("laestab ~ '^\\d{7}$'", name=op.f("ck_school_laestab")),
        sa.CheckConstraint("urn ~ '^\\d{6}$'", name=op.f("ck_school_urn")),
        sa.CheckConstraint("low_age <= high_age", name=op.f("ck_school_ages")),
        sa.CheckConstraint("member_from <= member_until", name=op.f("ck_school_membership")),
        sa.ForeignKeyConstraint(
            ["authority_id", "area_id"], ["area.authority_id", "area.id"], name=op.f("fk_school_authority_id_area_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "organisation_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_school_authority_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_school_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "organisation_id", name=op.f("pk_school")),
        sa.UniqueConstraint("authority_id", "urn", name=op.f("uq_school_authority_id_urn")),
    )
    op.create_table(
        "service",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("pamphlet", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("pamphlet_url", sa.Text(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), server_default=sa.text("'casework'"), nullable=False),
        sa.Column("needs", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("key_stages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("modes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("standard_weeks", sa.Integer(), server_default=sa.text("6"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "format IN ('casework', 'course', 'placement', 'link_days')", name=op.f("ck_service_format")
        ),
        sa.CheckConstraint(
            "tier IN ('universal', 'targeted', 'intensive', 'specialist')", name=op.f("ck_service_tier")
        ),
        sa.CheckConstraint("standard_weeks BETWEEN 1 AND 52", name=op.f("ck_service_standard_weeks")),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_service_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_service_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_service")),
    )
    op.create_index("ix_service_provider", "service", ["authority_id", "provider_id"], unique=False)
    op.create_table(
        "client_secret",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["authority_id", "client_id"],
            ["client.authority_id", "client.id"],
            name=op.f("fk_client_secret_authority_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_client_secret_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_client_secret")),
    )
    op.create_index("ix_client_secret_client", "client_secret", ["authority_id", "client_id"], unique=False)
    op.create_table(
        "contract_variation",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("contract_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('extension', 'volume', 'price', 'lots')", name=op.f("ck_contract_variation_kind")),
        sa.ForeignKeyConstraint(
            ["authority_id", "contract_id", "provider_id"],
            ["contract.authority_id", "contract.id", "contract.provider_id"],
            name=op.f("fk_contract_variation_authority_id_contract_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_contract_variation_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_contract_variation")),
        sa.UniqueConstraint(
            "authority_id", "contract_id", "number", name=op.f("uq_contract_variation_authority_id_contract_id_number")
        ),
    )
    op.create_table(
        "enrolment",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'main'"), nullable=False),
        sa.Column("mis_id", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('main', 'subsidiary', 'alternative_provision', 'part_time')", name=op.f("ck_enrolment_kind")
        ),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_enrolment_dates")),
        sa.ForeignKeyConstraint(
            ["authority_id", "pupil_id"],
            ["pupil.authority_id", "pupil.id"],
            name=op.f("fk_enrolment_authority_id_pupil_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "school_id"],
            ["school.authority_id", "school.organisation_id"],
            name=op.f("fk_enrolment_authority_id_school_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_enrolment_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_enrolment")),
    )
    op.create_index("ix_enrolment_mis_id", "enrolment", ["authority_id", "school_id", "mis_id"], unique=False)
    op.create_index(
        "ux_enrolment_one_current",
        "enrolment",
        ["authority_id", "pupil_id", "school_id"],
        unique=True,
        postgresql_where=sa.text("ends_on IS NULL"),
    )
    op.create_table(
        "lot",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("contract_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("prime_id", sa.UUID(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_stages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("needs", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("volume_unit", sa.Text(), server_default=sa.text("'family'"), nullable=False),
        sa.Column("volume_profile", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("area_ids", sa.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("school_ids", sa.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("volume_unit IN ('family', 'pupil')", name=op.f("ck_lot_volume_unit")),
        sa.CheckConstraint("volume >= 0", name=op.f("ck_lot_volume")),
        sa.ForeignKeyConstraint(
            ["authority_id", "contract_id", "prime_id"],
            ["contract.authority_id", "contract.id", "contract.provider_id"],
            name=op.f("fk_lot_authority_id_contract_id_prime_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_lot_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "service_id"],
            ["service.authority_id", "service.id"],
            name=op.f("fk_lot_authority_id_service_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_lot_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_lot")),
        sa.UniqueConstraint("authority_id", "contract_id", "name", name=op.f("uq_lot_authority_id_contract_id_name")),
    )
    op.create_index("ix_lot_provider", "lot", ["authority_id", "provider_id"], unique=False)
    op.create_table(
        "pupil_statutory",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("upn", sa.Text(), nullable=True),
        sa.Column("upn_holder", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("upn_missing_reason", sa.Text(), nullable=True),
        sa.Column("ethnicity", sa.Text(), nullable=True),
        sa.Column("free_school_meals", sa.Boolean(), nullable=True),
        sa.Column("pupil_premium", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint(
            "(upn IS NULL) <> (upn_missing_reason IS NULL)", name=op.f("ck_pupil_statutory_upn_or_reason")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "pupil_id"],
            ["pupil.authority_id", "pupil.id"],
            name=op.f("fk_pupil_statutory_authority_id_pupil_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_pupil_statutory_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "pupil_id", name=op.f("pk_pupil_statutory")),
    )
    op.create_index("ix_pupil_statutory_upn", "pupil_statutory", ["authority_id", "upn"], unique=False)
    op.create_index(
        "ux_pupil_statutory_upn_holder",
        "pupil_statutory",
        ["authority_id", "upn"],
        unique=True,
        postgresql_where=sa.text("upn_holder"),
    )
    op.create_table(
        "referral",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_sequence", sa.Integer(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=True),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("area_id", sa.UUID(), nullable=True),
        sa.Column("case_provider_id", sa.UUID(), nullable=True),
        sa.Column("intervention_id", sa.UUID(), nullable=True),
        sa.Column("referrer", postgresql.JSONB(), nullable=False),
        sa.Column("sender_reference", sa.Text(), nullable=True),
        sa.Column("mis_id", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("year_group", sa.Text(), nullable=False),
        sa.Column("key_stage", sa.Text(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("band_asked", sa.Text(), nullable=False),
        sa.Column("banded_on", sa.Date(), nullable=False),
        sa.Column("need_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("needs", postgresql.JSONB(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("interpreter_needed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("modes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("preferred_mode", sa.Text(), nullable=True),
        sa.Column("refused_provider_ids", sa.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("agreement", postgresql.JSONB(), nullable=False),
        sa.Column("agreement_status", sa.Text(), nullable=False),
        sa.Column("lawful_basis", postgresql.JSONB(), nullable=False),
        sa.Column("safe_contact", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("visit_risks", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("visit_risk_level", sa.Text(), server_default=sa.text("'none'"), nullable=False),
        sa.Column("immediate_danger", sa.Boolean(), nullable=False),
        sa.Column("safeguarding", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("circumstances", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("child_view", sa.Text(), nullable=True),
        sa.Column("parent_view", sa.Text(), nullable=True),
        sa.Column("holds", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("unplaceable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("information_request", postgresql.JSONB(), nullable=True),
        sa.Column("warnings", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("close_note", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (outcome IS NOT NULL AND closed_at IS NOT NULL)",
            name=op.f("ck_referral_closed_has_outcome"),
        ),
        sa.CheckConstraint(
            "NOT immediate_danger OR state NOT IN ('offered', 'accepted') OR NOT ('SAFEGUARDING_HOLD' = ANY (holds))",
            name=op.f("ck_referral_danger_is_held_unoffered"),
        ),
        sa.CheckConstraint(
            "agreement_status IN ('given', 'refused', 'withdrawn', 'not_yet', 'exception')",
            name=op.f("ck_referral_agreement_status"),
        ),
        sa.CheckConstraint(
            "band IN ('P1', 'P2', 'P3', 'P4') AND band_asked IN ('P1', 'P2', 'P3', 'P4')", name=op.f("ck_referral_band")
        ),
        sa.CheckConstraint(
            "outcome IN ('completed', 'ended_early', 'withdrawn', 'not_suitable', 'redirected', 'stepped_up', 'stepped_down', 'transferred', 'entered_in_error')",
            name=op.f("ck_referral_outcome"),
        ),
        sa.CheckConstraint("visit_risk_level IN ('none', 'some', 'high')", name=op.f("ck_referral_visit_risk_level")),
        sa.CheckConstraint("cardinality(modes) >= 1", name=op.f("ck_referral_has_a_mode")),
        sa.CheckConstraint("cardinality(need_codes) >= 1", name=op.f("ck_referral_has_a_need")),
        sa.ForeignKeyConstraint(
            ["authority_id", "area_id"], ["area.authority_id", "area.id"], name=op.f("fk_referral_authority_id_area_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "household_id"],
            ["household.authority_id", "household.id"],
            name=op.f("fk_referral_authority_id_household_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "pupil_id"],
            ["pupil.authority_id", "pupil.id"],
            name=op.f("fk_referral_authority_id_pupil_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referring_organisation_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_referral_authority_id_referring_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "school_id"],
            ["school.authority_id", "school.organisation_id"],
            name=op.f("fk_referral_authority_id_school_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_referral_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_referral")),
        sa.UniqueConstraint("authority_id", "reference", name=op.f("uq_referral_authority_id_reference")),
    )
    op.create_index(
        "ix_referral_case_provider",
        "referral",
        ["authority_id", "case_provider_id", "received_at", "id"],
        unique=False,
        postgresql_where=sa.text("case_provider_id IS NOT NULL"),
    )
    op.create_index(
        "ix_referral_closed",
        "referral",
        ["authority_id", "closed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_index("ix_referral_household", "referral", ["authority_id", "household_id"], unique=False)
    op.create_index("ix_referral_pupil", "referral", ["authority_id", "pupil_id"], unique=False)
    op.create_index("ix_referral_received", "referral", ["authority_id", "received_at", "id"], unique=False)
    op.create_index("ix_referral_school", "referral", ["authority_id", "school_id", "received_at", "id"], unique=False)
    op.create_index(
        "ix_referral_sender",
        "referral",
        ["authority_id", "referring_organisation_id", "received_at", "id"],
        unique=False,
    )
    op.create_index("ix_referral_state", "referral", ["authority_id", "state", "received_at", "id"], unique=False)
    op.create_index(
        "ix_referral_waiting",
        "referral",
        ["authority_id", "band", "banded_on", "received_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ux_referral_one_open_per_pupil_and_sender",
        "referral",
        ["authority_id", "pupil_id", "referring_organisation_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_table(
        "school_group_member",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("group_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "group_id"],
            ["school_group.authority_id", "school_group.id"],
            name=op.f("fk_school_group_member_authority_id_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "school_id"],
            ["school.authority_id", "school.organisation_id"],
            name=op.f("fk_school_group_member_authority_id_school_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_school_group_member_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "group_id", "school_id", name=op.f("pk_school_group_member")),
    )
    op.create_table(
        "attendance_record",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=True),
        sa.Column("term", sa.Text(), nullable=True),
        sa.Column("period_starts_on", sa.Date(), nullable=False),
        sa.Column("period_ends_on", sa.Date(), nullable=False),
        sa.Column("sessions_possible", sa.Integer(), nullable=False),
        sa.Column("sessions_attended", sa.Integer(), nullable=False),
        sa.Column("sessions_authorised", sa.Integer(), nullable=True),
        sa.Column("sessions_unauthorised", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('referral', 'push', 'return')", name=op.f("ck_attendance_record_source")),
        sa.CheckConstraint("period_starts_on <= period_ends_on", name=op.f("ck_attendance_record_dates")),
        sa.CheckConstraint(
            "sessions_authorised + sessions_unauthorised = sessions_possible - sessions_attended",
            name=op.f("ck_attendance_record_absence_adds_up"),
        ),
        sa.CheckConstraint(
            "sessions_possible >= 0 AND sessions_attended BETWEEN 0 AND sessions_possible",
            name=op.f("ck_attendance_record_sessions"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_attendance_record_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_attendance_record_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_attendance_record")),
        sa.UniqueConstraint(
            "authority_id", "referral_id", "source", "period_starts_on", name="uq_attendance_record_one_per_period"
        ),
    )
    op.create_table(
        "capacity_change",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("places_from", sa.Integer(), nullable=False),
        sa.Column("places_to", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.UUID(), nullable=False),
        sa.CheckConstraint("places_to >= 0", name=op.f("ck_capacity_change_places_to")),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"],
            ["lot.authority_id", "lot.id"],
            name=op.f("fk_capacity_change_authority_id_lot_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_capacity_change_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_capacity_change")),
    )
    op.create_index("ix_capacity_change_lot", "capacity_change", ["authority_id", "lot_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("policy_version_id", sa.UUID(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("record", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("outcome IN ('offered', 'waiting', 'unplaceable')", name=op.f("ck_decision_outcome")),
        sa.ForeignKeyConstraint(
            ["authority_id", "policy_version_id"],
            ["policy_version.authority_id", "policy_version.id"],
            name=op.f("fk_decision_authority_id_policy_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_decision_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_decision_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_referral", "decision", ["authority_id", "referral_id", "decided_at"], unique=False)
    op.create_table(
        "place",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("needs", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("modes", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("available_from", sa.Date(), nullable=False),
        sa.Column("available_until", sa.Date(), nullable=True),
        sa.Column("extra_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("available_from <= available_until", name=op.f("ck_place_dates")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_place_number")),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"], ["lot.authority_id", "lot.id"], name=op.f("fk_place_authority_id_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "practitioner_id"],
            ["practitioner.authority_id", "practitioner.id"],
            name=op.f("fk_place_authority_id_practitioner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_place_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_place_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_place")),
        sa.UniqueConstraint("authority_id", "lot_id", "number", name=op.f("uq_place_authority_id_lot_id_number")),
    )
    op.create_table(
        "referral_amendment",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("amended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_referral_amendment_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_referral_amendment_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_referral_amendment")),
    )
    op.create_index(
        "ix_referral_amendment_referral", "referral_amendment", ["authority_id", "referral_id"], unique=False
    )
    op.create_table(
        "status_history",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "previous_sequence", sa.Integer(), sa.Computed("nullif(sequence, 1) - 1", persisted=True), nullable=True
        ),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(sequence = 1) = (from_state = 'new')", name=op.f("ck_status_history_starts_new")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_status_history_sequence")),
        sa.ForeignKeyConstraint(
            ["authority_id", "event_id", "event_type"],
            ["event.authority_id", "event.id", "event.type"],
            name="fk_status_history_has_its_event",
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id", "previous_sequence", "from_state"],
            [
                "status_history.authority_id",
                "status_history.referral_id",
                "status_history.sequence",
                "status_history.to_state",
            ],
            name="fk_status_history_follows_the_last",
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_status_history_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_status_history_authority_id")),
        sa.ForeignKeyConstraint(
            ["from_state", "to_state", "event_type"],
            ["referral_transition.from_state", "referral_transition.to_state", "referral_transition.event_type"],
            name="fk_status_history_move_is_listed",
        ),
        sa.PrimaryKeyConstraint("authority_id", "referral_id", "sequence", name=op.f("pk_status_history")),
        sa.UniqueConstraint("authority_id", "event_id", name=op.f("uq_status_history_authority_id_event_id")),
        sa.UniqueConstraint(
            "authority_id",
            "referral_id",
            "sequence",
            "to_state",
            name=op.f("uq_status_history_authority_id_referral_id_sequence_to_state"),
        ),
    )
    op.create_table(
        "suspension_record",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=True),
        sa.Column("term", sa.Text(), nullable=True),
        sa.Column("period_starts_on", sa.Date(), nullable=False),
        sa.Column("period_ends_on", sa.Date(), nullable=False),
        sa.Column("suspension_count", sa.Integer(), nullable=False),
        sa.Column("sessions_lost", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("permanent_exclusion_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('referral', 'push', 'return')", name=op.f("ck_suspension_record_source")),
        sa.CheckConstraint("period_starts_on <= period_ends_on", name=op.f("ck_suspension_record_dates")),
        sa.CheckConstraint(
            "suspension_count >= 0 AND sessions_lost >= 0 AND permanent_exclusion_count >= 0",
            name=op.f("ck_suspension_record_counts"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_suspension_record_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_suspension_record_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_suspension_record")),
        sa.UniqueConstraint(
            "authority_id", "referral_id", "source", "period_starts_on", name="uq_suspension_record_one_per_period"
        ),
    )
    op.create_table(
        "booking",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("place_id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("authority_id"), "="),
            (sa.column("place_id"), "="),
            (sa.text("daterange(starts_on, ends_on)"), "&&"),
            where=sa.text("state <> 'released'"),
            using="gist",
            name="ex_booking_no_overlap",
        ),
        sa.CheckConstraint("(state = 'released') = (released_on IS NOT NULL)", name=op.f("ck_booking_released_on")),
        sa.CheckConstraint("state = 'released' OR starts_on < ends_on", name=op.f("ck_booking_live_not_empty")),
        sa.CheckConstraint("state IN ('offered', 'accepted', 'active', 'released')", name=op.f("ck_booking_state")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_booking_dates")),
        sa.ForeignKeyConstraint(
            ["authority_id", "household_id"],
            ["household.authority_id", "household.id"],
            name=op.f("fk_booking_authority_id_household_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"], ["lot.authority_id", "lot.id"], name=op.f("fk_booking_authority_id_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "place_id"],
            ["place.authority_id", "place.id"],
            name=op.f("fk_booking_authority_id_place_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_booking_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_booking")),
    )
    op.create_index(
        "ix_booking_live",
        "booking",
        ["authority_id", "place_id"],
        unique=False,
        postgresql_where=sa.text("state <> 'released'"),
    )
    op.create_index("ix_booking_lot", "booking", ["authority_id", "lot_id", "starts_on"], unique=False)
    op.create_index(
        "ix_booking_released",
        "booking",
        ["authority_id", "lot_id", "released_on"],
        unique=False,
        postgresql_where=sa.text("released_on IS NOT NULL"),
    )
    op.create_index(
        "ux_booking_one_live_per_household",
        "booking",
        ["authority_id", "household_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'released'"),
    )
    op.create_table(
        "place_out_of_service",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("place_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_place_out_of_service_dates")),
        sa.ForeignKeyConstraint(
            ["authority_id", "place_id"],
            ["place.authority_id", "place.id"],
            name=op.f("fk_place_out_of_service_authority_id_place_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_place_out_of_service_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_place_out_of_service")),
    )
    op.create_index("ix_place_out_of_service_place", "place_out_of_service", ["authority_id", "place_id"], unique=False)
    op.create_table(
        "intervention",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=True),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("safety_acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("planned_end_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("closure_summary", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_on IS NOT NULL AND outcome IS NOT NULL)",
            name=op.f("ck_intervention_closed_has_outcome"),
        ),
        sa.CheckConstraint("state IN ('planned', 'active', 'paused', 'closed')", name=op.f("ck_intervention_state")),
        sa.CheckConstraint(
            "state NOT IN ('active') OR started_on IS NOT NULL", name=op.f("ck_intervention_active_has_started")
        ),
        sa.CheckConstraint("started_on <= closed_on", name=op.f("ck_intervention_dates")),
        sa.CheckConstraint(
            "started_on IS NULL OR safety_acknowledged_at IS NOT NULL",
            name=op.f("ck_intervention_safety_before_first_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "booking_id"],
            ["booking.authority_id", "booking.id"],
            name=op.f("fk_intervention_authority_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"], ["lot.authority_id", "lot.id"], name=op.f("fk_intervention_authority_id_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "practitioner_id"],
            ["practitioner.authority_id", "practitioner.id"],
            name=op.f("fk_intervention_authority_id_practitioner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_intervention_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_intervention_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_intervention_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_intervention")),
        sa.UniqueConstraint("authority_id", "booking_id", name=op.f("uq_intervention_authority_id_booking_id")),
    )
    op.create_index("ix_intervention_accepted", "intervention", ["authority_id", "accepted_at", "id"], unique=False)
    op.create_index(
        "ix_intervention_lot",
        "intervention",
        ["authority_id", "lot_id", "started_on"],
        unique=False,
        postgresql_include=["provider_id", "referring_organisation_id", "school_id"],
    )
    op.create_index(
        "ix_intervention_provider", "intervention", ["authority_id", "provider_id", "accepted_at", "id"], unique=False
    )
    op.create_index("ix_intervention_referral", "intervention", ["authority_id", "referral_id"], unique=False)
    op.create_index(
        "ix_intervention_school", "intervention", ["authority_id", "school_id", "accepted_at", "id"], unique=False
    )
    op.create_index(
        "ix_intervention_sender",
        "intervention",
        ["authority_id", "referring_organisation_id", "accepted_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_intervention_state", "intervention", ["authority_id", "state", "accepted_at", "id"], unique=False
    )
    op.create_table(
        "offer",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=True),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("service_id", sa.UUID(), nullable=False),
        sa.Column("place_id", sa.UUID(), nullable=False),
        sa.Column("booking_id", sa.UUID(), nullable=False),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("intervention_id", sa.UUID(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("decline_note", sa.Text(), nullable=True),
        sa.Column("summary", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "(state = 'accepted') = (intervention_id IS NOT NULL)", name=op.f("ck_offer_accepted_has_intervention")
        ),
        sa.CheckConstraint(
            "(state = 'declined') = (decline_reason IS NOT NULL)", name=op.f("ck_offer_declined_has_reason")
        ),
        sa.CheckConstraint("decline_reason <> 'other' OR decline_note <> ''", name=op.f("ck_offer_other_is_explained")),
        sa.CheckConstraint(
            "decline_reason IN ('no_capacity', 'unsuitable', 'conflict_of_interest', 'family_declined', 'duplicate', 'other')",
            name=op.f("ck_offer_decline_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'pending', 'accepted', 'declined', 'expired', 'withdrawn', 'superseded')",
            name=op.f("ck_offer_state"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "booking_id"],
            ["booking.authority_id", "booking.id"],
            name=op.f("fk_offer_authority_id_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "decision_id"],
            ["decision.authority_id", "decision.id"],
            name=op.f("fk_offer_authority_id_decision_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "lot_id"], ["lot.authority_id", "lot.id"], name=op.f("fk_offer_authority_id_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "place_id"],
            ["place.authority_id", "place.id"],
            name=op.f("fk_offer_authority_id_place_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "practitioner_id"],
            ["practitioner.authority_id", "practitioner.id"],
            name=op.f("fk_offer_authority_id_practitioner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "provider_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_offer_authority_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_offer_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_offer_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_offer")),
    )
    op.create_index("ix_offer_authority", "offer", ["authority_id", "offered_at", "id"], unique=False)
    op.create_index("ix_offer_changed", "offer", ["authority_id", "provider_id", "changed_xid", "id"], unique=False)
    op.create_index(
        "ix_offer_due",
        "offer",
        ["authority_id", "answer_due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_offer_referral", "offer", ["authority_id", "referral_id", "offered_at"], unique=False)
    op.create_index("ix_offer_worklist", "offer", ["authority_id", "provider_id", "offered_at", "id"], unique=False)
    op.create_index(
        "ix_offer_worklist_state", "offer", ["authority_id", "provider_id", "state", "offered_at", "id"], unique=False
    )
    op.create_index(
        "ux_offer_one_live_per_place",
        "offer",
        ["authority_id", "place_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'pending')"),
    )
    op.create_index(
        "ux_offer_one_live_per_referral",
        "offer",
        ["authority_id", "referral_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'pending')"),
    )
    op.create_table(
        "intervention_contact",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("practitioner_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("present", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("agencies", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("child_seen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("child_seen_alone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("announced", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("supersedes_id", sa.UUID(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('initial', 'session', 'review', 'team_around_the_child', 'closing')",
            name=op.f("ck_intervention_contact_kind"),
        ),
        sa.CheckConstraint(
            "mode IN ('home', 'school', 'remote', 'elsewhere')", name=op.f("ck_intervention_contact_mode")
        ),
        sa.CheckConstraint(
            "result IN ('attended', 'late', 'did_not_attend', 'was_not_brought', 'no_reply', 'refused', 'cancelled_by_provider', 'cancelled_by_family')",
            name=op.f("ck_intervention_contact_result"),
        ),
        sa.CheckConstraint("child_seen OR NOT child_seen_alone", name=op.f("ck_intervention_contact_alone_is_seen")),
        sa.CheckConstraint("minutes BETWEEN 0 AND 1440", name=op.f("ck_intervention_contact_minutes")),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["intervention.authority_id", "intervention.id"],
            name=op.f("fk_intervention_contact_authority_id_intervention_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "supersedes_id"],
            ["intervention_contact.authority_id", "intervention_contact.id"],
            name=op.f("fk_intervention_contact_authority_id_supersedes_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_intervention_contact_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_intervention_contact")),
        sa.UniqueConstraint(
            "authority_id", "supersedes_id", name=op.f("uq_intervention_contact_authority_id_supersedes_id")
        ),
    )
    op.create_index(
        "ix_intervention_contact_intervention",
        "intervention_contact",
        ["authority_id", "intervention_id", "held_at"],
        unique=False,
    )
    op.create_table(
        "intervention_extension",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("from_end_on", sa.Date(), nullable=False),
        sa.Column("to_end_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("from_end_on < to_end_on", name=op.f("ck_intervention_extension_later")),
        sa.CheckConstraint("weeks >= 1", name=op.f("ck_intervention_extension_weeks")),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["intervention.authority_id", "intervention.id"],
            name=op.f("fk_intervention_extension_authority_id_intervention_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["authority.id"], name=op.f("fk_intervention_extension_authority_id")
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_intervention_extension")),
        sa.UniqueConstraint(
            "authority_id", "intervention_id", "from_end_on", name="uq_intervention_extension_from_end"
        ),
    )
    op.create_table(
        "plan",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("family_words", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["intervention.authority_id", "intervention.id"],
            name=op.f("fk_plan_authority_id_intervention_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_plan_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "intervention_id", name=op.f("pk_plan")),
    )
    op.create_table(
        "reading",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("measure_version", sa.Integer(), nullable=False),
        sa.Column("respondent", sa.Text(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("completed_with", sa.Text(), nullable=False),
        sa.Column("scores", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "completed_with IN ('family', 'worker_only', 'jointly')", name=op.f("ck_reading_completed_with")
        ),
        sa.CheckConstraint("respondent IN ('child', 'parent', 'worker')", name=op.f("ck_reading_respondent")),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["intervention.authority_id", "intervention.id"],
            name=op.f("fk_reading_authority_id_intervention_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_reading_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_reading")),
        sa.UniqueConstraint(
            "authority_id", "intervention_id", "measure", "respondent", "taken_on", name="uq_reading_one_a_day"
        ),
    )
    op.create_table(
        "goal",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("provider_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("need_code", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.CheckConstraint("result IN ('achieved', 'partly', 'not')", name=op.f("ck_goal_result")),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["plan.authority_id", "plan.intervention_id"],
            name=op.f("fk_goal_authority_id_intervention_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_goal_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_goal")),
        sa.UniqueConstraint(
            "authority_id", "intervention_id", "position", name=op.f("uq_goal_authority_id_intervention_id_position")
        ),
    )
    op.create_foreign_key(
        "fk_referral_state_has_history",
        "referral",
        "status_history",
        ["authority_id", "id", "state_sequence", "state"],
        ["authority_id", "referral_id", "sequence", "to_state"],
        deferrable=True,
        initially="DEFERRED",
    )
    op.bulk_insert(
        sa.table("referral_transition", sa.column("from_state"), sa.column("to_state"), sa.column("event_type")),
        [{"from_state": source, "to_state": target, "event_type": event} for source, target, event in TRANSITIONS],
    )
    roles = op.get_context().config.attributes["roles"]
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    op.execute(sa.text(f'GRANT USAGE ON SCHEMA public TO "{roles.application}", "{roles.worker}"'))
    op.execute(sa.text(f'GRANT SELECT ON alembic_version TO "{roles.application}"'))
    for statement in POLICIES:
        named = (
            statement.replace("{application}", roles.application)
            .replace("{worker}", roles.worker)
            .replace("{owner}", owner)
        )
        op.get_bind().exec_driver_sql(named)


def downgrade() -> None:
    """Drop everything."""
    # Policies name other tables: they go first.
    for table, policy in (
        op.get_bind()
        .execute(sa.text("SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'"))
        .all()
    ):
        op.execute(sa.text(f'DROP POLICY "{policy}" ON "{table}"'))
    op.drop_constraint("fk_referral_state_has_history", "referral")
    op.drop_table("goal")
    op.drop_table("reading")
    op.drop_table("plan")
    op.drop_table("intervention_extension")
    op.drop_index("ix_intervention_contact_intervention", table_name="intervention_contact")
    op.drop_table("intervention_contact")
    op.drop_index(
        "ux_offer_one_live_per_referral",
        table_name="offer",
        postgresql_where=sa.text("state IN ('proposed', 'pending')"),
    )
    op.drop_index(
        "ux_offer_one_live_per_place", table_name="offer", postgresql_where=sa.text("state IN ('proposed', 'pending')")
    )
    op.drop_index("ix_offer_worklist_state", table_name="offer")
    op.drop_index("ix_offer_worklist", table_name="offer")
    op.drop_index("ix_offer_referral", table_name="offer")
    op.drop_index("ix_offer_due", table_name="offer", postgresql_where=sa.text("state = 'pending'"))
    op.drop_index("ix_offer_changed", table_name="offer")
    op.drop_index("ix_offer_authority", table_name="offer")
    op.drop_table("offer")
    op.drop_index("ix_intervention_state", table_name="intervention")
    op.drop_index("ix_intervention_sender", table_name="intervention")
    op.drop_index("ix_intervention_school", table_name="intervention")
    op.drop_index("ix_intervention_referral", table_name="intervention")
    op.drop_index("ix_intervention_provider", table_name="intervention")
    op.drop_index(
        "ix_intervention_lot",
        table_name="intervention",
        postgresql_include=["provider_id", "referring_organisation_id", "school_id"],
    )
    op.drop_index("ix_intervention_accepted", table_name="intervention")
    op.drop_table("intervention")
    op.drop_index("ix_place_out_of_service_place", table_name="place_out_of_service")
    op.drop_table("place_out_of_service")
    op.drop_index(
        "ux_booking_one_live_per_household", table_name="booking", postgresql_where=sa.text("state <> 'released'")
    )
    op.drop_index("ix_booking_released", table_name="booking", postgresql_where=sa.text("released_on IS NOT NULL"))
    op.drop_index("ix_booking_lot", table_name="booking")
    op.drop_index("ix_booking_live", table_name="booking", postgresql_where=sa.text("state <> 'released'"))
    op.drop_table("booking")
    op.drop_table("suspension_record")
    op.drop_table("status_history")
    op.drop_index("ix_referral_amendment_referral", table_name="referral_amendment")
    op.drop_table("referral_amendment")
    op.drop_table("place")
    op.drop_index("ix_decision_referral", table_name="decision")
    op.drop_table("decision")
    op.drop_index("ix_capacity_change_lot", table_name="capacity_change")
    op.drop_table("capacity_change")
    op.drop_table("attendance_record")
    op.drop_table("school_group_member")
    op.drop_index(
        "ux_referral_one_open_per_pupil_and_sender",
        table_name="referral",
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.drop_index("ix_referral_waiting", table_name="referral", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index("ix_referral_state", table_name="referral")
    op.drop_index("ix_referral_sender", table_name="referral")
    op.drop_index("ix_referral_school", table_name="referral")
    op.drop_index("ix_referral_received", table_name="referral")
    op.drop_index("ix_referral_pupil", table_name="referral")
    op.drop_index("ix_referral_household", table_name="referral")
    op.drop_index("ix_referral_closed", table_name="referral", postgresql_where=sa.text("closed_at IS NOT NULL"))
    op.drop_index(
        "ix_referral_case_provider", table_name="referral", postgresql_where=sa.text("case_provider_id IS NOT NULL")
    )
    op.drop_table("referral")
    op.drop_index("ux_pupil_statutory_upn_holder", table_name="pupil_statutory", postgresql_where=sa.text("upn_holder"))
    op.drop_index("ix_pupil_statutory_upn", table_name="pupil_statutory")
    op.drop_table("pupil_statutory")
    op.drop_index("ix_lot_provider", table_name="lot")
    op.drop_table("lot")
    op.drop_index("ux_enrolment_one_current", table_name="enrolment", postgresql_where=sa.text("ends_on IS NULL"))
    op.drop_index("ix_enrolment_mis_id", table_name="enrolment")
    op.drop_table("enrolment")
    op.drop_table("contract_variation")
    op.drop_index("ix_client_secret_client", table_name="client_secret")
    op.drop_table("client_secret")
    op.drop_index("ix_service_provider", table_name="service")
    op.drop_table("service")
    op.drop_table("school")
    op.drop_index("ix_return_record_owed", table_name="return_record")
    op.drop_index("ix_return_record_due", table_name="return_record")
    op.drop_table("return_record")
    op.drop_index("ix_pupil_household", table_name="pupil")
    op.drop_table("pupil")
    op.drop_index("ix_practitioner_provider", table_name="practitioner")
    op.drop_table("practitioner")
    op.drop_index(
        "ux_obligation_one_open",
        table_name="obligation",
        postgresql_where=sa.text("met_at IS NULL AND cancelled_at IS NULL"),
    )
    op.drop_index("ix_obligation_owed_by", table_name="obligation")
    op.drop_index(
        "ix_obligation_not_yet_overdue",
        table_name="obligation",
        postgresql_where=sa.text("met_at IS NULL AND cancelled_at IS NULL AND overdue_at IS NULL"),
    )
    op.drop_index("ix_obligation_due", table_name="obligation")
    op.drop_table("obligation")
    op.drop_index("ix_linked_child_household", table_name="linked_child")
    op.drop_table("linked_child")
    op.drop_index("ix_household_contact_household", table_name="household_contact")
    op.drop_table("household_contact")
    op.drop_index("ux_event_audience_feed", table_name="event_audience")
    op.drop_index("ix_event_audience_order", table_name="event_audience")
    op.drop_table("event_audience")
    op.drop_table("contract")
    op.drop_index("ix_client_organisation", table_name="client")
    op.drop_table("client")
    op.drop_table("calendar_period")
    op.drop_table("calendar_closure")
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    op.drop_index("ix_audit_entry_recorded", table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("school_group")
    op.drop_table("policy_version")
    op.drop_index(
        "ux_organisation_one_authority", table_name="organisation", postgresql_where=sa.text("kind = 'authority'")
    )
    op.drop_index("ux_organisation_name", table_name="organisation", postgresql_where=sa.text("kind <> 'school'"))
    op.drop_table("organisation")
    op.drop_index("ix_idempotency_record_created_at", table_name="idempotency_record")
    op.drop_table("idempotency_record")
    op.drop_table("household")
    op.drop_index("ix_event_referral", table_name="event")
    op.drop_table("event")
    op.drop_table("calendar_year")
    op.drop_table("area")
    op.drop_index("ix_school_register_laestab", table_name="school_register")
    op.drop_index("ix_school_register_la_code", table_name="school_register")
    op.drop_table("school_register")
    op.drop_table("referral_transition")
    op.drop_table("authority")
