"""Case notes, messages between the parties, and urgent concerns that reach only those who may know of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_ORGANISATION = "(SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"
_GUARDIAN = "(SELECT current_setting('halfterm.safeguarding', true) = 'authority')"
_ENTRUSTED = "(SELECT current_setting('halfterm.safeguarding', true) IN ('authority', 'own'))"
_OWN = f"organisation_id = {_ORGANISATION}"
_OWES = f"{_WIDE} OR owed_by_id = {_ORGANISATION}"
_HAS_THE_CASE = f"r.case_provider_id = {_ORGANISATION}"
_SENT_IT = f"r.referring_organisation_id = {_ORGANISATION} OR r.school_id = {_ORGANISATION}"
_TOLD = (
    "EXISTS (SELECT 1 FROM event_audience a WHERE a.authority_id = event.authority_id"  # noqa: S608 - fixed words
    f" AND a.event_id = event.id AND a.organisation_id = {_ORGANISATION})"
)
_NOT_ABOUT_A_CONCERN = "(subject_kind <> 'concern' AND data ->> 'about_kind' IS DISTINCT FROM 'concern')"


def _within(predicate: str) -> str:
    return f"{_TENANT} AND ({predicate})"


def _of_no_concern(plain: str) -> str:
    return f"({plain} OR NOT {_WIDE} OR {_GUARDIAN})"


def _referral(table: str, condition: str = "") -> str:
    return (
        f"EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = {table}.authority_id"  # noqa: S608 - fixed words
        f" AND r.id = {table}.referral_id{condition})"
    )


_READ = {
    "case_note": _within(
        f"{_WIDE} OR {_referral('case_note', f' AND ({_HAS_THE_CASE})')} OR (shared_with_referrer"
        f" AND superseded_by_id IS NULL AND {_referral('case_note', f' AND ({_SENT_IT})')})"
    ),
    "message": _within(
        f"({_ORGANISATION} = ANY (reader_ids) AND {_referral('message')})"
        f" OR (for_case AND {_referral('message', f' AND ({_HAS_THE_CASE})')})"
    ),
    "message_read": _within(
        "EXISTS (SELECT 1 FROM message m WHERE m.authority_id = message_read.authority_id"
        " AND m.id = message_read.message_id)"
    ),
    "concern": _within(
        f"{_GUARDIAN} OR ({_ENTRUSTED} AND worker_organisation_id IS DISTINCT FROM {_ORGANISATION}"
        f" AND (recipient_id = {_ORGANISATION} OR ({_OWN} AND {_referral('concern')})))"
    ),
    "concern_act": _within(f"{_GUARDIAN} OR ({_ENTRUSTED} AND recipient_id = {_ORGANISATION})"),
}
_INSERT = dict.fromkeys(_READ, _within(_OWN)) | {"concern_act": _within(f"{_ENTRUSTED} AND {_OWN}")}


def _policies() -> list[str]:
    made = []
    for table, read in _READ.items():
        made += [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{{owner}}" USING (true) WITH CHECK (true)',
            f'CREATE POLICY "{table}_read" ON "{table}" FOR SELECT TO "{{application}}" USING ({read})',
            f'CREATE POLICY "{table}_insert" ON "{table}" FOR INSERT TO "{{application}}"'
            f" WITH CHECK ({_INSERT[table]})",
            f'GRANT SELECT, INSERT ON "{table}" TO "{{application}}"',
        ]
    return made


_CORRECTION = (
    'CREATE POLICY "case_note_becomes" ON "case_note" FOR UPDATE TO "{application}"'
    f" USING ({_within(f'{_OWN} AND superseded_by_id IS NULL')})"
    f" WITH CHECK ({_within(f'{_OWN} AND superseded_by_id IS NOT NULL')})",
    'GRANT UPDATE (superseded_by_id) ON "case_note" TO "{application}"',
)
_NOT_OWED_OF_ONE = _of_no_concern("kind <> 'concern_action'")
_NOT_READ_OF_ONE = _of_no_concern("subject_kind NOT IN ('concern', 'concern_act')")
_OWED = _within(f"({_OWES}) AND {_NOT_OWED_OF_ONE}")
_MAY_BE_OWED = _within(f"{_OWES} OR kind = 'concern_action'")
_TOLD_OF_NONE = _within(f"{_TOLD} AND {_of_no_concern(_NOT_ABOUT_A_CONCERN)}")
_AUDITED = _within(f"({_WIDE}) AND {_NOT_READ_OF_ONE}")
# Rows that tell of a concern are kept from those of the authority's clients that may not know of any.
_KEPT_APART = (
    'DROP POLICY "obligation_write" ON "obligation"',
    f'CREATE POLICY "obligation_write" ON "obligation" FOR ALL TO "{{application}}" USING ({_OWED})'
    f" WITH CHECK ({_MAY_BE_OWED})",
    'DROP POLICY "event_read" ON "event"',
    f'CREATE POLICY "event_read" ON "event" FOR SELECT TO "{{application}}" USING ({_TOLD_OF_NONE})',
    'DROP POLICY "audit_entry_read" ON "audit_entry"',
    f'CREATE POLICY "audit_entry_read" ON "audit_entry" FOR SELECT TO "{{application}}" USING ({_AUDITED})',
)
_AS_BEFORE = (
    'DROP POLICY "obligation_write" ON "obligation"',
    f'CREATE POLICY "obligation_write" ON "obligation" FOR ALL TO "{{application}}" USING ({_within(_OWES)})'
    f" WITH CHECK ({_within(_OWES)})",
    'DROP POLICY "event_read" ON "event"',
    f'CREATE POLICY "event_read" ON "event" FOR SELECT TO "{{application}}" USING ({_within(_TOLD)})',
    'DROP POLICY "audit_entry_read" ON "audit_entry"',
    f'CREATE POLICY "audit_entry_read" ON "audit_entry" FOR SELECT TO "{{application}}" USING ({_within(_WIDE)})',
)


def _id(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.UUID(), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _to(table: str, target: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["authority_id", column],
        [f"{target}.authority_id", f"{target}.id"],
        name=op.f(f"fk_{table}_authority_id_{column}"),
    )


def _tenant(table: str, *items: sa.schema.SchemaItem, key: tuple[str, ...] = ("id",)) -> None:
    columns = [_id("authority_id"), *([_id("id")] if "id" in key else [])]
    op.create_table(
        table,
        *columns,
        *items,
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f(f"fk_{table}_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", *key, name=op.f(f"pk_{table}")),
    )


def _execute(statements: tuple[str, ...] | list[str]) -> None:
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for statement in statements:
        named = statement.replace("{application}", application).replace("{owner}", owner)
        op.get_bind().exec_driver_sql(named)


def upgrade() -> None:
    """Create the tables, and keep what tells of a concern apart."""
    _notes()
    _messages()
    _concerns()
    for table in _READ:
        op.execute(
            f'CREATE STATISTICS "st_{table}_parties" (dependencies) ON "authority_id", "organisation_id" FROM "{table}"'
        )
    _execute([*_policies(), *_CORRECTION, *_KEPT_APART])


def _notes() -> None:
    _tenant(
        "case_note",
        _id("intervention_id"),
        _id("referral_id"),
        _id("organisation_id"),
        _id("practitioner_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        _at("occurred_at"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shared_with_referrer", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _id("supersedes_id", nullable=True),
        _id("superseded_by_id", nullable=True),
        _at("recorded_at"),
        _to("case_note", "intervention", "intervention_id"),
        _to("case_note", "referral", "referral_id"),
        _to("case_note", "organisation", "organisation_id"),
        _to("case_note", "practitioner", "practitioner_id"),
        _to("case_note", "case_note", "supersedes_id"),
        _to("case_note", "case_note", "superseded_by_id"),
        sa.UniqueConstraint("authority_id", "supersedes_id", name=op.f("uq_case_note_authority_id_supersedes_id")),
        sa.CheckConstraint(
            "kind IN ('observation', 'conversation', 'professional_discussion', 'supervision', 'other')",
            name=op.f("ck_case_note_kind"),
        ),
        sa.CheckConstraint("text <> ''", name=op.f("ck_case_note_says_something")),
    )
    op.create_index("ix_case_note_intervention", "case_note", ["authority_id", "intervention_id", "occurred_at", "id"])


def _messages() -> None:
    _tenant(
        "message",
        _id("referral_id"),
        _id("organisation_id"),
        sa.Column("addressed_to", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reader_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("for_case", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _at("posted_at"),
        _to("message", "referral", "referral_id"),
        _to("message", "organisation", "organisation_id"),
        sa.CheckConstraint("text <> ''", name=op.f("ck_message_says_something")),
        sa.CheckConstraint("organisation_id = ANY (reader_ids)", name=op.f("ck_message_read_by_its_sender")),
        sa.CheckConstraint(
            "addressed_to <@ ARRAY['referrer', 'school', 'provider', 'authority', 'case']"
            " AND cardinality(addressed_to) >= 1",
            name=op.f("ck_message_addressed_to"),
        ),
    )
    op.create_index("ix_message_referral", "message", ["authority_id", "referral_id", "posted_at", "id"])
    _tenant(
        "message_read",
        _id("message_id"),
        _id("organisation_id"),
        _at("read_at"),
        _to("message_read", "message", "message_id"),
        _to("message_read", "organisation", "organisation_id"),
        key=("message_id", "organisation_id"),
    )


def _concerns() -> None:
    _tenant(
        "concern",
        _id("referral_id"),
        _id("organisation_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("person", postgresql.JSONB(), nullable=False),
        _id("worker_organisation_id", nullable=True),
        sa.Column("worker", postgresql.JSONB(), nullable=True),
        _at("noticed_at", nullable=True),
        _at("raised_at"),
        _id("recipient_id"),
        _to("concern", "referral", "referral_id"),
        _to("concern", "organisation", "organisation_id"),
        _to("concern", "organisation", "worker_organisation_id"),
        _to("concern", "organisation", "recipient_id"),
        sa.CheckConstraint("kind IN ('child_at_risk', 'allegation_about_worker')", name=op.f("ck_concern_kind")),
        sa.CheckConstraint("text <> ''", name=op.f("ck_concern_says_something")),
        sa.CheckConstraint(
            "(kind = 'allegation_about_worker') = (worker_organisation_id IS NOT NULL)"
            " AND (worker_organisation_id IS NULL) = (worker IS NULL)",
            name=op.f("ck_concern_worker"),
        ),
    )
    op.create_index("ix_concern_raised", "concern", ["authority_id", "raised_at", "id"])
    op.create_index("ix_concern_referral", "concern", ["authority_id", "referral_id", "raised_at", "id"])
    _tenant(
        "concern_act",
        _id("concern_id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _id("recipient_id"),
        _id("organisation_id"),
        sa.Column("person", postgresql.JSONB(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        _at("acted_at"),
        _to("concern_act", "concern", "concern_id"),
        _to("concern_act", "organisation", "recipient_id"),
        _to("concern_act", "organisation", "organisation_id"),
        sa.UniqueConstraint("authority_id", "concern_id", "sequence", name=op.f("uq_concern_act_in_turn")),
        sa.UniqueConstraint("authority_id", "concern_id", "kind", name=op.f("uq_concern_act_one_of_each")),
        sa.CheckConstraint("kind IN ('acknowledged', 'closed')", name=op.f("ck_concern_act_kind")),
        sa.CheckConstraint(
            "action IN ('spoke_with_raiser', 'family_spoken_to', 'referred_to_social_care', 'strategy_discussion',"
            " 'police_informed', 'employer_informed', 'threshold_not_met', 'no_further_action', 'other')",
            name=op.f("ck_concern_act_action"),
        ),
        sa.CheckConstraint(
            "note <> '' OR (kind <> 'closed' AND action <> 'other')", name=op.f("ck_concern_act_is_explained")
        ),
    )


def downgrade() -> None:
    """Drop them, and with the concerns what was owed and told of them: there would be nothing to keep it apart by."""
    op.execute("DELETE FROM obligation WHERE kind = 'concern_action'")
    told = "subject_kind = 'concern' OR data ->> 'about_kind' = 'concern'"
    op.execute(
        "DELETE FROM event_audience a USING event e WHERE e.authority_id = a.authority_id AND e.id = a.event_id"  # noqa: S608 - fixed words
        f" AND ({told})"
    )
    op.execute(f"DELETE FROM event WHERE {told}")  # noqa: S608 - fixed words
    op.execute("DELETE FROM audit_entry WHERE subject_kind IN ('concern', 'concern_act')")
    _execute(_AS_BEFORE)
    for table in ("concern_act", "concern", "message_read", "message", "case_note"):
        op.drop_table(table)
