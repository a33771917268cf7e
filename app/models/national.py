"""National reference data: belongs to no authority, read by all, written by the owner role."""

from sqlalchemy import Column, Index, Integer, Table, Text

from app.models.base import metadata

school_register = Table(
    "school_register",
    metadata,
    Column("urn", Text, primary_key=True),
    Column("laestab", Text),
    Column("la_code", Text),
    Column("la_name", Text),
    Column("name", Text, nullable=False),
    Column("status", Text),
    Column("phase", Text),
    Column("type", Text),
    Column("low_age", Integer),
    Column("high_age", Integer),
    Column("pupils_on_roll", Integer),
    Column("ukprn", Text),
    Column("trust_uid", Text),
    Column("trust_name", Text),
    Column("town", Text),
    Column("postcode", Text),
    Column("source", Text, nullable=False),
    Index("ix_school_register_laestab", "laestab"),
    Index("ix_school_register_la_code", "la_code"),
)
