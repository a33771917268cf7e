"""Which transactions changed what the waiting list stands on: how a list kept in memory knows that it still holds.

A trigger on each of those tables adds one row for the transaction, whatever it changed there. Rows wait for nobody, as
a counter would make transactions of one authority do. A list that was read under a snapshot still holds while no row
is there that the snapshot did not see (`app.queries.ground_changes`).
"""

from typing import Final

from sqlalchemy import Column

from app.models.base import Xid8, tenant_table
from app.models.policies import TENANT, WIDE, RowPolicy, within

GROUND: Final = (
    "allocation_run",
    "booking",
    "calendar_closure",
    "calendar_period",
    "calendar_year",
    "contract",
    "contract_variation",
    "intervention",
    "lot",
    "offer",
    "organisation",
    "place",
    "place_out_of_service",
    "policy_version",
    "practitioner",
    "referral",
    "school",
    "service",
)
"""What a waiting list, its decisions and its expected starts are read from."""

ground_change = tenant_table(
    "ground_change",
    Column("xid", Xid8(), nullable=False),
    key=("xid",),
    # Whoever acts adds a row; that something changed tells nobody anything.
    policy=RowPolicy(read=TENANT, write=within(WIDE), insert=TENANT),
)


def triggers() -> list[str]:
    """The DDL of the triggers: statements of one table fire one, whatever rows they touch."""
    return [
        f'CREATE TRIGGER "note_ground_change" AFTER INSERT OR UPDATE OR DELETE ON "{table}"'
        " FOR EACH STATEMENT EXECUTE FUNCTION note_ground_change()"
        for table in GROUND
    ]
