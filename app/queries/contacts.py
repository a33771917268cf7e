"""Contacts of an intervention."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.db import ReadSession
from app.queries.filters import Filters

_COLUMNS = (
    "c.id, c.intervention_id, c.practitioner_id, c.kind, c.mode, c.held_at, c.minutes, c.minutes_late, c.present,"
    " c.agencies, c.child_seen, c.child_seen_alone, c.announced, c.result, c.reason, c.supersedes_id, c.recorded_at,"
    " (SELECT later.id FROM intervention_contact later WHERE later.authority_id = c.authority_id"
    " AND later.supersedes_id = c.id) AS superseded_by_id"
)


async def list_contacts(
    session: ReadSession, intervention_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[dict[str, Any]]:
    """An intervention's contacts in the order in which they were held, with one more than `limit` if there are more."""
    filters = Filters(session.authority_id)
    filters.add("c.intervention_id = {0}", intervention_id)
    if after is not None:
        filters.add("(c.held_at, c.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM intervention_contact c WHERE c.authority_id = $1{filters.sql}"  # noqa: S608 - our own column names
        f" ORDER BY c.held_at, c.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [dict(row) for row in rows]


async def find_contact(session: ReadSession, intervention_id: UUID, contact_id: UUID) -> dict[str, Any] | None:
    """One contact of an intervention, or None."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM intervention_contact c"  # noqa: S608 - our own column names
        " WHERE c.authority_id = $1 AND c.intervention_id = $2 AND c.id = $3",
        session.authority_id,
        intervention_id,
        contact_id,
    )
    return dict(row) if row else None


async def last_met_on(session: ReadSession, intervention_id: UUID) -> date | None:
    """The London date of the last contact of an intervention that took place; None while there is none."""
    day: date | None = await session.value(
        "SELECT max((held_at AT TIME ZONE 'Europe/London')::date) FROM intervention_contact"
        " WHERE authority_id = $1 AND intervention_id = $2 AND result IN ('attended', 'late')",
        session.authority_id,
        intervention_id,
    )
    return day
