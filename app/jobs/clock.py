"""The clock's round: every so often, each authority runs what has fallen due, and old answers are forgotten."""

import asyncio
import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg

from app import clock
from app.db import Database, WorkerDatabase
from app.errors import HalftermError
from app.queries import authorities, due
from app.services.authority import officer_of
from app.services.business_clock import run_due

IDEMPOTENCY_KEPT: Final = timedelta(days=7)
"""How long a retry gets the same answer: longer than a school's system is ever down."""
_NOBODY: Final = UUID(int=0)

_log = logging.getLogger(__name__)


async def run_clock(database: Database, worker: WorkerDatabase, interval_seconds: float) -> None:
    """Go round for ever. What fails is logged and tried again: nothing is marked as run that was not."""
    while True:
        await asyncio.sleep(interval_seconds)
        try:
            await go_round(database, worker)
            await forget_old_answers(worker)
        except (HalftermError, asyncpg.PostgresError) as error:
            _log.warning("the clock's round was cut short", extra={"error": type(error).__name__})


async def go_round(database: Database, worker: WorkerDatabase) -> None:
    """Run what is due for every authority, each in the name of its own organisation.

    One authority's failure never holds up another; the first is raised when the round is over.
    """
    async with worker.session() as session:
        ids = await authorities.every_authority_id(session)
    failures: list[HalftermError | asyncpg.PostgresError] = []
    for authority_id in ids:
        try:
            await _run_one(database, authority_id)
        except (HalftermError, asyncpg.PostgresError) as error:
            _log.warning(
                "what is due was not run", extra={"error": type(error).__name__, "authority_id": str(authority_id)}
            )
            failures.append(error)
    if failures:
        raise failures[0]


async def _run_one(database: Database, authority_id: UUID) -> None:
    async with database.read(officer_of(authority_id, _NOBODY)) as session:
        known = await authorities.describe_authority(session)
    if known is None:
        return
    ran = await run_due(database, officer_of(authority_id, known["organisation_id"]))
    counts = {name: count for name, count in ran.counts().items() if count}
    if counts:
        _log.info("what was due has been run", extra={"authority_id": str(authority_id), **counts})


async def forget_old_answers(worker: WorkerDatabase) -> int:
    """Delete the answers kept for retries that are older than `IDEMPOTENCY_KEPT`, in small transactions; how many."""
    before = clock.real_now() - IDEMPOTENCY_KEPT
    forgotten = 0
    while True:
        async with worker.session() as session:
            deleted = await due.delete_idempotency_records(session, before)
        if deleted == 0:
            return forgotten
        forgotten += deleted
