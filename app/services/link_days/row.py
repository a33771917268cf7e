"""A link day as the acts on it have it: locked, changed, and told of."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.db import BrokerSession, ReadSession, WriteSession
from app.errors import NotFound
from app.models.link_days import link_day
from app.queries import link_days as queries
from app.queries import writes as writing
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import events

Row = dict[str, Any]
Check = Callable[[int], None]
"""Refuses a version that is not the one the caller read; passes when the caller stated none."""


async def find_day(session: ReadSession, link_day_id: UUID) -> Row:
    """A link day that the caller may see. Raises NotFound."""
    row = await queries.get_day(session, link_day_id)
    if row is None:
        raise NotFound
    return dict(row)


async def lock_day(wide: BrokerSession, link_day_id: UUID, check: Check) -> Row:
    """A link day, locked. Raises NotFound and what `check` raises for its version."""
    row = await queries.lock_day(wide, link_day_id)
    if row is None:
        raise NotFound
    check(row["version"])
    return row


async def change(session: WriteSession, row: Row, **columns: object) -> None:
    """Write columns of a locked link day and raise its version; `row` is kept up to date."""
    values: Row = {**columns, "version": row["version"] + 1, "updated_at": session.now}
    await writing.change(session, link_day, {"id": row["id"]}, values)
    row.update(values)


async def tell(
    session: WriteSession, writes: Writes, event_type: str, row: Row, data: dict[str, object] | None = None
) -> UUID:
    """Queue the event of an act on a link day; its id."""
    return events.tell(
        writes,
        session,
        event_type,
        subject=("link_day", row["id"], row["version"]),
        audience=[await authority_organisation(session), row["provider_id"], row["school_id"]],
        data={"on": row["on_day"].isoformat(), "part": row["part"], **(data or {})},
    )
