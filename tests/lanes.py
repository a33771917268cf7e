"""The rolled-back lane: the real transaction door, inside one outer transaction that never commits.

BEGIN and COMMIT become a savepoint's, deferred constraints still speak at the door, and everything runs on one
connection, one door at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import asyncpg

from app.db import Database, translated


class RolledBackDatabase(Database):
    """A Database over one connection whose outer transaction its maker rolls back."""

    BEGIN: ClassVar = "SAVEPOINT door"
    BEGIN_READ_ONLY: ClassVar = "SAVEPOINT door"
    COMMIT: ClassVar = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; RELEASE SAVEPOINT door"
    ROLLBACK: ClassVar = "ROLLBACK TO SAVEPOINT door; RELEASE SAVEPOINT door"

    def __init__(self, database: Database, driver: asyncpg.Connection) -> None:
        super().__init__(database.url, database.settings)
        self._driver = driver
        self._one_at_a_time = asyncio.Lock()

    async def dispose(self) -> None:
        """Nothing: the connection belongs to the lane's maker."""

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._one_at_a_time:
            try:
                yield self._driver
            except asyncpg.PostgresError as error:
                raise translated(error) from error


@asynccontextmanager
async def rolled_back(database: Database) -> AsyncIterator[Database]:
    """A lane over a fresh outer transaction."""
    async with database._connect() as driver:  # the same door
        await driver.execute("BEGIN")
        try:
            yield RolledBackDatabase(database, driver)
        finally:
            await driver.execute("ROLLBACK")
