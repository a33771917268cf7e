"""The authorities of the database, and what each is called."""

from uuid import UUID

import asyncpg

from app.db import ReadSession


async def every_authority_id(session: ReadSession) -> list[UUID]:
    """The ids of all authorities, oldest first: for the worker role alone."""
    return [row["id"] for row in await session.rows("SELECT id FROM authority ORDER BY id")]


async def describe_authority(session: ReadSession) -> asyncpg.Record | None:
    """The session's authority with the id of its own organisation."""
    return await session.row(
        "SELECT a.id, a.la_code, a.gss_code, a.name, a.sandbox, o.id AS organisation_id FROM authority a"
        " JOIN organisation o ON o.authority_id = a.id AND o.kind = 'authority' WHERE a.id = $1",
        session.authority_id,
    )


async def find_organisations(session: ReadSession, known_as: str) -> list[asyncpg.Record]:
    """The organisations of the session's authority that have this id, URN or name (in any case)."""
    return await session.rows(
        "SELECT o.id, o.kind, o.name FROM organisation o"
        " LEFT JOIN school s ON s.authority_id = o.authority_id AND s.organisation_id = o.id"
        " WHERE o.authority_id = $1 AND (o.id::text = lower($2) OR s.urn = $2 OR lower(o.name) = lower($2))"
        " ORDER BY o.id",
        session.authority_id,
        known_as,
    )


async def one_of_each_kind(session: ReadSession) -> list[asyncpg.Record]:
    """The authority, a secondary school and a provider that serves secondary pupils wherever they live."""
    return await session.rows(
        "SELECT DISTINCT ON (o.kind) o.id, o.kind, o.name FROM organisation o"
        " LEFT JOIN school s ON s.authority_id = o.authority_id AND s.organisation_id = o.id"
        " WHERE o.authority_id = $1 AND (o.kind = 'authority' OR s.phase = 'secondary'"
        "  OR EXISTS (SELECT 1 FROM lot l WHERE l.authority_id = $1 AND l.provider_id = o.id"
        "   AND l.area_ids = '{}' AND 'KS3' = ANY (l.key_stages)))"
        " ORDER BY o.kind, o.id",
        session.authority_id,
    )
