"""Facts that ask for attention: what a rule of the policy found in a referral's facts, and who looked at it."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, DateTime, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import reference, tenant_table, uuid
from app.models.policies import ORGANISATION, WIDE, RowPolicy, own, within

# One row for each rule and window of a referral's facts. It is open until it is cleared or looked at.
referral_attention = tenant_table(
    "referral_attention",
    uuid("referral_id"),
    Column("rule", Text, nullable=False),
    # `2026/27-2` for a half-term, `2026/27-autumn` for a term, dates where the sender's own span none.
    Column("window_key", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    # The policy's rule as it stood, so that what was told stays explained.
    Column("rule_content", JSONB, nullable=False),
    # What was counted, such as {"suspension_count": 2}.
    Column("figures", JSONB, nullable=False),
    Column("asks_review", Boolean, nullable=False),
    Column("wants_panel", Boolean, nullable=False),
    Column("first_seen_at", DateTime(timezone=True), nullable=False),
    # Again where the facts took it away and brought it back.
    Column("raised_at", DateTime(timezone=True), nullable=False),
    Column("cleared_at", DateTime(timezone=True)),
    Column("cleared_because", Text),
    Column("looked_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("referral", "referral_id"),
    UniqueConstraint("authority_id", "referral_id", "rule", "window_key", name="uq_referral_attention_window"),
    CheckConstraint("cleared_because IN ('no_longer_true', 'closed')", name="cleared_because"),
    CheckConstraint("(cleared_at IS NULL) = (cleared_because IS NULL)", name="cleared_whole"),
    CheckConstraint("starts_on <= ends_on", name="dates"),
    Index(
        "ix_referral_attention_open",
        "authority_id",
        "rule",
        "referral_id",
        postgresql_where=text("cleared_at IS NULL AND looked_at IS NULL"),
    ),
    # As the facts themselves: the sender, the pupil's school and the provider with the case.
    policy=RowPolicy(
        read=within(
            f"{own()} OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = referral_attention.authority_id"
            " AND r.id = referral_attention.referral_id"
            f" AND (r.referring_organisation_id = {ORGANISATION} OR r.school_id = {ORGANISATION}"
            f" OR r.case_provider_id = {ORGANISATION}))"
        ),
        write=within(WIDE),
    ),
)

# Names and words of those who looked, apart: they stay with the officers.
attention_look = tenant_table(
    "attention_look",
    uuid("referral_id"),
    Column("rule", Text, nullable=False),
    Column("window_keys", JSONB, nullable=False),
    uuid("organisation_id"),
    uuid("client_id"),
    Column("looked_at", DateTime(timezone=True), nullable=False),
    Column("looked_by_name", Text, nullable=False),
    Column("looked_by_role", Text),
    Column("decided", Text, nullable=False),
    Column("note", Text, nullable=False),
    reference("referral", "referral_id"),
    CheckConstraint("decided IN ('no_change', 'band_changed', 'to_panel', 'other')", name="decided"),
    CheckConstraint("looked_by_name <> '' AND note <> ''", name="is_explained"),
    Index("ix_attention_look_referral", "authority_id", "referral_id", "looked_at"),
    policy=RowPolicy(read=within(WIDE), write=within(WIDE)),
)
