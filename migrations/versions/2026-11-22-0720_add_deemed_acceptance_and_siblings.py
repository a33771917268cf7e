"""Silence that counts as yes, by contract; escalation to a lead officer; siblings who wish one practitioner."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MOVES = (("accepted", "waiting", "allocation.declined"), ("accepted", "waiting", "allocation.withdrawn"))

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_ME = "(SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"
_PARTIES = f"{_WIDE} OR referring_organisation_id = {_ME} OR school_id = {_ME}"

_CHECKS = {
    # table, name -> before, after
    ("contract_variation", "kind"): (
        "kind IN ('extension', 'volume', 'price', 'lots')",
        "kind IN ('extension', 'volume', 'price', 'lots', 'deemed_acceptance')",
    ),
    ("obligation", "kind"): (
        "kind IN ('answer_offer', 'safeguarding_action', 'agreement_check', 'initial_contact', 'baseline', 'plan',"
        " 'review', 'closure', 'provider_return', 'school_return', 'follow_up', 'place_referral', 'band_review')",
        "kind IN ('answer_offer', 'safeguarding_action', 'agreement_check', 'initial_contact', 'baseline', 'plan',"
        " 'review', 'closure', 'provider_return', 'school_return', 'follow_up', 'place_referral', 'band_review',"
        " 'lead_officer_action', 'deemed_acceptance_check')",
    ),
    ("offer", "decline_reason"): (
        "decline_reason IN ('no_capacity', 'unsuitable', 'conflict_of_interest', 'family_declined', 'duplicate',"
        " 'other')",
        "decline_reason IN ('no_capacity', 'unsuitable', 'conflict_of_interest', 'family_declined', 'duplicate',"
        " 'safeguarding', 'other')",
    ),
    ("offer", "other_is_explained"): (
        "decline_reason <> 'other' OR decline_note <> ''",
        "decline_reason NOT IN ('other', 'safeguarding') OR decline_note <> ''",
    ),
}


def upgrade() -> None:
    """Nothing that stands changes: no contract says that silence is yes, and no referral names a sibling."""
    for (table, name), (_, after) in _CHECKS.items():
        _check(table, name, after)
    op.add_column(
        "contract", sa.Column("deemed_acceptance", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "offer", sa.Column("deemed_acceptance", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    for name in ("deemed_at", "identity_released_at", "objection_until"):
        op.add_column("offer", sa.Column(name, sa.DateTime(timezone=True)))
    op.create_check_constraint(op.f("ck_offer_deemed_by_contract"), "offer", "deemed_at IS NULL OR deemed_acceptance")
    op.create_check_constraint(
        op.f("ck_offer_released_after_deemed"), "offer", "identity_released_at IS NULL OR deemed_at IS NOT NULL"
    )
    op.add_column("decision", sa.Column("excuse", sa.Text()))
    op.create_check_constraint(
        op.f("ck_decision_excuse"), "decision", "excuse IN ('SIBLING_HOLD', 'FAMILY_PAUSED', 'OFFICER_OVERRIDE')"
    )
    op.create_index(
        "ix_decision_excuse",
        "decision",
        ["authority_id", "decided_at"],
        postgresql_where=sa.text("excuse IS NOT NULL"),
    )
    op.add_column("referral", sa.Column("sibling_wish", sa.Text()))
    op.add_column("referral", sa.Column("sibling_group_id", sa.UUID()))
    op.create_check_constraint(op.f("ck_referral_sibling_wish"), "referral", "sibling_wish IN ('same_practitioner')")
    op.create_index(
        "ix_referral_siblings",
        "referral",
        ["authority_id", "sibling_group_id"],
        postgresql_where=sa.text("sibling_group_id IS NOT NULL"),
    )
    op.add_column("intervention", sa.Column("sealed", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _index_of_lots(["provider_id", "referring_organisation_id", "school_id", "sealed"])
    opened = f"(provider_id = {_ME} AND NOT sealed)"
    _policies(f"{_TENANT} AND ({_PARTIES} OR {opened})", f"{_TENANT} AND ({_WIDE} OR {opened})")
    move = sa.table("referral_transition", *(sa.column(name) for name in ("from_state", "to_state", "event_type")))
    op.bulk_insert(move, [dict(zip(("from_state", "to_state", "event_type"), each, strict=True)) for each in _MOVES])


def downgrade() -> None:
    """As it was. Where one of the new moves, kinds or codes was used, this fails rather than forget it."""
    for source, target, event in _MOVES:
        op.execute(
            "DELETE FROM referral_transition"  # noqa: S608 - our own names
            f" WHERE from_state = '{source}' AND to_state = '{target}' AND event_type = '{event}'"
        )
    _policies(f"{_TENANT} AND ({_WIDE} OR provider_id = {_ME} OR referring_organisation_id = {_ME} OR school_id = {_ME})",
              f"{_TENANT} AND ({_WIDE} OR provider_id = {_ME})")  # fmt: skip
    _index_of_lots(["provider_id", "referring_organisation_id", "school_id"])
    op.drop_column("intervention", "sealed")
    op.drop_index("ix_referral_siblings", "referral")
    op.drop_column("referral", "sibling_group_id")
    op.drop_column("referral", "sibling_wish")
    op.drop_index("ix_decision_excuse", "decision")
    op.drop_column("decision", "excuse")
    op.drop_constraint(op.f("ck_offer_released_after_deemed"), "offer", type_="check")
    op.drop_constraint(op.f("ck_offer_deemed_by_contract"), "offer", type_="check")
    for name in ("objection_until", "identity_released_at", "deemed_at", "deemed_acceptance"):
        op.drop_column("offer", name)
    op.drop_column("contract", "deemed_acceptance")
    for (table, name), (before, _) in _CHECKS.items():
        _check(table, name, before)


def _check(table: str, name: str, condition: str) -> None:
    full = op.f(f"ck_{table}_{name}")
    op.drop_constraint(full, table, type_="check")
    op.create_check_constraint(full, table, condition)


def _index_of_lots(included: list[str]) -> None:
    op.drop_index("ix_intervention_lot", "intervention")
    op.create_index(
        "ix_intervention_lot",
        "intervention",
        ["authority_id", "lot_id", "started_on"],
        postgresql_include=included,
    )


def _policies(read: str, write: str) -> None:
    application = op.get_context().config.attributes["roles"].application
    for name in ("read", "write"):
        op.execute(f'DROP POLICY "intervention_{name}" ON "intervention"')
    op.execute(f'CREATE POLICY "intervention_read" ON "intervention" FOR SELECT TO "{application}" USING ({read})')
    op.execute(
        f'CREATE POLICY "intervention_write" ON "intervention" FOR ALL TO "{application}" USING ({write})'
        f" WITH CHECK ({write})"
    )
