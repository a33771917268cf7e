"""Allocation: the policy in force, the offers made under it, the record of each decision, and an officer's own."""

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
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from app.models.base import Xid8, reference, tenant_table, uuid
from app.models.policies import ORGANISATION, WIDE, RowPolicy, own, published, within

policy_version = tenant_table(
    "policy_version",
    Column("number", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    # SHA-256 of the canonical content, hexadecimal.
    Column("digest", Text, nullable=False),
    # Null for one that was withdrawn before its day: it takes effect on none.
    Column("effective_from", Date),
    # Null for what was put in force before publishing was recorded.
    Column("published_at", DateTime(timezone=True)),
    uuid("published_by_client_id", nullable=True),
    Column("summary_of_changes", Text),
    # Whom to ask about it, as the public page says; null: the authority.
    Column("contact", Text),
    # The day that a withdrawn version was announced for.
    Column("announced_for", Date),
    Column("withdrawn_at", DateTime(timezone=True)),
    uuid("withdrawn_by_client_id", nullable=True),
    Column("withdrawal_reason", Text),
    UniqueConstraint("authority_id", "number"),
    # Two policies cannot be in force at once.
    UniqueConstraint("authority_id", "effective_from"),
    CheckConstraint(
        "(withdrawn_at IS NULL) = (effective_from IS NOT NULL)"
        " AND (withdrawn_at IS NULL) = (announced_for IS NULL)"
        " AND (withdrawn_at IS NULL) = (withdrawn_by_client_id IS NULL)"
        " AND (withdrawn_at IS NULL) = (withdrawal_reason IS NULL)",
        name="withdrawn_whole",
    ),
    policy=published(),
)

allocation_run = tenant_table(
    "allocation_run",
    uuid("policy_version_id"),
    # The list of those who wait, or the last year played again.
    Column("over", Text, nullable=False, server_default=text("'waiting_list'")),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("as_of", Date, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    uuid("made_by_client_id"),
    # Of everything that was decided from, hexadecimal: a plan is committed only while this is still how things stand.
    Column("snapshot_hash", Text, nullable=False),
    # Set on a run that asked what would be if: such a plan is never committed.
    Column("what_if", JSONB),
    # The offers, who waits for what, the tight sets, and the counts by band, area and school; of a year, its figures.
    # Empty while it is played.
    Column("plan", JSONB, nullable=False),
    # Real time: a run whose process has not said by then that it is still at work was interrupted.
    Column("lease_until", DateTime(timezone=True)),
    # Why there is no answer.
    Column("failure", Text),
    # Made by the clock for an officer to confirm; the others are an officer's own.
    Column("proposed", Boolean, nullable=False, server_default=text("false")),
    Column("committed_at", DateTime(timezone=True)),
    uuid("committed_by_client_id", nullable=True),
    # The officer who confirmed it: a client is a machine. Null where the policy does not ask for one.
    Column("confirmed_by_name", Text),
    Column("confirmed_by_role", Text),
    reference("policy_version", "policy_version_id"),
    CheckConstraint("over IN ('waiting_list', 'last_year')", name="over"),
    CheckConstraint("state IN ('running', 'preview', 'failed', 'committed')", name="state"),
    CheckConstraint("over = 'last_year' OR state IN ('preview', 'committed')", name="only_a_year_is_played"),
    CheckConstraint("over = 'waiting_list' OR state <> 'committed'", name="a_year_is_past"),
    CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="running_has_lease"),
    CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_says_why"),
    CheckConstraint(
        "(state = 'committed') = (committed_at IS NOT NULL AND committed_by_client_id IS NOT NULL)", name="committed_by"
    ),
    CheckConstraint("what_if IS NULL OR state <> 'committed'", name="what_if_stays_one"),
    Index("ux_allocation_run_one_running", "authority_id", unique=True, postgresql_where=text("state = 'running'")),
    CheckConstraint("confirmed_by_name IS NULL OR state = 'committed'", name="confirmed_when_committed"),
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
    # Set where a place went past a family ahead, and why it might.
    Column("excuse", Text),
    # What `decide` was asked and what it answered, for this referral: enough to replay it.
    Column("record", JSONB, nullable=False),
    reference("referral", "referral_id"),
    reference("policy_version", "policy_version_id"),
    reference("allocation_run", "run_id"),
    CheckConstraint("outcome IN ('offered', 'waiting', 'unplaceable')", name="outcome"),
    CheckConstraint("excuse IN ('SIBLING_HOLD', 'FAMILY_PAUSED', 'OFFICER_OVERRIDE')", name="excuse"),
    Index("ix_decision_referral", "authority_id", "referral_id", "decided_at"),
    Index("ix_decision_excuse", "authority_id", "decided_at", postgresql_where=text("excuse IS NOT NULL")),
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
    # Null where the child is to join a case: then it is that case's place, and nothing more is booked.
    uuid("booking_id", nullable=True),
    uuid("decision_id"),
    uuid("practitioner_id", nullable=True),
    uuid("intervention_id", nullable=True),
    # The running case of a brother or sister that the child is to join.
    uuid("joins_intervention_id", nullable=True),
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
    # Of a contract that says so on the day of the offer: silence counts as yes.
    Column("deemed_acceptance", Boolean, nullable=False, server_default=text("false")),
    # When silence did count as yes; when the provider then first read it, which released the family's identity; and
    # until when it may still object.
    Column("deemed_at", DateTime(timezone=True)),
    Column("identity_released_at", DateTime(timezone=True)),
    Column("objection_until", DateTime(timezone=True)),
    Column("decline_reason", Text),
    Column("decline_note", Text),
    # Set where an officer took it back: the provider is then not asked again, as after a decline.
    Column("withdraw_reason", Text),
    # When an officer let the provider be asked for the referral again, whatever became of this offer.
    Column("provider_allowed_at", DateTime(timezone=True)),
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
        " 'safeguarding', 'other')",
        name="decline_reason",
    ),
    CheckConstraint("(state = 'declined') = (decline_reason IS NOT NULL)", name="declined_has_reason"),
    CheckConstraint(
        "withdraw_reason IN ('wrong_match', 'provider_unable', 'family_asked', 'new_information', 'made_in_error',"
        " 'other')",
        name="withdraw_reason",
    ),
    CheckConstraint("withdraw_reason IS NULL OR state = 'withdrawn'", name="withdrawn_for_a_reason"),
    CheckConstraint("decline_reason NOT IN ('other', 'safeguarding') OR decline_note <> ''", name="other_is_explained"),
    CheckConstraint("deemed_at IS NULL OR deemed_acceptance", name="deemed_by_contract"),
    CheckConstraint("identity_released_at IS NULL OR deemed_at IS NOT NULL", name="released_after_deemed"),
    CheckConstraint("(state = 'accepted') = (intervention_id IS NOT NULL)", name="accepted_has_intervention"),
    CheckConstraint("(booking_id IS NULL) = (joins_intervention_id IS NOT NULL)", name="place_or_case"),
    CheckConstraint("intervention_id = joins_intervention_id", name="joins_that_case"),
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
        postgresql_where=text("state IN ('proposed', 'pending') AND joins_intervention_id IS NULL"),
    ),
    Index(
        "ix_offer_joins",
        "authority_id",
        "joins_intervention_id",
        postgresql_where=text("joins_intervention_id IS NOT NULL"),
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

# An officer's own choice of a place, beside the decision of the offer that it made.
override = tenant_table(
    "override",
    uuid("referral_id"),
    # The record of the officer's choice, from which it can be made again.
    uuid("decision_id"),
    uuid("offer_id"),
    uuid("lot_id"),
    uuid("place_id"),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    uuid("client_id"),
    Column("officer_name", Text, nullable=False),
    Column("officer_role", Text),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    # What the rule would have done at that moment, as a decision's record: it can be made again too.
    Column("rule_record", JSONB, nullable=False),
    # Referrals ahead that could have had the place and wait on.
    Column("passed_over_ids", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=text("'{}'")),
    reference("referral", "referral_id"),
    reference("decision", "decision_id"),
    reference("offer", "offer_id"),
    reference("lot", "lot_id"),
    reference("place", "place_id"),
    CheckConstraint(
        "reason IN ('safeguarding_advice', 'court_or_panel', 'exclusion_imminent', 'continuity', 'complaint_upheld',"
        " 'mistake_put_right', 'other')",
        name="reason",
    ),
    CheckConstraint("officer_name <> '' AND note <> ''", name="is_explained"),
    Index("ix_override_referral", "authority_id", "referral_id", "decided_at"),
    policy=RowPolicy(read=within(WIDE), write=within(WIDE)),
)
