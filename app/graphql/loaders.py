"""Loading many rows at once: every key that is asked for in one turn of the event loop goes into one statement.

A loader lives for one request. A key that is known already is answered without a future, so that a page whose edges
were loaded with it is completed without a single await.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, TypeVar
from uuid import UUID

Value = TypeVar("Value")

Fetch = Callable[[list[UUID]], Awaitable[Mapping[UUID, Value]]]


class Loader(Generic[Value]):
    """Values by key; `missing` stands for a key that has none (or whose row the caller may not see)."""

    __slots__ = ("_coming", "_fetch", "_known", "_missing", "_tasks", "_wanted")

    def __init__(self, fetch: Fetch[Value], missing: Value) -> None:
        """`fetch` is given each key once and leaves out those without a value."""
        self._fetch = fetch
        self._missing = missing
        self._known: dict[UUID, Value] = {}
        self._coming: dict[UUID, asyncio.Future[Value]] = {}
        self._wanted: list[UUID] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def load(self, key: UUID | None) -> Value | asyncio.Future[Value]:
        """The value if it is known, else a future of it. No key, no value."""
        if key is None:
            return self._missing
        try:
            return self._known[key]
        except KeyError:
            return self._wait(key)

    async def load_one(self, key: UUID) -> Value:
        """The value of one key."""
        found = self.load(key)
        return await found if isinstance(found, asyncio.Future) else found

    async def load_all(self, keys: Iterable[UUID | None]) -> list[Value]:
        """The values of the keys that have one, each once: afterwards `load` knows them all."""
        found = [self.load(key) for key in dict.fromkeys(keys) if key is not None]
        pending = [value for value in found if isinstance(value, asyncio.Future)]
        if pending:
            await asyncio.gather(*pending)
        values = [value.result() if isinstance(value, asyncio.Future) else value for value in found]
        return [value for value in values if value is not self._missing]

    def _wait(self, key: UUID) -> asyncio.Future[Value]:
        future = self._coming.get(key)
        if future is None or future.cancelled():
            loop = asyncio.get_running_loop()
            if not self._wanted:
                loop.call_soon(self._dispatch)
            self._wanted.append(key)
            future = self._coming[key] = loop.create_future()
        return future

    def _dispatch(self) -> None:
        keys, self._wanted = self._wanted, []
        task = asyncio.get_running_loop().create_task(self._answer(keys))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, keys: list[UUID]) -> None:
        try:
            values = await self._fetch(keys)
        except Exception as error:  # noqa: BLE001 - handed to everyone who waits for it
            for key in keys:
                future = self._coming.pop(key)
                if not future.done():
                    future.set_exception(error)
            return
        for key in keys:
            value = self._known[key] = values.get(key, self._missing)
            future = self._coming.pop(key)
            if not future.done():
                future.set_result(value)
