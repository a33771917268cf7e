"""Areas: clusters of schools within an authority."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from app.db import ReadSession


async def list_areas(session: ReadSession, *, after: str | None, limit: int) -> list[asyncpg.Record]:
    """Areas by code: one more than `limit` when there are further ones."""
    return await session.rows(
        "SELECT id, code, name, lead_officer FROM area"
        " WHERE authority_id = $1 AND ($2::text IS NULL OR code > $2) ORDER BY code LIMIT $3",
        session.authority_id,
        after,
        limit + 1,
    )


async def get_area(session: ReadSession, area_id: UUID) -> asyncpg.Record | None:
    """One area."""
    return await session.row(
        "SELECT id, code, name, lead_officer FROM area WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        area_id,
    )


async def known_areas(session: ReadSession, area_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are areas of the authority."""
    rows = await session.rows(
        "SELECT id FROM area WHERE authority_id = $1 AND id = ANY ($2)", session.authority_id, list(area_ids)
    )
    return {row["id"] for row in rows}
