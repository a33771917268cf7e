"""What is dear to work out for an authority, kept in this process until anything that it stands on changes.

What is kept is never served after a change that its reader can see: each reader asks the database, in its own
transaction, whether anything was changed since the snapshot that it was read after (`app.queries.ground_changes`). It
is kept by authority and by day, and given to sessions of that authority alone; what of it a caller may be shown is for
whoever reads it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.queries import ground_changes


class _Sized(Protocol):
    def __len__(self) -> int: ...


Value = TypeVar("Value", bound=_Sized)

_MOST: Final = 60_000
"""Lines kept in a process, over all authorities: some 150 MB."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Value]):
    value: Value
    day: date
    snapshot: str
    begun: int
    """Its number in the order in which reads began."""


class Keeper(Generic[Value]):
    """Values by authority, each worked out by one reader at a time; the least lately used go first."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: dict[UUID, _Kept[Value]] = {}
        self._turns: dict[UUID, asyncio.Lock] = {}
        self._numbers = count()

    async def read(self, session: ReadSession, work_out: Callable[[ReadSession], Awaitable[Value]]) -> Value:
        """The authority's value as the session sees it today. The session must reach the whole authority.

        A session that may write sees its own changes, which may yet be undone: it works out a value for itself alone.
        """
        if isinstance(session, WriteSession):
            return await work_out(session)
        arrived = next(self._numbers)
        found = await self._holding(session)
        if found is not None:
            return found
        turn = self._turns.setdefault(session.authority_id, asyncio.Lock())
        try:
            async with turn:
                kept = self._kept.get(session.authority_id)
                # Begun after this reader came, so with all that it could see then.
                if kept is not None and kept.begun > arrived and kept.day == session.today:
                    return kept.value
                return await self._work_out(session, work_out)
        finally:
            if not turn.locked():
                self._turns.pop(session.authority_id, None)

    async def _holding(self, session: ReadSession) -> Value | None:
        kept = self._kept.get(session.authority_id)
        if kept is None or kept.day != session.today:
            return None
        if not await ground_changes.still_holds(session, kept.snapshot):
            return None
        if session.authority_id in self._kept:
            self._kept[session.authority_id] = self._kept.pop(session.authority_id)
        return kept.value

    async def _work_out(self, session: ReadSession, work_out: Callable[[ReadSession], Awaitable[Value]]) -> Value:
        begun, snapshot = next(self._numbers), await ground_changes.snapshot_now(session)
        value = await work_out(session)
        self._kept.pop(session.authority_id, None)
        self._kept[session.authority_id] = _Kept(value, session.today, snapshot, begun)
        while len(self._kept) > 1 and sum(len(kept.value) for kept in self._kept.values()) > self._most:
            del self._kept[next(iter(self._kept))]
        return value
