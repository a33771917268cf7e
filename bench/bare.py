"""The bare asyncpg scripts: the same rows, with nothing else around them. Each runs in a process of its own."""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import asyncpg
import uvloop

Work = tuple[str, tuple[Any, ...]]
"""A statement and its arguments."""


@dataclass(frozen=True, slots=True)
class Done:
    """A burst of statements: how long it took in all, each one's time, and the rows where they were asked for."""

    seconds: float
    each: list[float]
    rows: list[list[dict[str, Any]]]

    @property
    def rate(self) -> float:
        """Statements per second."""
        return len(self.each) / self.seconds


class BareProcess:
    """The process that runs the statements, with connections that stay open between bursts."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def run(self, url: str, work: Sequence[Work], clients: int, *, keep_rows: bool = False) -> Done:
        """Run every statement over `clients` connections, each in a transaction of its own."""
        return self._pool.submit(_run, url, list(work), clients, keep_rows).result()

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown()


def _run(url: str, work: list[Work], clients: int, keep_rows: bool) -> Done:
    return uvloop.run(_run_all(url, work, clients, keep_rows))


async def _run_all(url: str, work: list[Work], clients: int, keep_rows: bool) -> Done:
    connections = [await asyncpg.connect(url) for _ in range(clients)]
    statements = {sql for sql, _ in work}
    for connection in connections:
        # Prepared before the clock starts, as the service's connections are warm too.
        for sql in statements:
            await connection._get_statement(sql, None)  # noqa: SLF001 - fills the cache that fetch uses
    each: list[float] = [0.0] * len(work)
    kept: list[list[dict[str, Any]]] = [[] for _ in work]
    queue = iter(enumerate(work))

    async def client(connection: asyncpg.Connection) -> None:
        for number, (sql, arguments) in queue:
            began = time.perf_counter()
            rows = await connection.fetch(sql, *arguments)
            each[number] = time.perf_counter() - began
            if keep_rows:
                kept[number] = [dict(row) for row in rows]

    began = time.perf_counter()
    await asyncio.gather(*(client(connection) for connection in connections))
    seconds = time.perf_counter() - began
    await asyncio.gather(*(connection.close() for connection in connections))
    return Done(seconds, each, kept)
