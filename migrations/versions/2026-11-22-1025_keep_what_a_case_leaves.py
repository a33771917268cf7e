"""What a case leaves behind: how goals went, signposts, the family's own words, closure letters; and its timeline."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_ORGANISATION = "(SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"


def _of(table: str, parent: str, party: str | None = None) -> str:
    part = "" if party is None else f" AND x.{party} = {_ORGANISATION}"
    return (
        f"EXISTS (SELECT 1 FROM {parent} x WHERE x.authority_id = {table}.authority_id AND x.id = {table}.{parent}_id"  # noqa: S608 - our own names
        f"{part})"
    )


def _within(table: str, read: str | None, *, insert: str | None = None, write: str | None = None) -> tuple[str, ...]:
    policies = [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{{owner}}" USING (true) WITH CHECK (true)',
    ]
    if read is not None:
        policies.append(
            f'CREATE POLICY "{table}_read" ON "{table}" FOR SELECT TO "{{application}}" USING ({_TENANT} AND ({read}))'
        )
    if insert is not None:
        policies.append(
            f'CREATE POLICY "{table}_insert" ON "{table}" FOR INSERT TO "{{application}}"'
            f" WITH CHECK ({_TENANT} AND ({insert}))"
        )
        policies.append(f'GRANT SELECT, INSERT ON "{table}" TO "{{application}}"')
    if write is not None:
        policies.append(
            f'CREATE POLICY "{table}_write" ON "{table}" FOR ALL TO "{{application}}"'
            f" USING ({_TENANT} AND ({write})) WITH CHECK ({_TENANT} AND ({write}))"
        )
        policies.append(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{{application}}"')
    return tuple(policies)


def _worked(table: str) -> str:
    return f"{_WIDE} OR {_of(table, 'intervention', 'provider_id')}"


POLICIES = (
    *_within("goal_progress", f"{_WIDE} OR {_of('goal_progress', 'intervention')}", insert=_worked("goal_progress")),
    *_within(
        "signpost",
        f"{_worked('signpost')} OR (for_whom <> 'parent' AND {_of('signpost', 'intervention')})",
        write=_worked("signpost"),
    ),
    *_within("family_quote", None, write=_worked("family_quote")),
    *_within(
        "closure_letter",
        f"{_WIDE} OR (audience = 'school' AND {_of('closure_letter', 'referral')})"
        f" OR {_of('closure_letter', 'referral', 'case_provider_id')}",
        insert=_WIDE,
    ),
)


def upgrade() -> None:
    """Create the tables, and the index that a timeline is read by."""
    op.create_table(
        "goal_progress",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("goal_id", sa.UUID(), nullable=False),
        sa.Column("goal_title", sa.Text(), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "said_by IN ('child', 'parent_or_carer', 'family', 'practitioner', 'school', 'agency')",
            name=op.f("ck_goal_progress_said_by"),
        ),
        sa.CheckConstraint("words <> ''", name=op.f("ck_goal_progress_words")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_goal_progress_authority_id")),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["plan.authority_id", "plan.intervention_id"],
            name=op.f("fk_goal_progress_authority_id_intervention_id"),
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_goal_progress")),
    )
    op.create_index("ix_goal_progress_goal", "goal_progress", ["authority_id", "goal_id", "said_on", "id"])
    op.create_index(
        "ix_goal_progress_intervention", "goal_progress", ["authority_id", "intervention_id", "said_on", "id"]
    )
    op.create_table(
        "signpost",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("service_id", sa.UUID(), nullable=True),
        sa.Column("signposted_on", sa.Date(), nullable=False),
        sa.Column("for_whom", sa.Text(), nullable=False),
        sa.Column("in_letters", sa.Boolean(), nullable=False),
        sa.Column("taken_up", sa.Text(), server_default=sa.text("'unknown'"), nullable=False),
        sa.Column("why_not", sa.Text(), nullable=True),
        sa.Column("followed_up_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('advice', 'community', 'domestic_abuse', 'early_years', 'health', 'housing_or_money',"
            " 'mental_health', 'parenting', 'school_support', 'send_support', 'substance_use', 'youth', 'other')",
            name=op.f("ck_signpost_kind"),
        ),
        sa.CheckConstraint("for_whom IN ('child', 'parent', 'family')", name=op.f("ck_signpost_for_whom")),
        sa.CheckConstraint("taken_up IN ('yes', 'no', 'unknown')", name=op.f("ck_signpost_taken_up")),
        sa.CheckConstraint(
            "why_not IN ('not_wanted', 'waiting_list', 'not_eligible', 'too_far_or_times', 'cost',"
            " 'language_or_access', 'no_reply_from_service', 'circumstances_changed', 'other')",
            name=op.f("ck_signpost_why_not"),
        ),
        sa.CheckConstraint(
            "(taken_up = 'no') = (why_not IS NOT NULL)", name=op.f("ck_signpost_not_taken_up_for_a_reason")
        ),
        sa.CheckConstraint("signposted_on <= followed_up_on", name=op.f("ck_signpost_dates")),
        sa.CheckConstraint("NOT in_letters OR kind <> 'domestic_abuse'", name=op.f("ck_signpost_safe_in_letters")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_signpost_authority_id")),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["intervention.authority_id", "intervention.id"],
            name=op.f("fk_signpost_authority_id_intervention_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "service_id"],
            ["service.authority_id", "service.id"],
            name=op.f("fk_signpost_authority_id_service_id"),
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_signpost")),
    )
    op.create_index("ix_signpost_intervention", "signpost", ["authority_id", "intervention_id", "signposted_on", "id"])
    op.create_table(
        "family_quote",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("said_on", sa.Date(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("consent_by", sa.Text(), nullable=False),
        sa.Column("consent_on", sa.Date(), nullable=False),
        sa.Column("uses", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("whose IN ('child', 'parent', 'other')", name=op.f("ck_family_quote_whose")),
        sa.CheckConstraint(
            "consent_by IN ('child', 'parent', 'child_and_parent', 'other')", name=op.f("ck_family_quote_consent_by")
        ),
        sa.CheckConstraint(
            "withdrawn_by IN ('child', 'parent', 'child_and_parent', 'other')",
            name=op.f("ck_family_quote_withdrawn_by"),
        ),
        sa.CheckConstraint(
            "cardinality(uses) >= 1 AND uses <@ ARRAY['service_improvement', 'report', 'publication']",
            name=op.f("ck_family_quote_uses"),
        ),
        sa.CheckConstraint(
            "(words IS NULL) = (withdrawn_on IS NOT NULL)", name=op.f("ck_family_quote_withdrawn_words_are_gone")
        ),
        sa.CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_family_quote_withdrawn_by_somebody")
        ),
        sa.CheckConstraint("said_on <= consent_on AND consent_on <= withdrawn_on", name=op.f("ck_family_quote_dates")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_family_quote_authority_id")),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["intervention.authority_id", "intervention.id"],
            name=op.f("fk_family_quote_authority_id_intervention_id"),
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_family_quote")),
    )
    op.create_index(
        "ix_family_quote_intervention", "family_quote", ["authority_id", "intervention_id", "said_on", "id"]
    )
    op.create_table(
        "closure_letter",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("audience IN ('family', 'school')", name=op.f("ck_closure_letter_audience")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_closure_letter_version")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_closure_letter_authority_id")),
        sa.ForeignKeyConstraint(
            ["authority_id", "intervention_id"],
            ["intervention.authority_id", "intervention.id"],
            name=op.f("fk_closure_letter_authority_id_intervention_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_closure_letter_authority_id_referral_id"),
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_closure_letter")),
        sa.UniqueConstraint(
            "authority_id", "intervention_id", "audience", "version", name="uq_closure_letter_one_a_closing"
        ),
    )
    op.drop_index("ix_event_referral", table_name="event")
    op.create_index("ix_event_referral", "event", ["authority_id", "referral_id", "occurred_at", "id"])
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for statement in POLICIES:
        named = statement.replace("{application}", application).replace("{owner}", owner)
        op.get_bind().exec_driver_sql(named)


def downgrade() -> None:
    """Drop them: what was recorded of goals, signposts and words is lost."""
    op.drop_index("ix_event_referral", table_name="event")
    op.create_index("ix_event_referral", "event", ["authority_id", "referral_id", "recorded_at"])
    for table in ("closure_letter", "family_quote", "signpost", "goal_progress"):
        op.drop_table(table)
