"""Row policy: which rows a transaction sees and writes, as SQL predicates over its context.

The context is set by the transaction door (`app.db`) and dies with the transaction. After a `set_config(..., true)` a
pooled connection reads the empty string, hence the nullif. Each setting stands in an uncorrelated sub-select so that
PostgreSQL reads it once per statement instead of once per row. Predicates stay on plain indexed columns where a list
can be long, because only leak-proof operators may use an index under row policy.
"""

from dataclasses import dataclass

AUTHORITY = "(SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
ORGANISATION = "(SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"
CLIENT = "(SELECT nullif(current_setting('halfterm.client', true), '')::uuid)"
WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"

GUARDIAN = "(SELECT current_setting('halfterm.safeguarding', true) = 'authority')"
"""The authority's clients that were given a safeguarding scope."""
ENTRUSTED = "(SELECT current_setting('halfterm.safeguarding', true) IN ('authority', 'own'))"
"""They, and those of other organisations."""

TENANT = f"authority_id = {AUTHORITY}"


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """What the application role may read and write; each is a predicate, already within the tenant."""

    read: str
    write: str | None
    """None: never changed by anyone, only added to."""
    insert: str | None = None
    """Where appending is wider than changing (events are addressed to others)."""
    becomes: str | None = None
    """For a row that is never changed but in one way: who may, and what it must then be."""
    becoming: str | None = None
    """Which rows may become so; None: any, by officers."""
    check: str | None = None
    """Where a row may be written that its writer does not then see; None: as `write`."""


def within(predicate: str) -> str:
    """A predicate, inside the caller's authority."""
    return f"{TENANT} AND ({predicate})"


def own(*columns: str) -> str:
    """The authority's officers and the broker, or the organisation named in one of the columns."""
    return " OR ".join([WIDE, *(f"{column} = {ORGANISATION}" for column in columns)])


def of_no_concern(plain: str) -> str:
    """Predicate: the row is about no concern (`plain` says so), or is not kept from whoever reads it.

    In the authority only its safeguarding clients know of concerns. Whoever else is told of one (the school that it
    goes to) is told whatever its scopes: an alarm must not be missed for want of one.
    """
    return f"({plain} OR NOT {WIDE} OR {GUARDIAN})"


def directory() -> RowPolicy:
    """Read by everyone in the authority, written by its officers."""
    return RowPolicy(read=TENANT, write=within(WIDE))


def published() -> RowPolicy:
    """Read by everyone in the authority, added to by its officers, and never changed but to be withdrawn."""
    return RowPolicy(
        read=TENANT,
        write=None,
        insert=within(WIDE),
        becomes=within(f"{WIDE} AND effective_from IS NULL AND withdrawn_at IS NOT NULL"),
    )


def owned(*readers: str, writers: tuple[str, ...] = ()) -> RowPolicy:
    """Read by the organisations in the `readers` columns, written by those in the `writers` columns."""
    return RowPolicy(read=within(own(*readers)), write=within(own(*writers)))


WORKER_READS = {
    # The event tailer reads who has something new, never what; the clock reads which authorities there are, and the
    # public pages which of them a code names.
    "event_audience": ("authority_id", "organisation_id", "xid", "seq"),
    "authority": ("id", "la_code", "sandbox", "clock_offset", "clock_ran_to"),
    "idempotency_record": ("created_at",),
}
"""The columns that the worker role may read, across all authorities."""

APPEND_ONLY = frozenset(
    {
        "event",
        "event_audience",
        "status_history",
        "audit_entry",
        "decision",
        "referral_amendment",
        "band_decision",
        "override",
        "panel_decision",
        "policy_version",
        "return_submission",
        "goal_progress",
        "closure_letter",
        "case_note",
        "message",
        "message_read",
        "concern",
        "concern_act",
        "measure_version",
        "attention_look",
    }
)
"""Tables that the application role may add to, and never change."""

CHANGEABLE = {
    # Its withdrawal.
    "policy_version": (
        "effective_from",
        "announced_for",
        "withdrawn_at",
        "withdrawn_by_client_id",
        "withdrawal_reason",
    ),
    # A correction stands beside what it corrects, which then says so.
    "case_note": ("superseded_by_id",),
}
"""The only columns that ever change of rows that are otherwise only added."""


def grants(table: str, *, application: str, worker: str, tenant: bool) -> list[str]:
    """What the two service roles may do with a table at all, before any row policy."""
    if not tenant:
        return [f'GRANT SELECT ON "{table}" TO "{application}"']
    verbs = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
    result = [f'GRANT {verbs} ON "{table}" TO "{application}"']
    if table in CHANGEABLE:
        result.append(f'GRANT UPDATE ({", ".join(CHANGEABLE[table])}) ON "{table}" TO "{application}"')
    if table in WORKER_READS:
        result.append(f'GRANT SELECT ({", ".join(WORKER_READS[table])}) ON "{table}" TO "{worker}"')
        result.append(f'CREATE POLICY "{table}_worker" ON "{table}" FOR SELECT TO "{worker}" USING (true)')
    if table == "idempotency_record":
        result.append(f'GRANT DELETE ON "{table}" TO "{worker}"')
        result.append(f'CREATE POLICY "{table}_worker_expiry" ON "{table}" FOR DELETE TO "{worker}" USING (true)')
    return result


def statements(table: str, policy: RowPolicy, *, application: str, owner: str) -> list[str]:
    """The DDL that switches row policy on for a table; no policy that takes nothing away when it is dropped.

    The owner has a policy too: row policy is forced, and without one a migration's back-fill would change nothing.
    """
    result = [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
    ]
    for part, clause in parts(policy).items():
        result.append(f'CREATE POLICY "{table}_{part}" ON "{table}" {clause.format(role=application)}')
    return result


def parts(policy: RowPolicy) -> dict[str, str]:
    """The policies of the application role, by name. `write` lets one read as well: `read` stands where it is wider."""
    result = {}
    if policy.read != policy.write:
        result["read"] = f'FOR SELECT TO "{{role}}" USING ({policy.read})'
    if policy.write is not None:
        result["write"] = f'FOR ALL TO "{{role}}" USING ({policy.write}) WITH CHECK ({policy.check or policy.write})'
    if policy.insert is not None:
        result["insert"] = f'FOR INSERT TO "{{role}}" WITH CHECK ({policy.insert})'
    if policy.becomes is not None:
        becoming = policy.becoming or within(WIDE)
        result["becomes"] = f'FOR UPDATE TO "{{role}}" USING ({becoming}) WITH CHECK ({policy.becomes})'
    return result
