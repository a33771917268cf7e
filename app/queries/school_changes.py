"""Changes of school: what is said of one, what it moves, and the past that the old school keeps."""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.db import BrokerSession, ReadSession

_CHANGE = (
    "SELECT id, referral_id, pupil_id, from_school_id, to_school_id, starts_on, mis_id, state, version,"
    " recorded_by_id FROM school_change WHERE authority_id = $1"
)


async def member_school(
    session: ReadSession, school_id: UUID | None, urn: str | None, on: date
) -> asyncpg.Record | None:
    """The school of an id or URN with its area, where it is a member of the authority on a day."""
    return await session.row(
        "SELECT organisation_id AS id, area_id FROM school WHERE authority_id = $1"
        " AND (organisation_id = $2 OR urn = $3)"
        " AND member_from <= $4 AND (member_until IS NULL OR member_until >= $4)",
        session.authority_id,
        school_id,
        urn,
        on,
    )


async def planned(session: BrokerSession, referral_id: UUID) -> asyncpg.Record | None:
    """The change of school of a referral that is still to come, locked."""
    return await session.row(
        f"{_CHANGE} AND referral_id = $2 AND state = 'planned' FOR UPDATE", session.authority_id, referral_id
    )


async def due(session: ReadSession) -> list[asyncpg.Record]:
    """Changes of school whose day has come, earliest first."""
    return await session.rows(
        f"{_CHANGE} AND state = 'planned' AND starts_on <= $2 ORDER BY starts_on, id",
        session.authority_id,
        session.today,
    )


async def past_of(session: ReadSession, referral_id: UUID) -> dict[str, Any] | None:
    """The referral as it stood when the child left the calling school, with that day (`moved_on`); or None."""
    row = await session.row(
        "SELECT past::text AS past, starts_on FROM school_change WHERE authority_id = $1 AND referral_id = $2"
        " AND from_school_id = $3 AND state = 'done' ORDER BY ended_at DESC, id DESC LIMIT 1",
        session.authority_id,
        referral_id,
        session.organisation_id,
    )
    if row is None:
        return None
    return {**orjson.loads(row["past"]), "moved_on": row["starts_on"]}


async def end(session: BrokerSession, change_id: UUID, state: str, past: str | None = None) -> None:
    """Note that a planned change is `done`, with what the old school keeps, or `cancelled`."""
    await session.run(
        "UPDATE school_change SET state = $3, version = version + 1, ended_at = $4, past = $5::jsonb"
        " WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        change_id,
        state,
        session.now,
        past,
    )


async def has_open_referral(session: BrokerSession, pupil_id: UUID, sender_id: UUID, but: UUID) -> bool:
    """Whether an organisation has another open referral of a pupil's record."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM referral WHERE authority_id = $1 AND pupil_id = $2"
        " AND referring_organisation_id = $3 AND id <> $4 AND state <> 'closed')",
        session.authority_id,
        pupil_id,
        sender_id,
        but,
    )
    return found


async def move_roll(
    session: BrokerSession, pupil_id: UUID, schools: tuple[UUID, UUID], starts_on: date, mis_id: str | None
) -> bool:
    """End a pupil's enrolment at one school the day before; whether the other has none yet.

    Where it has, its key in the school's system is written.
    """
    old, new = schools
    await session.run(
        "UPDATE enrolment SET ends_on = greatest(starts_on, $4::date - 1)"
        " WHERE authority_id = $1 AND pupil_id = $2 AND school_id = $3 AND ends_on IS NULL",
        session.authority_id,
        pupil_id,
        old,
        starts_on,
    )
    touched = await session.run(
        "UPDATE enrolment SET mis_id = coalesce($4, mis_id)"
        " WHERE authority_id = $1 AND pupil_id = $2 AND school_id = $3 AND ends_on IS NULL",
        session.authority_id,
        pupil_id,
        new,
        mis_id,
    )
    return not touched


async def move_rows(
    session: BrokerSession, referral: dict[str, Any], school_id: UUID, area_id: UUID, sender_id: UUID, starts_on: date
) -> None:
    """Let what hangs on a referral name its new school: what is offered or accepted, its case, and the term's figures.

    Offers that have ended stay with the school that they were told to.
    """
    await session.run(
        "UPDATE offer SET school_id = $3, referring_organisation_id = $4,"
        " summary = summary || jsonb_build_object('area_id', $5::uuid), version = version + 1, updated_at = $6,"
        " changed_xid = pg_current_xact_id()"
        " WHERE authority_id = $1 AND referral_id = $2 AND state IN ('proposed', 'pending', 'accepted')",
        session.authority_id,
        referral["id"],
        school_id,
        sender_id,
        area_id,
        session.now,
    )
    await session.run(
        "UPDATE intervention SET school_id = $3, referring_organisation_id = $4, version = version + 1,"
        " updated_at = $5 WHERE authority_id = $1 AND referral_id = $2 AND state <> 'closed'",
        session.authority_id,
        referral["id"],
        school_id,
        sender_id,
        session.now,
    )
    await session.run(
        "UPDATE case_member SET school_id = $3, referring_organisation_id = $4"
        " WHERE authority_id = $1 AND referral_id = $2",
        session.authority_id,
        referral["id"],
        school_id,
        sender_id,
    )
    for table in ("attendance_record", "suspension_record"):
        await session.run(
            f"UPDATE {table} SET school_id = $3 WHERE authority_id = $1 AND referral_id = $2"  # noqa: S608 - our own names
            " AND source = 'push' AND period_ends_on >= $4",
            session.authority_id,
            referral["id"],
            school_id,
            starts_on,
        )
