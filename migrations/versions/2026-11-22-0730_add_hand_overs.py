"""Hand-overs of running cases to the next contract; what an officer owes as a contract ends.

A provider that handed a case over still reads who it was for a while (`referral.former_provider_id`).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"
_ORGANISATION = "(SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"
_OFFICERS = f"{_TENANT} AND ({_WIDE})"
_KINDS = (
    "'answer_offer', 'safeguarding_action', 'agreement_check', 'initial_contact', 'baseline', 'plan',"
    " 'review', 'closure', 'provider_return', 'school_return', 'follow_up', 'place_referral', 'band_review',"
    " 'lead_officer_action', 'deemed_acceptance_check'"
)
_SUBJECTS = "'offer', 'referral', 'intervention', 'return'"


def _referral(*, former: bool) -> str:
    former_too = ("former_provider_id",) if former else ()
    columns = ("referring_organisation_id", "school_id", "case_provider_id", *former_too)
    parts = " OR ".join([_WIDE, *(f"{column} = {_ORGANISATION}" for column in columns)])
    return f"{_TENANT} AND ({parts})"


def _pupil(*, former: bool) -> str:
    parties = ("case_provider_id", *(("former_provider_id",) if former else ()), "referring_organisation_id")
    part = " OR ".join(f"r.{party} = {_ORGANISATION}" for party in parties)
    return (
        f"{_TENANT} AND ({_WIDE} OR EXISTS (SELECT 1 FROM enrolment e WHERE e.authority_id = pupil.authority_id"  # noqa: S608 - our own names
        f" AND e.pupil_id = pupil.id AND e.school_id = {_ORGANISATION} AND e.ends_on IS NULL)"
        " OR EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = pupil.authority_id"
        f" AND r.pupil_id = pupil.id AND ({part})))"
    )


def _facts(table: str, *, former: bool) -> str:
    more = f" OR r.former_provider_id = {_ORGANISATION}" if former else ""
    return (
        f"{_TENANT} AND ({_WIDE} OR school_id = {_ORGANISATION} OR EXISTS (SELECT 1 FROM referral r"  # noqa: S608 - our own names
        f" WHERE r.authority_id = {table}.authority_id AND r.id = {table}.referral_id"
        f" AND (r.case_provider_id = {_ORGANISATION}{more} OR r.referring_organisation_id = {_ORGANISATION})))"
    )


def _set_reading(application: str, *, former: bool) -> None:
    policies = {
        "referral": _referral(former=former),
        "pupil": _pupil(former=former),
        "attendance_record": _facts("attendance_record", former=former),
        "suspension_record": _facts("suspension_record", former=former),
    }
    for table, predicate in policies.items():
        op.execute(f'DROP POLICY "{table}_read" ON "{table}"')
        op.execute(f'CREATE POLICY "{table}_read" ON "{table}" FOR SELECT TO "{application}" USING ({predicate})')


def _set_words(kinds: str, subjects: str) -> None:
    for name, words in (("kind", kinds), ("subject_kind", subjects)):
        op.drop_constraint(op.f(f"ck_obligation_{name}"), "obligation")
        op.create_check_constraint(op.f(f"ck_obligation_{name}"), "obligation", f"{name} IN ({words})")


def _set_safety(more: str) -> None:
    name = op.f("ck_intervention_safety_before_first_contact")
    op.drop_constraint(name, "intervention")
    op.create_check_constraint(name, "intervention", f"started_on IS NULL OR safety_acknowledged_at IS NOT NULL{more}")


def upgrade() -> None:
    """Create the tables, and widen what names the provider that handed a case over."""
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    op.add_column("referral", sa.Column("former_provider_id", sa.UUID()))
    op.add_column("referral", sa.Column("former_until", sa.Date()))
    op.create_check_constraint(
        op.f("ck_referral_former_until"), "referral", "(former_provider_id IS NULL) = (former_until IS NULL)"
    )
    op.create_index(
        "ix_referral_former_provider",
        "referral",
        ["authority_id", "former_provider_id"],
        postgresql_where=sa.text("former_provider_id IS NOT NULL"),
    )
    op.add_column(
        "intervention", sa.Column("safety_due_again", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    _set_safety(" OR safety_due_again")
    _set_reading(application, former=True)
    _set_words(f"{_KINDS}, 'contract_ending'", f"{_SUBJECTS}, 'contract'")
    _create_hand_over()
    _create_hand_over_case()
    for table in ("hand_over", "hand_over_case"):
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)')
        op.execute(
            f'CREATE POLICY "{table}_write" ON "{table}" FOR ALL TO "{application}" USING ({_OFFICERS})'
            f" WITH CHECK ({_OFFICERS})"
        )
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{application}"')


def _create_hand_over() -> None:
    op.create_table(
        "hand_over",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("contract_id", sa.UUID(), nullable=False),
        sa.Column("successor_id", sa.UUID(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("lots", postgresql.JSONB(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("snapshot_hash", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_client_id", sa.UUID(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("contract_id <> successor_id", name=op.f("ck_hand_over_two_contracts")),
        sa.CheckConstraint(
            "ground IN ('same_provider', 'family_agreement', 'authority_decision')", name=op.f("ck_hand_over_ground")
        ),
        sa.CheckConstraint("state IN ('planned', 'done', 'cancelled')", name=op.f("ck_hand_over_state")),
        sa.CheckConstraint("(state = 'planned') = (ended_at IS NULL)", name=op.f("ck_hand_over_ended_at")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_hand_over_authority_id")),
        sa.ForeignKeyConstraint(
            ["authority_id", "contract_id"],
            ["contract.authority_id", "contract.id"],
            name=op.f("fk_hand_over_authority_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["authority_id", "successor_id"],
            ["contract.authority_id", "contract.id"],
            name=op.f("fk_hand_over_authority_id_successor_id"),
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_hand_over")),
    )
    planned = sa.text("state = 'planned'")
    op.create_index(
        "ux_hand_over_one_planned", "hand_over", ["authority_id", "contract_id"], unique=True, postgresql_where=planned
    )
    op.create_index("ix_hand_over_contract", "hand_over", ["authority_id", "contract_id", "id"])
    op.create_index("ix_hand_over_due", "hand_over", ["authority_id", "effective_on"], postgresql_where=planned)


def _create_hand_over_case() -> None:
    op.create_table(
        "hand_over_case",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("hand_over_id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("from_provider_id", sa.UUID(), nullable=False),
        sa.Column("from_lot_id", sa.UUID(), nullable=False),
        sa.Column("from_booking_id", sa.UUID(), nullable=False),
        sa.Column("to_provider_id", sa.UUID(), nullable=True),
        sa.Column("to_lot_id", sa.UUID(), nullable=True),
        sa.Column("to_booking_id", sa.UUID(), nullable=True),
        sa.Column("to_offer_id", sa.UUID(), nullable=True),
        sa.CheckConstraint("outcome IN ('moved', 'stays')", name=op.f("ck_hand_over_case_outcome")),
        sa.CheckConstraint(
            "(outcome = 'stays') = (reason IS NOT NULL)", name=op.f("ck_hand_over_case_stays_for_a_reason")
        ),
        sa.CheckConstraint(
            "(outcome = 'moved') = (to_booking_id IS NOT NULL) AND (outcome = 'moved') = (to_offer_id IS NOT NULL)",
            name=op.f("ck_hand_over_case_moved_to_a_place"),
        ),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_hand_over_case_authority_id")),
        *(
            sa.ForeignKeyConstraint(
                ["authority_id", column],
                [f"{target}.authority_id", f"{target}.id"],
                name=op.f(f"fk_hand_over_case_authority_id_{column}"),
            )
            for column, target in (
                ("hand_over_id", "hand_over"),
                ("intervention_id", "intervention"),
                ("from_booking_id", "booking"),
                ("to_booking_id", "booking"),
            )
        ),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_hand_over_case")),
        sa.UniqueConstraint(
            "authority_id",
            "hand_over_id",
            "intervention_id",
            name=op.f("uq_hand_over_case_authority_id_hand_over_id_intervention_id"),
        ),
    )
    op.create_index("ix_hand_over_case_intervention", "hand_over_case", ["authority_id", "intervention_id"])
    op.create_index("ix_hand_over_case_from_booking", "hand_over_case", ["authority_id", "from_booking_id"])


def downgrade() -> None:
    """As it was: what was handed over stays where it went; how it came there is lost."""
    application = op.get_context().config.attributes["roles"].application
    op.drop_table("hand_over_case")
    op.drop_table("hand_over")
    op.execute("DELETE FROM obligation WHERE kind = 'contract_ending'")
    _set_words(_KINDS, _SUBJECTS)
    _set_reading(application, former=False)
    # Whose new provider has not read it yet counts as if it had: the constraint of before knows no other way.
    op.execute("UPDATE intervention SET safety_acknowledged_at = updated_at WHERE safety_due_again")
    _set_safety("")
    op.drop_column("intervention", "safety_due_again")
    op.drop_index("ix_referral_former_provider", "referral")
    op.drop_constraint(op.f("ck_referral_former_until"), "referral")
    op.drop_column("referral", "former_until")
    op.drop_column("referral", "former_provider_id")
