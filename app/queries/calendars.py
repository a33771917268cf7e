"""Rows of a loaded academic year. For counting in school days use `app.queries.parties.calendar_of`."""

import asyncpg

from app.db import ReadSession, WriteSession


async def version_of(session: ReadSession, academic_year: str) -> int:
    """The version of a loaded year; 0 when the default stands in for it."""
    version: int | None = await session.value(
        "SELECT version FROM calendar_year WHERE authority_id = $1 AND academic_year = $2",
        session.authority_id,
        academic_year,
    )
    return version or 0


async def half_terms_of(session: ReadSession, academic_year: str) -> list[asyncpg.Record]:
    """The loaded half-terms of a year, in order."""
    return await session.rows(
        "SELECT half_term, starts_on, ends_on FROM calendar_period"
        " WHERE authority_id = $1 AND academic_year = $2 ORDER BY half_term",
        session.authority_id,
        academic_year,
    )


async def closures_of(session: ReadSession, academic_year: str) -> list[asyncpg.Record]:
    """The loaded closures of a year, in order."""
    return await session.rows(
        'SELECT closed_on AS "on", kind, name FROM calendar_closure'
        " WHERE authority_id = $1 AND academic_year = $2 ORDER BY closed_on",
        session.authority_id,
        academic_year,
    )


async def lock_year(session: WriteSession, academic_year: str, stamp: object) -> int:
    """Make the year's row if there is none, and lock it; its version, 0 for a new one."""
    await session.run(
        "INSERT INTO calendar_year (authority_id, academic_year, version, stamp) VALUES ($1, $2, 0, $3)"
        " ON CONFLICT (authority_id, academic_year) DO NOTHING",
        session.authority_id,
        academic_year,
        stamp,
    )
    version: int = await session.value(
        "SELECT version FROM calendar_year WHERE authority_id = $1 AND academic_year = $2 FOR UPDATE",
        session.authority_id,
        academic_year,
    )
    return version


async def clear_year(session: WriteSession, academic_year: str, stamp: object) -> None:
    """Take a locked year's half-terms and closures away and raise its version, so that new ones can be put."""
    for table in ("calendar_period", "calendar_closure"):
        await session.run(
            f"DELETE FROM {table} WHERE authority_id = $1 AND academic_year = $2",  # noqa: S608 - our own table names
            session.authority_id,
            academic_year,
        )
    await session.run(
        "UPDATE calendar_year SET version = version + 1, stamp = $3 WHERE authority_id = $1 AND academic_year = $2",
        session.authority_id,
        academic_year,
        stamp,
    )
