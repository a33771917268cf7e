"""Holding a database to what must always be true, with one SQL file, as the owner of its tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final
from uuid import UUID

import asyncpg

Acknowledged = tuple[str, str, str, str]
"""Kind, id, Idempotency-Key and organisation of what a client was told; the last two may be empty."""

_PREPARE: Final = """
CREATE TEMP TABLE IF NOT EXISTS acknowledged (kind text, id uuid, key text, organisation_id uuid);
TRUNCATE acknowledged
"""
_INDEX: Final = "CREATE INDEX ON acknowledged (kind, organisation_id, id); ANALYZE acknowledged"


class NotTheOwnerError(Exception):
    """The role sees nothing of a database that is not empty, or may not look: it proves nothing."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that does not hold, and where."""

    invariant: str
    offending_id: UUID | None
    detail: str


def invariants_sql() -> str:
    """The SQL file: one statement that answers a row for each breach."""
    return resources.files("app.simulation").joinpath("invariants.sql").read_text(encoding="utf-8")


async def check_database(url: str, acknowledged: Iterable[Acknowledged] = ()) -> list[Breach]:
    """Every breach in the database of an owner's URL. Raises NotTheOwnerError for a role that row policy blinds."""
    connection = await asyncpg.connect(url)
    try:
        return await breaches(connection, acknowledged)
    finally:
        await connection.close()


async def breaches(connection: asyncpg.Connection, acknowledged: Iterable[Acknowledged] = ()) -> list[Breach]:
    """Every breach that a connection sees. Raises NotTheOwnerError for a role that row policy blinds."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM authority)"):
        raise NotTheOwnerError("There is no authority to be seen: run the check as the owner of the tables.")
    await connection.execute(_PREPARE)
    await connection.copy_records_to_table("acknowledged", records=[_record(told) for told in acknowledged])
    await connection.execute(_INDEX)
    rows: list[Any] = await connection.fetch(invariants_sql())
    return [Breach(row["invariant"], row["offending_id"], row["detail"]) for row in rows]


def _record(told: Acknowledged) -> tuple[str, UUID, str, UUID | None]:
    kind, subject_id, key, organisation_id = told
    return kind, UUID(subject_id), key, UUID(organisation_id) if organisation_id else None
