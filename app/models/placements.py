"""Placements of pupils at units: the dates, the days there, the reviews, and the return."""

from sqlalchemy import (
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
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from app.domain.placements import (
    Basis,
    PlacementOutcome,
    PlacementRefusal,
    PlacementState,
    PlacementWithdrawal,
    ReviewDecision,
)
from app.models.base import reference, tenant_table, uuid, words
from app.models.policies import RowPolicy, own, owned, within

_PARTIES = ("provider_id", "referring_organisation_id", "school_id")

placement = tenant_table(
    "placement",
    uuid("lot_id"),
    uuid("provider_id"),
    uuid("booking_id"),
    uuid("referral_id"),
    uuid("pupil_id"),
    uuid("referring_organisation_id"),
    uuid("school_id"),
    Column("state", Text, nullable=False),
    # Why it was declined or withdrawn.
    Column("reason", Text),
    Column("basis", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    # Exclusive: so many school weeks on, moved by extension, cut when it ends early.
    Column("ends_on", Date, nullable=False),
    # School weeks, extensions included.
    Column("weeks", Integer, nullable=False),
    Column("parents_told_on", Date),
    Column("review_on", Date),
    # Where the unit is a school of the authority at which the pupil is registered too.
    uuid("registered_school_id", nullable=True),
    Column("reintegration_plan", Text),
    Column("reintegration_planned_on", Date),
    # The first day attended: from then on the contract's volume is used.
    Column("used_on", Date),
    Column("outcome", Text),
    Column("ended_on", Date),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    reference("lot", "lot_id"),
    reference("organisation", "provider_id"),
    reference("booking", "booking_id"),
    reference("referral", "referral_id"),
    reference("pupil", "pupil_id"),
    reference("school", "school_id", to=("organisation_id",)),
    reference("school", "registered_school_id", to=("organisation_id",)),
    UniqueConstraint("authority_id", "booking_id"),
    CheckConstraint(words("state", PlacementState), name="state"),
    CheckConstraint(words("basis", Basis), name="basis"),
    CheckConstraint(
        f"reason IS NULL OR (state = 'declined' AND {words('reason', PlacementRefusal)})"
        f" OR (state = 'withdrawn' AND {words('reason', PlacementWithdrawal)})",
        name="reason",
    ),
    CheckConstraint("weeks BETWEEN 1 AND 20", name="weeks"),
    CheckConstraint("starts_on <= ends_on", name="dates"),
    CheckConstraint(
        "basis <> 'off_site_direction' OR parents_told_on IS NOT NULL OR state NOT IN ('agreed', 'running')",
        name="parents_told",
    ),
    CheckConstraint(words("outcome", PlacementOutcome), name="outcome"),
    CheckConstraint("(state = 'ended') = (outcome IS NOT NULL AND ended_on IS NOT NULL)", name="ended_has_outcome"),
    CheckConstraint(
        "(reintegration_plan IS NULL) = (reintegration_planned_on IS NULL)", name="reintegration_planned_on"
    ),
    # A pupil is at one unit at a time.
    ExcludeConstraint(
        ("authority_id", "="),
        ("pupil_id", "="),
        (func.daterange(text("starts_on"), text("ends_on")), "&&"),
        name="ex_placement_one_at_a_time",
        using="gist",
        where=text("state NOT IN ('declined', 'withdrawn')"),
    ),
    Index("ix_placement_provider", "authority_id", "provider_id", "requested_at", "id"),
    Index("ix_placement_school", "authority_id", "school_id", "requested_at", "id"),
    Index("ix_placement_requested", "authority_id", "requested_at", "id"),
    Index("ix_placement_referral", "authority_id", "referral_id"),
    Index("ix_placement_lot", "authority_id", "lot_id"),
    policy=owned(*_PARTIES),
)

# Who it is, apart from the placement: its provider reads it once it has agreed, and not for ever.
placement_pupil = tenant_table(
    "placement_pupil",
    uuid("placement_id"),
    uuid("provider_id"),
    uuid("referring_organisation_id"),
    uuid("school_id"),
    Column("name", Text, nullable=False),
    Column("provider_reads", Boolean, nullable=False, server_default=text("false")),
    reference("placement", "placement_id"),
    key=("placement_id",),
    policy=RowPolicy(
        read=within(f"{own('referring_organisation_id', 'school_id')} OR (provider_reads AND ({own('provider_id')}))"),
        write=within(own()),
    ),
)

placement_day = tenant_table(
    "placement_day",
    uuid("placement_id"),
    uuid("provider_id"),
    uuid("referring_organisation_id"),
    uuid("school_id"),
    Column("on_day", Date, nullable=False),
    Column("morning", Boolean, nullable=False),
    Column("afternoon", Boolean, nullable=False),
    reference("placement", "placement_id"),
    key=("placement_id", "on_day"),
    policy=owned(*_PARTIES),
)

placement_review = tenant_table(
    "placement_review",
    uuid("placement_id"),
    uuid("provider_id"),
    uuid("referring_organisation_id"),
    uuid("school_id"),
    Column("held_on", Date, nullable=False),
    Column("decision", Text, nullable=False),
    Column("note", Text),
    Column("next_review_on", Date),
    uuid("recorded_by_id"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    reference("placement", "placement_id"),
    CheckConstraint(words("decision", ReviewDecision), name="decision"),
    Index("ix_placement_review_placement", "authority_id", "placement_id", "held_on", "id"),
    policy=owned(*_PARTIES),
)
