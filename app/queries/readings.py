"""Readings of measures."""

from datetime import date
from typing import Any
from uuid import UUID

import orjson

from app.db import ReadSession
from app.queries.filters import Filters


async def list_readings(
    session: ReadSession, intervention_id: UUID, *, limit: int, after: tuple[date, UUID] | None = None
) -> list[dict[str, Any]]:
    """An intervention's readings by the day they were taken, with one more than `limit` when there are more."""
    filters = Filters(session.authority_id)
    filters.add("intervention_id = {0}", intervention_id)
    if after is not None:
        filters.add("(taken_on, id) > ({0}, {1})", *after)
    rows = await session.rows(
        "SELECT id, intervention_id, measure, measure_version, respondent, taken_on, completed_with, scores,"  # noqa: S608 - fixed texts
        f" recorded_at FROM reading WHERE authority_id = $1{filters.sql}"
        f" ORDER BY taken_on, id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [{**row, "scores": orjson.loads(row["scores"])} for row in rows]
