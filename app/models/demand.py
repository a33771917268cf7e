"""Demand: pupils, their households, and the referrals made for them."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from app.models.base import metadata, reference, tenant_table, uuid
from app.models.policies import ORGANISATION, WIDE, RowPolicy, own, owned, within

_EMPTY = text("'{}'")
_NOTHING = text("'{}'")


def _enrolled(table: str, column: str) -> str:
    """Predicate: the pupil is on the caller's roll."""
    return (
        f"EXISTS (SELECT 1 FROM enrolment e WHERE e.authority_id = {table}.authority_id"
        f" AND e.pupil_id = {table}.{column} AND e.school_id = {ORGANISATION} AND e.ends_on IS NULL)"
    )


def _referred(table: str, column: str, parties: tuple[str, ...]) -> str:
    """Predicate: the caller stands in one of these parts to a referral of the pupil, and is no school that it left."""
    part = " OR ".join(f"r.{party} = {ORGANISATION}" for party in parties)
    return (
        f"EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = {table}.authority_id"
        f" AND r.pupil_id = {table}.{column} AND ({part}))"
        f" AND NOT EXISTS (SELECT 1 FROM school_change c WHERE c.authority_id = {table}.authority_id"
        f" AND c.pupil_id = {table}.{column} AND c.from_school_id = {ORGANISATION} AND c.state = 'done')"
    )


def of_visible_referral(table: str) -> str:
    """Predicate: the row belongs to a referral that the caller may see (the referral's own policy decides)."""
    return (
        f"EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = {table}.authority_id AND r.id = {table}.referral_id)"
    )


def _of_visible_household(table: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM pupil p WHERE p.authority_id = {table}.authority_id"
        f" AND p.household_id = {table}.household_id)"
    )


household = tenant_table(
    "household",
    Column("home_language", Text),
    Column("interpreter_needed", Boolean, nullable=False, server_default=text("false")),
    Column("address", JSONB, nullable=False, server_default=_NOTHING),
    Column("address_confidential", Boolean, nullable=False, server_default=text("false")),
    policy=RowPolicy(
        read=within(
            f"{own()} OR EXISTS (SELECT 1 FROM pupil p WHERE p.authority_id = household.authority_id"
            " AND p.household_id = household.id)"
        ),
        write=within(own()),
    ),
)

household_contact = tenant_table(
    "household_contact",
    uuid("household_id"),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("relationship", Text, nullable=False),
    Column("parental_responsibility", Boolean),
    Column("lives_with_child", Boolean),
    Column("phones", ARRAY(Text), nullable=False, server_default=_EMPTY),
    Column("email", Text),
    Column("language", Text),
    Column("interpreter_needed", Boolean, nullable=False, server_default=text("false")),
    Column("accessibility", Text),
    reference("household", "household_id"),
    Index("ix_household_contact_household", "authority_id", "household_id"),
    policy=RowPolicy(
        read=within(f"{own()} OR {_of_visible_household('household_contact')}"),
        write=within(own()),
    ),
)

linked_child = tenant_table(
    "linked_child",
    uuid("household_id"),
    Column("name", Text, nullable=False),
    Column("date_of_birth", Date),
    Column("relationship", Text, nullable=False),
    reference("household", "household_id"),
    Index("ix_linked_child_household", "authority_id", "household_id"),
    policy=RowPolicy(
        read=within(f"{own()} OR {_of_visible_household('linked_child')}"),
        write=within(own()),
    ),
)

pupil = tenant_table(
    "pupil",
    uuid("household_id"),
    Column("given_name", Text, nullable=False),
    Column("family_name", Text, nullable=False),
    Column("preferred_name", Text),
    Column("date_of_birth", Date, nullable=False),
    Column("sex", Text),
    Column("first_language", Text),
    Column("sen_provision", Text),
    Column("sen_types", ARRAY(Text), nullable=False, server_default=_EMPTY),
    Column("young_carer", Text),
    # Looked after, child in need, child protection: who is responsible and how to reach them.
    Column("social_care", JSONB, nullable=False, server_default=_NOTHING),
    Column("health_conditions", Text),
    Column("home_la_code", Text),
    reference("household", "household_id"),
    CheckConstraint("sex IN ('F', 'M')", name="sex"),
    Index("ix_pupil_household", "authority_id", "household_id"),
    policy=RowPolicy(
        read=within(
            f"{own()} OR {_enrolled('pupil', 'id')}"
            f" OR {_referred('pupil', 'id', ('case_provider_id', 'former_provider_id', 'referring_organisation_id'))}"
        ),
        write=within(own()),
    ),
)

