"""Tells a database that is away from every other error."""

from collections.abc import Iterator

import asyncpg
import sqlalchemy.exc

# The server refused or ended the session: it is stopping, starting, full, or the link broke (SQLSTATE classes 08, 57P).
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleSessionTimeoutError,
    sqlalchemy.exc.TimeoutError,
)
# asyncpg has one class for a connection that died and for a caller's mistake; only the sentence tells them apart.
_CLOSED_SENTENCES = ("connection is closed", "connection was closed", "pool is clos")
_DRIVERS = ("asyncpg", "sqlalchemy")


def is_database_unavailable(exc: BaseException) -> bool:
    """True when `exc`, or an error that it was raised from, means that the database could not be reached."""
    return any(_means_away(fault) for fault in _causes(exc))


def _means_away(exc: BaseException) -> bool:
    if isinstance(exc, _AWAY):
        return True
    if isinstance(exc, asyncpg.InterfaceError):
        return any(sentence in str(exc) for sentence in _CLOSED_SENTENCES)
    if isinstance(exc, sqlalchemy.exc.DBAPIError):
        return exc.connection_invalidated
    # A refused or reset socket, a missing socket file, a name that does not resolve, a time-out: all are OSError, as is
    # a file that cannot be read. It speaks of the database only when the driver was at work.
    return isinstance(exc, OSError) and _raised_under_driver(exc)


def _raised_under_driver(exc: BaseException) -> bool:
    traceback = exc.__traceback__
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] in _DRIVERS:
            return True
        traceback = traceback.tb_next
    return False


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """The error and everything that it was raised from or wraps, each once."""
    pending: list[BaseException | None] = [exc]
    seen: set[int] = set()
    while pending:
        fault = pending.pop()
        if fault is None or id(fault) in seen:
            continue
        seen.add(id(fault))
        yield fault
        pending += [fault.__cause__, getattr(fault, "orig", None)]
        # `raise ... from None` says that the context is not the cause.
        if not fault.__suppress_context__:
            pending.append(fault.__context__)
        if isinstance(fault, BaseExceptionGroup):
            pending += fault.exceptions
