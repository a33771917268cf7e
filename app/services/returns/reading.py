"""One return, as read, as locked for an act, and as changed by it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.domain.returns import ReturnAct, ReturnState, move
from app.errors import NotFound
from app.models.casework import return_record
from app.queries import returns as queries
from app.queries import writes as writing
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.events import tell

Row = dict[str, Any]
Check = Callable[[int], None]
"""Refuses a version that is not the one the caller read."""


async def read_return(session: ReadSession, return_id: UUID) -> Row:
    """A return with its content. Raises NotFound."""
    row = await queries.find_return(session, return_id)
    if row is None:
        raise NotFound
    return row


async def lock(session: WriteSession, return_id: UUID, check: Check) -> Row:
    """A return that the caller may see, locked. Raises NotFound, or what `check` raises for its version."""
    row = await queries.lock_return(session, return_id)
    if row is None:
        raise NotFound
    check(row["version"])
    return row


async def act(session: WriteSession, writes: Writes, row: Row, done: ReturnAct, **columns: object) -> Row:
    """Move a locked return, change `columns` with it, and tell of it; `row` is kept up to date.

    Raises ActionNotAvailable where the act is not open in the return's state.
    """
    state, event = move(ReturnState(row["state"]), done)
    await change(session, row, state=state.value, **columns)
    tell(
        writes,
        session,
        event,
        subject=("return", row["id"], row["version"]),
        audience=[row["organisation_id"], await authority_organisation(session)],
        data={"template": row["template"], "period": row["period"]},
    )
    return row


async def change(session: WriteSession, row: Row, **columns: object) -> None:
    """Write columns of a locked return and raise its version; `row` is kept up to date."""
    values: Row = {**columns, "version": row["version"] + 1}
    await writing.change(session, return_record, {"id": row["id"]}, values)
    row.update(values)
