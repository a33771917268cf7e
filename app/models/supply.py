"""Supply: what an authority block-booked, and the numbered places it became."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
from sqlalchemy.dialects.postgresql import JSONB, UUID, ExcludeConstraint

from app.models.base import reference, tenant_table, uuid
from app.models.policies import TENANT, RowPolicy, own, owned, within

_EMPTY = text("'{}'")

service = tenant_table(
    "service",
    uuid("provider_id"),
    Column("name", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("pamphlet", Text, nullable=False, server_default=text("''")),
    Column("pamphlet_url", Text),
    Column("tier", Text, nullable=False),
    Column("format", Text, nullable=False, server_default=text("'casework'")),
    Column("needs", ARRAY(Text), nullable=False),
    Column("key_stages", ARRAY(Text), nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("modes", ARRAY(Text), nullable=False),
    Column("standard_weeks", Integer, nullable=False, server_default=text("6")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("organisation", "provider_id"),
    CheckConstraint("tier IN ('universal', 'targeted', 'intensive', 'specialist')", name="tier"),
    CheckConstraint("format IN ('casework', 'course', 'placement', 'link_days')", name="format"),
    CheckConstraint("standard_weeks BETWEEN 1 AND 52", name="standard_weeks"),
    Index("ix_service_provider", "authority_id", "provider_id"),
    policy=RowPolicy(read=TENANT, write=within(own("provider_id"))),
)

contract = tenant_table(
    "contract",
    uuid("provider_id"),
    Column("title", Text, nullable=False),
    Column("contract_number", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("price_pence", BigInteger, nullable=False),
    Column("extension_options", JSONB, nullable=False, server_default=text("'[]'")),
    # Whether an offer that nobody answers in time counts as accepted, as signed; variations change it.
    Column("deemed_acceptance", Boolean, nullable=False, server_default=text("false")),
    reference("organisation", "provider_id"),
    UniqueConstraint("authority_id", "contract_number"),
    UniqueConstraint("authority_id", "id", "provider_id"),
    CheckConstraint("starts_on <= ends_on", name="dates"),
    CheckConstraint("price_pence >= 0", name="price"),
    policy=owned("provider_id"),
)

contract_variation = tenant_table(
    "contract_variation",
    uuid("contract_id"),
    uuid("provider_id"),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    # Extension: {"ends_on"}; price: {"price_pence"}; volume: {"lot_id", "volume"}; lots: a note of lots added;
    # deemed_acceptance: {"deemed_acceptance"}.
    Column("terms", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    reference("contract", "contract_id", "provider_id", to=("id", "provider_id")),
    UniqueConstraint("authority_id", "contract_id", "number"),
    CheckConstraint("kind IN ('extension', 'volume', 'price', 'lots', 'deemed_acceptance')", name="kind"),
    policy=owned("provider_id"),
)

lot = tenant_table(
    "lot",
    uuid("contract_id"),
    # Who delivers it: the contract's provider, or a subcontractor.
    uuid("provider_id"),
    uuid("prime_id"),
    uuid("service_id"),
    Column("name", Text, nullable=False),
    Column("key_stages", ARRAY(Text), nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
    Column("volume", Integer, nullable=False),
    Column("volume_unit", Text, nullable=False, server_default=text("'family'")),
    Column("volume_profile", JSONB, nullable=False, server_default=text("'[]'")),
    # Empty: the whole authority.
    Column("area_ids", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=_EMPTY),
    Column("school_ids", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=_EMPTY),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("contract", "contract_id", "prime_id", to=("id", "provider_id")),
    reference("organisation", "provider_id"),
    reference("service", "service_id"),
    UniqueConstraint("authority_id", "contract_id", "name"),
    CheckConstraint("volume >= 0", name="volume"),
    CheckConstraint("volume_unit IN ('family', 'pupil', 'day')", name="volume_unit"),
    Index("ix_lot_provider", "authority_id", "provider_id"),
    policy=RowPolicy(read=within(own("provider_id", "prime_id")), write=within(own())),
)

place = tenant_table(
    "place",
    uuid("lot_id"),
    uuid("provider_id"),
    Column("number", Integer, nullable=False),
    uuid("practitioner_id", nullable=True),
    # Abilities of its own; null: the service's.
    Column("needs", ARRAY(Text)),
    Column("languages", ARRAY(Text)),
    Column("modes", ARRAY(Text)),
    # Referrals of the last year that it could have served, in hundredths of the mean place: made anew each half-term.
    Column("reach", Integer, nullable=False, server_default=text("100")),
    Column("available_from", Date, nullable=False),
    # Exclusive, as every range here: the first day on which it takes no family. What runs on it then goes on.
    Column("available_until", Date),
    # Beyond the block: added by the commissioner, dated and with a reason.
    Column("extra_reason", Text),
    reference("lot", "lot_id"),
    reference("organisation", "provider_id"),
    reference("practitioner", "practitioner_id"),
    UniqueConstraint("authority_id", "lot_id", "number"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("available_from <= available_until", name="dates"),
    policy=owned("provider_id"),
)

place_out_of_service = tenant_table(
    "place_out_of_service",
    uuid("place_id"),
    uuid("provider_id"),
    Column("starts_on", Date, nullable=False),
    # Exclusive, as every range here.
    Column("ends_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    reference("place", "place_id"),
    CheckConstraint("starts_on < ends_on", name="dates"),
    Index("ix_place_out_of_service_place", "authority_id", "place_id"),
    policy=owned("provider_id"),
)

capacity_change = tenant_table(
    "capacity_change",
    uuid("lot_id"),
    uuid("provider_id"),
    Column("effective_on", Date, nullable=False),
    Column("places_from", Integer, nullable=False),
    Column("places_to", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    uuid("recorded_by_id"),
    reference("lot", "lot_id"),
    CheckConstraint("places_to >= 0", name="places_to"),
    Index("ix_capacity_change_lot", "authority_id", "lot_id"),
    policy=owned("provider_id"),
)

booking = tenant_table(
    "booking",
    uuid("place_id"),
    uuid("lot_id"),
    uuid("provider_id"),
    # Null of a link day, which is a school's and no family's.
    uuid("household_id", nullable=True),
    # Of what it holds the place for: its service's. Only casework overruns, has a follower, and is one per household.
    Column("format", Text, nullable=False, server_default=text("'casework'")),
    Column("state", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    # Exclusive: the planned end, moved by extension, cut at release.
    Column("ends_on", Date, nullable=False),
    Column("cause", Text, nullable=False),
    Column("released_on", Date),
    reference("place", "place_id"),
    reference("lot", "lot_id"),
    reference("household", "household_id"),
    CheckConstraint("state IN ('offered', 'accepted', 'active', 'released')", name="state"),
    CheckConstraint("format IN ('casework', 'course', 'placement', 'link_days')", name="format"),
    CheckConstraint("(format = 'link_days') = (household_id IS NULL)", name="household"),
    CheckConstraint("starts_on <= ends_on", name="dates"),
    CheckConstraint("state = 'released' OR starts_on < ends_on", name="live_not_empty"),
    CheckConstraint("(state = 'released') = (released_on IS NOT NULL)", name="released_on"),
    ExcludeConstraint(
        ("authority_id", "="),
        ("place_id", "="),
        (func.daterange(text("starts_on"), text("ends_on")), "&&"),
        name="ex_booking_no_overlap",
        using="gist",
        where=text("state <> 'released'"),
    ),
    Index(
        "ux_booking_one_live_per_household",
        "authority_id",
        "household_id",
        unique=True,
        postgresql_where=text("state <> 'released' AND format = 'casework'"),
    ),
    Index("ix_booking_live", "authority_id", "place_id", postgresql_where=text("state <> 'released'")),
    # What the clock looks for: who runs past the planned end, and who is to begin on a later day.
    Index("ix_booking_live_end", "authority_id", "ends_on", postgresql_where=text("state <> 'released'")),
    Index("ix_booking_live_start", "authority_id", "starts_on", postgresql_where=text("state <> 'released'")),
    Index("ix_booking_lot", "authority_id", "lot_id", "starts_on"),
    # Who has worked with a household before.
    Index("ix_booking_household", "authority_id", "household_id"),
    # Who held a place on an earlier date.
    Index(
        "ix_booking_released",
        "authority_id",
        "lot_id",
        "released_on",
        postgresql_where=text("released_on IS NOT NULL"),
    ),
    policy=owned("provider_id"),
)
