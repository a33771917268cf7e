"""The household: whose case serves several of its children, and children who change school or authority mid-case."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import reference, tenant_table, uuid
from app.models.policies import WIDE, RowPolicy, own, within

# The referrals that one case serves, its first among them: rows are there once a second child has joined. Each school
# reads the line of its own child, and nothing of the others.
case_member = tenant_table(
    "case_member",
    uuid("intervention_id"),
    uuid("referral_id"),
    uuid("referring_organisation_id"),
    uuid("school_id", nullable=True),
    Column("joined_at", DateTime(timezone=True), nullable=False),
    # The first attended contact since this child joined.
    Column("started_on", Date),
    # When this child's part ended while the case went on.
    Column("left_at", DateTime(timezone=True)),
    reference("intervention", "intervention_id"),
    reference("referral", "referral_id"),
    CheckConstraint("left_at >= joined_at", name="dates"),
    Index("ix_case_member_referral", "authority_id", "referral_id"),
    key=("intervention_id", "referral_id"),
    policy=RowPolicy(read=within(own("referring_organisation_id", "school_id")), write=within(WIDE)),
)

# A change of school, said in advance or on the day. The school that the child leaves keeps the referral as it then was.
school_change = tenant_table(
    "school_change",
    uuid("referral_id"),
    uuid("pupil_id"),
    uuid("from_school_id"),
    uuid("to_school_id"),
    Column("starts_on", Date, nullable=False),
    # The pupil's key in the new school's system.
    Column("mis_id", Text),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    uuid("recorded_by_id"),
    Column("ended_at", DateTime(timezone=True)),
    # What the old school read of the referral when the child left it.
    Column("past", JSONB),
    reference("referral", "referral_id"),
    reference("pupil", "pupil_id"),
    reference("school", "from_school_id", to=("organisation_id",)),
    reference("school", "to_school_id", to=("organisation_id",)),
    CheckConstraint("from_school_id <> to_school_id", name="two_schools"),
    CheckConstraint("state IN ('planned', 'done', 'cancelled')", name="state"),
    CheckConstraint("(state = 'planned') = (ended_at IS NULL)", name="ended_at"),
    CheckConstraint("past IS NULL OR state = 'done'", name="past_when_done"),
    Index(
        "ux_school_change_one_planned",
        "authority_id",
        "referral_id",
        unique=True,
        postgresql_where=text("state = 'planned'"),
    ),
    Index("ix_school_change_due", "authority_id", "starts_on", postgresql_where=text("state = 'planned'")),
    Index("ix_school_change_pupil", "authority_id", "pupil_id"),
    policy=RowPolicy(read=within(own("from_school_id")), write=within(WIDE)),
)

# A child who moves out of the authority: nothing crosses by itself, so an officer sees to it that the other one knows.
transfer = tenant_table(
    "transfer",
    uuid("referral_id"),
    Column("to_la_code", Text, nullable=False),
    Column("moved_on", Date, nullable=False),
    # Whether the work ended with the move, or is finished here.
    Column("plan", Text, nullable=False),
    Column("consent", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("officer", JSONB, nullable=False),
    Column("note", Text, nullable=False),
    Column("confirmed_at", DateTime(timezone=True)),
    # {"name", "role", "received_by"}
    Column("confirmed_by", JSONB),
    reference("referral", "referral_id"),
    CheckConstraint("plan IN ('end', 'finish_here')", name="plan"),
    CheckConstraint("consent IN ('given', 'refused')", name="consent"),
    CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed_by"),
    Index("ix_transfer_referral", "authority_id", "referral_id", "recorded_at"),
    policy=RowPolicy(read=within(WIDE), write=within(WIDE)),
)
