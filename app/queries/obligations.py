"""What is owed."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.access import Kind
from app.db import ReadSession
from app.queries.filters import Filters

_OPEN: Final = "met_at IS NULL AND cancelled_at IS NULL"


async def list_obligations(
    session: ReadSession,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    state: str | None = None,
    owed_by_id: UUID | None = None,
) -> list[dict[str, Any]]:
    """Obligations that the caller may see, those due first first, with one more than `limit` when there are more.

    `state` is open (owed still, overdue ones included), overdue, met or cancelled.
    """
    filters = Filters(session.authority_id)
    if session.kind is not Kind.AUTHORITY:
        # Row policy says the same, but would read the whole authority's list to say it.
        filters.add("owed_by_id = {0}", session.organisation_id)
    if owed_by_id is not None:
        filters.add("owed_by_id = {0}", owed_by_id)
    if state in ("open", "overdue"):
        filters.add(_OPEN)
    if state == "overdue":
        filters.add("due_at < {0}", session.now)
    if state in ("met", "cancelled"):
        filters.add(f"{state}_at IS NOT NULL")
    if after is not None:
        filters.add("(due_at, id) > ({0}, {1})", *after)
    rows = await session.rows(
        "SELECT id, kind, owed_by_id, subject_kind, subject_id, clock, created_at, due_at, met_at, cancelled_at"  # noqa: S608 - fixed texts
        f" FROM obligation WHERE authority_id = $1{filters.sql} ORDER BY due_at, id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [dict(row) for row in rows]
