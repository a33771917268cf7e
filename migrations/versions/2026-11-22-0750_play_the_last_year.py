"""A run may play the last year again: it takes a while, so it can be running, and can have failed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CHECKS = {
    "over": "over IN ('waiting_list', 'last_year')",
    "only_a_year_is_played": "over = 'last_year' OR state IN ('preview', 'committed')",
    "a_year_is_past": "over = 'waiting_list' OR state <> 'committed'",
    "running_has_lease": "(state = 'running') = (lease_until IS NOT NULL)",
    "failed_says_why": "(state = 'failed') = (failure IS NOT NULL)",
}
_BEFORE = {"state": "state IN ('preview', 'committed')", "what_if_stays_one": "what_if IS NULL OR state = 'preview'"}
_SINCE = {
    "state": "state IN ('running', 'preview', 'failed', 'committed')",
    "what_if_stays_one": "what_if IS NULL OR state <> 'committed'",
}


def upgrade() -> None:
    """What was previewed so far was of the waiting list."""
    op.add_column(
        "allocation_run", sa.Column("over", sa.Text(), server_default=sa.text("'waiting_list'"), nullable=False)
    )
    op.add_column("allocation_run", sa.Column("lease_until", sa.DateTime(timezone=True)))
    op.add_column("allocation_run", sa.Column("failure", sa.Text()))
    _check_otherwise(_SINCE)
    for name, rule in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_allocation_run_{name}"), "allocation_run", rule)
    op.create_index(
        "ux_allocation_run_one_running",
        "allocation_run",
        ["authority_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )


def downgrade() -> None:
    """The plays of a year are lost."""
    op.execute("DELETE FROM allocation_run WHERE over = 'last_year'")
    op.drop_index("ux_allocation_run_one_running", "allocation_run")
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_allocation_run_{name}"), "allocation_run")
    _check_otherwise(_BEFORE)
    for column in ("failure", "lease_until", "over"):
        op.drop_column("allocation_run", column)


def _check_otherwise(rules: dict[str, str]) -> None:
    for name, rule in rules.items():
        op.drop_constraint(op.f(f"ck_allocation_run_{name}"), "allocation_run")
        op.create_check_constraint(op.f(f"ck_allocation_run_{name}"), "allocation_run", rule)
