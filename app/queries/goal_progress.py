"""What was said of goals, day by day."""

from datetime import date
from typing import Any
from uuid import UUID

from app.db import ReadSession
from app.queries.filters import Filters

Row = dict[str, Any]

_COLUMNS = "n.id, n.intervention_id, n.goal_id, n.goal_title, n.said_on, n.said_by, n.words, n.recorded_at"


async def list_progress(
    session: ReadSession, intervention_id: UUID, goal_id: UUID, *, limit: int, after: tuple[date, UUID] | None = None
) -> list[Row]:
    """What was said of a goal, in the order of the days; one more than `limit` when there is more."""
    filters = Filters(session.authority_id)
    filters.add("n.goal_id = {0} AND n.intervention_id = {1}", goal_id, intervention_id)
    if after is not None:
        filters.add("(n.said_on, n.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM goal_progress n WHERE n.authority_id = $1{filters.sql}"  # noqa: S608 - our own column names
        f" ORDER BY n.said_on, n.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [dict(row) for row in rows]
