"""Hand-overs: the running cases of a contract that go to places of the contract that follows it."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from app.models.base import reference, tenant_table, uuid
from app.models.policies import WIDE, RowPolicy, within

# Officers alone read these: each party is told of its own cases by their events.
_OFFICERS = RowPolicy(read=within(WIDE), write=within(WIDE))

hand_over = tenant_table(
    "hand_over",
    uuid("contract_id"),
    uuid("successor_id"),
    Column("effective_on", Date, nullable=False),
    # [{"from_lot_id", "to_lot_id"}]
    Column("lots", JSONB, nullable=False),
    # On what the families' details may go to another provider; same_provider where none does.
    Column("ground", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # Of everything that the preview was made from, hexadecimal.
    Column("snapshot_hash", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    uuid("recorded_by_client_id"),
    Column("ended_at", DateTime(timezone=True)),
    reference("contract", "contract_id"),
    reference("contract", "successor_id"),
    CheckConstraint("contract_id <> successor_id", name="two_contracts"),
    CheckConstraint("ground IN ('same_provider', 'family_agreement', 'authority_decision')", name="ground"),
    CheckConstraint("state IN ('planned', 'done', 'cancelled')", name="state"),
    CheckConstraint("(state = 'planned') = (ended_at IS NULL)", name="ended_at"),
    Index(
        "ux_hand_over_one_planned",
        "authority_id",
        "contract_id",
        unique=True,
        postgresql_where=text("state = 'planned'"),
    ),
    Index("ix_hand_over_contract", "authority_id", "contract_id", "id"),
    Index("ix_hand_over_due", "authority_id", "effective_on", postgresql_where=text("state = 'planned'")),
    policy=_OFFICERS,
)

hand_over_case = tenant_table(
    "hand_over_case",
    uuid("hand_over_id"),
    uuid("intervention_id"),
    Column("decided_on", Date, nullable=False),
    Column("outcome", Text, nullable=False),
    # Why it stays with the old contract.
    Column("reason", Text),
    uuid("from_provider_id"),
    uuid("from_lot_id"),
    uuid("from_booking_id"),
    uuid("to_provider_id", nullable=True),
    uuid("to_lot_id", nullable=True),
    uuid("to_booking_id", nullable=True),
    # The accepted allocation after the move: the same one where the provider is.
    uuid("to_offer_id", nullable=True),
    reference("hand_over", "hand_over_id"),
    reference("intervention", "intervention_id"),
    reference("booking", "from_booking_id"),
    reference("booking", "to_booking_id"),
    UniqueConstraint("authority_id", "hand_over_id", "intervention_id"),
    CheckConstraint("outcome IN ('moved', 'stays')", name="outcome"),
    CheckConstraint("(outcome = 'stays') = (reason IS NOT NULL)", name="stays_for_a_reason"),
    CheckConstraint(
        "(outcome = 'moved') = (to_booking_id IS NOT NULL) AND (outcome = 'moved') = (to_offer_id IS NOT NULL)",
        name="moved_to_a_place",
    ),
    Index("ix_hand_over_case_intervention", "authority_id", "intervention_id"),
    Index("ix_hand_over_case_from_booking", "authority_id", "from_booking_id"),
    policy=_OFFICERS,
)
