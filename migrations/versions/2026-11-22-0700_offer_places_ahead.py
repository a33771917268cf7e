"""Offers of places that are still busy: the day from which each place is the family's."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the days. Until now every place was free when it was offered."""
    op.add_column("offer", sa.Column("starts_on", sa.Date()))
    op.execute(
        "UPDATE offer o SET starts_on = b.starts_on FROM booking b"
        " WHERE b.authority_id = o.authority_id AND b.id = o.booking_id"
    )
    op.alter_column("offer", "starts_on", nullable=False)
    op.add_column("intervention", sa.Column("planned_start_on", sa.Date()))
    op.execute("UPDATE intervention SET planned_start_on = (accepted_at AT TIME ZONE 'Europe/London')::date")
    op.alter_column("intervention", "planned_start_on", nullable=False)


def downgrade() -> None:
    """Drop them: bookings keep their first days."""
    op.drop_column("intervention", "planned_start_on")
    op.drop_column("offer", "starts_on")
