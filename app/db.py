"""The transaction door: the only place that begins, commits and sets the row-policy context.

Every statement of the service runs inside `Database.read` or `Database.write`, in the name of one principal. The
context goes out with BEGIN in one round trip and dies with the transaction, so nothing is left on a pooled
connection, also behind PgBouncer in transaction mode. Inside, statements go to asyncpg as SQL text, and rows are
written through `app.queries.writes`, from the tables of `app.models`.

The pool is asyncpg's own: a SQLAlchemy engine's checkout cost a poll a sixth of its time, and its transaction would
add round trips and could not carry the context. For the latter reason `connection.transaction()` is not used either.
"""

from asyncio import timeout
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final, cast
from uuid import UUID

import asyncpg

from app import clock
from app.access import SAFEGUARDING, Kind, Principal
from app.constraints import domain_error
from app.errors import NotReady, Unavailable
from app.schema import check_role, expected_revision
from app.settings import Settings

WHOLE: Final = "authority"
"""The reach of officers and brokers."""

_CLOSING_SECONDS: Final = 10

_AWAY: Final = (
    # A wait for a free connection that took too long is one too.
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
)


class _Line:
    """A connection inside a transaction, the reach that PostgreSQL was last told, and whether time may be moved."""

    __slots__ = ("driver", "reach", "sandbox")

    def __init__(self, driver: asyncpg.Connection, reach: str, *, sandbox: bool) -> None:
        self.driver = driver
        self.reach = reach
        self.sandbox = sandbox

    async def business_time(self, principal: Principal) -> datetime:
        """The present of a principal's authority."""
        if principal.at is not None:
            return principal.at
        now = clock.real_now()
        if not self.sandbox:
            return now
        row = await self.driver.fetchrow(
            "SELECT sandbox, clock_offset FROM authority WHERE id = $1", principal.authority_id
        )
        if row is None or not row["sandbox"]:
            return now
        offset: timedelta = row["clock_offset"]
        return principal.stated_at or now + offset


class ReadSession:
    """A transaction that reads: what it may see is fixed by its principal and its reach."""

    def __init__(self, line: _Line, principal: Principal) -> None:
        self._line = line
        self._reach = line.reach
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
        return cast("list[asyncpg.Record]", await (await self._driver()).fetch(sql, *arguments))

    async def row(self, sql: str, *arguments: object) -> asyncpg.Record | None:
        """The first row of an SQL text, or None."""
        return await (await self._driver()).fetchrow(sql, *arguments)

    async def value(self, sql: str, *arguments: object) -> Any:
        """The first column of the first row, or None."""
        return await (await self._driver()).fetchval(sql, *arguments)

    async def _driver(self) -> asyncpg.Connection:
        """The connection, with this session's reach.

        A broker's session and the one that it widened share a connection. Reach is told when one of them speaks after
        the other, so that an act which ends with the broker's last statement pays nothing for narrowing it again.
        """
        line = self._line
        if line.reach != self._reach:
            await line.driver.fetchval("SELECT set_config('halfterm.reach', $1, true)", self._reach)
            line.reach = self._reach
        return line.driver


class WriteSession(ReadSession):
    """A transaction that may also write. Committed by the door when its block ends without an error."""

    async def run(self, sql: str, *arguments: object) -> int:
        """Run an SQL text; the number of rows it touched."""
        status = await (await self._driver()).execute(sql, *arguments)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def run_many(self, sql: str, arguments: Sequence[Sequence[object]]) -> None:
        """Run an SQL text once per argument list, pipelined."""
        await (await self._driver()).executemany(sql, arguments)


class BrokerSession(WriteSession):
    """A write transaction that reaches the whole authority, whatever the caller may see."""

    def __init__(self, session: WriteSession) -> None:
        super().__init__(session._line, session.principal)  # noqa: SLF001 - same door
        self._reach = WHOLE
        self.now = session.now


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
        "safeguarding": knows_concerns(principal),
    }
    calls = ", ".join(f"set_config('halfterm.{name}', {_literal(value)}, true)" for name, value in settings.items())
    return f"SELECT {calls}"


