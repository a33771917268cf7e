"""The plays of a year that are under way in this server process: few at a time, each outside any transaction."""

import asyncio
import logging
from typing import Final
from uuid import UUID

import asyncpg

from app import clock
from app.access import Principal
from app.db import Database
from app.errors import HalftermError, TooManyRequests
from app.queries import allocation_runs as queries
from app.services.last_year import LEASE, YearAsked
from app.services.year_process import PlayFailedError, play_in_a_process

AT_ONCE: Final = 2
"""Plays under way in one server process, of all authorities: each takes a processor."""
LONGEST_SECONDS: Final = 600.0
_STOPPED: Final = "The service was stopped while it was at work. Ask again."
_TOO_LONG: Final = "It took longer than ten minutes and was stopped."
_BROKEN: Final = "It could not be played. The service's log says why."
_TRIES: Final = 5

_log = logging.getLogger(__name__)


class YearReplays:
    """Starts plays, keeps their leases, and writes down what came of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._under_way: set[asyncio.Task[None]] = set()

    def check_room(self) -> None:
        """Raise TooManyRequests while as many plays are under way as this process takes on."""
        if len(self._under_way) >= AT_ONCE:
            raise TooManyRequests(
                "As many years are being played as this server takes on at once: ask again in a minute.",
                headers={"Retry-After": "60"},
            )

    def start(self, officer: Principal, year: YearAsked) -> None:
        """Play a year that has been asked for, in the officer's name; its run must be committed."""
        task = asyncio.create_task(self._play(officer, year), name=f"year of run {year.run_id}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """End what is under way; each such run is told as failed."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _play(self, officer: Principal, year: YearAsked) -> None:
        lease = asyncio.create_task(self._keep_lease(officer, year.run_id))
        try:
            content = await play_in_a_process(year, longest_seconds=LONGEST_SECONDS)
        except TimeoutError:
            await self._end(officer, year.run_id, failure=_TOO_LONG)
        except asyncio.CancelledError:
            await self._end(officer, year.run_id, failure=_STOPPED)
            raise
        except (PlayFailedError, OSError) as error:
            _log.error("a year could not be played", extra={"run_id": str(year.run_id), "error": str(error)[:500]})
            await self._end(officer, year.run_id, failure=_BROKEN)
        else:
            await self._end(officer, year.run_id, content=content)
        finally:
            lease.cancel()

    async def _keep_lease(self, officer: Principal, run_id: UUID) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            try:
                async with self._database.write(officer) as session:
                    await queries.renew_lease(session, run_id, clock.real_now() + LEASE)
            except (HalftermError, asyncpg.PostgresError) as error:
                _log.warning("a run's lease was not renewed", extra={"error": type(error).__name__})

    async def _end(
        self, officer: Principal, run_id: UUID, *, content: dict[str, object] | None = None, failure: str | None = None
    ) -> None:
        """Write down what came of a run; tried again while the database is away. Left unwritten, its lease runs out."""
        for attempt in range(_TRIES):
            try:
                async with self._database.write(officer) as session:
                    await queries.end_run(session, run_id, content, failure)
            except (HalftermError, asyncpg.PostgresError) as error:
                _log.warning("a run's end was not written", extra={"error": type(error).__name__})
                await asyncio.sleep(2**attempt)
            else:
                return
