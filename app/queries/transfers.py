"""Moves to another authority, and what was done with the family, for the summary that goes with it."""

from typing import Any
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession
from app.queries.writes import to_json


async def latest(session: ReadSession, referral_id: UUID) -> asyncpg.Record | None:
    """The last transfer of a referral. Officers alone see any."""
    return await session.row(
        "SELECT id, to_la_code, moved_on, plan, consent, recorded_at, note, confirmed_at FROM transfer"
        " WHERE authority_id = $1 AND referral_id = $2 ORDER BY recorded_at DESC, id DESC LIMIT 1",
        session.authority_id,
        referral_id,
    )


async def confirm(session: BrokerSession, referral_id: UUID, by: dict[str, Any]) -> None:
    """Note who confirmed the last transfer of a referral."""
    await session.run(
        "UPDATE transfer SET confirmed_at = $3, confirmed_by = $4::jsonb WHERE authority_id = $1 AND id ="
        " (SELECT id FROM transfer WHERE authority_id = $1 AND referral_id = $2 ORDER BY recorded_at DESC, id DESC"
        " LIMIT 1)",
        session.authority_id,
        referral_id,
        session.now,
        to_json(by),
    )


async def work_of(session: ReadSession, referral_id: UUID) -> dict[str, Any] | None:
    """What was done in a referral's case: by whom, from when to when, how often they met, and the goals."""
    row = await session.row(
        "SELECT i.id, o.name AS provider_name, s.name AS service_name, i.started_on, i.closed_on,"
        " (SELECT count(*) FROM intervention_contact c WHERE c.authority_id = i.authority_id"
        "  AND c.intervention_id = i.id AND c.result IN ('attended', 'late')"
        "  AND NOT EXISTS (SELECT 1 FROM intervention_contact n WHERE n.authority_id = c.authority_id"
        "                  AND n.supersedes_id = c.id)) AS contacts_attended_count"
        " FROM referral r JOIN intervention i ON i.authority_id = r.authority_id AND i.id = r.intervention_id"
        " JOIN organisation o ON o.authority_id = i.authority_id AND o.id = i.provider_id"
        " JOIN lot l ON l.authority_id = i.authority_id AND l.id = i.lot_id"
        " JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id"
        " WHERE r.authority_id = $1 AND r.id = $2",
        session.authority_id,
        referral_id,
    )
    if row is None:
        return None
    goals = await session.rows(
        "SELECT title, result FROM goal WHERE authority_id = $1 AND intervention_id = $2 ORDER BY position",
        session.authority_id,
        row["id"],
    )
    return {**row, "goals": [dict(goal) for goal in goals]}