def knows_concerns(principal: Principal) -> str:
    """Whose concerns a transaction may know of: its `authority`'s, its `own` organisation's, or `none`.

    It goes by the caller and not by the reach: an act of a provider that widens to the whole authority still knows of
    none but its own.
    """
    if principal.scopes.isdisjoint(SAFEGUARDING):
        return "none"
    return "authority" if principal.kind is Kind.AUTHORITY else "own"


def own_reach(principal: Principal) -> str:
    """An authority's officers reach the whole authority; everyone else their own rows. Nothing falls through."""
    return WHOLE if principal.kind is Kind.AUTHORITY else "own"


@asynccontextmanager
async def broker(session: WriteSession) -> AsyncIterator[BrokerSession]:
    """Widen a write transaction to its whole authority, holding the authority's allocation lock until it ends.

    Only the services in `BROKERS` may call this (a guard test keeps the list): allocation, duplicates and queue
    positions need rows of every organisation, which no caller may see. The lock is taken in this statement, before
    anything is read: taken inside the reading statement it would read stale data. What `session` itself asks
    afterwards is narrow again. Under the lock nobody waits for a plan: by its own judgement PostgreSQL would plan
    wide joins anew at every call, which cost a post more than running them.

    The present is told anew once the lock is there: an act that waited for it over midnight would otherwise book a
    place from a day on which another family still held it. So acts bear times in the order in which they took effect.
    """
    line = session._line  # noqa: SLF001 - same door
    await line.driver.fetchval(
        "SELECT set_config('halfterm.reach', $2, true), set_config('plan_cache_mode', 'force_generic_plan', true),"
        " pg_advisory_xact_lock(hashtextextended($1, 0))",
        str(session.authority_id),
        WHOLE,
    )
    line.reach = WHOLE
    session.now = await line.business_time(session.principal)
    yield BrokerSession(session)


@asynccontextmanager
async def whole_authority(session: ReadSession) -> AsyncIterator[None]:
    """Let a session's reads reach its whole authority, without a lock, until the block ends.

    For counts that name nobody and stand on rows of other organisations (is a place free?): never for rows themselves.
    Like `broker`, only the modules that a guard test lists may call it.
    """
    own = session._reach  # noqa: SLF001 - same door
    session._reach = WHOLE  # noqa: SLF001 - same door
    try:
        yield
    finally:
        session._reach = own  # noqa: SLF001 - same door


