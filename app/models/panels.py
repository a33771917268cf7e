"""Panels: regular meetings of several agencies, their sittings, agendas, decisions, actions and minutes.

A member reads the item, never the referral: what it may know of a family is stored in the item when the agenda is
circulated, and `reader_ids` says for whom. Nobody stands there before that, nor after the members' access has ended.
"""

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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from app.domain.panels import Effect, ItemKind, ItemSource, ItemState, PanelOutcome, SittingState
from app.models.base import reference, tenant_table, uuid
from app.models.policies import ORGANISATION, RowPolicy, own, within

_NOBODY = text("'{}'")


def _words(column: str, words: type) -> str:
    return f"{column} IN ({', '.join(repr(word.value) for word in words)})"  # type: ignore[attr-defined]  # an enum


def _among(column: str) -> RowPolicy:
    """Read by the officers and the organisations in an array; written by officers and the broker."""
    return RowPolicy(read=within(f"{own()} OR {ORGANISATION} = ANY ({column})"), write=within(own()))


def _seen_with_item(table: str, also: str = "") -> str:
    """Predicate: the officers', or of an item that the caller reads."""
    return within(
        f"{own()} OR {also}EXISTS (SELECT 1 FROM panel_item i WHERE i.authority_id = {table}.authority_id"
        f" AND i.id = {table}.item_id)"
    )


