"""Practitioners: a provider's own staff. Row policy shows them to their provider and the authority's officers."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from app.db import ReadSession

_PRACTITIONER: Final = (
    "SELECT p.id, p.provider_id, p.name, p.email, p.caseload_limit, p.languages, p.key_stages, p.area_ids,"
    " p.dbs_checked_on, p.active, p.version, coalesce(c.caseload_count, 0) AS caseload_count"
    " FROM practitioner p LEFT JOIN ("
    "  SELECT l.practitioner_id, count(DISTINCT b.place_id) AS caseload_count FROM booking b"
    "  JOIN place l ON l.authority_id = b.authority_id AND l.id = b.place_id"
    "  WHERE b.authority_id = $1 AND b.state <> 'released' AND b.format = 'casework' GROUP BY l.practitioner_id"
    " ) c ON c.practitioner_id = p.id WHERE p.authority_id = $1"
)


async def list_practitioners(
    session: ReadSession, *, active: bool | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Practitioners, oldest record first: one more than `limit` when there are further ones."""
    return await session.rows(
        f"{_PRACTITIONER} AND ($2::boolean IS NULL OR p.active = $2) AND ($3::uuid IS NULL OR p.id > $3)"
        " ORDER BY p.id LIMIT $4",
        session.authority_id,
        active,
        after,
        limit + 1,
    )


async def get_practitioner(session: ReadSession, practitioner_id: UUID) -> asyncpg.Record | None:
    """One practitioner, if the caller may see it."""
    return await session.row(f"{_PRACTITIONER} AND p.id = $2", session.authority_id, practitioner_id)


async def practitioners_of(session: ReadSession, provider_id: UUID, practitioner_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are practitioners of a provider."""
    rows = await session.rows(
        "SELECT id FROM practitioner WHERE authority_id = $1 AND provider_id = $2 AND id = ANY ($3)",
        session.authority_id,
        provider_id,
        list(practitioner_ids),
    )
    return {row["id"] for row in rows}
