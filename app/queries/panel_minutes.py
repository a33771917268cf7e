"""Minutes of sittings: drafted from what was decided, version by version, and approved once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from app.access import Kind
from app.db import ReadSession, WriteSession

_MINUTES: Final = (
    "SELECT m.id, m.sitting_id, m.number, m.state, m.drafted_at, m.content, m.approved_at, m.approved_by_name,"
    " m.approved_by_role FROM panel_minutes m WHERE m.authority_id = $1 AND m.sitting_id = $2"
)


def _minutes(row: asyncpg.Record) -> dict[str, Any]:
    return {**row, "content": orjson.loads(row["content"])}


async def latest(session: ReadSession, sitting_id: UUID, number: int | None = None) -> dict[str, Any] | None:
    """The minutes of a sitting that the caller may see: those of a number, else the newest."""
    row = await session.row(
        f"{_MINUTES} AND ($3::integer IS NULL OR m.number = $3) ORDER BY m.number DESC LIMIT 1",
        session.authority_id,
        sitting_id,
        number,
    )
    return None if row is None else _minutes(row)


async def items_of(session: ReadSession, minutes_id: UUID) -> list[dict[str, Any]]:
    """The closed part of minutes that the caller may see, an item each, in order; to members while they read items."""
    sql = "SELECT n.content FROM panel_minutes_item n WHERE n.authority_id = $1 AND n.minutes_id = $2"
    arguments: list[object] = [session.authority_id, minutes_id]
    if session.kind is not Kind.AUTHORITY:
        sql += (
            " AND EXISTS (SELECT FROM panel_minutes m JOIN panel_sitting s ON s.authority_id = m.authority_id"
            " AND s.id = m.sitting_id WHERE m.authority_id = n.authority_id AND m.id = n.minutes_id"
            " AND s.access_until >= $3)"
        )
        arguments.append(session.today)
    rows = await session.rows(f"{sql} ORDER BY n.position, n.item_id", *arguments)
    return [orjson.loads(row["content"]) for row in rows]


async def decided_since(session: ReadSession, sitting_id: UUID, moment: datetime) -> bool:
    """Whether anything was decided at a sitting after a moment."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT FROM panel_decision WHERE authority_id = $1 AND sitting_id = $2 AND decided_at > $3)",
        session.authority_id,
        sitting_id,
        moment,
    )
    return found


async def approve(session: WriteSession, minutes_id: UUID, person: Mapping[str, str | None]) -> None:
    """Let drafted minutes be the approved ones."""
    await session.run(
        "UPDATE panel_minutes SET state = 'approved', approved_at = $3, approved_by_name = $4, approved_by_role = $5"
        " WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        minutes_id,
        session.now,
        person["name"],
        person["role"],
    )


async def names_of(session: ReadSession, sitting: Mapping[str, Any]) -> dict[str, str]:
    """The names of every organisation that may stand in a sitting's minutes, by id as text."""
    rows = await session.rows(
        "SELECT o.id, o.name FROM organisation o WHERE o.authority_id = $1 AND (o.id = ANY ($2) OR o.kind = 'authority'"
        " OR o.id IN (SELECT a.owner_id FROM panel_action a WHERE a.authority_id = $1 AND a.sitting_id = $3))",
        session.authority_id,
        [*sitting["member_ids"], sitting["chair_id"]],
        sitting["id"],
    )
    return {str(row["id"]): row["name"] for row in rows}
