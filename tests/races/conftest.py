"""Real sessions that meet in PostgreSQL, and who sees what they left."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.db import Database
from app.schema import database_of
from app.settings import Settings
from tests.conftest import Template
from tests.factories.http import Api, make_api


@pytest.fixture
async def crowd(clone: Database, settings: Settings) -> AsyncIterator[Api]:
    """The API with enough connections that the clients meet in PostgreSQL and not in the pool's queue."""
    roomy = settings.model_copy(update={"pool_size": 40, "pool_timeout_seconds": 60.0})
    database = Database(clone.url, roomy)
    async with make_api(roomy, database) as api:
        yield api
    await database.dispose()


@pytest.fixture
async def owner(clone: Database, template: Template) -> AsyncIterator[asyncpg.Connection]:
    """Who sees every row, to judge from the rows alone."""
    connection = await asyncpg.connect(template.url(template.owner, database_of(clone.url)))
    yield connection
    await connection.close()
