"""One migrated template database per run; clones and a rolled-back lane over it.

`lane` is a database whose outer transaction is rolled back after the test: most tests use it, through `api`.
`clone` is a database of a test's own, with real commits and real sessions: races, faults and GraphQL use it.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from app import schema
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.schema import Roles
from app.settings import Settings
from tests.factories.authority import Town, build_town
from tests.factories.http import Api, make_api
from tests.lanes import rolled_back

# How long an example takes is the machine's affair: no test is timed.
hypothesis_settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("untimed")


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """An administrator's URL: of the server that HALFTERM_TEST_DATABASE_URL names, or of an embedded one."""
    given = os.environ.get("HALFTERM_TEST_DATABASE_URL")
    if given:
        yield given
        return
    quick = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": 200}
    with EmbeddedPostgres.temporary(quick) as server:
        yield server.admin_url


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator["Template"]:
    """A migrated database to clone from; dropped, with its roles, at the end."""
    made = Template(server_url, f"halfterm_test_{secrets.token_hex(4)}")
    asyncio.run(made.create())
    yield made
    asyncio.run(made.drop())


class Template:
    """The migrated template, its roles, and the clones made from it."""

    def __init__(self, server_url: str, name: str) -> None:
        self.server_url = server_url
        self.name = name
        self.owner = f"{name}_owner"
        self.roles: Roles = schema.roles_for(f"{name}_app")
        self.clones: list[str] = []

    def url(self, role: str | None = None, database: str | None = None) -> str:
        """A URL of a database (the template) as a role (the administrator)."""
        return schema.with_parts(
            self.server_url, user=role, password="made-up" if role else None, database=database or self.name
        )

    async def create(self) -> None:
        await schema.provision(self.url(), owner=self.owner, roles=self.roles, password="made-up")
        await schema.migrate(self.url(self.owner), self.roles)

    async def clone(self) -> str:
        """A new database; its name."""
        name = f"{self.name}_{len(self.clones)}"
        await self._maintain(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}" OWNER "{self.owner}"')
        self.clones.append(name)
        return name

    async def drop_clone(self, name: str) -> None:
        await self._maintain(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.clones.remove(name)

    async def drop(self) -> None:
        for name in [*self.clones, self.name]:
            await self._maintain(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        for role in (self.roles.application, self.roles.worker, self.owner):
            await self._maintain(f'DROP ROLE IF EXISTS "{role}"')

    async def _maintain(self, sql: str) -> None:
        connection = await asyncpg.connect(schema.with_parts(self.server_url, database="postgres"))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A sandbox's settings, with signing keys made once."""
    folder: Path = tmp_path_factory.mktemp("keys")
    return Settings(
        data_dir=folder,
        sandbox=True,
        pool_size=10,
        tailer_interval_ms=20,
        log_level="WARNING",
        public_url="http://test",
    )


@pytest.fixture(scope="session")
async def shared_database(template: Template, settings: Settings) -> AsyncIterator[Database]:
    # A clone too: PostgreSQL copies no database that anyone is connected to, and the template is copied all along.
    name = await template.clone()
    database = Database(template.url(template.roles.application, name), settings)
    yield database
    await database.dispose()
    await template.drop_clone(name)


@pytest.fixture
async def lane(shared_database: Database) -> AsyncIterator[Database]:
    """A database in which nothing lasts."""
    async with rolled_back(shared_database) as database:
        yield database


@pytest.fixture
async def clone(template: Template, settings: Settings) -> AsyncIterator[Database]:
    """A database of the test's own, with real commits."""
    name = await template.clone()
    database = Database(template.url(template.roles.application, name), settings)
    yield database
    await database.dispose()
    await template.drop_clone(name)


@pytest.fixture
async def town(lane: Database) -> Town:
    """An authority with schools, providers and a block of places, in the rolled-back lane."""
    return await build_town(lane)


@pytest.fixture
async def api(lane: Database, settings: Settings) -> AsyncIterator[Api]:
    """The HTTP API over the rolled-back lane."""
    async with make_api(settings, lane) as made:
        yield made


@pytest.fixture
async def real_town(clone: Database) -> Town:
    """The same authority in a database of the test's own."""
    return await build_town(clone)


@pytest.fixture
async def real_api(clone: Database, settings: Settings) -> AsyncIterator[Api]:
    """The HTTP API over a database of the test's own."""
    async with make_api(settings, clone) as made:
        yield made
