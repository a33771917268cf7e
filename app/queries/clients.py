"""Clients and their secrets' digests. A digest leaves this module for a comparison only, never for an answer."""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import ReadSession, WriteSession

_CLIENT: Final = (
    "SELECT c.id, c.organisation_id, o.name AS organisation_name, o.kind AS organisation_kind, c.name, c.scopes,"
    " c.created_at, c.revoked_at, c.version"
    " FROM client c JOIN organisation o ON o.authority_id = c.authority_id AND o.id = c.organisation_id"
    " WHERE c.authority_id = $1"
)


async def to_sign_in(session: ReadSession, client_id: UUID, now: datetime) -> list[asyncpg.Record]:
    """The client that is signing in, once per live secret (`digest`, None without any); empty if unknown or revoked.

    For the principal of the sign-in door alone, which knows no authority yet: row policy shows it this one client.
    """
    return await session.rows(
        "SELECT c.authority_id, c.organisation_id, c.scopes, s.digest FROM client c"
        " LEFT JOIN client_secret s ON s.authority_id = c.authority_id AND s.client_id = c.id"
        " AND (s.expires_at IS NULL OR s.expires_at > $2)"
        " WHERE c.id = $1 AND c.revoked_at IS NULL",
        client_id,
        now,
    )


async def kind_of(session: ReadSession, organisation_id: UUID) -> Kind | None:
    """The kind of an organisation of the session's authority; None if there is no such organisation."""
    kind = await session.value(
        "SELECT kind FROM organisation WHERE authority_id = $1 AND id = $2", session.authority_id, organisation_id
    )
    return None if kind is None else Kind(kind)


async def list_clients(
    session: ReadSession, *, organisation_id: UUID | None, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Clients that the caller may see, oldest first: one more than `limit` when there are further ones."""
    return await session.rows(
        f"{_CLIENT} AND ($2::uuid IS NULL OR c.organisation_id = $2) AND ($3::uuid IS NULL OR c.id > $3)"
        " ORDER BY c.id LIMIT $4",
        session.authority_id,
        organisation_id,
        after,
        limit + 1,
    )


async def get_client(session: ReadSession, client_id: UUID) -> asyncpg.Record | None:
    """One client, if the caller may see it."""
    return await session.row(f"{_CLIENT} AND c.id = $2", session.authority_id, client_id)


async def lock_client(session: WriteSession, client_id: UUID) -> asyncpg.Record | None:
    """One client, held until the transaction ends, so that two changes to its secrets come one after the other."""
    return await session.row(f"{_CLIENT} AND c.id = $2 FOR UPDATE OF c", session.authority_id, client_id)


async def live_secrets(session: ReadSession, client_ids: list[UUID], now: datetime) -> list[asyncpg.Record]:
    """When the live secrets of some clients were made and when they end, oldest first."""
    return await session.rows(
        "SELECT client_id, created_at, expires_at FROM client_secret"
        " WHERE authority_id = $1 AND client_id = ANY ($2::uuid[]) AND (expires_at IS NULL OR expires_at > $3)"
        " ORDER BY id",
        session.authority_id,
        client_ids,
        now,
    )


async def end_secrets(session: WriteSession, client_id: UUID, ends_at: datetime | None) -> None:
    """Let the client's present secret live until `ends_at` (None: end it now), and drop one replaced before."""
    await session.run(
        "DELETE FROM client_secret WHERE authority_id = $1 AND client_id = $2"
        " AND (expires_at IS NOT NULL OR $3::timestamptz IS NULL)",
        session.authority_id,
        client_id,
        ends_at,
    )
    await session.run(
        "UPDATE client_secret SET expires_at = $3 WHERE authority_id = $1 AND client_id = $2",
        session.authority_id,
        client_id,
        ends_at,
    )


async def touch_client(session: WriteSession, client_id: UUID, revoked_at: datetime | None = None) -> None:
    """Raise a client's version, and mark it revoked if a time is given."""
    await session.run(
        "UPDATE client SET version = version + 1, revoked_at = coalesce($3, revoked_at)"
        " WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        client_id,
        revoked_at,
    )
