"""Services that families were pointed to."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

Row = dict[str, Any]

_COLUMNS = (
    "s.id, s.intervention_id, s.name, s.kind, s.url, s.service_id, s.signposted_on, s.for_whom, s.in_letters,"
    " s.taken_up, s.why_not, s.followed_up_on, s.recorded_at, s.version"
)


async def list_signposts(
    session: ReadSession, intervention_id: UUID, *, limit: int, after: tuple[date, UUID] | None = None
) -> list[Row]:
    """An intervention's signposts that the caller may see, by day; one more than `limit` when there are more."""
    filters = Filters(session.authority_id)
    filters.add("s.intervention_id = {0}", intervention_id)
    if after is not None:
        filters.add("(s.signposted_on, s.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM signpost s WHERE s.authority_id = $1{filters.sql}"  # noqa: S608 - our own column names
        f" ORDER BY s.signposted_on, s.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [dict(row) for row in rows]


async def lock_signpost(session: WriteSession, intervention_id: UUID, signpost_id: UUID) -> Row | None:
    """One signpost of an intervention, locked; None when there is none."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM signpost s"  # noqa: S608 - our own column names
        " WHERE s.authority_id = $1 AND s.intervention_id = $2 AND s.id = $3 FOR UPDATE",
        session.authority_id,
        intervention_id,
        signpost_id,
    )
    return dict(row) if row else None


async def count(session: ReadSession, intervention_id: UUID) -> int:
    """How many an intervention has."""
    found: int = await session.value(
        "SELECT count(*) FROM signpost WHERE authority_id = $1 AND intervention_id = $2",
        session.authority_id,
        intervention_id,
    )
    return found


async def names(session: ReadSession, intervention_id: UUID) -> Iterable[str]:
    """The names under which they stand."""
    rows = await session.rows(
        "SELECT name FROM signpost WHERE authority_id = $1 AND intervention_id = $2",
        session.authority_id,
        intervention_id,
    )
    return [row["name"] for row in rows]


async def is_service(session: ReadSession, service_id: UUID) -> bool:
    """Whether the authority has a service of this id."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM service WHERE authority_id = $1 AND id = $2)", session.authority_id, service_id
    )
    return found
