"""Parties: the authority, its organisations, areas, schools, practitioners, calendar and clients."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Interval,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from app.models.base import ROW_POLICIES, metadata, reference, tenant_table, uuid
from app.models.policies import (
    AUTHORITY,
    CLIENT,
    ORGANISATION,
    TENANT,
    RowPolicy,
    directory,
    of_no_concern,
    own,
    owned,
    within,
)

authority = Table(
    "authority",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("la_code", Text, nullable=False),
    Column("gss_code", Text),
    Column("name", Text, nullable=False),
    Column("safeguarding_contact", JSONB, nullable=False, server_default=text("'{}'")),
    Column("sandbox", Boolean, nullable=False, server_default=text("false")),
    # Business time minus real time; only a sandbox authority's differs from nothing.
    Column("clock_offset", Interval, nullable=False, server_default=text("'0'")),
    # The business moment up to which what falls due has been run.
    Column("clock_ran_to", DateTime(timezone=True)),
    CheckConstraint(r"la_code ~ '^\d{3}$'", name="la_code"),
    CheckConstraint("sandbox OR clock_offset = interval '0'", name="clock_moves_in_sandbox_only"),
)
ROW_POLICIES["authority"] = RowPolicy(
    read=f"id = {AUTHORITY}",
    write=f"id = {AUTHORITY} AND {own()}",
)

organisation = tenant_table(
    "organisation",
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("ukprn", Text),
    Column("charity_number", Text),
    Column("company_number", Text),
    Column("contact", JSONB, nullable=False, server_default=text("'{}'")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    CheckConstraint("kind IN ('authority', 'school', 'provider', 'agency')", name="kind"),
    CheckConstraint(r"ukprn ~ '^\d{8}$'", name="ukprn"),
    Index("ux_organisation_one_authority", "authority_id", unique=True, postgresql_where=text("kind = 'authority'")),
    # Two schools of one authority may bear the same name: their URNs tell them apart.
    Index(
        "ux_organisation_name",
        "authority_id",
        "kind",
        text("lower(name)"),
        unique=True,
        postgresql_where=text("kind <> 'school'"),
    ),
    policy=directory(),
)

area = tenant_table(
    "area",
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("lead_officer", Text),
    UniqueConstraint("authority_id", "code"),
    policy=directory(),
)

school = tenant_table(
    "school",
    uuid("organisation_id"),
    Column("urn", Text, nullable=False),
    Column("laestab", Text),
    Column("phase", Text, nullable=False),
    Column("low_age", Integer),
    Column("high_age", Integer),
    Column("pupils_on_roll", Integer),
    uuid("area_id"),
    Column("holiday_contact", JSONB, nullable=False, server_default=text("'{}'")),
    Column("member_from", Date, nullable=False),
    Column("member_until", Date),
    reference("organisation", "organisation_id"),
    reference("area", "area_id"),
    UniqueConstraint("authority_id", "urn"),
    CheckConstraint(r"urn ~ '^\d{6}$'", name="urn"),
    CheckConstraint(r"laestab ~ '^\d{7}$'", name="laestab"),
    CheckConstraint("low_age <= high_age", name="ages"),
    CheckConstraint("member_from <= member_until", name="membership"),
    key=("organisation_id",),
    policy=directory(),
)

school_group = tenant_table(
    "school_group",
    Column("name", Text, nullable=False),
    Column("group_uid", Text),
    policy=directory(),
)

school_group_member = tenant_table(
    "school_group_member",
    uuid("group_id"),
    uuid("school_id"),
    reference("school_group", "group_id"),
    reference("school", "school_id", to=("organisation_id",)),
    key=("group_id", "school_id"),
    policy=directory(),
)

practitioner = tenant_table(
    "practitioner",
    uuid("provider_id"),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("caseload_limit", Integer, nullable=False),
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("key_stages", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("area_ids", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=text("'{}'")),
    Column("dbs_checked_on", Date),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("organisation", "provider_id"),
    CheckConstraint("caseload_limit BETWEEN 0 AND 200", name="caseload_limit"),
    Index("ix_practitioner_provider", "authority_id", "provider_id"),
    policy=owned("provider_id", writers=("provider_id",)),
)

calendar_year = tenant_table(
    "calendar_year",
    Column("academic_year", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # New at every change and never used again, so that a calendar kept in memory is known to be the present one.
    uuid("stamp"),
    CheckConstraint(r"academic_year ~ '^\d{4}/\d{2}$'", name="academic_year"),
    key=("academic_year",),
    policy=directory(),
)

calendar_period = tenant_table(
    "calendar_period",
    Column("academic_year", Text, nullable=False),
    Column("half_term", Integer, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    reference("calendar_year", "academic_year", to=("academic_year",)),
    CheckConstraint("half_term BETWEEN 1 AND 6", name="half_term"),
    CheckConstraint("starts_on <= ends_on", name="dates"),
    key=("academic_year", "half_term"),
    policy=directory(),
)

calendar_closure = tenant_table(
    "calendar_closure",
    Column("academic_year", Text, nullable=False),
    Column("closed_on", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    reference("calendar_year", "academic_year", to=("academic_year",)),
    CheckConstraint("kind IN ('inset', 'bank_holiday')", name="kind"),
    key=("closed_on",),
    policy=directory(),
)

# What a school states of a year in place of its authority's; null leaves it to the authority. A year is read and
# replaced whole, and stays when it is taken back, so that its version goes on rising.
school_calendar = tenant_table(
    "school_calendar",
    uuid("school_id"),
    Column("academic_year", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # As that of calendar_year.
    uuid("stamp"),
    # Six times [first day, last day].
    Column("half_terms", JSONB),
    # [{"on": ..., "name": ...}]
    Column("training_days", JSONB),
    reference("school", "school_id", to=("organisation_id",)),
    CheckConstraint(r"academic_year ~ '^\d{4}/\d{2}$'", name="academic_year"),
    CheckConstraint("jsonb_array_length(half_terms) = 6", name="six_half_terms"),
    key=("school_id", "academic_year"),
    policy=RowPolicy(read=TENANT, write=within(own("school_id"))),
)

client = tenant_table(
    "client",
    uuid("organisation_id"),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("organisation", "organisation_id"),
    UniqueConstraint("id"),
    Index("ix_client_organisation", "authority_id", "organisation_id"),
    # A client that signs in is known by its id alone: the door states that id, and this one row is seen.
    policy=RowPolicy(
        read=f"id = {CLIENT} OR ({within(own('organisation_id'))})",
        write=within(own()),
    ),
)

client_secret = tenant_table(
    "client_secret",
    uuid("client_id"),
    # SHA-256 of a secret of 256 random bits: a slow hash adds nothing to a value nobody can guess.
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    reference("client", "client_id"),
    Index("ix_client_secret_client", "authority_id", "client_id"),
    policy=RowPolicy(read=f"client_id = {CLIENT} OR ({within(own())})", write=within(own())),
)

idempotency_record = tenant_table(
    "idempotency_record",
    uuid("client_id"),
    Column("operation", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("body_digest", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("length(idempotency_key) BETWEEN 1 AND 255", name="key_length"),
    Index("ix_idempotency_record_created_at", "created_at"),
    key=("client_id", "operation", "idempotency_key"),
    policy=RowPolicy(read=within(f"client_id = {CLIENT}"), write=within(f"client_id = {CLIENT}")),
)

_OF_NO_CONCERN = of_no_concern("subject_kind NOT IN ('concern', 'concern_act')")

audit_entry = tenant_table(
    "audit_entry",
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    uuid("organisation_id"),
    uuid("client_id"),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    uuid("subject_id", nullable=True),
    Column("fields", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("request_id", Text, nullable=False, server_default=text("''")),
    reference("organisation", "organisation_id"),
    Index("ix_audit_entry_recorded", "authority_id", "recorded_at", "id"),
    Index("ix_audit_entry_subject", "authority_id", "subject_id", "recorded_at", "id"),
    policy=RowPolicy(
        read=within(f"({own()}) AND {_OF_NO_CONCERN}"),
        write=None,
        insert=within(f"organisation_id = {ORGANISATION}"),
    ),
)
