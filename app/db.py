"""The transaction door: the only place that begins, commits and sets the row-policy context.

Every statement of the service runs inside `Database.read` or `Database.write`, in the name of one principal. The
context goes out with BEGIN in one round trip and dies with the transaction, so nothing is left on a pooled
connection, also behind PgBouncer in transaction mode. Inside, statements go to asyncpg as SQL text (hot doors, long
reads) or through SQLAlchemy Core (`select`, `insert`, `update`).

The engine is in AUTOCOMMIT because SQLAlchemy's own transaction would add round trips and could not carry the
context; for the same reason asyncpg's `connection.transaction()` is not used here.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final, cast
from uuid import UUID

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app import clock
from app.access import Kind, Principal
from app.constraints import domain_error
from app.errors import NotReady, Unavailable
from app.schema import check_role, expected_revision
from app.settings import Settings

_AWAY: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What asyncpg says of a session that ended between two of its messages.
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCatalogNameError,
    PoolTimeout,
)


class ReadSession:
    """A transaction that reads: what it may see is fixed by its principal."""

    def __init__(self, connection: AsyncConnection, driver: asyncpg.Connection, principal: Principal) -> None:
        self._connection = connection
        self._driver = driver
        self.principal = principal
        self.now: datetime = clock.real_now()

    @property
    def authority_id(self) -> UUID:
        """The authority whose data this is."""
        return self.principal.authority_id

    @property
    def organisation_id(self) -> UUID:
        """The organisation on whose behalf it runs."""
        return self.principal.organisation_id

    @property
    def kind(self) -> Kind:
        """The caller's kind of organisation."""
        return self.principal.kind

    @property
    def today(self) -> date:
        """Business date in England."""
        return clock.london_date(self.now)

    async def rows(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows of an SQL text."""
        return cast("list[asyncpg.Record]", await self._driver.fetch(sql, *arguments))

    async def row(self, sql: str, *arguments: object) -> asyncpg.Record | None:
        """The first row of an SQL text, or None."""
        return await self._driver.fetchrow(sql, *arguments)

    async def value(self, sql: str, *arguments: object) -> Any:
        """The first column of the first row, or None."""
        return await self._driver.fetchval(sql, *arguments)

    async def select(self, statement: Executable) -> Sequence[RowMapping]:
        """All rows of a Core statement, by column name."""
        result = await self._connection.execute(statement)
        return result.mappings().all()


class WriteSession(ReadSession):
    """A transaction that may also write. Committed by the door when its block ends without an error."""

    async def run(self, sql: str, *arguments: object) -> int:
        """Run an SQL text; the number of rows it touched."""
        status = await self._driver.execute(sql, *arguments)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def run_many(self, sql: str, arguments: Sequence[Sequence[object]]) -> None:
        """Run an SQL text once per argument list, pipelined."""
        await self._driver.executemany(sql, arguments)

    async def execute(self, statement: Executable) -> int:
        """Run a Core insert, update or delete; the number of rows it touched."""
        result = await self._connection.execute(statement)
        return cast(int, getattr(result, "rowcount", 0))


class BrokerSession(WriteSession):
    """A write transaction that reaches the whole authority, whatever the caller may see."""


def _literal(value: object) -> str:
    """A context value as an SQL literal. Only UUIDs and fixed words pass: nothing a caller typed."""
    text = str(value)
    if not all(character.isalnum() or character in "-_" for character in text):
        raise ValueError("A context value may hold letters, digits, '-' and '_' only.")
    return f"'{text}'"


def context_sql(principal: Principal, *, reach: str) -> str:
    """The SELECT that sets a transaction's row-policy context."""
    settings = {
        "authority": principal.authority_id,
        "organisation": principal.organisation_id,
        "client": principal.client_id,
        "reach": reach,
    }
    calls = ", ".join(f"set_config('halfterm.{name}', {_literal(value)}, true)" for name, value in settings.items())
    return f"SELECT {calls}"


def own_reach(principal: Principal) -> str:
    """An authority's officers reach the whole authority; everyone else their own rows. Nothing falls through."""
    return "authority" if principal.kind is Kind.AUTHORITY else "own"


@asynccontextmanager
async def broker(session: WriteSession) -> AsyncIterator[BrokerSession]:
    """Widen a write transaction to its whole authority, holding the authority's allocation lock.

    Only the services in `BROKERS` may call this (a guard test keeps the list): allocation, duplicates and queue
    positions need rows of every organisation, which no caller may see. The lock is taken in this statement, before
    anything is read: taken inside the reading statement it would read stale data. The reach is put back when the block
    ends well; when it fails, the transaction fails with it.
    """
    await session.value(
        "SELECT set_config('halfterm.reach', 'authority', true), pg_advisory_xact_lock(hashtextextended($1, 0))",
        str(session.authority_id),
    )
    wide = BrokerSession(session._connection, session._driver, session.principal)  # noqa: SLF001 - same door
    wide.now = session.now
    yield wide
    await session.value("SELECT set_config('halfterm.reach', $1, true)", own_reach(session.principal))


@asynccontextmanager
async def whole_authority(session: ReadSession) -> AsyncIterator[None]:
    """Let a session's reads reach its whole authority, without a lock, until the block ends.

    For counts that name nobody and stand on rows of other organisations (is a place free?): never for rows themselves.
    Like `broker`, only the modules that a guard test lists may call it.
    """
    await session.value("SELECT set_config('halfterm.reach', 'authority', true)")
    yield
    await session.value("SELECT set_config('halfterm.reach', $1, true)", own_reach(session.principal))


class Database:
    """The connection pool of one database role, and the door to it."""

    BEGIN: ClassVar = "BEGIN"
    BEGIN_READ_ONLY: ClassVar = "BEGIN READ ONLY"
    # Deferred constraints speak inside the door, where their names are still known.
    COMMIT: ClassVar = "SET CONSTRAINTS ALL IMMEDIATE; COMMIT"
    ROLLBACK: ClassVar = "ROLLBACK"

    def __init__(self, url: str, settings: Settings, *, application_name: str = "halfterm") -> None:
        self.settings = settings
        self.engine: AsyncEngine = make_engine(url, settings, application_name=application_name)

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def read(self, principal: Principal) -> AsyncIterator[ReadSession]:
        """A read-only transaction in the principal's name."""
        async with self._connect() as (connection, driver):
            session = ReadSession(connection, driver, principal)
            try:
                # Inside the block: cancelled here, it may have begun all the same.
                await driver.execute(f"{self.BEGIN_READ_ONLY}; {context_sql(principal, reach=own_reach(principal))}")
                session.now = await self._business_time(driver, principal)
                yield session
            finally:
                await self._end_quietly(driver)

    @asynccontextmanager
    async def write(self, principal: Principal) -> AsyncIterator[WriteSession]:
        """A transaction in the principal's name: committed at the end of the block, rolled back on any error.

        Raises the domain error of a broken constraint (`app.constraints`) and Unavailable when PostgreSQL is away.
        """
        async with self._connect() as (connection, driver):
            session = WriteSession(connection, driver, principal)
            try:
                # Inside the block: cancelled here, it may have begun all the same.
                await driver.execute(f"{self.BEGIN}; {context_sql(principal, reach=own_reach(principal))}")
                session.now = await self._business_time(driver, principal)
                yield session
                await driver.execute(self.COMMIT)
            except BaseException:
                await self._end_quietly(driver)
                raise

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        try:
            async with self.engine.connect() as connection:
                driver = await _driver_of(connection)
                if driver.is_closed():
                    # Cut off while it lay idle: the next one is new, so that no caller meets an outage that is over.
                    await connection.invalidate()
                    driver = await _driver_of(connection)
                try:
                    yield connection, driver
                finally:
                    if driver.is_closed():
                        await connection.invalidate()
        except (asyncpg.PostgresError, DBAPIError) as error:
            raise _translated(error) from error
        except _AWAY as error:
            raise Unavailable(headers={"Retry-After": "2"}) from error

    async def _end_quietly(self, driver: asyncpg.Connection) -> None:
        if driver.is_closed():
            return
        try:
            await driver.execute(self.ROLLBACK)
        except BaseException as error:
            # Cancelled or cut off: a connection that may still be inside a transaction never goes back to the pool.
            driver.terminate()
            if not isinstance(error, _AWAY):
                raise

    async def _business_time(self, driver: asyncpg.Connection, principal: Principal) -> datetime:
        if principal.at is not None:
            return principal.at
        now = clock.real_now()
        if not self.settings.sandbox:
            return now
        row = await driver.fetchrow("SELECT sandbox, clock_offset FROM authority WHERE id = $1", principal.authority_id)
        if row is None or not row["sandbox"]:
            return now
        offset: timedelta = row["clock_offset"]
        return principal.stated_at or now + offset


class WorkerDatabase:
    """The door of the worker role: what belongs to no caller (the event tailer, the clock's round of authorities).

    Without a URL of its own it borrows the application's pool and takes the worker role on for one transaction.
    """

    def __init__(self, database: Database, *, role: str | None) -> None:
        self._database = database
        self._role = role

    @asynccontextmanager
    async def session(self) -> AsyncIterator[WriteSession]:
        """A transaction in the worker role, without any authority's context."""
        async with self._database._connect() as (connection, driver):  # noqa: SLF001 - the same door
            take_on = f'; SET LOCAL ROLE "{self._role}"' if self._role else ""
            try:
                await driver.execute(f"BEGIN{take_on}")
                yield WriteSession(connection, driver, NOBODY)
                await driver.execute("COMMIT")
            except BaseException:
                await self._database._end_quietly(driver)  # noqa: SLF001 - the same door
                raise


NOBODY: Final = Principal(
    client_id=UUID(int=0),
    organisation_id=UUID(int=0),
    authority_id=UUID(int=0),
    kind=Kind.AGENCY,
    scopes=frozenset(),
)
"""A principal that sees nothing."""


async def check_ready(database: Database) -> None:
    """Raise Unavailable or NotReady unless the database is there, migrated to this code's revision, and binds us."""
    async with database._connect() as (_, driver):  # noqa: SLF001 - the same door
        await check_role(driver)
        revision = await driver.fetchval("SELECT version_num FROM alembic_version")
        if revision != expected_revision():
            raise NotReady("The database schema is not of this version: run `halfterm migrate`.")


async def _driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    raw = await connection.get_raw_connection()
    return cast("asyncpg.Connection", raw.driver_connection)


def _translated(error: asyncpg.PostgresError | DBAPIError) -> Exception:
    """The domain's word for a database error; the error itself where there is none."""
    original: BaseException = error
    if isinstance(error, DBAPIError):
        original = error.driver_exception or error
    if isinstance(original, _AWAY):
        return Unavailable(headers={"Retry-After": "2"})
    if isinstance(original, asyncpg.PostgresError):
        return domain_error(original) or error
    return error


def make_engine(url: str, settings: Settings, *, application_name: str) -> AsyncEngine:
    """An AUTOCOMMIT engine on asyncpg, with the limits that keep a stray transaction from stalling the event feed."""
    connect_args: dict[str, Any] = {
        "statement_cache_size": settings.statement_cache_size,
        "timeout": 5,
        "server_settings": {
            "application_name": application_name,
            "statement_timeout": f"{settings.statement_timeout_seconds}s",
            "idle_in_transaction_session_timeout": "30s",
            "timezone": "UTC",
            # Row policy makes plans look dear; compiling them would take longer than any of them runs.
            "jit": "off",
        },
    }
    if settings.statement_cache_size == 0:
        # Behind an older PgBouncer: no server-side startup settings, no named statements.
        connect_args["prepared_statement_cache_size"] = 0
        connect_args["prepared_statement_name_func"] = lambda: ""
        connect_args["server_settings"] = {"application_name": application_name}
    return create_async_engine(
        asyncpg_url(url),
        isolation_level="AUTOCOMMIT",
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        pool_reset_on_return=None,
        pool_pre_ping=False,
        # JSON is read as text: who needs it parses it, and stored answers pass through as they are.
        json_deserializer=str,
        connect_args=connect_args,
    )


def asyncpg_url(url: str) -> str:
    """A `postgresql://` URL with SQLAlchemy's name for the asyncpg driver."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+asyncpg://" + url.removeprefix(prefix)
    return url
