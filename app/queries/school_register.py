"""The national school register: written by the owner role, on a connection of its own.

Rows are gathered in a temporary table and taken over by one statement, so that a register is taken whole or not at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

import asyncpg

from app.domain.school_entry import SchoolEntry

# The street is not kept: nothing here asks for it.
COLUMNS: Final = tuple(field.name for field in fields(SchoolEntry) if field.name != "street")
_VALUES: Final = attrgetter(*COLUMNS)
_LIST: Final = ", ".join(COLUMNS)
_CHANGES: Final = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "urn")
_OLD: Final = ", ".join(f"r.{name}" for name in COLUMNS)
_NEW: Final = ", ".join(f"excluded.{name}" for name in COLUMNS)
_MARK: Final = "shipped "


@dataclass(frozen=True, slots=True)
class Taken:
    """What a register changed: schools that are new, that say something new, and that were marked closed."""

    added: int
    changed: int
    closed: int


async def gather(connection: asyncpg.Connection) -> None:
    """Make the temporary table that `add` fills and `take_over` reads."""
    await connection.execute(
        "CREATE TEMP TABLE incoming (LIKE school_register, line bigint GENERATED ALWAYS AS IDENTITY)"
    )


async def add(connection: asyncpg.Connection, entries: Iterable[SchoolEntry]) -> None:
    """Gather entries. A URN that comes again replaces the earlier one."""
    await connection.copy_records_to_table("incoming", records=map(_VALUES, entries), columns=COLUMNS)


async def take_over(connection: asyncpg.Connection, *, over_sources: list[str] | None = None) -> Taken:
    """Take the gathered entries into the register. A school already there is replaced where it says something else.

    With `over_sources` a school already there is replaced only if it came from one of these. A school that is not
    among the gathered ones, and whose LAESTAB an open one of them has now, is marked closed: a school that becomes an
    academy gets a new URN and keeps its LAESTAB.
    """
    row = await connection.fetchrow(
        f"WITH latest AS (SELECT DISTINCT ON (urn) {_LIST} FROM incoming ORDER BY urn, line DESC), done AS ("  # noqa: S608  # nosec B608 - our own column names
        f" INSERT INTO school_register AS r ({_LIST}) SELECT {_LIST} FROM latest"
        f" ON CONFLICT (urn) DO UPDATE SET {_CHANGES}"
        f"  WHERE ({_OLD}) IS DISTINCT FROM ({_NEW}) AND ($1::text[] IS NULL OR r.source = ANY ($1))"
        " RETURNING xmax = 0 AS added), superseded AS ("
        " UPDATE school_register r SET status = 'closed' FROM latest l"
        "  WHERE r.laestab = l.laestab AND r.urn <> l.urn AND l.status <> 'closed' AND r.status <> 'closed'"
        "  AND NOT EXISTS (SELECT 1 FROM latest own WHERE own.urn = r.urn) RETURNING r.urn)"
        " SELECT (SELECT count(*) FROM done WHERE added) AS added,"
        " (SELECT count(*) FROM done WHERE NOT added) AS changed, (SELECT count(*) FROM superseded) AS closed",
        over_sources,
    )
    return Taken(row["added"], row["changed"], row["closed"])


async def shipped_mark(connection: asyncpg.Connection) -> str | None:
    """The digest of the shipped register that was taken last; None if none was."""
    comment: str | None = await connection.fetchval("SELECT obj_description('school_register'::regclass, 'pg_class')")
    return comment.removeprefix(_MARK) if comment and comment.startswith(_MARK) else None


async def mark_shipped(connection: asyncpg.Connection, digest: str) -> None:
    """Note the digest of the shipped register that was taken. It is hexadecimal, of our own making."""
    await connection.execute(f"COMMENT ON TABLE school_register IS '{_MARK}{int(digest, 16):064x}'")
