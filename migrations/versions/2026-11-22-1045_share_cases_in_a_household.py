"""One case for several children of a household; children who change school or authority mid-case."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TENANT = "authority_id = (SELECT nullif(current_setting('halfterm.authority', true), '')::uuid)"
_ME = "(SELECT nullif(current_setting('halfterm.organisation', true), '')::uuid)"
_WIDE = "(SELECT current_setting('halfterm.reach', true) = 'authority')"
_PARTIES = f"{_WIDE} OR referring_organisation_id = {_ME} OR school_id = {_ME}"
_OPENED = f"(provider_id = {_ME} AND NOT sealed)"
_MEMBER = (
    "(shared AND EXISTS (SELECT 1 FROM case_member m WHERE m.authority_id = intervention.authority_id"  # noqa: S608
    f" AND m.intervention_id = intervention.id AND (m.referring_organisation_id = {_ME} OR m.school_id = {_ME})))"
)
_INCLUDED = ["provider_id", "referring_organisation_id", "school_id", "sealed"]
_LIVE = "state IN ('proposed', 'pending')"

_REFERRER = "referring_organisation_id"


def _of_case(table: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM intervention i WHERE i.authority_id = {table}.authority_id"  # noqa: S608
        f" AND i.id = {table}.intervention_id)"
    )


def _line(table: str, condition: str = "true") -> str:
    return (
        f"EXISTS (SELECT 1 FROM case_member m WHERE m.authority_id = {table}.authority_id"  # noqa: S608
        f" AND m.intervention_id = {table}.intervention_id AND (m.referring_organisation_id = {_ME}"
        f" OR m.school_id = {_ME}) AND {condition})"
    )


_WHILE = {
    "intervention_contact": "intervention_contact.held_at >= m.joined_at"
    " AND (m.left_at IS NULL OR intervention_contact.held_at < m.left_at)",
    "intervention_extension": "m.left_at IS NULL",
    "plan": "m.left_at IS NULL",
    "goal": "m.left_at IS NULL",
    "intervention_pause": "m.left_at IS NULL",
    "intervention_review": "m.left_at IS NULL",
}


def _in_its_time(table: str, condition: str = "m.left_at IS NULL") -> str:
    return f"{_of_case(table)} AND (NOT {_line(table)} OR {_line(table, condition)})"


def _case_of(table: str, condition: str = "") -> str:
    return (
        f"EXISTS (SELECT 1 FROM intervention x WHERE x.authority_id = {table}.authority_id"  # noqa: S608
        f" AND x.id = {table}.intervention_id{condition})"
    )


def _left_behind(*, shared: bool) -> None:
    """What a case leaves: to the school of a child who shares it, for its time, and of children nothing."""
    seen = _in_its_time if shared else _case_of
    _read_policy("goal_progress", f"{_TENANT} AND ({_WIDE} OR {seen('goal_progress')})")
    whose = f" AND (for_whom = 'family' OR {_case_of('signpost', ' AND NOT x.shared')})" if shared else ""
    worked = _case_of("signpost", f" AND x.provider_id = {_ME}")
    read = f"{_WIDE} OR {worked} OR (for_whom <> 'parent' AND {seen('signpost')}{whose})"
    _read_policy("signpost", f"{_TENANT} AND ({read})")


def _referred(table: str, column: str, *parties: str, left: bool) -> str:
    part = " OR ".join(f"r.{party} = {_ME}" for party in parties)
    gone = (
        f" AND NOT EXISTS (SELECT 1 FROM school_change c WHERE c.authority_id = {table}.authority_id"  # noqa: S608
        f" AND c.pupil_id = {table}.{column} AND c.from_school_id = {_ME} AND c.state = 'done')"
    )
    return (
        f"EXISTS (SELECT 1 FROM referral r WHERE r.authority_id = {table}.authority_id"  # noqa: S608
        f" AND r.pupil_id = {table}.{column} AND ({part})){gone if left else ''}"
    )


def _enrolled(table: str, column: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM enrolment e WHERE e.authority_id = {table}.authority_id"  # noqa: S608
        f" AND e.pupil_id = {table}.{column} AND e.school_id = {_ME} AND e.ends_on IS NULL)"
    )


def _pupil(*, left: bool) -> str:
    seen = _referred("pupil", "id", "case_provider_id", "former_provider_id", _REFERRER, left=left)
    return f"{_TENANT} AND ({_WIDE} OR {_enrolled('pupil', 'id')} OR {seen})"


def _statutory(*, left: bool) -> str:
    seen = _referred("pupil_statutory", "pupil_id", _REFERRER, left=left)
    return f"{_TENANT} AND ({_WIDE} OR {_enrolled('pupil_statutory', 'pupil_id')} OR {seen})"


def _read_policy(table: str, predicate: str) -> None:
    application = op.get_context().config.attributes["roles"].application
    op.execute(f'DROP POLICY "{table}_read" ON "{table}"')
    op.execute(f'CREATE POLICY "{table}_read" ON "{table}" FOR SELECT TO "{application}" USING ({predicate})')


def _index_of_lots(included: list[str]) -> None:
    op.drop_index("ix_intervention_lot", "intervention")
    op.create_index(
        "ix_intervention_lot",
        "intervention",
        ["authority_id", "lot_id", "started_on"],
        postgresql_include=included,
    )


def _one_offer_per_place(condition: str) -> None:
    op.drop_index("ux_offer_one_live_per_place", "offer")
    op.create_index(
        "ux_offer_one_live_per_place",
        "offer",
        ["authority_id", "place_id"],
        unique=True,
        postgresql_where=sa.text(condition),
    )


def _new_table(table: str, read: str, parties: tuple[str, ...]) -> None:
    """Row policy, grants and statistics of a table that only officers and the broker write."""
    application = op.get_context().config.attributes["roles"].application
    owner = op.get_bind().scalar(sa.text("SELECT current_user"))
    wide = f"{_TENANT} AND ({_WIDE})"
    for statement in (
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY "{table}_owner" ON "{table}" FOR ALL TO "{owner}" USING (true) WITH CHECK (true)',
        *(
            [f'CREATE POLICY "{table}_read" ON "{table}" FOR SELECT TO "{application}" USING ({read})']
            if read != wide
            else []
        ),
        f'CREATE POLICY "{table}_write" ON "{table}" FOR ALL TO "{application}" USING ({wide}) WITH CHECK ({wide})',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{application}"',
        *(
            [f'CREATE STATISTICS "st_{table}_parties" (dependencies) ON {", ".join(parties)} FROM "{table}"']
            if parties
            else []
        ),
    ):
        op.get_bind().exec_driver_sql(statement)


def _tenant_key(table: str, *columns: str, to: str, named: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["authority_id", *columns],
        [f"{to}.authority_id", f"{to}.{named}"],
        name=op.f(f"fk_{table}_authority_id_{'_'.join(columns)}"),
    )


def _authority(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f(f"fk_{table}_authority_id"))


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Nothing that stands changes: no case is shared yet, and nobody is known to have changed school."""
    op.create_table(
        "case_member",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("intervention_id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("referring_organisation_id", sa.UUID(), nullable=False),
        sa.Column("school_id", sa.UUID(), nullable=True),
        _moment("joined_at", nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        _moment("left_at"),
        sa.CheckConstraint("left_at >= joined_at", name=op.f("ck_case_member_dates")),
        _authority("case_member"),
        _tenant_key("case_member", "intervention_id", to="intervention"),
        _tenant_key("case_member", "referral_id", to="referral"),
        sa.PrimaryKeyConstraint("authority_id", "intervention_id", "referral_id", name=op.f("pk_case_member")),
    )
    op.create_index("ix_case_member_referral", "case_member", ["authority_id", "referral_id"])
    op.create_table(
        "school_change",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("pupil_id", sa.UUID(), nullable=False),
        sa.Column("from_school_id", sa.UUID(), nullable=False),
        sa.Column("to_school_id", sa.UUID(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("mis_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _moment("recorded_at", nullable=False),
        sa.Column("recorded_by_id", sa.UUID(), nullable=False),
        _moment("ended_at"),
        sa.Column("past", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("from_school_id <> to_school_id", name=op.f("ck_school_change_two_schools")),
        sa.CheckConstraint("state IN ('planned', 'done', 'cancelled')", name=op.f("ck_school_change_state")),
        sa.CheckConstraint("(state = 'planned') = (ended_at IS NULL)", name=op.f("ck_school_change_ended_at")),
        sa.CheckConstraint("past IS NULL OR state = 'done'", name=op.f("ck_school_change_past_when_done")),
        _authority("school_change"),
        _tenant_key("school_change", "referral_id", to="referral"),
        _tenant_key("school_change", "pupil_id", to="pupil"),
        _tenant_key("school_change", "from_school_id", to="school", named="organisation_id"),
        _tenant_key("school_change", "to_school_id", to="school", named="organisation_id"),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_school_change")),
    )
    planned = sa.text("state = 'planned'")
    op.create_index(
        "ux_school_change_one_planned",
        "school_change",
        ["authority_id", "referral_id"],
        unique=True,
        postgresql_where=planned,
    )
    op.create_index("ix_school_change_due", "school_change", ["authority_id", "starts_on"], postgresql_where=planned)
    op.create_index("ix_school_change_pupil", "school_change", ["authority_id", "pupil_id"])
    op.create_table(
        "transfer",
        sa.Column("authority_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("referral_id", sa.UUID(), nullable=False),
        sa.Column("to_la_code", sa.Text(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        _moment("recorded_at", nullable=False),
        sa.Column("officer", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        _moment("confirmed_at"),
        sa.Column("confirmed_by", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("plan IN ('end', 'finish_here')", name=op.f("ck_transfer_plan")),
        sa.CheckConstraint("consent IN ('given', 'refused')", name=op.f("ck_transfer_consent")),
        sa.CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name=op.f("ck_transfer_confirmed_by")),
        _authority("transfer"),
        _tenant_key("transfer", "referral_id", to="referral"),
        sa.PrimaryKeyConstraint("authority_id", "id", name=op.f("pk_transfer")),
    )
    op.create_index("ix_transfer_referral", "transfer", ["authority_id", "referral_id", "recorded_at"])
    _new_table(
        "case_member",
        f"{_TENANT} AND ({_PARTIES})",
        ('"authority_id"', '"school_id"', '"referring_organisation_id"'),
    )
    _new_table("school_change", f"{_TENANT} AND ({_WIDE} OR from_school_id = {_ME})", ())
    _new_table("transfer", f"{_TENANT} AND ({_WIDE})", ())
    op.add_column("intervention", sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _index_of_lots(["id", *_INCLUDED, "shared"])
    _read_policy("intervention", f"{_TENANT} AND ({_PARTIES} OR {_OPENED} OR {_MEMBER})")
    for table, condition in _WHILE.items():
        _read_policy(table, f"{_TENANT} AND ({_WIDE} OR provider_id = {_ME} OR {_in_its_time(table, condition)})")
    _left_behind(shared=True)
    _read_policy("pupil", _pupil(left=True))
    _read_policy("pupil_statutory", _statutory(left=True))
    op.create_index(
        "ix_referral_intervention",
        "referral",
        ["authority_id", "intervention_id"],
        postgresql_where=sa.text("intervention_id IS NOT NULL"),
    )
    op.alter_column("offer", "booking_id", nullable=True)
    op.add_column("offer", sa.Column("joins_intervention_id", sa.UUID()))
    op.create_check_constraint(
        op.f("ck_offer_place_or_case"), "offer", "(booking_id IS NULL) = (joins_intervention_id IS NOT NULL)"
    )
    op.create_check_constraint(op.f("ck_offer_joins_that_case"), "offer", "intervention_id = joins_intervention_id")
    op.create_index(
        "ix_offer_joins",
        "offer",
        ["authority_id", "joins_intervention_id"],
        postgresql_where=sa.text("joins_intervention_id IS NOT NULL"),
    )
    _one_offer_per_place(f"{_LIVE} AND joins_intervention_id IS NULL")


def downgrade() -> None:
    """As it was. Where a child has joined a case, this fails rather than take the child out of it."""
    _one_offer_per_place(_LIVE)
    op.drop_index("ix_offer_joins", "offer")
    for name in ("joins_that_case", "place_or_case"):
        op.drop_constraint(op.f(f"ck_offer_{name}"), "offer", type_="check")
    op.drop_column("offer", "joins_intervention_id")
    op.alter_column("offer", "booking_id", nullable=False)
    op.drop_index("ix_referral_intervention", "referral")
    _read_policy("pupil_statutory", _statutory(left=False))
    _read_policy("pupil", _pupil(left=False))
    _left_behind(shared=False)
    for table in _WHILE:
        _read_policy(table, f"{_TENANT} AND ({_WIDE} OR provider_id = {_ME} OR {_of_case(table)})")
    _read_policy("intervention", f"{_TENANT} AND ({_PARTIES} OR {_OPENED})")
    _index_of_lots(_INCLUDED)
    op.drop_column("intervention", "shared")
    for table in ("transfer", "school_change", "case_member"):
        op.drop_table(table)
