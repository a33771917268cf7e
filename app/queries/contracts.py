"""Contracts and their variations. Row policy shows them to their provider and the authority's officers."""

from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession

_CONTRACT: Final = (
    "SELECT c.id, c.provider_id, o.name AS provider_name, c.title, c.contract_number, c.starts_on, c.ends_on,"
    " c.price_pence, c.extension_options, c.deemed_acceptance,"
    " (SELECT count(*) FROM contract_variation v WHERE v.authority_id = c.authority_id AND v.contract_id = c.id)"
    " AS variation_count"
    " FROM contract c JOIN organisation o ON o.authority_id = c.authority_id AND o.id = c.provider_id"
    " WHERE c.authority_id = $1"
)
_VARIATION: Final = (
    "SELECT id, contract_id, number, kind, effective_on, terms, reason, recorded_at FROM contract_variation"
)


async def list_contracts(
    session: ReadSession, *, provider_id: UUID | None, after: tuple[date, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Contracts by start: one more than `limit` when there are further ones."""
    starts_on, contract_id = after or (None, None)
    return await session.rows(
        f"{_CONTRACT} AND ($2::uuid IS NULL OR c.provider_id = $2)"
        " AND ($3::date IS NULL OR (c.starts_on, c.id) > ($3, $4::uuid)) ORDER BY c.starts_on, c.id LIMIT $5",
        session.authority_id,
        provider_id,
        starts_on,
        contract_id,
        limit + 1,
    )


async def get_contract(session: ReadSession, contract_id: UUID) -> asyncpg.Record | None:
    """One contract, if the caller may see it."""
    return await session.row(f"{_CONTRACT} AND c.id = $2", session.authority_id, contract_id)


async def lock_contract(session: WriteSession, contract_id: UUID) -> asyncpg.Record | None:
    """One contract that the caller may change, locked against another variation; None for any other."""
    return await session.row(
        "SELECT id, provider_id, starts_on FROM contract WHERE authority_id = $1 AND id = $2 FOR UPDATE",
        session.authority_id,
        contract_id,
    )


async def get_variation(session: ReadSession, variation_id: UUID) -> asyncpg.Record | None:
    """One variation, if the caller may see it."""
    return await session.row(
        f"{_VARIATION} WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        variation_id,
    )


async def list_variations(
    session: ReadSession, contract_id: UUID, *, after: int | None, limit: int
) -> list[asyncpg.Record]:
    """A contract's variations by number: one more than `limit` when there are further ones."""
    return await session.rows(
        f"{_VARIATION} WHERE authority_id = $1 AND contract_id = $2 AND ($3::integer IS NULL OR number > $3)"
        " ORDER BY number LIMIT $4",
        session.authority_id,
        contract_id,
        after,
        limit + 1,
    )