class Database:
    """The connection pool of one database role, and the door to it."""

    BEGIN: ClassVar = "BEGIN"
    BEGIN_READ_ONLY: ClassVar = "BEGIN READ ONLY"
    # Deferred constraints speak inside the door, where their names are still known.
    COMMIT: ClassVar = "SET CONSTRAINTS ALL IMMEDIATE; COMMIT"
    ROLLBACK: ClassVar = "ROLLBACK"

    def __init__(self, url: str, settings: Settings, *, application_name: str = "halfterm") -> None:
        self.url = url
        self.settings = settings
        self._application_name = application_name
        self._pool: asyncpg.Pool | None = None

    async def dispose(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            with suppress(TimeoutError):
                async with timeout(_CLOSING_SECONDS):
                    await self._pool.close()

    @property
    def checked_out(self) -> int:
        """How many connections are in use."""
        return 0 if self._pool is None else self._pool.get_size() - self._pool.get_idle_size()

    @asynccontextmanager
    async def read(self, principal: Principal) -> AsyncIterator[ReadSession]:
        """A read-only transaction in the principal's name."""
        reach = own_reach(principal)
        async with self._connect() as driver:
            line = _Line(driver, reach, sandbox=self.settings.sandbox)
            session = ReadSession(line, principal)
            try:
                # Inside the block: cancelled here, it may have begun all the same.
                await driver.execute(f"{self.BEGIN_READ_ONLY}; {context_sql(principal, reach=reach)}")
                session.now = await line.business_time(principal)
                yield session
            finally:
                await self._end_quietly(driver)

    @asynccontextmanager
    async def write(self, principal: Principal) -> AsyncIterator[WriteSession]:
        """A transaction in the principal's name: committed at the end of the block, rolled back on any error.

        Raises the domain error of a broken constraint (`app.constraints`) and Unavailable when PostgreSQL is away.
        """
        reach = own_reach(principal)
        async with self._connect() as driver:
            line = _Line(driver, reach, sandbox=self.settings.sandbox)
            session = WriteSession(line, principal)
            try:
                # Inside the block: cancelled here, it may have begun all the same.
                await driver.execute(f"{self.BEGIN}; {context_sql(principal, reach=reach)}")
                session.now = await line.business_time(principal)
                yield session
                await driver.execute(self.COMMIT)
            except BaseException:
                await self._end_quietly(driver)
                raise

    async def ask(self, function: str, principals: Sequence[Principal]) -> list[Any]:
        """The values of a function of `app.models.functions` that sets its caller's context itself: one round trip.

        It runs in a transaction of its own, with (authority, organisation, client) of each. Raises Unavailable.
        """
        async with self._connect() as driver:
            rows = await driver.fetch(
                f"SELECT {function}(q.authority, q.organisation, q.client)"  # noqa: S608 - our own name
                " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY"
                " AS q (authority, organisation, client, number) ORDER BY q.number",
                [each.authority_id for each in principals],
                [each.organisation_id for each in principals],
                [each.client_id for each in principals],
            )
        return [row[0] for row in rows]

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[asyncpg.Connection]:
        try:
            if self._pool is None:
                # No connection is made yet, so that nobody else can come between: see `make_pool`.
                self._pool = make_pool(self.url, self.settings, application_name=self._application_name)
            pool = await self._pool
            # Not `acquire(timeout=...)`, which would run as a task of its own.
            async with timeout(self.settings.pool_timeout_seconds):
                driver = await pool.acquire()
            try:
                yield driver
            finally:
                await pool.release(driver)
        except asyncpg.PostgresError as error:
            raise translated(error) from error
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
        async with self._database._connect() as driver:  # noqa: SLF001 - the same door
            take_on = f'; SET LOCAL ROLE "{self._role}"' if self._role else ""
            try:
                await driver.execute(f"BEGIN{take_on}")
                yield WriteSession(_Line(driver, "none", sandbox=False), NOBODY)
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
    async with database._connect() as driver:  # noqa: SLF001 - the same door
        await check_role(driver)
        revision = await driver.fetchval("SELECT version_num FROM alembic_version")
        if revision != expected_revision():
            raise NotReady("The database schema is not of this version: run `halfterm migrate`.")


def translated(error: asyncpg.PostgresError) -> Exception:
    """The domain's word for a database error; the error itself where there is none."""
    if isinstance(error, _AWAY):
        return Unavailable(headers={"Retry-After": "2"})
    return domain_error(error) or error


def make_pool(url: str, settings: Settings, *, application_name: str) -> asyncpg.Pool:
    """A pool that connects when asked, with the limits that keep a stray transaction from stalling the event feed."""
    server_settings = {
        "application_name": application_name,
        "statement_timeout": f"{settings.statement_timeout_seconds}s",
        "idle_in_transaction_session_timeout": "30s",
        "timezone": "UTC",
        # Row policy makes plans look dear; compiling them would take longer than any of them runs.
        "jit": "off",
    }
    if settings.statement_cache_size == 0:
        # Behind an older PgBouncer: no server-side startup settings, no named statements.
        server_settings = {"application_name": application_name}
    return asyncpg.create_pool(
        url,
        min_size=0,
        max_size=settings.pool_size,
        # Nothing outlives a transaction, so that nothing is to be reset after it.
        reset=_keep_as_it_is,
        max_queries=10**9,
        statement_cache_size=settings.statement_cache_size,
        timeout=5,
        server_settings=server_settings,
    )


async def _keep_as_it_is(_: asyncpg.Connection) -> None:
    """Called as a connection goes back to the pool."""
