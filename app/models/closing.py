"""What a case leaves behind: how goals went, where the family was pointed to, its own words, and its letters."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import reference, tenant_table, uuid
from app.models.casework import in_its_time
from app.models.policies import ORGANISATION, RowPolicy, own, within


def _of(table: str, parent: str, party: str | None = None) -> str:
    """Predicate: the row belongs to an intervention or a referral that the caller may see, or is a party to."""
    part = "" if party is None else f" AND x.{party} = {ORGANISATION}"
    return (
        f"EXISTS (SELECT 1 FROM {parent} x WHERE x.authority_id = {table}.authority_id AND x.id = {table}.{parent}_id"
        f"{part})"
    )


def _worked(table: str) -> str:
    """Predicate: an officer's, or of a case that the caller works, also once it was handed over to it."""
    return f"{own()} OR {_of(table, 'intervention', 'provider_id')}"


# What was said of a goal, day by day. It names no goal's row: a plan is put whole, and what was said of a goal stays
# when the plan drops it.
goal_progress = tenant_table(
    "goal_progress",
    uuid("intervention_id"),
    uuid("goal_id"),
    # The goal's words on that day: they may be put anew.
    Column("goal_title", Text, nullable=False),
    Column("said_on", Date, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    reference("plan", "intervention_id", to=("intervention_id",)),
    CheckConstraint(
        "said_by IN ('child', 'parent_or_carer', 'family', 'practitioner', 'school', 'agency')", name="said_by"
    ),
    CheckConstraint("words <> ''", name="words"),
    Index("ix_goal_progress_goal", "authority_id", "goal_id", "said_on", "id"),
    Index("ix_goal_progress_intervention", "authority_id", "intervention_id", "said_on", "id"),
    policy=RowPolicy(
        read=within(f"{own()} OR {in_its_time('goal_progress', 'm.left_at IS NULL')}"),
        write=None,
        insert=within(_worked("goal_progress")),
    ),
)

signpost = tenant_table(
    "signpost",
    uuid("intervention_id"),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("url", Text),
    # One of the authority's own services.
    uuid("service_id", nullable=True),
    Column("signposted_on", Date, nullable=False),
    Column("for_whom", Text, nullable=False),
    Column("in_letters", Boolean, nullable=False),
    Column("taken_up", Text, nullable=False, server_default=text("'unknown'")),
    Column("why_not", Text),
    Column("followed_up_on", Date),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("intervention", "intervention_id"),
    reference("service", "service_id"),
    CheckConstraint(
        "kind IN ('advice', 'community', 'domestic_abuse', 'early_years', 'health', 'housing_or_money',"
        " 'mental_health', 'parenting', 'school_support', 'send_support', 'substance_use', 'youth', 'other')",
        name="kind",
    ),
    CheckConstraint("for_whom IN ('child', 'parent', 'family')", name="for_whom"),
    CheckConstraint("taken_up IN ('yes', 'no', 'unknown')", name="taken_up"),
    CheckConstraint(
        "why_not IN ('not_wanted', 'waiting_list', 'not_eligible', 'too_far_or_times', 'cost', 'language_or_access',"
        " 'no_reply_from_service', 'circumstances_changed', 'other')",
        name="why_not",
    ),
    CheckConstraint("(taken_up = 'no') = (why_not IS NOT NULL)", name="not_taken_up_for_a_reason"),
    CheckConstraint("signposted_on <= followed_up_on", name="dates"),
    CheckConstraint("NOT in_letters OR kind <> 'domestic_abuse'", name="safe_in_letters"),
    Index("ix_signpost_intervention", "authority_id", "intervention_id", "signposted_on", "id"),
    policy=RowPolicy(
        # What a parent was pointed to for itself is no business of the school, nor what another school's child was.
        read=within(
            f"{_worked('signpost')} OR (for_whom <> 'parent' AND {in_its_time('signpost', 'm.left_at IS NULL')}"
            " AND (for_whom = 'family' OR EXISTS (SELECT 1 FROM intervention x"
            " WHERE x.authority_id = signpost.authority_id AND x.id = signpost.intervention_id AND NOT x.shared)))"
        ),
        write=within(_worked("signpost")),
    ),
)

family_quote = tenant_table(
    "family_quote",
    uuid("intervention_id"),
    Column("whose", Text, nullable=False),
    # Gone when consent is taken back: that there were words, and of whom, stays.
    Column("words", Text),
    Column("said_on", Date, nullable=False),
    Column("anonymous", Boolean, nullable=False),
    Column("consent_by", Text, nullable=False),
    Column("consent_on", Date, nullable=False),
    Column("uses", ARRAY(Text), nullable=False),
    Column("withdrawn_on", Date),
    Column("withdrawn_by", Text),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("intervention", "intervention_id"),
    CheckConstraint("whose IN ('child', 'parent', 'other')", name="whose"),
    CheckConstraint("consent_by IN ('child', 'parent', 'child_and_parent', 'other')", name="consent_by"),
    CheckConstraint("withdrawn_by IN ('child', 'parent', 'child_and_parent', 'other')", name="withdrawn_by"),
    CheckConstraint(
        "cardinality(uses) >= 1 AND uses <@ ARRAY['service_improvement', 'report', 'publication']", name="uses"
    ),
    CheckConstraint("(words IS NULL) = (withdrawn_on IS NOT NULL)", name="withdrawn_words_are_gone"),
    CheckConstraint("(withdrawn_on IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_somebody"),
    CheckConstraint("said_on <= consent_on AND consent_on <= withdrawn_on", name="dates"),
    Index("ix_family_quote_intervention", "authority_id", "intervention_id", "said_on", "id"),
    policy=RowPolicy(read=within(_worked("family_quote")), write=within(_worked("family_quote"))),
)

# One for each reader and closing, as it was made then. A quote's words are not copied into it: they are read with it,
# so that words that were taken back are gone from letters too.
closure_letter = tenant_table(
    "closure_letter",
    uuid("intervention_id"),
    uuid("referral_id"),
    Column("audience", Text, nullable=False),
    # Counts the closings of the case: a closure can be undone.
    Column("version", Integer, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    # A document, as `app.documents.model.as_data` has it.
    Column("content", JSONB, nullable=False),
    reference("intervention", "intervention_id"),
    reference("referral", "referral_id"),
    UniqueConstraint("authority_id", "intervention_id", "audience", "version", name="uq_closure_letter_one_a_closing"),
    CheckConstraint("audience IN ('family', 'school')", name="audience"),
    CheckConstraint("version >= 1", name="version"),
    policy=RowPolicy(
        # It names the child: it is read while the referral is, and the family's by those who work with it alone.
        read=within(
            f"{own()} OR (audience = 'school' AND {_of('closure_letter', 'referral')})"
            f" OR {_of('closure_letter', 'referral', 'case_provider_id')}"
        ),
        write=None,
        insert=within(own()),
    ),
)
