"""The event log and who may read each event."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import Xid8, reference, tenant_table, uuid
from app.models.policies import ORGANISATION, TENANT, RowPolicy, of_no_concern, own, within

# An event of an obligation says in its data what that is about.
_OF_NO_CONCERN = of_no_concern("(subject_kind <> 'concern' AND data ->> 'about_kind' IS DISTINCT FROM 'concern')")

event = tenant_table(
    "event",
    Column("type", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    uuid("subject_id"),
    Column("subject_version", Integer, nullable=False),
    uuid("referral_id", nullable=True),
    # Who acted, for which organisation; the clock acts for the authority with no client.
    uuid("organisation_id"),
    uuid("client_id", nullable=True),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    # Ids and codes only: never personal data.
    Column("data", JSONB, nullable=False, server_default=text("'{}'")),
    UniqueConstraint("authority_id", "id", "type"),
    # A timeline: every act on a referral, in order.
    Index("ix_event_referral", "authority_id", "referral_id", "occurred_at", "id"),
    policy=RowPolicy(
        read=within(
            "EXISTS (SELECT 1 FROM event_audience a WHERE a.authority_id = event.authority_id"
            f" AND a.event_id = event.id AND a.organisation_id = {ORGANISATION}) AND {_OF_NO_CONCERN}"
        ),
        write=None,
        insert=within(own("organisation_id")),
    ),
)

# One row per recipient, fixed when the event is written. (xid, seq) is the feed's one stable order: rows below the
# snapshot horizon never change and nothing is inserted behind them.
event_audience = tenant_table(
    "event_audience",
    uuid("event_id"),
    uuid("organisation_id"),
    Column("xid", Xid8(), nullable=False, server_default=func.pg_current_xact_id()),
    Column("seq", BigInteger, Identity(always=True), nullable=False),
    reference("event", "event_id"),
    Index("ux_event_audience_feed", "authority_id", "organisation_id", "xid", "seq", unique=True),
    Index("ix_event_audience_order", "xid", "seq"),
    key=("event_id", "organisation_id"),
    policy=RowPolicy(
        read=within(f"organisation_id = {ORGANISATION}"),
        write=None,
        insert=TENANT,
    ),
)
