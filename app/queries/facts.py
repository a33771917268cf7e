"""Facts about a pupil's term: attendance and suspensions, one row per referral, source and term."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.queries.writes import to_json

Row = dict[str, Any]

ATTENDANCE: Final = ("sessions_possible", "sessions_attended", "sessions_authorised", "sessions_unauthorised")
SUSPENSIONS: Final = ("suspension_count", "sessions_lost", "permanent_exclusion_count")

_TABLES: Final = {"attendance_record": ATTENDANCE, "suspension_record": (*SUSPENSIONS, "dated")}
_ABOUT: Final = (
    *("id", "referral_id", "pupil_id", "school_id", "term", "period_starts_on", "period_ends_on"),
    *("source", "recorded_at"),
)


def _upsert(table: str, figures: tuple[str, ...]) -> str:
    columns = ("authority_id", *_ABOUT, *figures)
    marks = ", ".join(f"${position}" for position in range(1, len(columns) + 1))
    changed = ("term", "period_ends_on", "recorded_at", *figures)
    sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names
        " ON CONFLICT (authority_id, referral_id, source, period_starts_on, school_id)"
        f" DO UPDATE SET {sets}, version = {table}.version + 1 RETURNING id, version"
    )


_UPSERTS: Final = {table: _upsert(table, figures) for table, figures in _TABLES.items()}


async def put_facts(session: WriteSession, table: str, row: Row) -> tuple[UUID, int]:
    """Write one row of `attendance_record` or `suspension_record`; its id, and its version (1 when it is new)."""
    stored = await session.row(_UPSERTS[table], session.authority_id, *_values(table, row))
    if stored is None:
        raise AssertionError("An upsert answers its row.")
    return stored["id"], stored["version"]


async def put_many(session: WriteSession, table: str, rows: Sequence[Row]) -> None:
    """Write several rows, pipelined."""
    if rows:
        await session.run_many(_UPSERTS[table], [(session.authority_id, *_values(table, row)) for row in rows])


def _values(table: str, row: Row) -> list[object]:
    values: list[object] = [row[name] for name in (*_ABOUT, *_TABLES[table]) if name != "dated"]
    if "dated" in _TABLES[table]:
        dated = row.get("dated")
        values.append(None if dated is None else to_json(dated))
    return values


async def own_referral(session: WriteSession, referral_id: UUID) -> Row | None:
    """What a fact needs to know of a referral of the calling school's pupil, or None."""
    row = await session.row(
        "SELECT id, pupil_id, school_id, referring_organisation_id, case_provider_id FROM referral"
        " WHERE authority_id = $1 AND id = $2 AND school_id = $3",
        session.authority_id,
        referral_id,
        session.organisation_id,
    )
    return dict(row) if row else None


async def pupils_of(session: ReadSession, referral_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The pupil of each referral that the caller may see."""
    rows = await session.rows(
        "SELECT id, pupil_id FROM referral WHERE authority_id = $1 AND id = ANY ($2)",
        session.authority_id,
        list(referral_ids),
    )
    return {row["id"]: row["pupil_id"] for row in rows}


async def drop_many(session: WriteSession, table: str, term: str, referral_ids: Sequence[UUID]) -> None:
    """Take back what a return said of some referrals' term."""
    if referral_ids:
        await session.run(
            f"DELETE FROM {table} WHERE authority_id = $1 AND referral_id = ANY ($2) AND term = $3"  # noqa: S608 - our own names
            " AND source = 'return'",
            session.authority_id,
            list(referral_ids),
            term,
        )
