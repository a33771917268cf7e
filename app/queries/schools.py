"""Schools: the members of an authority, and the national register that they are looked up in."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from app.db import ReadSession

_SCHOOL: Final = (
    "SELECT s.organisation_id AS id, o.name, o.version, s.urn, s.laestab, s.phase, s.low_age, s.high_age,"
    " s.pupils_on_roll, s.area_id, a.name AS area_name, s.holiday_contact, s.member_from, s.member_until"
    " FROM school s"
    " JOIN organisation o ON o.authority_id = s.authority_id AND o.id = s.organisation_id"
    " JOIN area a ON a.authority_id = s.authority_id AND a.id = s.area_id"
    " WHERE s.authority_id = $1"
)


async def list_schools(
    session: ReadSession,
    *,
    area_id: UUID | None,
    phase: str | None,
    urn: str | None,
    member_on: date | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Member schools by name: one more than `limit` when there are further ones."""
    name, school_id = after or (None, None)
    return await session.rows(
        f"{_SCHOOL} AND ($2::uuid IS NULL OR s.area_id = $2) AND ($3::text IS NULL OR s.phase = $3)"
        " AND ($4::text IS NULL OR s.urn = $4)"
        " AND ($5::date IS NULL OR (s.member_from <= $5 AND (s.member_until IS NULL OR s.member_until >= $5)))"
        " AND ($6::text IS NULL OR (o.name, o.id) > ($6, $7::uuid))"
        " ORDER BY o.name, o.id LIMIT $8",
        session.authority_id,
        area_id,
        phase,
        urn,
        member_on,
        name,
        school_id,
        limit + 1,
    )


async def get_school(session: ReadSession, school_id: UUID) -> asyncpg.Record | None:
    """One member school, past members included."""
    return await session.row(f"{_SCHOOL} AND s.organisation_id = $2", session.authority_id, school_id)


async def area_of(session: ReadSession, school_id: UUID) -> UUID | None:
    """The area of a member school."""
    found: UUID | None = await session.value(
        "SELECT area_id FROM school WHERE authority_id = $1 AND organisation_id = $2", session.authority_id, school_id
    )
    return found


async def known_schools(session: ReadSession, school_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are schools of the authority."""
    rows = await session.rows(
        "SELECT organisation_id FROM school WHERE authority_id = $1 AND organisation_id = ANY ($2)",
        session.authority_id,
        list(school_ids),
    )
    return {row["organisation_id"] for row in rows}


async def is_member(session: ReadSession, urn: str) -> bool:
    """Whether a school of this URN is or was a member of the authority."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM school WHERE authority_id = $1 AND urn = $2)", session.authority_id, urn
    )
    return found


async def registered(session: ReadSession, urn: str) -> asyncpg.Record | None:
    """The national register's entry of a URN."""
    return await session.row(
        "SELECT urn, laestab, la_code, la_name, name, status, phase, low_age, high_age, pupils_on_roll, ukprn"
        " FROM school_register WHERE urn = $1",
        urn,
    )


async def la_code_of(session: ReadSession) -> str:
    """The three-digit code of the session's authority."""
    la_code: str = await session.value("SELECT la_code FROM authority WHERE id = $1", session.authority_id)
    return la_code
