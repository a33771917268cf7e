"""Readings of measures."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

_COLUMNS: Final = (
    "id, intervention_id, measure, measure_version, measure_version_id, respondent, purpose, taken_on, completed_with,"
    " scores, recorded_at, supersedes_id, correction_reason, superseded_at"
)


async def list_readings(
    session: ReadSession, intervention_id: UUID, *, limit: int, after: tuple[date, UUID] | None = None
) -> list[dict[str, Any]]:
    """An intervention's readings by the day they were taken, with one more than `limit` when there are more.

    Those that were superseded too: they say when they stopped counting.
    """
    filters = Filters(session.authority_id)
    filters.add("intervention_id = {0}", intervention_id)
    if after is not None:
        filters.add("(taken_on, id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM reading WHERE authority_id = $1{filters.sql}"  # noqa: S608 - fixed texts
        f" ORDER BY taken_on, id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [_parsed(row) for row in rows]


async def counting(session: ReadSession, intervention_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """The readings of some cases that count: those that no other supersedes."""
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM reading WHERE authority_id = $1 AND intervention_id = ANY ($2)"  # noqa: S608
        " AND superseded_at IS NULL",
        session.authority_id,
        list(intervention_ids),
    )
    return [_parsed(row) for row in rows]


async def find_reading(session: ReadSession, intervention_id: UUID, reading_id: UUID) -> asyncpg.Record | None:
    """One reading of a case, or None."""
    return await session.row(
        "SELECT id, superseded_at FROM reading WHERE authority_id = $1 AND intervention_id = $2 AND id = $3",
        session.authority_id,
        intervention_id,
        reading_id,
    )


async def is_read(session: ReadSession, intervention_id: UUID, measure: str, respondent: str, before: date) -> bool:
    """Whether a measure was taken of a respondent on an earlier day, in a reading that counts."""
    known: bool = await session.value(
        "SELECT EXISTS (SELECT FROM reading WHERE authority_id = $1 AND intervention_id = $2 AND measure = $3"
        " AND respondent = $4 AND taken_on < $5 AND superseded_at IS NULL)",
        session.authority_id,
        intervention_id,
        measure,
        respondent,
        before,
    )
    return known


async def supersede(session: WriteSession, reading_id: UUID) -> None:
    """Let a reading count no more, from now on."""
    await session.run(
        "UPDATE reading SET superseded_at = $3 WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        reading_id,
        session.now,
    )


def _parsed(row: asyncpg.Record) -> dict[str, Any]:
    return {**row, "scores": orjson.loads(row["scores"])}
