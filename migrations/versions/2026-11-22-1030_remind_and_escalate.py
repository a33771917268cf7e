"""Debts are called to mind before they are due, and escalate when they stay overdue; an officer may settle one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MOMENTS = ("put_off_at", "planned_for", "remind_at", "escalate_at", "reminded_at", "escalated_at")
_CHECKS = {
    "planned_for_due": "planned_for = due_at",
    "reminded_as_planned": "reminded_at IS NULL OR remind_at IS NOT NULL",
    "escalated_as_planned": "escalated_at IS NULL OR escalate_at IS NOT NULL",
    "done_is_met": "done IS NULL OR met_at IS NOT NULL",
}
_OPEN = "met_at IS NULL AND cancelled_at IS NULL"
_LEVELS = ["kind", "clock", "met_at", "cancelled_at"]


def _not_yet(mark: str, at: str) -> str:
    return (
        f"{mark}_at IS NULL AND {at} IS NOT NULL AND (met_at IS NULL OR met_at > {at})"
        f" AND (cancelled_at IS NULL OR cancelled_at > {at})"
    )


_OF_BOOKINGS = {"ix_booking_live_end": "ends_on", "ix_booking_live_start": "starts_on"}
_PARTIAL = (
    ("ix_obligation_open", ["due_at", "id"], _OPEN),
    ("ix_obligation_open_owed_by", ["owed_by_id", "due_at", "id"], _OPEN),
    ("ix_obligation_unplanned", ["created_at", "id"], "planned_for IS NULL"),
    ("ix_obligation_reminded", ["remind_at", "id"], _not_yet("reminded", "remind_at")),
    ("ix_obligation_overdue", ["due_at", "id"], _not_yet("overdue", "due_at")),
    ("ix_obligation_escalated", ["escalate_at", "id"], _not_yet("escalated", "escalate_at")),
)


def upgrade() -> None:
    """Add the columns and what finds them. Of debts that are settled nothing more is to be told."""
    for name in _MOMENTS:
        op.add_column("obligation", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("obligation", sa.Column("done", postgresql.JSONB(), nullable=True))
    op.execute(f"UPDATE obligation SET planned_for = due_at WHERE NOT ({_OPEN})")  # noqa: S608 - fixed words
    for name, condition in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_obligation_{name}"), "obligation", condition)
    for name in ("owed_by", "due", "not_yet_overdue"):
        op.drop_index(f"ix_obligation_{name}", "obligation")
    op.create_index(
        "ix_obligation_owed_by",
        "obligation",
        ["authority_id", "owed_by_id", "due_at", "id"],
        postgresql_include=_LEVELS,
    )
    op.create_index(
        "ix_obligation_due",
        "obligation",
        ["authority_id", "due_at", "id"],
        postgresql_include=["owed_by_id", *_LEVELS],
    )
    op.create_index("ix_obligation_subject", "obligation", ["authority_id", "subject_id", "due_at", "id"])
    for name, columns, condition in _PARTIAL:
        op.create_index(name, "obligation", ["authority_id", *columns], postgresql_where=sa.text(condition))
    for name, column in _OF_BOOKINGS.items():
        where = sa.text("state <> 'released'")
        op.create_index(name, "booking", ["authority_id", column], postgresql_where=where)


def downgrade() -> None:
    """Take them away: what was told stays told, in the events."""
    for name in _OF_BOOKINGS:
        op.drop_index(name, "booking")
    for name in ("subject", "owed_by", "due", *(index.removeprefix("ix_obligation_") for index, *_ in _PARTIAL)):
        op.drop_index(f"ix_obligation_{name}", "obligation")
    op.create_index("ix_obligation_owed_by", "obligation", ["authority_id", "owed_by_id", "due_at", "id"])
    op.create_index("ix_obligation_due", "obligation", ["authority_id", "due_at", "id"])
    op.create_index(
        "ix_obligation_not_yet_overdue",
        "obligation",
        ["authority_id", "due_at", "id"],
        postgresql_where=sa.text(f"{_OPEN} AND overdue_at IS NULL"),
    )
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_obligation_{name}"), "obligation")
    for name in ("done", *reversed(_MOMENTS)):
        op.drop_column("obligation", name)
