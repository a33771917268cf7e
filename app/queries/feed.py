"""Reading the event log in its one stable order.

`(xid, seq)` below the snapshot horizon never skips: once every transaction older than the horizon has ended, nothing
can be inserted behind a position. A bare sequence or a timestamp would skip what a slower transaction commits later.
It is not the order of commits: a transaction that wrote early and waited stands before one that finished first.
"""

from typing import NamedTuple
from uuid import UUID

import asyncpg

from app.db import ReadSession


class Position(NamedTuple):
    """A place in the feed: after the row of this transaction id and sequence."""

    xid: int
    seq: int


START = Position(0, 0)


class Horizon(NamedTuple):
    """How far the feed may be read now."""

    epoch: str
    """Within one epoch transaction ids only rise. Another cluster or timeline (a restored dump, recovery to a point in
    time, a promoted standby) counts anew, so positions of the old epoch mean nothing there."""
    xid: int
    """Every transaction before this one has ended."""
    next_xid: int
    """The first transaction id not yet given out: above `xid` while a transaction runs."""


async def horizon(session: ReadSession) -> Horizon:
    """Where the feed ends for whoever reads after this statement."""
    row = await session.row(
        "SELECT c.system_identifier::text || '.' || left(pg_walfile_name(pg_current_wal_lsn()), 8) AS epoch,"
        " pg_snapshot_xmin(s)::text::bigint AS xid, pg_snapshot_xmax(s)::text::bigint AS next_xid"
        " FROM pg_control_system() c, pg_current_snapshot() s"
    )
    if row is None:
        raise AssertionError("A snapshot has one row.")
    return Horizon(row["epoch"], row["xid"], row["next_xid"])


async def page(session: ReadSession, after: Position, below_xid: int, limit: int) -> list[asyncpg.Record]:
    """The caller's events after a position and below the horizon, oldest first."""
    return await session.rows(
        f"SELECT {_COLUMNS} FROM event_audience a"  # noqa: S608 - our own column names
        " JOIN event e ON e.authority_id = a.authority_id AND e.id = a.event_id"
        f" WHERE {_SPAN} ORDER BY a.xid, a.seq LIMIT $6",
        *_span(session, after, below_xid),
        limit,
    )


async def page_of_types(
    session: ReadSession, after: Position, below_xid: int, limit: int, *, types: list[str], window: int
) -> list[asyncpg.Record]:
    """As `page`, of some types only, among the next `window` events: a rare type never walks the whole log."""
    return await session.rows(
        f"SELECT {_COLUMNS} FROM (SELECT a.* FROM event_audience a WHERE {_SPAN}"  # noqa: S608 - our own column names
        " ORDER BY a.xid, a.seq LIMIT $8) a"
        " JOIN event e ON e.authority_id = a.authority_id AND e.id = a.event_id"
        " WHERE e.type = ANY ($7::text[]) ORDER BY a.xid, a.seq LIMIT $6",
        *_span(session, after, below_xid),
        limit,
        types,
        window,
    )


async def end_of_window(session: ReadSession, after: Position, below_xid: int, window: int) -> Position | None:
    """The position of the last of the next `window` events; None when fewer are left."""
    row = await session.row(
        f"SELECT a.xid::text::bigint AS xid, a.seq FROM event_audience a WHERE {_SPAN}"  # noqa: S608 - our own names
        " ORDER BY a.xid, a.seq OFFSET $6 LIMIT 1",
        *_span(session, after, below_xid),
        window - 1,
    )
    return Position(row["xid"], row["seq"]) if row else None


_COLUMNS = (
    "a.xid::text::bigint AS xid, a.seq, e.id, e.type, e.subject_kind, e.subject_id, e.subject_version,"
    # Which referral it is about is told to those who may see the referral: an offer does not say.
    " (SELECT r.id FROM referral r WHERE r.authority_id = e.authority_id AND r.id = e.referral_id) AS referral_id,"
    " e.organisation_id, e.occurred_at, e.recorded_at, e.data"
)
# One range of `ux_event_audience_feed`: the comparison of rows and both bounds are leak-proof, so row policy leaves
# them in the index.
_SPAN = (
    "a.authority_id = $1 AND a.organisation_id = $2 AND (a.xid, a.seq) > ($3::text::xid8, $4::bigint)"
    " AND a.xid < $5::text::xid8"
)


def _span(session: ReadSession, after: Position, below_xid: int) -> tuple[object, ...]:
    return session.authority_id, session.organisation_id, str(after.xid), after.seq, str(below_xid)


async def fresh_audiences(session: ReadSession, from_xid: int, below_xid: int) -> list[tuple[UUID, UUID]]:
    """The (authority, organisation) pairs with events of a span of transactions. For the worker role."""
    rows = await session.rows(
        "SELECT DISTINCT authority_id, organisation_id FROM event_audience"
        " WHERE xid >= $1::text::xid8 AND xid < $2::text::xid8",
        str(from_xid),
        str(below_xid),
    )
    return [(row["authority_id"], row["organisation_id"]) for row in rows]
