"""What officers do by hand: overrides, changes of band, offers taken back, providers asked again, closures undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"
_OFFICERS = f"{_TENANT} AND ({_WIDE})"
_KINDS = (
    "answer_offer",
    "safeguarding_action",
    "agreement_check",
    "initial_contact",
    "baseline",
    "plan",
    "review",
    "closure",
    "provider_return",
    "school_return",
    "follow_up",
    "place_referral",
)
_REOPENED_TO = ("information_requested", "in_panel", "accepted", "on_hold")


def upgrade() -> None:
    """Bands set until now are the senders'."""
    _add_columns()
    _add_band_decision()
    _add_override()
    _protect("band_decision")
    _protect("override")
    _set_kinds((*_KINDS, "band_review"))
    op.bulk_insert(
        sa.table("referral_transition", sa.column("from_state"), sa.column("to_state"), sa.column("event_type")),
        [{"from_state": "closed", "to_state": state, "event_type": "referral.reopened"} for state in _REOPENED_TO],
    )


def downgrade() -> None:
    """As it was; who overrode, changed a band or confirmed a run is lost. Fails while a closure of a kind is undone."""
    states = ", ".join(f"'{state}'" for state in _REOPENED_TO)
    op.execute(
        "DELETE FROM referral_transition WHERE from_state = 'closed' AND event_type = 'referral.reopened'"  # noqa: S608 - our own words
        f" AND to_state IN ({states})"
    )
    op.execute("DELETE FROM obligation WHERE kind = 'band_review'")
    _set_kinds(_KINDS)
    op.drop_table("override")
    op.drop_table("band_decision")
    op.drop_constraint(op.f("ck_referral_band_set_by"), "referral", type_="check")
    op.drop_column("referral", "band_set_by")
    for constraint in ("withdraw_reason", "withdrawn_for_a_reason"):
        op.drop_constraint(op.f(f"ck_offer_{constraint}"), "offer", type_="check")
    for column in ("provider_allowed_at", "withdraw_reason"):
        op.drop_column("offer", column)
    op.drop_constraint(op.f("ck_allocation_run_confirmed_when_committed"), "allocation_run", type_="check")
    for column in ("confirmed_by_role", "confirmed_by_name"):
        op.drop_column("allocation_run", column)


def _add_columns() -> None:
    op.add_column("allocation_run", sa.Column("confirmed_by_name", sa.Text()))
    op.add_column("allocation_run", sa.Column("confirmed_by_role", sa.Text()))
    op.create_check_constraint(
        op.f("ck_allocation_run_confirmed_when_committed"),
        "allocation_run",
        "confirmed_by_name IS NULL OR state = 'committed'",
    )
    op.add_column("offer", sa.Column("withdraw_reason", sa.Text()))
    op.add_column("offer", sa.Column("provider_allowed_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_offer_withdraw_reason"),
        "offer",
        "withdraw_reason IN ('wrong_match', 'provider_unable', 'family_asked', 'new_information', 'made_in_error',"
        " 'other')",
    )
    op.create_check_constraint(
        op.f("ck_offer_withdrawn_for_a_reason"), "offer", "withdraw_reason IS NULL OR state = 'withdrawn'"
    )
    op.add_column("referral", sa.Column("band_set_by", sa.Text(), server_default=sa.text("'sender'"), nullable=False))
    op.create_check_constraint(op.f("ck_referral_band_set_by"), "referral", "band_set_by IN ('sender', 'officer')")


def _add_band_decision() -> None:
    op.create_table(
        "band_decision",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_name", sa.Text(), nullable=False),
        sa.Column("decided_by_role", sa.Text(), nullable=True),
        sa.Column("from_band", sa.Text(), nullable=False),
        sa.Column("to_band", sa.Text(), nullable=False),
        sa.Column("banded_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "from_band IN ('P1', 'P2', 'P3', 'P4') AND to_band IN ('P1', 'P2', 'P3', 'P4')",
            name=op.f("ck_band_decision_bands"),
        ),
        sa.CheckConstraint("decided_by_name <> '' AND reason <> ''", name=op.f("ck_band_decision_is_explained")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_band_decision_authority_id")),
        _to("band_decision", "referral", "referral_id"),
        _to("band_decision", "organisation", "organisation_id"),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_band_decision")),
    )
    op.create_index("ix_band_decision_referral", "band_decision", ["authority_id", "referral_id", "decided_at"])
    op.execute(
        'CREATE STATISTICS "st_band_decision_parties" (dependencies) ON "authority_id", "organisation_id"'
        ' FROM "band_decision"'
    )


def _add_override() -> None:
    op.create_table(
        "override",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("decision_id", sa.UUID(), nullable=False),
        sa.Column("offer_id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("place_id", sa.UUID(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("officer_name", sa.Text(), nullable=False),
        sa.Column("officer_role", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("rule_record", postgresql.JSONB(), nullable=False),
        sa.Column("passed_over_ids", postgresql.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint(
            "reason IN ('safeguarding_advice', 'court_or_panel', 'exclusion_imminent', 'continuity',"
            " 'complaint_upheld', 'mistake_put_right', 'other')",
            name=op.f("ck_override_reason"),
        ),
        sa.CheckConstraint("officer_name <> '' AND note <> ''", name=op.f("ck_override_is_explained")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_override_authority_id")),
        *(_to("override", table, f"{table}_id") for table in ("referral", "decision", "offer", "lot", "place")),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_override")),
    )
    op.create_index("ix_override_referral", "override", ["authority_id", "referral_id", "decided_at"])
    op.execute('CREATE STATISTICS "st_override_parties" (dependencies) ON "authority_id", "lot_id" FROM "override"')


def _to(table: str, target: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["authority_id", column],
        [f"{target}.authority_id", f"{target}.id"],
        name=op.f(f"fk_{table}_authority_id_{column}"),
    )


def _protect(table: str) -> None:
    """Row policy and grants: read and added to by officers, and never changed."""
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    for statement in (
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
        f'CREATE POLICY "{table}_write" ON "{table}" FOR ALL TO "{application}"'
        f" USING ({_OFFICERS}) WITH CHECK ({_OFFICERS})",
        f'GRANT SELECT, INSERT ON "{table}" TO "{application}"',
    ):
        op.get_bind().exec_driver_sql(statement)


def _set_kinds(kinds: tuple[str, ...]) -> None:
    """The kinds of obligation that there are."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f("ck_obligation_kind"), "obligation", type_="check")
    op.create_check_constraint(op.f("ck_obligation_kind"), "obligation", f"kind IN ({listed})")
