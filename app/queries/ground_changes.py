"""Whether anything that the waiting list stands on has changed since a snapshot.

Triggers note which transactions changed it (`app.models.ground`). What was read after a snapshot was taken still holds
while every transaction noted since was finished and seen by that snapshot. Notes of transactions that every snapshot
has seen are cleared away, but for the newest of them: it says how far the notes reach back, so that a snapshot from
before it is not held to be good for want of notes.
"""

from typing import Final

from app.db import BrokerSession, ReadSession

_STILL_HOLDS: Final = """
SELECT coalesce((SELECT g.xid < pg_snapshot_xmin($2::text::pg_snapshot) FROM ground_change g
                 WHERE g.authority_id = $1 ORDER BY g.xid LIMIT 1), true)
   AND NOT EXISTS (SELECT 1 FROM ground_change g
                   WHERE g.authority_id = $1 AND g.xid >= pg_snapshot_xmin($2::text::pg_snapshot)
                     AND NOT pg_visible_in_snapshot(g.xid, $2::text::pg_snapshot))
"""


async def snapshot_now(session: ReadSession) -> str:
    """What is finished at this moment. Take it before reading what is to be kept."""
    taken: str = await session.value("SELECT pg_current_snapshot()::text")
    return taken


async def still_holds(session: ReadSession, snapshot: str) -> bool:
    """Whether nothing that the session can see has changed since a snapshot. Its own changes count as changes."""
    holds: bool = await session.value(_STILL_HOLDS, session.authority_id, snapshot)
    return holds


async def forget_seen(session: BrokerSession) -> int:
    """Clear away the notes that every snapshot has seen, but for the newest; how many."""
    return await session.run(
        "DELETE FROM ground_change g WHERE g.authority_id = $1 AND g.xid < ("
        "SELECT n.xid FROM ground_change n"
        " WHERE n.authority_id = $1 AND n.xid < pg_snapshot_xmin(pg_current_snapshot())"
        " ORDER BY n.xid DESC LIMIT 1)",
        session.authority_id,
    )
