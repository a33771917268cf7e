"""A school's review of a pupil before an exclusion. It is the school's own: officers read it, providers never do."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from app.domain.pre_exclusion import HeadsDecision, ReviewCause, ReviewOutcome
from app.models.base import reference, tenant_table, uuid
from app.models.policies import owned


def _words(column: str, words: type) -> str:
    return f"{column} IN ({', '.join(repr(word.value) for word in words)})"  # type: ignore[attr-defined]  # an enum


pre_exclusion_review = tenant_table(
    "pre_exclusion_review",
    uuid("school_id"),
    # The trust or alliance whose panel held it; null for the school's own.
    uuid("school_group_id", nullable=True),
    uuid("referral_id", nullable=True),
    Column("reference", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # {"given_name", "family_name", "year_group", "mis_id"}
    Column("pupil", JSONB, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("cause", Text, nullable=False),
    Column("cause_words", Text),
    Column("pupil_voice", Text),
    Column("pupil_voice_missing_reason", Text),
    Column("family_voice", Text),
    # [{"code", "words"}]
    Column("factors", JSONB, nullable=False),
    # [{"what", "until", "result"}]
    Column("support_exhausted", JSONB, nullable=False),
    Column("decision", Text),
    Column("decision_words", Text),
    Column("decided_on", Date),
    Column("decided_by", Text),
    Column("governors_meet_on", Date),
    Column("outcome", Text),
    Column("outcome_on", Date),
    Column("outcome_words", Text),
    Column("excluded_on", Date),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    reference("school", "school_id", to=("organisation_id",)),
    reference("school_group", "school_group_id"),
    reference("referral", "referral_id"),
    CheckConstraint(_words("cause", ReviewCause), name="cause"),
    CheckConstraint(_words("decision", HeadsDecision), name="decision"),
    CheckConstraint(_words("outcome", ReviewOutcome), name="outcome"),
    CheckConstraint("(decision IS NULL) = (decided_on IS NULL)", name="decided_on"),
    CheckConstraint("(outcome IS NULL) = (outcome_on IS NULL)", name="outcome_on"),
    CheckConstraint("(pupil_voice IS NULL) <> (pupil_voice_missing_reason IS NULL)", name="pupil_is_heard"),
    CheckConstraint("outcome IS NULL OR (outcome = 'not_excluded') = (excluded_on IS NULL)", name="excluded_on"),
    Index("ux_pre_exclusion_review_reference", "authority_id", "reference", unique=True),
    Index("ix_pre_exclusion_review_school", "authority_id", "school_id", text("held_on DESC"), text("id DESC")),
    Index("ix_pre_exclusion_review_held", "authority_id", text("held_on DESC"), text("id DESC")),
    policy=owned("school_id", writers=("school_id",)),
)
