"""Reviews of an intervention."""

from datetime import date
from typing import Any
from uuid import UUID

import orjson

from app.db import ReadSession
from app.queries.filters import Filters


async def list_reviews(
    session: ReadSession, intervention_id: UUID, *, limit: int, after: tuple[date, UUID] | None = None
) -> list[dict[str, Any]]:
    """An intervention's reviews by the day they were held, with one more than `limit` when there are more."""
    filters = Filters(session.authority_id)
    filters.add("intervention_id = {0}", intervention_id)
    if after is not None:
        filters.add("(held_on, id) > ({0}, {1})", *after)
    rows = await session.rows(
        "SELECT id, intervention_id, practitioner_id, held_on, present, agencies, going_well, worries, goals,"  # noqa: S608 - fixed texts
        f" plan_changes, proposal, recorded_at FROM intervention_review WHERE authority_id = $1{filters.sql}"
        f" ORDER BY held_on, id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [{**row, "goals": orjson.loads(row["goals"])} for row in rows]
