"""The family's own words."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

Row = dict[str, Any]

_COLUMNS = (
    "q.id, q.intervention_id, q.whose, q.words, q.said_on, q.anonymous, q.consent_by, q.consent_on, q.uses,"
    " q.withdrawn_on, q.withdrawn_by, q.recorded_at, q.version"
)


async def list_quotes(
    session: ReadSession, intervention_id: UUID, *, limit: int, after: tuple[date, UUID] | None = None
) -> list[Row]:
    """An intervention's quotes, by day, those taken back without their words; one more than `limit` when there are."""
    filters = Filters(session.authority_id)
    filters.add("q.intervention_id = {0}", intervention_id)
    if after is not None:
        filters.add("(q.said_on, q.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM family_quote q WHERE q.authority_id = $1{filters.sql}"  # noqa: S608 - our own column names
        f" ORDER BY q.said_on, q.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [dict(row) for row in rows]


async def count(session: ReadSession, intervention_id: UUID) -> int:
    """How many an intervention has, those taken back included."""
    found: int = await session.value(
        "SELECT count(*) FROM family_quote WHERE authority_id = $1 AND intervention_id = $2",
        session.authority_id,
        intervention_id,
    )
    return found


async def lock_quote(session: WriteSession, intervention_id: UUID, quote_id: UUID) -> Row | None:
    """One quote of an intervention, locked; None when there is none."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM family_quote q"  # noqa: S608 - our own column names
        " WHERE q.authority_id = $1 AND q.intervention_id = $2 AND q.id = $3 FOR UPDATE",
        session.authority_id,
        intervention_id,
        quote_id,
    )
    return dict(row) if row else None


async def words_of(session: ReadSession, quote_ids: Sequence[UUID]) -> dict[str, str | None]:
    """The words of quotes that the caller may see, by id; None for those that were taken back."""
    rows = await session.rows(
        "SELECT id, words FROM family_quote WHERE authority_id = $1 AND id = ANY ($2)",
        session.authority_id,
        quote_ids,
    )
    return {str(row["id"]): row["words"] for row in rows}
