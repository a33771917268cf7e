"""Rows written by the tables of `app.models`: many inserts in one round trip, and changes of one row.

An act writes rows to several tables (a referral, its history, its events and their audience ...). Sent one by one
each costs a round trip while the authority's lock is held, so they are collected and sent as one statement of
data-modifying CTEs. PostgreSQL checks foreign keys at the statement's end, so rows may name each other in any order.
"""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

import orjson
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB

from app.db import WriteSession

_Shape = tuple[tuple[str, tuple[str, ...], int], ...]


class Writes:
    """Rows waiting to be inserted, by table."""

    def __init__(self) -> None:
        self._rows: dict[Table, list[Mapping[str, object]]] = {}
        self._writer: WriteSession | None = None

    def add(self, table: Table, **values: object) -> None:
        """Queue one row. Rows of one table must name the same columns. JSON columns take plain Python values."""
        self._rows.setdefault(table, []).append(values)

    def extend(self, table: Table, rows: Iterable[Mapping[str, object]]) -> None:
        """Queue several rows."""
        for row in rows:
            self.add(table, **row)

    def leave_to(self, writer: WriteSession) -> None:
        """Have what is queued written with this session's reach, whoever flushes."""
        self._writer = writer

    async def flush(self, session: WriteSession) -> None:
        """Insert everything queued, in one statement, into the session's authority.

        Raises whatever constraint the rows break, as any write does.
        """
        if not self._rows:
            return
        shape: list[tuple[str, tuple[str, ...], int]] = []
        arguments: list[object] = []
        for table, rows in self._rows.items():
            columns = tuple(rows[0])
            json_columns = _json_columns(table)
            shape.append((table.name, columns, len(rows)))
            for row in rows:
                for name in columns:
                    value = row[name]
                    arguments.append(to_json(value) if name in json_columns and value is not None else value)
        self._rows = {}
        session, self._writer = self._writer or session, None
        await session.run(_statement(tuple(shape)), session.authority_id, *arguments)


async def change(
    session: WriteSession, table: Table, key: Mapping[str, object], values: Mapping[str, object], *, also: str = ""
) -> int:
    """Update the rows of the session's authority that a key names; how many there were.

    JSON columns take plain Python values. `also` is SQL of our own: further assignments, beginning with a comma.
    """
    json_columns = _json_columns(table)
    sets = ", ".join(f'"{name}" = ${position}' for position, name in enumerate(values, start=2))
    keys = " AND ".join(f'"{name}" = ${position}' for position, name in enumerate(key, start=len(values) + 2))
    return await session.run(
        f'UPDATE "{table.name}" SET {sets}{also} WHERE authority_id = $1 AND {keys}',  # noqa: S608 - our own names
        session.authority_id,
        *(to_json(value) if name in json_columns and value is not None else value for name, value in values.items()),
        *key.values(),
    )


@cache
def _json_columns(table: Table) -> frozenset[str]:
    return frozenset(column.name for column in table.columns if isinstance(column.type, JSONB))


@lru_cache(maxsize=512)
def _statement(shape: _Shape) -> str:
    """The SQL for a shape of rows. `$1` is the authority; names come from our own tables, values never."""
    position = 2
    inserts: list[str] = []
    for table, columns, count in shape:
        tuples = []
        for _ in range(count):
            marks = ", ".join(f"${position + index}" for index in range(len(columns)))
            tuples.append(f"($1, {marks})")
            position += len(columns)
        names = ", ".join(f'"{column}"' for column in ("authority_id", *columns))
        inserts.append(f'INSERT INTO "{table}" ({names}) VALUES {", ".join(tuples)}')  # noqa: S608
    *before, last = inserts
    if not before:
        return last
    return "WITH " + ", ".join(f"w{index} AS ({sql})" for index, sql in enumerate(before)) + " " + last


def to_json(value: object) -> str:
    """A value as JSON text, for a jsonb parameter. UUIDs (asyncpg's own kind too) and dates become strings."""
    return orjson.dumps(value, default=str).decode()
