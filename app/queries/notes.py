"""Case notes. Which of them there are for a caller, row policy says."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

_COLUMNS = (
    "n.id, n.intervention_id, n.organisation_id, n.practitioner_id, n.kind, n.occurred_at, n.text,"
    " n.shared_with_referrer, n.supersedes_id, n.superseded_by_id, n.recorded_at"
)


async def list_notes(
    session: ReadSession, intervention_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[dict[str, Any]]:
    """A case's notes in the order of what they are of, with one more than `limit` if there are more."""
    filters = Filters(session.authority_id)
    filters.add("n.intervention_id = {0}", intervention_id)
    if after is not None:
        filters.add("(n.occurred_at, n.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM case_note n WHERE n.authority_id = $1{filters.sql}"  # noqa: S608 - our own column names
        f" ORDER BY n.occurred_at, n.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [dict(row) for row in rows]


async def find_note(session: ReadSession, intervention_id: UUID, note_id: UUID) -> dict[str, Any] | None:
    """One note of a case, or None when there is none that the caller may see."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM case_note n WHERE n.authority_id = $1 AND n.intervention_id = $2 AND n.id = $3",  # noqa: S608 - our own column names
        session.authority_id,
        intervention_id,
        note_id,
    )
    return dict(row) if row else None


async def supersede(session: WriteSession, note_id: UUID, by_id: UUID) -> int:
    """Mark a note as corrected by another; how many were marked: none that has been corrected, or is another's."""
    return await session.run(
        "UPDATE case_note SET superseded_by_id = $3 WHERE authority_id = $1 AND id = $2 AND superseded_by_id IS NULL",
        session.authority_id,
        note_id,
        by_id,
    )
