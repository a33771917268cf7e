"""The plan of an intervention and its goals."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from app.db import ReadSession, WriteSession

Row = dict[str, Any]


async def find_plan(session: ReadSession, intervention_id: UUID) -> Row | None:
    """An intervention's plan without its goals, or None while there is none."""
    row = await session.row(
        "SELECT intervention_id, agreed_on, review_on, family_words, version FROM plan"
        " WHERE authority_id = $1 AND intervention_id = $2",
        session.authority_id,
        intervention_id,
    )
    return dict(row) if row else None


async def goals_of(session: ReadSession, intervention_id: UUID) -> list[Row]:
    """The goals of an intervention's plan in their own order."""
    rows = await session.rows(
        "SELECT id, title, need_code, owner, due_on, progress, result FROM goal"
        " WHERE authority_id = $1 AND intervention_id = $2 ORDER BY position",
        session.authority_id,
        intervention_id,
    )
    return [dict(row) for row in rows]


async def titles_of(session: ReadSession, intervention_ids: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    """By intervention, the titles of its plan's goals by their ids, in their own order."""
    rows = await session.rows(
        "SELECT intervention_id, id, title FROM goal WHERE authority_id = $1 AND intervention_id = ANY ($2)"
        " ORDER BY intervention_id, position",
        session.authority_id,
        list(intervention_ids),
    )
    found: dict[UUID, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["intervention_id"], {})[str(row["id"])] = row["title"]
    return found


async def delete_goals(session: WriteSession, intervention_id: UUID) -> None:
    """Take a plan's goals away, for the same or others to be written in their place."""
    await session.run(
        "DELETE FROM goal WHERE authority_id = $1 AND intervention_id = $2", session.authority_id, intervention_id
    )


async def set_goal_results(session: WriteSession, intervention_id: UUID, results: dict[UUID, str]) -> None:
    """Record what became of each goal."""
    await session.run(
        "UPDATE goal g SET result = r.result FROM unnest($3::uuid[], $4::text[]) AS r (id, result)"
        " WHERE g.authority_id = $1 AND g.intervention_id = $2 AND g.id = r.id",
        session.authority_id,
        intervention_id,
        list(results),
        list(results.values()),
    )
