"""Versions of return templates that an authority published for itself."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import tenant_table, uuid
from app.models.policies import directory

return_template = tenant_table(
    "return_template",
    Column("template", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # What the authority stated: the rest is as the template ships.
    Column("content", JSONB, nullable=False),
    # Returns of periods that end on this day or later are of this version.
    Column("applies_from", Date, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    uuid("published_by_client_id"),
    Column("summary_of_changes", Text, nullable=False),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("withdrawal_reason", Text),
    UniqueConstraint("authority_id", "template", "version"),
    # Shipped versions are numbered from 1 on.
    CheckConstraint("version > 1000", name="version"),
    CheckConstraint("(withdrawn_at IS NULL) = (withdrawal_reason IS NULL)", name="withdrawn_whole"),
    Index(
        "ux_return_template_one_from_a_day",
        "authority_id",
        "template",
        "applies_from",
        unique=True,
        postgresql_where=text("withdrawn_at IS NULL"),
    ),
    policy=directory(),
)
