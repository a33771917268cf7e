"""Which PostgreSQL the service and its commands use, and as which roles.

Without HALFTERM_DATABASE_URL and HALFTERM_OWNER_DATABASE_URL the embedded PostgreSQL is started for as long as it is
needed; one that already runs in the data folder is used as it is. With them:

* HALFTERM_DATABASE_URL of a role that may make roles is an administrator's. It never serves a request: the service
  connects as an application role of its own, which it makes and whose password it keeps.
* HALFTERM_DATABASE_URL of any other role is the application role. HALFTERM_OWNER_DATABASE_URL, where given, migrates.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from app.embedded import EmbeddedPostgres, running_url
from app.schema import Roles, database_of, may_administer, roles_for, user_of
from app.serving.faults import StartError
from app.serving.roles import application_url
from app.settings import Settings

T = TypeVar("T")

EMBEDDED_DATABASE = "halfterm"
EMBEDDED_OWNER = "halfterm_owner"
EMBEDDED_APPLICATION = "halfterm_application"
# Beside the pools: migrations, commands, a person with psql.
SPARE_CONNECTIONS = 30


@dataclass(frozen=True, slots=True)
class Access:
    """The ways into one database: as the application, and as owner and administrator where we may."""

    application_url: str
    owner_url: str | None
    admin_url: str | None
    data_dir: Path | None
    """The data folder of the embedded PostgreSQL."""

    @property
    def roles(self) -> Roles:
        """The service's roles."""
        return roles_for(user_of(self.application_url))

    @property
    def where(self) -> str:
        """The place of the data, for people: never with a password."""
        if self.data_dir is not None:
            return str(self.data_dir / "postgres")
        server = urlsplit(self.application_url).netloc.rpartition("@")[2]
        return f"database {database_of(self.application_url)} on {server or 'the local server'}"


def is_embedded(settings: Settings) -> bool:
    """Whether the settings leave PostgreSQL to us."""
    return settings.database_url is None and settings.owner_database_url is None


@contextmanager
def database_access(settings: Settings) -> Iterator[Access]:
    """The database of the settings, running for as long as the block lasts.

    Raises StartError and EmbeddedPostgresError with a sentence for people.
    """
    if not is_embedded(settings):
        yield run(_on_server(settings))
        return
    data_dir = settings.data_dir.resolve()
    if running_url(data_dir, EMBEDDED_OWNER, EMBEDDED_DATABASE) is not None:
        yield _in_folder(data_dir)
        return
    with start_embedded(settings) as access:
        yield access


@contextmanager
def start_embedded(settings: Settings) -> Iterator[Access]:
    """The embedded PostgreSQL, started here. Raises EmbeddedPostgresError where another process runs it already."""
    connections = settings.workers * settings.pool_size + SPARE_CONNECTIONS
    with EmbeddedPostgres(settings.data_dir, {"max_connections": max(connections, 100)}) as server:
        yield _in_folder(server.data_dir.resolve())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run database work from a command. Raises StartError when the server cannot be reached or refuses us."""
    try:
        return asyncio.run(work)
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        raise StartError(
            f"The PostgreSQL server cannot be reached: {error}. Is it running, and the URL right?"
        ) from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise StartError(f"The PostgreSQL server refuses the user or the password: {error}.") from error
    except (asyncpg.InvalidCatalogNameError, asyncpg.InsufficientPrivilegeError) as error:
        raise StartError(f"PostgreSQL refuses: {error}.") from error


def _in_folder(data_dir: Path) -> Access:
    def url(role: str) -> str:
        found = running_url(data_dir, role, EMBEDDED_DATABASE)
        if found is None:
            raise StartError(f"The PostgreSQL in {data_dir} has just ended: try again.")
        return found

    return Access(url(EMBEDDED_APPLICATION), url(EMBEDDED_OWNER), url("postgres"), data_dir)


async def _on_server(settings: Settings) -> Access:
    given, owner = settings.database_url, settings.owner_database_url
    for url in (given, owner):
        if url is not None:
            _check_url(url)
    if given is not None and not await _administers(given, owner):
        admin = owner if owner is not None and await may_administer(owner) else None
        return Access(given, owner, admin, None)
    admin = owner or given
    if admin is None:
        raise StartError("HALFTERM_DATABASE_URL is not set.")
    if not await may_administer(admin):
        raise StartError(
            "HALFTERM_OWNER_DATABASE_URL is of a role that may not make roles, so the application role must be there: "
            "name it in HALFTERM_DATABASE_URL."
        )
    return Access(application_url(admin, settings.data_dir), admin, admin, None)


async def _administers(url: str, owner: str | None) -> bool:
    """Whether a URL is an administrator's. One that cannot sign in is not, where the owner may make its role."""
    try:
        return await may_administer(url)
    except asyncpg.InvalidAuthorizationSpecificationError:
        if owner is None or not await may_administer(owner):
            raise
        return False


def _check_url(url: str) -> None:
    if not url.startswith(("postgresql://", "postgres://")):
        raise StartError(
            "A database URL begins with postgresql://, for example postgresql://me:secret@localhost/halfterm."
        )
    try:
        user = user_of(url)
    except ValueError as error:
        raise StartError(f"{error} Write it as postgresql://user:password@host/database.") from error
    if not user or not database_of(url):
        raise StartError("The database URL names no database. Write it as postgresql://user:password@host/database.")
