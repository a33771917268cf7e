"""The event feed in its one stable order.

(xid, seq) below the snapshot horizon: a transaction that is still open can only add rows with an xid at or above
`pg_snapshot_xmin`, so nothing is ever inserted behind a cursor. It is not commit order; each event carries its
subject's version for that.
"""

from typing import NamedTuple
from uuid import UUID

import asyncpg

from app.db import ReadSession


class Position(NamedTuple):
    """A place in the feed: after the row of this transaction id and sequence."""

    xid: int
    seq: int


async def page(
    session: ReadSession, after: Position, limit: int, types: list[str] | None = None
) -> tuple[list[asyncpg.Record], Position]:
    """The caller's events after a position, oldest first, and where to go on from."""
    rows = await session.rows(
        "SELECT a.xid::text::bigint AS xid, a.seq, e.id, e.type, e.subject_kind, e.subject_id, e.subject_version,"
        " e.referral_id, e.organisation_id, e.occurred_at, e.recorded_at, e.data"
        " FROM event_audience a JOIN event e ON e.authority_id = a.authority_id AND e.id = a.event_id"
        " WHERE a.authority_id = $1 AND a.organisation_id = $2"
        " AND (a.xid, a.seq) > ($3::text::xid8, $4::bigint)"
        " AND a.xid < pg_snapshot_xmin(pg_current_snapshot())"
        " AND ($6::text[] IS NULL OR e.type = ANY ($6))"
        " ORDER BY a.xid, a.seq LIMIT $5",
        session.authority_id,
        session.organisation_id,
        str(after.xid),
        after.seq,
        limit,
        types,
    )
    last = Position(rows[-1]["xid"], rows[-1]["seq"]) if rows else after
    return rows, last


async def fresh_audiences(session: ReadSession, after: Position) -> tuple[Position, list[tuple[UUID, UUID]]]:
    """Who has events between a position and the horizon, for the tailer's role; and the horizon itself.

    The first call, from position 0, only finds the horizon.
    """
    horizon = int(await session.value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))
    here = Position(horizon, 0)
    if after.xid == 0 or horizon <= after.xid:
        return here, []
    rows = await session.rows(
        "SELECT DISTINCT authority_id, organisation_id FROM event_audience"
        " WHERE xid >= $1::text::xid8 AND xid < $2::text::xid8",
        str(after.xid),
        str(horizon),
    )
    return here, [(row["authority_id"], row["organisation_id"]) for row in rows]
