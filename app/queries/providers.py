"""Providers: organisations that deliver what was commissioned."""

from typing import Final
from uuid import UUID

import asyncpg

from app.db import ReadSession

_PROVIDER: Final = (
    "SELECT id, name, ukprn, charity_number, company_number, contact, version FROM organisation"
    " WHERE authority_id = $1 AND kind = 'provider'"
)


async def list_providers(session: ReadSession, *, after: tuple[str, UUID] | None, limit: int) -> list[asyncpg.Record]:
    """Providers by name: one more than `limit` when there are further ones."""
    name, provider_id = after or (None, None)
    return await session.rows(
        f"{_PROVIDER} AND ($2::text IS NULL OR (name, id) > ($2, $3::uuid)) ORDER BY name, id LIMIT $4",
        session.authority_id,
        name,
        provider_id,
        limit + 1,
    )


async def get_provider(session: ReadSession, provider_id: UUID) -> asyncpg.Record | None:
    """One provider."""
    return await session.row(f"{_PROVIDER} AND id = $2", session.authority_id, provider_id)


async def is_provider(session: ReadSession, organisation_id: UUID) -> bool:
    """Whether an organisation of the authority is a provider."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM organisation WHERE authority_id = $1 AND id = $2 AND kind = 'provider')",
        session.authority_id,
        organisation_id,
    )
    return found
