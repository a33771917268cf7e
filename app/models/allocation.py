"""Allocation: the policy in force, the offers made under it, and the record of each decision."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, Integer, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import Xid8, reference, tenant_table, uuid
from app.models.policies import ORGANISATION, WIDE, RowPolicy, own, published, within

policy_version = tenant_table(
    "policy_version",
    Column("number", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    # SHA-256 of the canonical content, hexadecimal.
    Column("digest", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    # Null for what was put in force before publishing was recorded.
    Column("published_at", DateTime(timezone=True)),
    uuid("published_by_client_id", nullable=True),
    Column("summary_of_changes", Text),
    # Whom to ask about it, as the public page says; null: the authority.
    Column("contact", Text),
    UniqueConstraint("authority_id", "number"),
    # Two policies cannot be in force at once.
    UniqueConstraint("authority_id", "effective_from"),
    policy=published(),
)

allocation_run = tenant_table(
    "allocation_run",
    uuid("policy_version_id"),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("as_of", Date, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    uuid("made_by_client_id"),
    # Of everything that was decided from, hexadecimal: a plan is committed only while this is still how things stand.
    Column("snapshot_hash", Text, nullable=False),
    # Set on a run that asked what would be if: such a plan is never committed.
    Column("what_if", JSONB),
    # The offers, who waits for what, the tight sets, and the counts by band, area and school.
    Column("plan", JSONB, nullable=False),
    Column("committed_at", DateTime(timezone=True)),
    uuid("committed_by_client_id", nullable=True),
    reference("policy_version", "policy_version_id"),
    CheckConstraint("state IN ('preview', 'committed')", name="state"),
    CheckConstraint(
        "(state = 'committed') = (committed_at IS NOT NULL AND committed_by_client_id IS NOT NULL)", name="committed_by"
    ),
    CheckConstraint("what_if IS NULL OR state = 'preview'", name="what_if_stays_one"),
    Index("ix_allocation_run_made", "authority_id", "made_at", "id"),
    policy=RowPolicy(read=within(WIDE), write=within(WIDE)),
)

decision = tenant_table(
    "decision",
    uuid("referral_id"),
    uuid("policy_version_id"),
    # The run of an officer that it came of; null where an act or the clock decided.
    uuid("run_id", nullable=True),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    # What `decide` was asked and what it answered, for this referral: enough to replay it.
    Column("record", JSONB, nullable=False),
    reference("referral", "referral_id"),
    reference("policy_version", "policy_version_id"),
    reference("allocation_run", "run_id"),
    CheckConstraint("outcome IN ('offered', 'waiting', 'unplaceable')", name="outcome"),
    Index("ix_decision_referral", "authority_id", "referral_id", "decided_at"),
    policy=RowPolicy(read=within(own()), write=within(own())),
)

offer = tenant_table(
    "offer",
    uuid("referral_id"),
    uuid("provider_id"),
    uuid("referring_organisation_id"),
    uuid("school_id", nullable=True),
    uuid("lot_id"),
    uuid("service_id"),
    uuid("place_id"),
    uuid("booking_id"),
    uuid("decision_id"),
    uuid("practitioner_id", nullable=True),
    uuid("intervention_id", nullable=True),
    Column("reference", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # The day from which the place is the family's: that of the offer, or the planned free day of a place offered ahead.
    # The booking's, said again for those who may not see bookings; it moves with the end of the case before.
    Column("starts_on", Date, nullable=False),
    Column("offered_at", DateTime(timezone=True), nullable=False),
    Column("answer_due_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    # The transaction that last changed what the worklist shows of it: orders changes as the event feed does, because
    # times do not come in commit order.
    Column("changed_xid", Xid8(), nullable=False, server_default=func.pg_current_xact_id()),
    Column("decline_reason", Text),
    Column("decline_note", Text),
    # What a provider may know before it accepts: no identity. A copy, so that the referral's row stays closed to it.
    Column("summary", JSONB, nullable=False),
    reference("referral", "referral_id"),
    reference("organisation", "provider_id"),
    reference("lot", "lot_id"),
    reference("place", "place_id"),
    reference("booking", "booking_id"),
    reference("decision", "decision_id"),
    reference("practitioner", "practitioner_id"),
    CheckConstraint(
        "state IN ('proposed', 'pending', 'accepted', 'declined', 'expired', 'withdrawn', 'superseded')", name="state"
    ),
    CheckConstraint(
        "decline_reason IN ('no_capacity', 'unsuitable', 'conflict_of_interest', 'family_declined', 'duplicate',"
        " 'other')",
        name="decline_reason",
    ),
    CheckConstraint("(state = 'declined') = (decline_reason IS NOT NULL)", name="declined_has_reason"),
    CheckConstraint("decline_reason <> 'other' OR decline_note <> ''", name="other_is_explained"),
    CheckConstraint("(state = 'accepted') = (intervention_id IS NOT NULL)", name="accepted_has_intervention"),
    Index(
        "ux_offer_one_live_per_referral",
        "authority_id",
        "referral_id",
        unique=True,
        postgresql_where=text("state IN ('proposed', 'pending')"),
    ),
    Index(
        "ux_offer_one_live_per_place",
        "authority_id",
        "place_id",
        unique=True,
        postgresql_where=text("state IN ('proposed', 'pending')"),
    ),
    Index("ix_offer_referral", "authority_id", "referral_id", "offered_at"),
    Index("ix_offer_worklist", "authority_id", "provider_id", "offered_at", "id"),
    Index("ix_offer_worklist_state", "authority_id", "provider_id", "state", "offered_at", "id"),
    Index("ix_offer_changed", "authority_id", "provider_id", "changed_xid", "id"),
    Index("ix_offer_authority", "authority_id", "offered_at", "id"),
    Index("ix_offer_due", "authority_id", "answer_due_at", postgresql_where=text("state = 'pending'")),
    policy=RowPolicy(
        read=within(
            f"{WIDE} OR (state <> 'proposed' AND (provider_id = {ORGANISATION}"
            f" OR referring_organisation_id = {ORGANISATION} OR school_id = {ORGANISATION}))"
        ),
        # A policy to write lets one read as well: an offer that an officer has still to confirm is not its provider's.
        write=within(f"{WIDE} OR (state <> 'proposed' AND provider_id = {ORGANISATION})"),
    ),
)
