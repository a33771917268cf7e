"""Measures that an authority loads, and audits of practice with their action plans."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import reference, tenant_table, uuid
from app.models.policies import TENANT, WIDE, RowPolicy, owned, within

# Versions that an authority published, each in force from its day until the next one's. What ships is not among them.
measure_version = tenant_table(
    "measure_version",
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # Null where the version says that the measure is no longer asked.
    Column("content", JSONB),
    Column("effective_from", Date, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    uuid("published_by_client_id"),
    UniqueConstraint("authority_id", "key", "version", name="uq_measure_version_number"),
    CheckConstraint("version >= 1", name="version"),
    policy=RowPolicy(read=TENANT, write=None, insert=within(WIDE)),
)

practice_audit = tenant_table(
    "practice_audit",
    # The school, or the provider of the service, whose practice it is about.
    uuid("organisation_id"),
    uuid("service_id", nullable=True),
    Column("measure", Text, nullable=False),
    Column("measure_version", Integer, nullable=False),
    # Null for a measure that shipped.
    uuid("measure_version_id", nullable=True),
    Column("taken_on", Date, nullable=False),
    # {"area key": score}
    Column("scores", JSONB, nullable=False),
    # {"area key": "what shows it"}
    Column("evidence", JSONB, nullable=False),
    uuid("recorded_by_id"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    # Rises with every change of its action plan.
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("organisation", "organisation_id"),
    reference("service", "service_id"),
    reference("measure_version", "measure_version_id"),
    Index(
        "ux_practice_audit_one_a_day",
        "authority_id",
        "organisation_id",
        "service_id",
        "measure",
        "taken_on",
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    Index("ix_practice_audit_organisation", "authority_id", "organisation_id", "taken_on", "id"),
    policy=owned("organisation_id", writers=("organisation_id",)),
)

audit_action = tenant_table(
    "audit_action",
    uuid("practice_audit_id"),
    uuid("organisation_id"),
    Column("position", Integer, nullable=False),
    Column("area", Text, nullable=False),
    Column("action", Text, nullable=False),
    # A role or a name, as the action plan says it.
    Column("owner", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("settled_at", DateTime(timezone=True)),
    Column("note", Text),
    reference("practice_audit", "practice_audit_id"),
    UniqueConstraint("authority_id", "practice_audit_id", "position", name="uq_audit_action_position"),
    CheckConstraint("state IN ('open', 'done', 'dropped')", name="state"),
    CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled"),
    policy=owned("organisation_id", writers=("organisation_id",)),
)
