"""Panels meet, decide and keep minutes; schools record their pre-exclusion reviews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_ME = "(SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"


def _item_of(table: str) -> str:
    return f"EXISTS (SELECT 1 FROM panel_item i WHERE i.authority_id = {table}.authority_id AND i.id = {table}.item_id)"  # noqa: S608 - our own names


# By table: who reads it besides officers and the broker, who alone write.
_READERS = {
    "panel": f"{_ME} = ANY (member_ids)",
    "panel_sitting": f"{_ME} = ANY (member_ids)",
    "panel_item": f"{_ME} = ANY (reader_ids)",
    "panel_decision": _item_of("panel_decision"),
    "panel_action": f"owner_id = {_ME} OR {_item_of('panel_action')}",
    "panel_minutes": "state = 'approved' AND EXISTS (SELECT 1 FROM panel_sitting s"
    " WHERE s.authority_id = panel_minutes.authority_id AND s.id = panel_minutes.sitting_id)",
    "panel_minutes_item": "EXISTS (SELECT 1 FROM panel_minutes m WHERE m.authority_id = panel_minutes_item.authority_id"  # noqa: S608 - our own names
    f" AND m.id = panel_minutes_item.minutes_id) AND {_item_of('panel_minutes_item')}",
}
_PARTIES = {"panel_decision": "organisation_id", "pre_exclusion_review": "school_id"}
_MOVE = ("in_panel", "information_requested", "referral.information_requested")


def _policies() -> list[str]:
    result = []
    for table in (*_READERS, "pre_exclusion_review"):
        result += [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{{owner}}" USING (true) WITH CHECK (true)',
        ]
        verbs = "SELECT, INSERT" if table == "panel_decision" else "SELECT, INSERT, UPDATE, DELETE"
        result.append(f'GRANT {verbs} ON "{table}" TO "{{application}}"')
    for table, readers in _READERS.items():
        read, write = f"{_TENANT} AND ({_WIDE} OR {readers})", f"{_TENANT} AND ({_WIDE})"
        result += [
            f'CREATE POLICY "{table}_read" ON "{table}" FOR SELECT TO "{{application}}" USING ({read})',
            f'CREATE POLICY "{table}_write" ON "{table}" FOR ALL TO "{{application}}" USING ({write}) WITH CHECK ({write})',
        ]
    own = f"{_TENANT} AND ({_WIDE} OR school_id = {_ME})"
    result.append(
        'CREATE POLICY "pre_exclusion_review_write" ON "pre_exclusion_review" FOR ALL TO "{application}"'
        f" USING ({own}) WITH CHECK ({own})"
    )
    return result


def upgrade() -> None:
    """Create the tables, let a panel ask the sender something, and say where it sent a family instead."""
    op.add_column("referral", sa.Column("redirected_to", sa.Text(), nullable=True))
    op.create_table(
        "panel",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area_id", sa.UUID(), nullable=True),
        sa.Column("officers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("member_ids", sa.ARRAY(sa.UUID()), nullable=False),
        sa.Column("chair_order", sa.ARRAY(sa.UUID()), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.Text(), nullable=False),
        sa.Column("minutes_per_item", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("starts_at ~ '^([01]\\d|2[0-3]):[0-5]\\d$'", name=op.f("ck_panel_starts_at")),
        sa.CheckConstraint(
            "cardinality(member_ids) >= 1 AND cardinality(chair_order) >= 1", name=op.f("ck_panel_has_members")
        ),
        sa.CheckConstraint("every_weeks BETWEEN 1 AND 12", name=op.f("ck_panel_every_weeks")),
        sa.CheckConstraint("minutes_per_item BETWEEN 1 AND 120", name=op.f("ck_panel_minutes_per_item")),
        sa.CheckConstraint("weekday BETWEEN 1 AND 5", name=op.f("ck_panel_weekday")),
        sa.ForeignKeyConstraint(
            ["authority_id", "area_id"], ["area.authority_id", "area.id"], name=op.f("fk_panel_authority_id_area_id")
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_panel_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_panel")),
    )
    op.create_index("ux_panel_name", "panel", ["authority_id", sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "panel_sitting",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("panel_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("sits_on", sa.Date(), nullable=False),
        sa.Column("sits_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn_id", sa.UUID(), nullable=False),
        sa.Column("chair_id", sa.UUID(), nullable=False),
        sa.Column("member_ids", sa.ARRAY(sa.UUID()), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("circulated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("access_until", sa.Date(), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "attendance", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("quorate", sa.Boolean(), nullable=True),
        sa.Column("quorum_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('held', 'minuted')) = (held_at IS NOT NULL)", name=op.f("ck_panel_sitting_held_at")
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'circulated', 'held', 'minuted', 'cancelled')", name=op.f("ck_panel_sitting_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('circulated', 'held', 'minuted') OR circulated_at IS NOT NULL AND access_until IS NOT NULL",
            name=op.f("ck_panel_sitting_circulated_at"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "chair_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_panel_sitting_authority_id_chair_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "panel_id"],
            ["panel.authority_id", "panel.id"],
            name=op.f("fk_panel_sitting_authority_id_panel_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_panel_sitting_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_panel_sitting")),
        sa.UniqueConstraint("authority_id", "panel_id", "planned_on", name="uq_panel_sitting_planned_on"),
    )
    op.create_index(
        "ux_panel_sitting_one_a_day",
        "panel_sitting",
        ["authority_id", "panel_id", "sits_on"],
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    )
    op.create_table(
        "panel_minutes",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("sitting_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_name", sa.Text(), nullable=True),
        sa.Column("approved_by_role", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'approved') = (approved_at IS NOT NULL AND approved_by_name IS NOT NULL)",
            name=op.f("ck_panel_minutes_approved_at"),
        ),
        sa.CheckConstraint("state IN ('draft', 'approved')", name=op.f("ck_panel_minutes_state")),
        sa.ForeignKeyConstraint(
            ["authority_id", "sitting_id"],
            ["panel_sitting.authority_id", "panel_sitting.id"],
            name=op.f("fk_panel_minutes_authority_id_sitting_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_panel_minutes_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_panel_minutes")),
        sa.UniqueConstraint("authority_id", "sitting_id", "number", name="uq_panel_minutes_number"),
    )
    op.create_table(
        "pre_exclusion_review",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=False),
        sa.Column("school_group_id", sa.UUID(), nullable=True),
        sa.Column("referral_id", sa.UUID(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("pupil", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_words", sa.Text(), nullable=True),
        sa.Column("pupil_voice", sa.Text(), nullable=True),
        sa.Column("pupil_voice_missing_reason", sa.Text(), nullable=True),
        sa.Column("family_voice", sa.Text(), nullable=True),
        sa.Column("factors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("support_exhausted", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decision_words", sa.Text(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("governors_meet_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_on", sa.Date(), nullable=True),
        sa.Column("outcome_words", sa.Text(), nullable=True),
        sa.Column("excluded_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cause IN ('two_suspensions_in_half_term', 'suspensions_rising', 'persistent_disruption', 'serious_incident', 'asked_by_family', 'other')",
            name=op.f("ck_pre_exclusion_review_cause"),
        ),
        sa.CheckConstraint(
            "decision IN ('support_continues', 'further_support', 'refer_to_family_support', 'off_site_direction', 'managed_move', 'permanent_exclusion')",
            name=op.f("ck_pre_exclusion_review_decision"),
        ),
        sa.CheckConstraint(
            "outcome IN ('excluded', 'not_excluded', 'rescinded')", name=op.f("ck_pre_exclusion_review_outcome")
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR (outcome = 'not_excluded') = (excluded_on IS NULL)",
            name=op.f("ck_pre_exclusion_review_excluded_on"),
        ),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_on IS NULL)", name=op.f("ck_pre_exclusion_review_decided_on")
        ),
        sa.CheckConstraint("(outcome IS NULL) = (outcome_on IS NULL)", name=op.f("ck_pre_exclusion_review_outcome_on")),
        sa.CheckConstraint(
            "(pupil_voice IS NULL) <> (pupil_voice_missing_reason IS NULL)",
            name=op.f("ck_pre_exclusion_review_pupil_is_heard"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_pre_exclusion_review_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "school_group_id"],
            ["school_group.authority_id", "school_group.id"],
            name=op.f("fk_pre_exclusion_review_authority_id_school_group_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "school_id"],
            ["school.authority_id", "school.organisation_id"],
            name=op.f("fk_pre_exclusion_review_authority_id_school_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_pre_exclusion_review_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_pre_exclusion_review")),
    )
    op.create_index(
        "ix_pre_exclusion_review_held",
        "pre_exclusion_review",
        ["authority_id", sa.literal_column("held_on DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_pre_exclusion_review_school",
        "pre_exclusion_review",
        ["authority_id", "school_id", sa.literal_column("held_on DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ux_pre_exclusion_review_reference", "pre_exclusion_review", ["authority_id", "reference"], unique=True
    )
    op.create_table(
        "panel_item",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("panel_id", sa.UUID(), nullable=False),
        sa.Column("sitting_id", sa.UUID(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=True),
        sa.Column("review_id", sa.UUID(), nullable=True),
        sa.Column("area_id", sa.UUID(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("listed_by_id", sa.UUID(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("carried_from_id", sa.UUID(), nullable=True),
        sa.Column("conflicts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("reader_ids", sa.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "later_facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.CheckConstraint("(kind = 'blockage') = (title IS NOT NULL)", name=op.f("ck_panel_item_of_a_blockage")),
        sa.CheckConstraint(
            "(kind = 'pre_exclusion_review') = (review_id IS NOT NULL)", name=op.f("ck_panel_item_of_a_review")
        ),
        sa.CheckConstraint("(kind = 'referral') = (referral_id IS NOT NULL)", name=op.f("ck_panel_item_of_a_referral")),
        sa.CheckConstraint("kind IN ('referral', 'blockage', 'pre_exclusion_review')", name=op.f("ck_panel_item_kind")),
        sa.CheckConstraint("reader_ids = '{}' OR content IS NOT NULL", name=op.f("ck_panel_item_read_when_frozen")),
        sa.CheckConstraint(
            "source IN ('officer', 'school', 'carried_over', 'answered', 'reopened')",
            name=op.f("ck_panel_item_source"),
        ),
        sa.CheckConstraint(
            "state IN ('listed', 'decided', 'not_reached', 'taken_off')", name=op.f("ck_panel_item_state")
        ),
        sa.CheckConstraint("minutes BETWEEN 1 AND 120", name=op.f("ck_panel_item_minutes")),
        sa.ForeignKeyConstraint(
            ["authority_id", "area_id"],
            ["area.authority_id", "area.id"],
            name=op.f("fk_panel_item_authority_id_area_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "carried_from_id"],
            ["panel_item.authority_id", "panel_item.id"],
            name=op.f("fk_panel_item_authority_id_carried_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "listed_by_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_panel_item_authority_id_listed_by_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "panel_id"],
            ["panel.authority_id", "panel.id"],
            name=op.f("fk_panel_item_authority_id_panel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "referral_id"],
            ["referral.authority_id", "referral.id"],
            name=op.f("fk_panel_item_authority_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "review_id"],
            ["pre_exclusion_review.authority_id", "pre_exclusion_review.id"],
            name=op.f("fk_panel_item_authority_id_review_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "sitting_id"],
            ["panel_sitting.authority_id", "panel_sitting.id"],
            name=op.f("fk_panel_item_authority_id_sitting_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_panel_item_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_panel_item")),
    )
    op.create_index(
        "ix_panel_item_read",
        "panel_item",
        ["authority_id"],
        unique=False,
        postgresql_where=sa.text("reader_ids <> '{}'"),
    )
    op.create_index(
        "ix_panel_item_sitting", "panel_item", ["authority_id", "sitting_id", "position", "id"], unique=False
    )
    op.create_index(
        "ix_panel_item_without_sitting",
        "panel_item",
        ["authority_id", "panel_id"],
        unique=False,
        postgresql_where=sa.text("sitting_id IS NULL AND state = 'listed'"),
    )
    op.create_index(
        "ux_panel_item_one_of_referral",
        "panel_item",
        ["authority_id", "referral_id"],
        unique=True,
        postgresql_where=sa.text("state = 'listed'"),
    )
    op.create_index(
        "ux_panel_item_one_of_review",
        "panel_item",
        ["authority_id", "review_id"],
        unique=True,
        postgresql_where=sa.text("state = 'listed'"),
    )
    op.create_table(
        "panel_decision",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("sitting_id", sa.UUID(), nullable=False),
        sa.Column("item_id", sa.UUID(), nullable=False),
        sa.Column("corrects_id", sa.UUID(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_name", sa.Text(), nullable=False),
        sa.Column("decided_by_role", sa.Text(), nullable=True),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.CheckConstraint("decided_by_name <> '' AND reason <> ''", name=op.f("ck_panel_decision_is_explained")),
        sa.CheckConstraint(
            "effect IN ('offered', 'waiting', 'closed', 'information_requested', 'held', 'recorded')",
            name=op.f("ck_panel_decision_effect"),
        ),
        sa.CheckConstraint(
            "outcome IN ('allocate', 'redirect', 'request_information', 'hold', 'no_further_action')",
            name=op.f("ck_panel_decision_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "corrects_id"],
            ["panel_decision.authority_id", "panel_decision.id"],
            name=op.f("fk_panel_decision_authority_id_corrects_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "item_id"],
            ["panel_item.authority_id", "panel_item.id"],
            name=op.f("fk_panel_decision_authority_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "organisation_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_panel_decision_authority_id_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "sitting_id"],
            ["panel_sitting.authority_id", "panel_sitting.id"],
            name=op.f("fk_panel_decision_authority_id_sitting_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_panel_decision_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_panel_decision")),
        sa.UniqueConstraint("authority_id", "corrects_id", name="uq_panel_decision_corrected_once"),
    )
    op.create_index(
        "ix_panel_decision_sitting", "panel_decision", ["authority_id", "sitting_id", "decided_at", "id"], unique=False
    )
    op.create_index(
        "ux_panel_decision_one_first",
        "panel_decision",
        ["authority_id", "item_id"],
        unique=True,
        postgresql_where=sa.text("corrects_id IS NULL"),
    )
    op.create_table(
        "panel_minutes_item",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("minutes_id", sa.UUID(), nullable=False),
        sa.Column("item_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority_id", "item_id"],
            ["panel_item.authority_id", "panel_item.id"],
            name=op.f("fk_panel_minutes_item_authority_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "minutes_id"],
            ["panel_minutes.authority_id", "panel_minutes.id"],
            name=op.f("fk_panel_minutes_item_authority_id_minutes_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_panel_minutes_item_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "minutes_id", "item_id", name=op.f("pk_panel_minutes_item")),
    )
    op.create_table(
        "panel_action",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("sitting_id", sa.UUID(), nullable=False),
        sa.Column("item_id", sa.UUID(), nullable=False),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("owner_id", sa.UUID(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name=op.f("ck_panel_action_done_at")),
        sa.CheckConstraint("state IN ('open', 'done', 'dropped')", name=op.f("ck_panel_action_state")),
        sa.ForeignKeyConstraint(
            ["authority_id", "decision_id"],
            ["panel_decision.authority_id", "panel_decision.id"],
            name=op.f("fk_panel_action_authority_id_decision_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "item_id"],
            ["panel_item.authority_id", "panel_item.id"],
            name=op.f("fk_panel_action_authority_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "owner_id"],
            ["organisation.authority_id", "organisation.id"],
            name=op.f("fk_panel_action_authority_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "sitting_id"],
            ["panel_sitting.authority_id", "panel_sitting.id"],
            name=op.f("fk_panel_action_authority_id_sitting_id"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_panel_action_authority_id")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_panel_action")),
    )
    op.create_index("ix_panel_action_due", "panel_action", ["authority_id", "due_on", "id"], unique=False)
    op.create_index("ix_panel_action_item", "panel_action", ["authority_id", "item_id"], unique=False)
    op.create_index("ix_panel_action_owner", "panel_action", ["authority_id", "owner_id", "due_on", "id"], unique=False)

    for table, party in _PARTIES.items():
        op.execute(f'CREATE STATISTICS "st_{table}_parties" (dependencies) ON "authority_id", "{party}" FROM "{table}"')
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for statement in _policies():
        named = statement.replace("{application}", application).replace("{owner}", owner)
        op.get_bind().exec_driver_sql(named)
    move = sa.table("referral_transition", *(sa.column(name) for name in ("from_state", "to_state", "event_type")))
    op.bulk_insert(move, [dict(zip(("from_state", "to_state", "event_type"), _MOVE, strict=True))])


def downgrade() -> None:
    """Drop them. Where a panel asked a sender something, this fails rather than forget it."""
    op.execute(
        "DELETE FROM referral_transition"  # noqa: S608 - our own words
        f" WHERE from_state = '{_MOVE[0]}' AND to_state = '{_MOVE[1]}' AND event_type = '{_MOVE[2]}'"
    )
    for table in (
        "panel_action", "panel_minutes_item", "panel_decision", "panel_item", "pre_exclusion_review", "panel_minutes",
        "panel_sitting", "panel",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_column("referral", "redirected_to")
