"""One tailer per process wakes the long polls of the event feed.

NOTIFY inside each transaction would cost a fifth or more of the commits, could arrive before the event is visible, and
LISTEN fails behind transaction pooling. So one task reads, every few hundred milliseconds and with a role of its own,
which organisations have something new below the snapshot horizon, and wakes those that wait.
"""

import asyncio
import logging
from collections import defaultdict
from uuid import UUID

from app.db import WorkerDatabase
from app.errors import Unavailable
from app.queries import feed

_log = logging.getLogger(__name__)

Key = tuple[UUID, UUID]


class Tailer:
    """Follows the horizon and wakes waiters by (authority, organisation)."""

    def __init__(self, database: WorkerDatabase, interval_seconds: float) -> None:
        self._database = database
        self._interval = interval_seconds
        self._waiters: dict[Key, set[asyncio.Event]] = defaultdict(set)
        self._position = feed.Position(0, 0)

    async def wait(self, authority_id: UUID, organisation_id: UUID, seconds: float) -> None:
        """Return when the organisation may have new events, or after `seconds`. Holds no database connection."""
        woken = asyncio.Event()
        key = (authority_id, organisation_id)
        self._waiters[key].add(woken)
        try:
            async with asyncio.timeout(seconds):
                await woken.wait()
        except TimeoutError:
            return
        finally:
            self._waiters[key].discard(woken)
            if not self._waiters[key]:
                del self._waiters[key]

    async def run(self) -> None:
        """Follow the log until cancelled. An absent database is waited for."""
        while True:
            try:
                async with self._database.session() as session:
                    self._position, fresh = await feed.fresh_audiences(session, self._position)
            except Unavailable:
                _log.warning("the event tailer cannot reach the database")
                # Whoever waits asks again and gets the honest answer.
                fresh = list(self._waiters)
            for key in fresh:
                for woken in self._waiters.get(key, ()):
                    woken.set()
            await asyncio.sleep(self._interval)
