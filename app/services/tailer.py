"""One tailer per process wakes the long polls of the event feed.

NOTIFY inside each transaction would cost a fifth or more of the commits, could arrive before the event is visible, and
LISTEN fails behind transaction pooling. So one task reads, every few hundred milliseconds and with a role of its own,
which organisations have something new below the snapshot horizon, and wakes those that wait.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import asyncpg

from app import clock
from app.db import WorkerDatabase
from app.errors import HalftermError
from app.queries import feed

_log = logging.getLogger(__name__)

Key = tuple[UUID, UUID]


class Tailer:
    """Follows the horizon and wakes listeners by (authority, organisation)."""

    def __init__(self, database: WorkerDatabase, interval_seconds: float) -> None:
        self._database = database
        self._interval = interval_seconds
        self._listeners: dict[Key, set[asyncio.Event]] = {}
        # None: unknown, at the start and after an outage. The next round then wakes everyone to look for themselves.
        self._seen: feed.Horizon | None = None
        self._stands_since = clock.monotonic()

    @contextmanager
    def listen(self, authority_id: UUID, organisation_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set when the organisation may have news.

        Listen first, clear, read the feed, then wait: what comes between the reading and the waiting sets the event.
        No database connection is held.
        """
        key = (authority_id, organisation_id)
        news = asyncio.Event()
        self._listeners.setdefault(key, set()).add(news)
        try:
            yield news
        finally:
            left = self._listeners[key]
            left.discard(news)
            if not left:
                del self._listeners[key]

    @property
    def listener_count(self) -> int:
        """How many listen now."""
        return sum(len(listeners) for listeners in self._listeners.values())

    @property
    def horizon_lag_seconds(self) -> float:
        """For how long one open transaction has held the feed's end where it is; 0 while nothing holds it."""
        seen = self._seen
        return clock.monotonic() - self._stands_since if seen and seen.xid < seen.next_xid else 0.0

    async def run(self) -> None:
        """Follow the log until cancelled. A database that is away or refuses is waited for."""
        while True:
            try:
                await self.look()
            except (HalftermError, asyncpg.PostgresError) as error:
                _log.warning("the event tailer cannot read the log", extra={"error": type(error).__name__})
                self._seen = None
                # Whoever listens reads the feed, and gets the honest answer.
                self._wake(list(self._listeners))
            await asyncio.sleep(self._interval)

    async def look(self) -> None:
        """One round: wake whoever has news since the last one."""
        async with self._database.session() as session:
            now = await feed.horizon(session)
            before = self._seen
            if before is None or before.epoch != now.epoch:
                fresh: Iterable[Key] = list(self._listeners)
            elif before.xid < now.xid:
                fresh = await feed.fresh_audiences(session, before.xid, now.xid)
            else:
                fresh = ()
        if before is None or before.xid != now.xid:
            self._stands_since = clock.monotonic()
        self._seen = now
        self._wake(fresh)

    def _wake(self, keys: Iterable[Key]) -> None:
        for key in keys:
            for news in self._listeners.get(key, ()):
                news.set()
