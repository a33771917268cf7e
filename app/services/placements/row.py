"""A placement as the acts on it have it: locked, changed, and told of."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.clock import london_moment
from app.db import BrokerSession, ReadSession, WriteSession
from app.domain.calendar import Calendar
from app.domain.clocks import due_at
from app.errors import NotFound
from app.models.placements import placement
from app.queries import placements as queries
from app.queries import writes as writing
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import events, obligations

Row = dict[str, Any]
Check = Callable[[int], None]
"""Refuses a version that is not the one the caller read; passes when the caller stated none."""


async def find_placement(session: ReadSession, placement_id: UUID) -> Row:
    """A placement that the caller may see. Raises NotFound."""
    row = await queries.get_placement(session, placement_id)
    if row is None:
        raise NotFound
    return dict(row)


async def lock_placement(wide: BrokerSession, placement_id: UUID, check: Check) -> Row:
    """A placement, locked. Raises NotFound and what `check` raises for its version."""
    row = await queries.lock_placement(wide, placement_id)
    if row is None:
        raise NotFound
    check(row["version"])
    return row


async def change(session: WriteSession, row: Row, **columns: object) -> None:
    """Write columns of a locked placement and raise its version; `row` is kept up to date."""
    values: Row = {**columns, "version": row["version"] + 1, "updated_at": session.now}
    await writing.change(session, placement, {"id": row["id"]}, values)
    row.update(values)


def owe_review(wide: BrokerSession, writes: Writes, row: Row, calendar: Calendar) -> None:
    """Queue the school's duty to review a placement on the day that was set for it."""
    obligations.owe(
        writes,
        wide,
        "placement_review",
        row["school_id"],
        subject=("placement", row["id"]),
        clock="school_day",
        due_at=due_at("school_day", calendar, london_moment(row["review_on"]), 0),
    )


async def tell(
    session: WriteSession, writes: Writes, event_type: str, row: Row, data: dict[str, object] | None = None
) -> UUID:
    """Queue the event of an act on a placement; its id."""
    parties = [row["provider_id"], row["referring_organisation_id"], row["school_id"]]
    return events.tell(
        writes,
        session,
        event_type,
        subject=("placement", row["id"], row["version"]),
        audience=[await authority_organisation(session), *parties],
        referral_id=row["referral_id"],
        data=data,
    )
