"""What an explanation is made from, beside the waiting list: the referral itself, its latest decision, the policy."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.db import ReadSession


async def subjects(session: ReadSession, referral_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Of some referrals those that the caller may see: where they stand, and what their pupil's year and area are."""
    return await session.rows(
        "SELECT r.id, r.reference, r.version, r.state, r.year_group, r.sibling_wish, a.name AS area"
        " FROM unnest($2::uuid[]) AS wanted (id)"
        " JOIN referral r ON r.authority_id = $1 AND r.id = wanted.id"
        " LEFT JOIN area a ON a.authority_id = r.authority_id AND a.id = r.area_id",
        session.authority_id,
        list(referral_ids),
    )


async def latest_decisions(session: ReadSession, referral_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """The latest decision of each referral, by referral; of a session that reaches the whole authority."""
    rows = await session.rows(
        "SELECT wanted.id AS referral_id, d.* FROM unnest($2::uuid[]) AS wanted (id) CROSS JOIN LATERAL"
        " (SELECT d.id, d.policy_version_id, d.decided_at, d.as_of, d.trigger, d.record FROM decision d"
        "  WHERE d.authority_id = $1 AND d.referral_id = wanted.id ORDER BY d.decided_at DESC, d.id DESC LIMIT 1) d",
        session.authority_id,
        list(referral_ids),
    )
    return {row["referral_id"]: {**row, "record": orjson.loads(row["record"])} for row in rows}


async def policies(session: ReadSession, policy_ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """The number, digest and first day of policy versions, by id."""
    rows = await session.rows(
        "SELECT id, number, digest, effective_from FROM policy_version WHERE authority_id = $1 AND id = ANY ($2)",
        session.authority_id,
        list(policy_ids),
    )
    return {row["id"]: row for row in rows}
