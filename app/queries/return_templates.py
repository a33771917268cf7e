"""Versions of return templates that an authority published for itself."""

from typing import Any, Final
from uuid import UUID

import orjson

from app.db import ReadSession, WriteSession
from app.domain.return_template_rules import own_version
from app.domain.returns import FIRST_OWN_VERSION, Template, template_of

Row = dict[str, Any]

_COLUMNS: Final = (
    "id, template, version, content, applies_from, published_at, summary_of_changes, withdrawn_at, withdrawal_reason"
)


async def list_own(session: ReadSession) -> list[Row]:
    """Every version that the authority published, by template, the newest last, withdrawn ones too."""
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM return_template WHERE authority_id = $1 ORDER BY template, version",  # noqa: S608 - our own columns
        session.authority_id,
    )
    return [_whole(dict(row)) for row in rows]


async def find_own(session: ReadSession, template_id: UUID) -> Row | None:
    """One version that the authority published, or None."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM return_template WHERE authority_id = $1 AND id = $2",  # noqa: S608 - our own columns
        session.authority_id,
        template_id,
    )
    return _whole(dict(row)) if row else None


async def asked_by(session: ReadSession, name: str, version: int) -> Template:
    """The template of a return, shipped or the authority's own. Raises KeyError for one that there never was."""
    if version < FIRST_OWN_VERSION:
        return template_of(name, version)
    content = await session.value(
        "SELECT content FROM return_template WHERE authority_id = $1 AND template = $2 AND version = $3",
        session.authority_id,
        name,
        version,
    )
    if content is None:
        raise KeyError(name)
    return own_version(template_of(name), orjson.loads(content), version)


async def lock_versions(session: WriteSession, name: str) -> int:
    """The number of a template's newest version of the authority's own, with nobody else publishing meanwhile.

    The number is read in a statement of its own: read with the lock, it could be older than the lock.
    """
    await session.value("SELECT 1 FROM authority WHERE id = $1 FOR NO KEY UPDATE", session.authority_id)
    newest: int | None = await session.value(
        "SELECT max(version) FROM return_template WHERE authority_id = $1 AND template = $2", session.authority_id, name
    )
    return newest or FIRST_OWN_VERSION - 1


async def is_in_use(session: ReadSession, name: str, version: int) -> bool:
    """Whether any return was opened with a version."""
    used: bool = await session.value(
        "SELECT EXISTS (SELECT FROM return_record WHERE authority_id = $1 AND template = $2 AND template_version = $3)",
        session.authority_id,
        name,
        version,
    )
    return used


def _whole(row: Row) -> Row:
    content = orjson.loads(row.pop("content"))
    return {**row, "asked": own_version(template_of(row["template"]), content, row["version"])}
