"""How many referrals a place could serve, against the mean: what keeps scarce places free for those who need them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the figure; every place begins as a mean one."""
    op.add_column("place", sa.Column("reach", sa.Integer(), server_default=sa.text("100"), nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("place", "reach")