panel = tenant_table(
    "panel",
    Column("name", Text, nullable=False),
    # Null for one of the whole authority.
    uuid("area_id", nullable=True),
    # [{"name", "role"}]: the officers who run it.
    Column("officers", JSONB, nullable=False),
    Column("member_ids", ARRAY(UUID(as_uuid=True)), nullable=False),
    # Members, or the authority itself, in the order in which they take the chair.
    Column("chair_order", ARRAY(UUID(as_uuid=True)), nullable=False),
    # The recurrence; 1 is Monday. The time is that of the wall clock in England.
    Column("weekday", Integer, nullable=False),
    Column("every_weeks", Integer, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("starts_at", Text, nullable=False),
    Column("minutes_per_item", Integer, nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("area", "area_id"),
    CheckConstraint("weekday BETWEEN 1 AND 5", name="weekday"),
    CheckConstraint("every_weeks BETWEEN 1 AND 12", name="every_weeks"),
    CheckConstraint(r"starts_at ~ '^([01]\d|2[0-3]):[0-5]\d$'", name="starts_at"),
    CheckConstraint("minutes_per_item BETWEEN 1 AND 120", name="minutes_per_item"),
    CheckConstraint("cardinality(member_ids) >= 1 AND cardinality(chair_order) >= 1", name="has_members"),
    Index("ux_panel_name", "authority_id", text("lower(name)"), unique=True),
    policy=_among("member_ids"),
)

panel_sitting = tenant_table(
    "panel_sitting",
    uuid("panel_id"),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # The day for which it was made: it stays when the sitting is moved, so that it is not made again.
    Column("planned_on", Date, nullable=False),
    Column("sits_on", Date, nullable=False),
    Column("sits_at", DateTime(timezone=True), nullable=False),
    # Whose turn it is, from which the rotation goes on, and who takes the chair.
    uuid("turn_id"),
    uuid("chair_id"),
    Column("member_ids", ARRAY(UUID(as_uuid=True)), nullable=False),
    # Why it was moved, its chair changed, or it was cancelled, the latest last: [{"at", "what", "reason"}]
    Column("changes", JSONB, nullable=False, server_default=text("'[]'")),
    Column("circulated_at", DateTime(timezone=True)),
    # The last day on which its members read its items.
    Column("access_until", Date),
    Column("held_at", DateTime(timezone=True)),
    # [{"organisation_id", "name", "role", "state"}]
    Column("attendance", JSONB, nullable=False, server_default=text("'[]'")),
    Column("quorate", Boolean),
    Column("quorum_note", Text),
    reference("panel", "panel_id"),
    reference("organisation", "chair_id"),
    UniqueConstraint("authority_id", "panel_id", "planned_on", name="uq_panel_sitting_planned_on"),
    CheckConstraint(_words("state", SittingState), name="state"),
    CheckConstraint(
        "state NOT IN ('circulated', 'held', 'minuted') OR circulated_at IS NOT NULL AND access_until IS NOT NULL",
        name="circulated_at",
    ),
    CheckConstraint("(state IN ('held', 'minuted')) = (held_at IS NOT NULL)", name="held_at"),
    Index(
        "ux_panel_sitting_one_a_day",
        "authority_id",
        "panel_id",
        "sits_on",
        unique=True,
        postgresql_where=text("state <> 'cancelled'"),
    ),
    policy=_among("member_ids"),
)

panel_item = tenant_table(
    "panel_item",
    uuid("panel_id"),
    # Null until there is a sitting to come.
    uuid("sitting_id", nullable=True),
    Column("position", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("source", Text, nullable=False),
    uuid("referral_id", nullable=True),
    uuid("review_id", nullable=True),
    uuid("area_id", nullable=True),
    Column("title", Text),
    # Why it is put before the panel; of a blockage, what it is.
    Column("words", Text, nullable=False),
    uuid("listed_by_id"),
    Column("listed_at", DateTime(timezone=True), nullable=False),
    uuid("carried_from_id", nullable=True),
    # Left out of the item: [{"organisation_id", "note", "at"}]
    Column("conflicts", JSONB, nullable=False, server_default=text("'[]'")),
    Column("reader_ids", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=_NOBODY),
    # What members may know of it, as it was at circulation.
    Column("content", JSONB),
    # What was learnt since: [{"at", "words"}]
    Column("later_facts", JSONB, nullable=False, server_default=text("'[]'")),
    reference("panel", "panel_id"),
    reference("panel_sitting", "sitting_id"),
    reference("referral", "referral_id"),
    reference("pre_exclusion_review", "review_id"),
    reference("area", "area_id"),
    reference("organisation", "listed_by_id"),
    reference("panel_item", "carried_from_id"),
    CheckConstraint(_words("kind", ItemKind), name="kind"),
    CheckConstraint(_words("state", ItemState), name="state"),
    CheckConstraint(_words("source", ItemSource), name="source"),
    CheckConstraint("minutes BETWEEN 1 AND 120", name="minutes"),
    CheckConstraint("(kind = 'referral') = (referral_id IS NOT NULL)", name="of_a_referral"),
    CheckConstraint("(kind = 'pre_exclusion_review') = (review_id IS NOT NULL)", name="of_a_review"),
    CheckConstraint("(kind = 'blockage') = (title IS NOT NULL)", name="of_a_blockage"),
    CheckConstraint("reader_ids = '{}' OR content IS NOT NULL", name="read_when_frozen"),
    Index(
        "ux_panel_item_one_of_referral",
        "authority_id",
        "referral_id",
        unique=True,
        postgresql_where=text("state = 'listed'"),
    ),
    Index(
        "ux_panel_item_one_of_review",
        "authority_id",
        "review_id",
        unique=True,
        postgresql_where=text("state = 'listed'"),
    ),
    Index("ix_panel_item_sitting", "authority_id", "sitting_id", "position", "id"),
    Index(
        "ix_panel_item_without_sitting",
        "authority_id",
        "panel_id",
        postgresql_where=text("sitting_id IS NULL AND state = 'listed'"),
    ),
    Index("ix_panel_item_read", "authority_id", postgresql_where=text("reader_ids <> '{}'")),
    policy=_among("reader_ids"),
)

panel_decision = tenant_table(
    "panel_decision",
    uuid("sitting_id"),
    uuid("item_id"),
    # The decision that this one corrects, with a reason; the first of an item corrects none.
    uuid("corrects_id", nullable=True),
    Column("outcome", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # {"lot_id", "redirected_to", "question", "offer_id"}: what the outcome needed, and what it made.
    Column("detail", JSONB, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("decided_by_name", Text, nullable=False),
    Column("decided_by_role", Text),
    # Who recorded it: the chair's organisation or the authority.
    uuid("organisation_id"),
    uuid("client_id"),
    reference("panel_sitting", "sitting_id"),
    reference("panel_item", "item_id"),
    reference("panel_decision", "corrects_id"),
    reference("organisation", "organisation_id"),
    UniqueConstraint("authority_id", "corrects_id", name="uq_panel_decision_corrected_once"),
    CheckConstraint(_words("outcome", PanelOutcome), name="outcome"),
    CheckConstraint(_words("effect", Effect), name="effect"),
    CheckConstraint("decided_by_name <> '' AND reason <> ''", name="is_explained"),
    Index(
        "ux_panel_decision_one_first",
        "authority_id",
        "item_id",
        unique=True,
        postgresql_where=text("corrects_id IS NULL"),
    ),
    Index("ix_panel_decision_sitting", "authority_id", "sitting_id", "decided_at", "id"),
    policy=RowPolicy(read=_seen_with_item("panel_decision"), write=within(own())),
)

panel_action = tenant_table(
    "panel_action",
    uuid("sitting_id"),
    uuid("item_id"),
    uuid("decision_id"),
    uuid("owner_id"),
    Column("what", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("done_at", DateTime(timezone=True)),
    Column("done_note", Text),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("panel_sitting", "sitting_id"),
    reference("panel_item", "item_id"),
    reference("panel_decision", "decision_id"),
    reference("organisation", "owner_id"),
    CheckConstraint("state IN ('open', 'done', 'dropped')", name="state"),
    CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_at"),
    Index("ix_panel_action_owner", "authority_id", "owner_id", "due_on", "id"),
    Index("ix_panel_action_item", "authority_id", "item_id"),
    Index("ix_panel_action_due", "authority_id", "due_on", "id"),
    # Its owner goes on seeing what it owes when its access to the item has ended.
    policy=RowPolicy(read=_seen_with_item("panel_action", f"owner_id = {ORGANISATION} OR "), write=within(own())),
)

panel_minutes = tenant_table(
    "panel_minutes",
    uuid("sitting_id"),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("drafted_at", DateTime(timezone=True), nullable=False),
    # The open part: who met when, and counts. It names no child.
    Column("content", JSONB, nullable=False),
    Column("approved_at", DateTime(timezone=True)),
    Column("approved_by_name", Text),
    Column("approved_by_role", Text),
    reference("panel_sitting", "sitting_id"),
    UniqueConstraint("authority_id", "sitting_id", "number", name="uq_panel_minutes_number"),
    CheckConstraint("state IN ('draft', 'approved')", name="state"),
    CheckConstraint(
        "(state = 'approved') = (approved_at IS NOT NULL AND approved_by_name IS NOT NULL)", name="approved_at"
    ),
    policy=RowPolicy(
        read=within(
            f"{own()} OR state = 'approved' AND EXISTS (SELECT 1 FROM panel_sitting s"
            " WHERE s.authority_id = panel_minutes.authority_id AND s.id = panel_minutes.sitting_id)"
        ),
        write=within(own()),
    ),
)

# The closed part, an item a row: whoever was left out of an item, or whose access to it has ended, has not its minutes.
panel_minutes_item = tenant_table(
    "panel_minutes_item",
    uuid("minutes_id"),
    uuid("item_id"),
    Column("position", Integer, nullable=False),
    # A reference and initials, never a name.
    Column("content", JSONB, nullable=False),
    reference("panel_minutes", "minutes_id"),
    reference("panel_item", "item_id"),
    key=("minutes_id", "item_id"),
    policy=RowPolicy(
        read=within(
            f"{own()} OR EXISTS (SELECT 1 FROM panel_minutes m WHERE m.authority_id = panel_minutes_item.authority_id"
            " AND m.id = panel_minutes_item.minutes_id) AND EXISTS (SELECT 1 FROM panel_item i"
            " WHERE i.authority_id = panel_minutes_item.authority_id AND i.id = panel_minutes_item.item_id)"
        ),
        write=within(own()),
    ),
)
