"""Audits of practice and their action plans."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson

from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

Row = dict[str, Any]

_AUDIT: Final = (
    "SELECT a.id, a.organisation_id, o.name AS organisation_name, a.service_id, a.measure, a.measure_version,"
    " a.measure_version_id, a.taken_on, a.scores, a.evidence, a.recorded_by_id, a.recorded_at, a.version"
    " FROM practice_audit a JOIN organisation o ON o.authority_id = a.authority_id AND o.id = a.organisation_id"
    " WHERE a.authority_id = $1"
)


async def list_audits(
    session: ReadSession,
    *,
    limit: int,
    after: tuple[date, UUID] | None = None,
    organisation_id: UUID | None = None,
    measure: str | None = None,
) -> list[Row]:
    """Audits with their actions, the latest first, with one more than `limit` when there are more."""
    filters = Filters(session.authority_id)
    if organisation_id is not None:
        filters.add("a.organisation_id = {0}", organisation_id)
    if measure is not None:
        filters.add("a.measure = {0}", measure)
    if after is not None:
        filters.add("(a.taken_on, a.id) < ({0}, {1})", *after)
    rows = await session.rows(
        f"{_AUDIT}{filters.sql} ORDER BY a.taken_on DESC, a.id DESC LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )
    return await _with_actions(session, rows)


async def find_audit(session: ReadSession, audit_id: UUID) -> Row | None:
    """One audit with its actions, or None."""
    found = await _with_actions(session, await session.rows(f"{_AUDIT} AND a.id = $2", session.authority_id, audit_id))
    return found[0] if found else None


async def lock_audit(session: WriteSession, audit_id: UUID) -> Row | None:
    """One audit with its actions, locked against other changes of its plan, or None."""
    known = await session.row(
        "SELECT id FROM practice_audit WHERE authority_id = $1 AND id = $2 FOR UPDATE", session.authority_id, audit_id
    )
    return None if known is None else await find_audit(session, audit_id)


async def _with_actions(session: ReadSession, rows: Collection[Any]) -> list[Row]:
    actions = await session.rows(
        "SELECT id, practice_audit_id, position, area, action, owner, due_on, state, settled_at, note"
        " FROM audit_action WHERE authority_id = $1 AND practice_audit_id = ANY ($2) ORDER BY position",
        session.authority_id,
        [row["id"] for row in rows],
    )
    return [
        {
            **row,
            "scores": orjson.loads(row["scores"]),
            "evidence": orjson.loads(row["evidence"]),
            "actions": [dict(action) for action in actions if action["practice_audit_id"] == row["id"]],
        }
        for row in rows
    ]