# Apart from `pupil`, so that the row policy can keep these facts from providers that may know the name.
pupil_statutory = tenant_table(
    "pupil_statutory",
    uuid("pupil_id"),
    Column("upn", Text),
    # Whether the UPN stands for this record in the authority. Another organisation's record of the same UPN is kept
    # apart, without telling either, until an officer joins the two.
    Column("upn_holder", Boolean, nullable=False, server_default=text("true")),
    Column("upn_missing_reason", Text),
    Column("ethnicity", Text),
    Column("free_school_meals", Boolean),
    Column("pupil_premium", ARRAY(Text), nullable=False, server_default=_EMPTY),
    reference("pupil", "pupil_id"),
    CheckConstraint("(upn IS NULL) <> (upn_missing_reason IS NULL)", name="upn_or_reason"),
    Index("ux_pupil_statutory_upn_holder", "authority_id", "upn", unique=True, postgresql_where=text("upn_holder")),
    Index("ix_pupil_statutory_upn", "authority_id", "upn"),
    key=("pupil_id",),
    policy=RowPolicy(
        read=within(
            f"{own()} OR {_enrolled('pupil_statutory', 'pupil_id')}"
            f" OR {_referred('pupil_statutory', 'pupil_id', ('referring_organisation_id',))}"
        ),
        write=within(own()),
    ),
)

enrolment = tenant_table(
    "enrolment",
    uuid("pupil_id"),
    uuid("school_id"),
    Column("kind", Text, nullable=False, server_default=text("'main'")),
    Column("mis_id", Text),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    reference("pupil", "pupil_id"),
    reference("school", "school_id", to=("organisation_id",)),
    CheckConstraint("kind IN ('main', 'subsidiary', 'alternative_provision', 'part_time')", name="kind"),
    CheckConstraint("starts_on <= ends_on", name="dates"),
    Index(
        "ux_enrolment_one_current",
        "authority_id",
        "pupil_id",
        "school_id",
        unique=True,
        postgresql_where=text("ends_on IS NULL"),
    ),
    Index("ix_enrolment_mis_id", "authority_id", "school_id", "mis_id"),
    policy=RowPolicy(read=within(own("school_id")), write=within(own())),
)

referral_transition = Table(
    "referral_transition",
    metadata,
    Column("from_state", Text, primary_key=True),
    Column("to_state", Text, primary_key=True),
    Column("event_type", Text, primary_key=True),
)

