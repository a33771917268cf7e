"""Messages about a referral. Which of them there are for a caller, row policy says."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

_COLUMNS = (
    "m.id, m.referral_id, m.organisation_id, o.name AS organisation_name, m.addressed_to, m.text, m.posted_at,"
    " (SELECT coalesce(json_agg(json_build_object('organisation_id', x.organisation_id, 'read_at', x.read_at)"
    "  ORDER BY x.read_at, x.organisation_id), '[]')::text"
    "  FROM message_read x WHERE x.authority_id = m.authority_id AND x.message_id = m.id) AS read_by"
)
_SOURCE = "message m JOIN organisation o ON o.authority_id = m.authority_id AND o.id = m.organisation_id"


async def list_messages(
    session: ReadSession, referral_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[dict[str, Any]]:
    """A referral's messages to or from the caller, oldest first, with one more than `limit` if there are more."""
    filters = Filters(session.authority_id)
    filters.add("m.referral_id = {0}", referral_id)
    if after is not None:
        filters.add("(m.posted_at, m.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE m.authority_id = $1{filters.sql}"  # noqa: S608 - our own names
        f" ORDER BY m.posted_at, m.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [{**row, "read_by": orjson.loads(row["read_by"])} for row in rows]


async def find_message(session: ReadSession, referral_id: UUID, message_id: UUID) -> dict[str, Any] | None:
    """One message of a referral, or None when there is none that the caller may see."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE m.authority_id = $1 AND m.referral_id = $2 AND m.id = $3",  # noqa: S608 - our own names
        session.authority_id,
        referral_id,
        message_id,
    )
    return None if row is None else {**row, "read_by": orjson.loads(row["read_by"])}


async def mark_read(session: WriteSession, referral_id: UUID, up_to: tuple[datetime, UUID]) -> int:
    """Mark what others posted to the caller, up to a message, as read now; how many were not marked before."""
    return await session.run(
        "INSERT INTO message_read (authority_id, message_id, organisation_id, read_at)"
        " SELECT m.authority_id, m.id, $2, $3 FROM message m"
        " WHERE m.authority_id = $1 AND m.referral_id = $4 AND m.organisation_id <> $2"
        " AND (m.posted_at, m.id) <= ($5, $6)"
        " AND NOT EXISTS (SELECT FROM message_read x WHERE x.authority_id = m.authority_id"
        "  AND x.message_id = m.id AND x.organisation_id = $2) ON CONFLICT DO NOTHING",
        session.authority_id,
        session.organisation_id,
        session.now,
        referral_id,
        *up_to,
    )
