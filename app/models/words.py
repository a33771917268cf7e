"""What is written about a case besides its record: the provider's notes, and messages between the parties."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from app.models.base import reference, tenant_table, uuid
from app.models.demand import of_visible_referral
from app.models.policies import ORGANISATION, WIDE, RowPolicy, within


def _referral_whose(table: str, condition: str) -> str:
    """Predicate: the row's referral meets a condition, in which it is `r`."""
    return (
        f"EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = {table}.authority_id"
        f" AND r.id = {table}.referral_id AND ({condition}))"
    )


_OWN = f"organisation_id = {ORGANISATION}"
_HAS_THE_CASE = f"r.case_provider_id = {ORGANISATION}"
_SENT_IT = f"r.referring_organisation_id = {ORGANISATION} OR r.school_id = {ORGANISATION}"

# The record follows the case: who reads it is whoever the referral now says has the case, so that a hand-over, an
# objection and the end of access to who the family is move or end it in the same moment, and no row is touched.
case_note = tenant_table(
    "case_note",
    uuid("intervention_id"),
    uuid("referral_id"),
    # The provider whose practitioner wrote it.
    uuid("organisation_id"),
    uuid("practitioner_id"),
    Column("kind", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("text", Text, nullable=False),
    Column("shared_with_referrer", Boolean, nullable=False, server_default=text("false")),
    uuid("supersedes_id", nullable=True),
    # Kept here too: a referrer must lose what was shared by mistake, and cannot see the unshared note that says so.
    uuid("superseded_by_id", nullable=True),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    reference("intervention", "intervention_id"),
    reference("referral", "referral_id"),
    reference("organisation", "organisation_id"),
    reference("practitioner", "practitioner_id"),
    reference("case_note", "supersedes_id"),
    reference("case_note", "superseded_by_id"),
    UniqueConstraint("authority_id", "supersedes_id"),
    CheckConstraint(
        "kind IN ('observation', 'conversation', 'professional_discussion', 'supervision', 'other')", name="kind"
    ),
    CheckConstraint("text <> ''", name="says_something"),
    Index("ix_case_note_intervention", "authority_id", "intervention_id", "occurred_at", "id"),
    policy=RowPolicy(
        read=within(
            f"{WIDE} OR {_referral_whose('case_note', _HAS_THE_CASE)} OR (shared_with_referrer"
            f" AND superseded_by_id IS NULL AND {_referral_whose('case_note', _SENT_IT)})"
        ),
        write=None,
        insert=within(_OWN),
        becoming=within(f"{_OWN} AND superseded_by_id IS NULL"),
        becomes=within(f"{_OWN} AND superseded_by_id IS NOT NULL"),
    ),
)

message = tenant_table(
    "message",
    uuid("referral_id"),
    # Who posted it.
    uuid("organisation_id"),
    # Parts in the referral, as the sender named them.
    Column("addressed_to", ARRAY(Text), nullable=False),
    # The organisations that had those parts then, and the sender.
    Column("reader_ids", ARRAY(UUID(as_uuid=True)), nullable=False),
    # Also read by a provider that has the case later.
    Column("for_case", Boolean, nullable=False, server_default=text("false")),
    Column("text", Text, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    reference("referral", "referral_id"),
    reference("organisation", "organisation_id"),
    CheckConstraint("text <> ''", name="says_something"),
    CheckConstraint("organisation_id = ANY (reader_ids)", name="read_by_its_sender"),
    CheckConstraint(
        "addressed_to <@ ARRAY['referrer', 'school', 'provider', 'authority', 'case']"
        " AND cardinality(addressed_to) >= 1",
        name="addressed_to",
    ),
    Index("ix_message_referral", "authority_id", "referral_id", "posted_at", "id"),
    # Addressed to it, and the referral still its to see: a provider that had the case reads on no longer than that.
    policy=RowPolicy(
        read=within(
            f"({ORGANISATION} = ANY (reader_ids) AND {of_visible_referral('message')})"
            f" OR (for_case AND {_referral_whose('message', _HAS_THE_CASE)})"
        ),
        write=None,
        insert=within(_OWN),
    ),
)

message_read = tenant_table(
    "message_read",
    uuid("message_id"),
    uuid("organisation_id"),
    Column("read_at", DateTime(timezone=True), nullable=False),
    reference("message", "message_id"),
    reference("organisation", "organisation_id"),
    key=("message_id", "organisation_id"),
    policy=RowPolicy(
        read=within(
            "EXISTS (SELECT 1 FROM message m WHERE m.authority_id = message_read.authority_id"
            " AND m.id = message_read.message_id)"
        ),
        write=None,
        insert=within(_OWN),
    ),
)