referral = tenant_table(
    "referral",
    Column("reference", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("state", Text, nullable=False),
    Column("state_sequence", Integer, nullable=False),
    uuid("referring_organisation_id"),
    uuid("school_id", nullable=True),
    uuid("pupil_id"),
    uuid("household_id"),
    uuid("area_id", nullable=True),
    # The provider whose case it is, from acceptance until its access ends.
    uuid("case_provider_id", nullable=True),
    # The provider that handed the case over, which still reads who it was until the day named (exclusive).
    uuid("former_provider_id", nullable=True),
    Column("former_until", Date),
    uuid("intervention_id", nullable=True),
    Column("referrer", JSONB, nullable=False),
    Column("sender_reference", Text),
    Column("mis_id", Text),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("year_group", Text, nullable=False),
    Column("key_stage", Text, nullable=False),
    Column("band", Text, nullable=False),
    Column("band_asked", Text, nullable=False),
    Column("banded_on", Date, nullable=False),
    # Once an officer has set it, the sender can only ask for another (`band_asked`).
    Column("band_set_by", Text, nullable=False, server_default=text("'sender'")),
    Column("need_codes", ARRAY(Text), nullable=False),
    Column("needs", JSONB, nullable=False),
    Column("language", Text, nullable=False),
    Column("interpreter_needed", Boolean, nullable=False, server_default=text("false")),
    Column("modes", ARRAY(Text), nullable=False),
    Column("preferred_mode", Text),
    Column("refused_provider_ids", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=_EMPTY),
    # What the family wishes for brothers and sisters, as the sender says.
    Column("sibling_wish", Text),
    # The referrals of siblings whose family wishes one practitioner share it: the id of the one that was named first.
    uuid("sibling_group_id", nullable=True),
    Column("agreement", JSONB, nullable=False),
    Column("agreement_status", Text, nullable=False),
    Column("lawful_basis", JSONB, nullable=False),
    Column("safe_contact", JSONB, nullable=False, server_default=_NOTHING),
    Column("visit_risks", JSONB, nullable=False, server_default=_NOTHING),
    Column("visit_risk_level", Text, nullable=False, server_default=text("'none'")),
    Column("immediate_danger", Boolean, nullable=False),
    Column("safeguarding", JSONB, nullable=False, server_default=_NOTHING),
    Column("circumstances", JSONB, nullable=False, server_default=_NOTHING),
    Column("child_view", Text),
    Column("parent_view", Text),
    # Why it stands unoffered: SAFEGUARDING_HOLD, POSSIBLE_DUPLICATE, AGREEMENT_WITHDRAWN.
    Column("holds", ARRAY(Text), nullable=False, server_default=_EMPTY),
    Column("unplaceable", Boolean, nullable=False, server_default=text("false")),
    Column("information_request", JSONB),
    Column("warnings", JSONB, nullable=False, server_default=text("'[]'")),
    Column("outcome", Text),
    Column("close_reason", Text),
    # Where a panel sent the family instead, for its sender.
    Column("redirected_to", Text),
    Column("close_note", Text),
    Column("closed_at", DateTime(timezone=True)),
    reference("organisation", "referring_organisation_id"),
    reference("school", "school_id", to=("organisation_id",)),
    reference("pupil", "pupil_id"),
    reference("household", "household_id"),
    reference("area", "area_id"),
    # No state without its history row (and the history allows only listed moves).
    reference(
        "status_history",
        "id",
        "state_sequence",
        "state",
        to=("referral_id", "sequence", "to_state"),
        name="fk_referral_state_has_history",
        deferrable=True,
        initially="DEFERRED",
        use_alter=True,
    ),
    UniqueConstraint("authority_id", "reference"),
    CheckConstraint("band IN ('P1', 'P2', 'P3', 'P4') AND band_asked IN ('P1', 'P2', 'P3', 'P4')", name="band"),
    CheckConstraint("band_set_by IN ('sender', 'officer')", name="band_set_by"),
    CheckConstraint("sibling_wish IN ('same_practitioner')", name="sibling_wish"),
    CheckConstraint("cardinality(need_codes) >= 1", name="has_a_need"),
    CheckConstraint("cardinality(modes) >= 1", name="has_a_mode"),
    CheckConstraint(
        "agreement_status IN ('given', 'refused', 'withdrawn', 'not_yet', 'exception')", name="agreement_status"
    ),
    CheckConstraint("visit_risk_level IN ('none', 'some', 'high')", name="visit_risk_level"),
    CheckConstraint("(former_provider_id IS NULL) = (former_until IS NULL)", name="former_until"),
    CheckConstraint("(state = 'closed') = (outcome IS NOT NULL AND closed_at IS NOT NULL)", name="closed_has_outcome"),
    CheckConstraint(
        "outcome IN ('completed', 'ended_early', 'withdrawn', 'not_suitable', 'redirected', 'stepped_up',"
        " 'stepped_down', 'transferred', 'entered_in_error')",
        name="outcome",
    ),
    CheckConstraint(
        "NOT immediate_danger OR state NOT IN ('offered', 'accepted') OR NOT ('SAFEGUARDING_HOLD' = ANY (holds))",
        name="danger_is_held_unoffered",
    ),
    Index(
        "ux_referral_one_open_per_pupil_and_sender",
        "authority_id",
        "pupil_id",
        "referring_organisation_id",
        unique=True,
        postgresql_where=text("state <> 'closed'"),
    ),
    Index("ix_referral_sender", "authority_id", "referring_organisation_id", "received_at", "id"),
    Index("ix_referral_school", "authority_id", "school_id", "received_at", "id"),
    Index("ix_referral_received", "authority_id", "received_at", "id"),
    Index("ix_referral_state", "authority_id", "state", "received_at", "id"),
    Index("ix_referral_pupil", "authority_id", "pupil_id"),
    Index("ix_referral_household", "authority_id", "household_id"),
    # Those alone in which a hearing may come near, which the clock looks at each night.
    Index(
        "ix_referral_hearing",
        "authority_id",
        "id",
        postgresql_where=text("state <> 'closed' AND (circumstances ->> 'governing_board_on') IS NOT NULL"),
    ),
    Index(
        "ix_referral_intervention",
        "authority_id",
        "intervention_id",
        postgresql_where=text("intervention_id IS NOT NULL"),
    ),
    Index("ix_referral_closed", "authority_id", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    Index(
        "ix_referral_case_provider",
        "authority_id",
        "case_provider_id",
        "received_at",
        "id",
        postgresql_where=text("case_provider_id IS NOT NULL"),
    ),
    Index(
        "ix_referral_waiting",
        "authority_id",
        "band",
        "banded_on",
        "received_at",
        "id",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_referral_former_provider",
        "authority_id",
        "former_provider_id",
        postgresql_where=text("former_provider_id IS NOT NULL"),
    ),
    # Empty but for siblings: a decision that asks it where there are none pays next to nothing.
    Index(
        "ix_referral_siblings",
        "authority_id",
        "sibling_group_id",
        postgresql_where=text("sibling_group_id IS NOT NULL"),
    ),
    policy=owned(
        "referring_organisation_id",
        "school_id",
        "case_provider_id",
        "former_provider_id",
        writers=("referring_organisation_id", "case_provider_id"),
    ),
)

status_history = tenant_table(
    "status_history",
    uuid("referral_id"),
    Column("sequence", Integer, nullable=False),
    Column("previous_sequence", Integer, Computed("nullif(sequence, 1) - 1", persisted=True)),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    uuid("event_id"),
    Column("event_type", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    uuid("organisation_id"),
    Column("reason", Text),
    reference("referral", "referral_id"),
    reference(
        "status_history",
        "referral_id",
        "previous_sequence",
        "from_state",
        to=("referral_id", "sequence", "to_state"),
        name="fk_status_history_follows_the_last",
    ),
    ForeignKeyConstraint(
        ["from_state", "to_state", "event_type"],
        ["referral_transition.from_state", "referral_transition.to_state", "referral_transition.event_type"],
        name="fk_status_history_move_is_listed",
    ),
    reference("event", "event_id", "event_type", to=("id", "type"), name="fk_status_history_has_its_event"),
    UniqueConstraint("authority_id", "referral_id", "sequence", "to_state"),
    UniqueConstraint("authority_id", "event_id"),
    CheckConstraint("sequence >= 1", name="sequence"),
    CheckConstraint("(sequence = 1) = (from_state = 'new')", name="starts_new"),
    key=("referral_id", "sequence"),
    policy=RowPolicy(
        read=within(f"{own()} OR {of_visible_referral('status_history')}"),
        write=within(f"{own()} OR {of_visible_referral('status_history')}"),
    ),
)

referral_amendment = tenant_table(
    "referral_amendment",
    uuid("referral_id"),
    uuid("organisation_id"),
    Column("amended_at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    # {"field": {"from": ..., "to": ...}}
    Column("changes", JSONB, nullable=False),
    reference("referral", "referral_id"),
    Index("ix_referral_amendment_referral", "authority_id", "referral_id"),
    policy=RowPolicy(
        # Amendments can hold a UPN or ethnicity: the sender's and the officers', not the provider's. What an officer
        # wrote stays with the officers: it can tell of another organisation's referral of the pupil.
        read=within(
            f"{own('organisation_id')} OR EXISTS (SELECT 1 FROM referral r"
            " WHERE r.authority_id = referral_amendment.authority_id AND r.id = referral_amendment.referral_id"
            " AND r.referring_organisation_id = referral_amendment.organisation_id"
            f" AND r.school_id = {ORGANISATION})"
        ),
        write=within(own("organisation_id")),
    ),
)

# Every change of a band by a person, with who and why: bands change in no other way, but for the policy's long-stop.
band_decision = tenant_table(
    "band_decision",
    uuid("referral_id"),
    uuid("organisation_id"),
    uuid("client_id"),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    # Of the referrer where the sender changed it.
    Column("decided_by_name", Text, nullable=False),
    Column("decided_by_role", Text),
    Column("from_band", Text, nullable=False),
    Column("to_band", Text, nullable=False),
    # From which day the band counts in the order.
    Column("banded_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    reference("referral", "referral_id"),
    reference("organisation", "organisation_id"),
    CheckConstraint("from_band IN ('P1', 'P2', 'P3', 'P4') AND to_band IN ('P1', 'P2', 'P3', 'P4')", name="bands"),
    CheckConstraint("decided_by_name <> '' AND reason <> ''", name="is_explained"),
    Index("ix_band_decision_referral", "authority_id", "referral_id", "decided_at"),
    # Names and words stay with the officers; that an officer set the band, the referral says.
    policy=RowPolicy(read=within(WIDE), write=within(WIDE)),
)

_FACT_POLICY_WRITE = within(own("school_id"))


def _fact_read(table: str) -> str:
    return within(
        f"{own('school_id')} OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = {table}.authority_id"
        f" AND r.id = {table}.referral_id"
        f" AND (r.case_provider_id = {ORGANISATION} OR r.former_provider_id = {ORGANISATION}"
        f" OR r.referring_organisation_id = {ORGANISATION}))"
    )


attendance_record = tenant_table(
    "attendance_record",
    uuid("referral_id"),
    uuid("pupil_id"),
    uuid("school_id", nullable=True),
    # The term the figures speak of, such as `2026/27-autumn`; null when the sender's dates span none.
    Column("term", Text),
    Column("period_starts_on", Date, nullable=False),
    Column("period_ends_on", Date, nullable=False),
    Column("sessions_possible", Integer, nullable=False),
    Column("sessions_attended", Integer, nullable=False),
    Column("sessions_authorised", Integer),
    Column("sessions_unauthorised", Integer),
    Column("source", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    reference("referral", "referral_id"),
    CheckConstraint("period_starts_on <= period_ends_on", name="dates"),
    CheckConstraint("sessions_possible >= 0 AND sessions_attended BETWEEN 0 AND sessions_possible", name="sessions"),
    CheckConstraint(
        "sessions_authorised + sessions_unauthorised = sessions_possible - sessions_attended", name="absence_adds_up"
    ),
    CheckConstraint("source IN ('referral', 'push', 'return')", name="source"),
    # A pupil who moved in the term has the figures of both schools.
    UniqueConstraint(
        "authority_id",
        "referral_id",
        "source",
        "period_starts_on",
        "school_id",
        name="uq_attendance_record_one_per_period",
        postgresql_nulls_not_distinct=True,
    ),
    policy=RowPolicy(read=_fact_read("attendance_record"), write=_FACT_POLICY_WRITE),
)

suspension_record = tenant_table(
    "suspension_record",
    uuid("referral_id"),
    uuid("pupil_id"),
    uuid("school_id", nullable=True),
    Column("term", Text),
    Column("period_starts_on", Date, nullable=False),
    Column("period_ends_on", Date, nullable=False),
    Column("suspension_count", Integer, nullable=False),
    Column("sessions_lost", Integer, nullable=False, server_default=text("0")),
    Column("permanent_exclusion_count", Integer, nullable=False, server_default=text("0")),
    # Each suspension with its first day, where the school says them; null where it only counts.
    Column("dated", JSONB),
    Column("source", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    reference("referral", "referral_id"),
    CheckConstraint("period_starts_on <= period_ends_on", name="dates"),
    CheckConstraint("suspension_count >= 0 AND sessions_lost >= 0 AND permanent_exclusion_count >= 0", name="counts"),
    CheckConstraint("source IN ('referral', 'push', 'return')", name="source"),
    # A pupil who moved in the term has the figures of both schools.
    UniqueConstraint(
        "authority_id",
        "referral_id",
        "source",
        "period_starts_on",
        "school_id",
        name="uq_suspension_record_one_per_period",
        postgresql_nulls_not_distinct=True,
    ),
    policy=RowPolicy(read=_fact_read("suspension_record"), write=_FACT_POLICY_WRITE),
)
