"""Filling a migrated database with cases, set by set, as an administrator.

Foreign keys and other triggers are off while the rows go in (`session_replication_role`), because checking them row by
row would take most of an hour at a million referrals. They are checked after, set by set: every foreign key of the
schema against its target. Checks, unique keys and exclusions stay on throughout.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from app.domain.policy import Policy
from app.queries.writes import to_json

AUTHORITIES = 150
SPARE_PLACES = 24
"""Free places per authority: what a round of posts can fill."""
_CHUNK = 50_000
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was put in, and how long it took."""

    referrals: int
    rows: int
    seconds: float


async def seed(admin_url: str, rows: int, authorities: int = AUTHORITIES) -> Seeded:
    """Fill the database with `rows` referrals, spread over the authorities, and check every foreign key.

    Raises ValueError for a broken foreign key.
    """
    began = datetime.now(UTC)
    marks = {
        "rows": str(rows),
        "authorities": str(authorities),
        "spare_places": str(SPARE_PLACES),
        "now": f"'{began.isoformat()}'::timestamptz",
        "policy": f"'{to_json(Policy().content())}'",
        "digest": f"'{Policy().digest()}'",
    }
    connections = [await loader(admin_url) for _ in range(2)]
    try:
        await connections[0].execute(filled("seed.sql", marks))
        chunks = [(first, min(first + _CHUNK, rows)) for first in range(0, rows, _CHUNK)]
        # Two at a time, each taking the next chunk, so that the rows lie roughly in the order of time.
        queue = iter(chunks)
        await asyncio.gather(*(_load(connection, queue) for connection in connections))
        await connections[0].execute("DROP TABLE bench_case")
        await connections[0].execute("VACUUM (ANALYZE)")
        await check_references(connections[0])
        total = await connections[0].fetchval("SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'r'")
        await connections[0].execute("CHECKPOINT")
    finally:
        for connection in connections:
            await connection.close()
    return Seeded(rows, total, (datetime.now(UTC) - began).total_seconds())


async def loader(admin_url: str) -> asyncpg.Connection:
    """A connection that fills tables quickly: no triggers, and no waiting for the disk."""
    connection = await asyncpg.connect(admin_url, command_timeout=3600)
    await connection.execute(
        "SET session_replication_role = replica; SET synchronous_commit = off; SET timezone = 'UTC';"
        " SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'"
    )
    return connection


async def _load(connection: asyncpg.Connection, chunks: Iterator[tuple[int, int]]) -> None:
    for first, last in chunks:
        async with connection.transaction():
            await connection.execute(filled("seed_cases.sql", {"first": str(first), "last": str(last)}))


def filled(name: str, marks: dict[str, str]) -> str:
    """An SQL file of this folder with its marks, such as `:rows`, filled in."""
    sql = (_HERE / name).read_text()
    for mark in sorted(marks, key=len, reverse=True):
        sql = sql.replace(f":{mark}", marks[mark])
    return sql


_FOREIGN_KEYS = """
SELECT c.conname, c.conrelid::regclass::text AS child, c.confrelid::regclass::text AS parent,
  array_agg(quote_ident(a.attname) ORDER BY k.place) AS columns,
  array_agg(quote_ident(b.attname) ORDER BY k.place) AS targets
FROM pg_constraint c
CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (own, other, place)
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own
JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.other
WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
GROUP BY c.oid, c.conname, c.conrelid, c.confrelid ORDER BY 2, 1
"""


async def check_references(connection: asyncpg.Connection) -> None:
    """Raise ValueError naming the first foreign key of the schema that a row breaks."""
    for key in await connection.fetch(_FOREIGN_KEYS):
        match = " AND ".join(f"p.{b} = c.{a}" for a, b in zip(key["columns"], key["targets"], strict=True))
        whole = " AND ".join(f"c.{a} IS NOT NULL" for a in key["columns"])
        broken = await connection.fetchval(
            f"SELECT count(*) FROM {key['child']} c WHERE {whole}"
            f" AND NOT EXISTS (SELECT FROM {key['parent']} p WHERE {match})"
        )
        if broken:
            raise ValueError(f"{broken} rows of {key['child']} break {key['conname']}.")
