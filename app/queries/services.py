"""Services: what providers offer, for everyone in the authority to read."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession

_SERVICE: Final = (
    "SELECT s.id, s.provider_id, o.name AS provider_name, s.name, s.summary, s.pamphlet, s.pamphlet_url, s.tier,"
    " s.format, s.needs, s.key_stages, s.languages, s.modes, s.standard_weeks, s.version"
    " FROM service s JOIN organisation o ON o.authority_id = s.authority_id AND o.id = s.provider_id"
    " WHERE s.authority_id = $1"
)


async def list_services(
    session: ReadSession,
    *,
    provider_id: UUID | None,
    tier: str | None,
    need: str | None,
    key_stage: str | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Services by name: one more than `limit` when there are further ones."""
    name, service_id = after or (None, None)
    return await session.rows(
        f"{_SERVICE} AND ($2::uuid IS NULL OR s.provider_id = $2) AND ($3::text IS NULL OR s.tier = $3)"
        " AND ($4::text IS NULL OR $4 = ANY (s.needs)) AND ($5::text IS NULL OR $5 = ANY (s.key_stages))"
        " AND ($6::text IS NULL OR (s.name, s.id) > ($6, $7::uuid)) ORDER BY s.name, s.id LIMIT $8",
        session.authority_id,
        provider_id,
        tier,
        need,
        key_stage,
        name,
        service_id,
        limit + 1,
    )


async def get_service(session: ReadSession, service_id: UUID) -> asyncpg.Record | None:
    """One service."""
    return await session.row(f"{_SERVICE} AND s.id = $2", session.authority_id, service_id)


async def lock_service(session: WriteSession, service_id: UUID) -> asyncpg.Record | None:
    """One service that the caller may change, locked; None for any other."""
    return await session.row(
        "SELECT id, provider_id, format, standard_weeks, version FROM service"
        " WHERE authority_id = $1 AND id = $2 FOR UPDATE",
        session.authority_id,
        service_id,
    )


async def lots_of_services(session: ReadSession, service_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """The lots that deliver services, with their format and where they serve."""
    return await session.rows(
        "SELECT l.id, l.service_id, l.contract_id, l.area_ids, l.school_ids, s.format FROM lot l"
        " JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id"
        " WHERE l.authority_id = $1 AND l.service_id = ANY ($2)",
        session.authority_id,
        list(service_ids),
    )
