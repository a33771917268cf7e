"""The measures of an authority: what ships, and the versions that it loaded over it or beside it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from app.db import ReadSession
from app.domain.measures import Measure, Source, measure_from, measures

_COLUMNS: Final = "id, key, version, content, effective_from, published_at"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A measure as it is in force, and where it comes from."""

    measure: Measure
    version_id: UUID | None = None
    """Of the authority's own version; None for what ships."""
    effective_from: date | None = None

    @property
    def source(self) -> Source:
        """Whose it is."""
        return "shipped" if self.version_id is None else "authority"


async def measures_on(session: ReadSession, on: date) -> dict[str, Loaded]:
    """The measures in force on a day, by key: an authority's own version stands in place of a shipped one.

    A key that the authority has retired is not among them.
    """
    rows = await session.rows(
        f"SELECT DISTINCT ON (key) {_COLUMNS} FROM measure_version"  # noqa: S608 - fixed texts
        " WHERE authority_id = $1 AND effective_from <= $2 ORDER BY key, version DESC",
        session.authority_id,
        on,
    )
    found = {key: Loaded(measure) for key, measure in measures().items()}
    for row in rows:
        loaded = _loaded(row)
        if loaded is None:
            found.pop(row["key"], None)
        else:
            found[row["key"]] = loaded
    return dict(sorted(found.items()))


async def versions_of(session: ReadSession, key: str) -> list[asyncpg.Record]:
    """Every version of a key that the authority published, the newest first."""
    return await session.rows(
        f"SELECT {_COLUMNS} FROM measure_version WHERE authority_id = $1 AND key = $2 ORDER BY version DESC",  # noqa: S608
        session.authority_id,
        key,
    )


async def by_version_id(session: ReadSession, ids: Collection[UUID]) -> dict[UUID, Measure]:
    """The measures of versions that the authority published."""
    if not ids:
        return {}
    rows = await session.rows(
        "SELECT id, content FROM measure_version WHERE authority_id = $1 AND id = ANY ($2) AND content IS NOT NULL",
        session.authority_id,
        list(ids),
    )
    return {row["id"]: measure_from(orjson.loads(row["content"])) for row in rows}


async def key_count(session: ReadSession) -> int:
    """How many keys the authority has published versions of."""
    count: int = await session.value(
        "SELECT count(DISTINCT key) FROM measure_version WHERE authority_id = $1", session.authority_id
    )
    return count


def _loaded(row: asyncpg.Record) -> Loaded | None:
    if row["content"] is None:
        return None
    return Loaded(measure_from(orjson.loads(row["content"])), row["id"], row["effective_from"])
