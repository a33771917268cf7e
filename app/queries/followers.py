"""Bookings that follow a running case on its place: whose start no longer fits, and the moving of one.

In broker context: the next family of a place is another than the one whose act moves it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from app.db import BrokerSession

# An offer is found by its place while it is open, and by its referral once it was accepted.
_FOLLOWER: Final = (
    "SELECT b.id AS booking_id, b.place_id, b.starts_on, b.ends_on, i.id AS intervention_id, i.referral_id"
    " FROM booking b LEFT JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id"
)


@dataclass(frozen=True, slots=True)
class Follower:
    """A booking whose family waits for the case before it to end."""

    booking_id: UUID
    place_id: UUID
    starts_on: date
    ends_on: date
    intervention_id: UUID | None
    """Set once the offer was accepted."""
    referral_id: UUID | None


async def with_nobody_before(session: BrokerSession) -> list[Follower]:
    """Bookings of days to come whose place is in service today, and no longer anybody's until then."""
    rows = await session.rows(
        f"{_FOLLOWER} JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id"  # noqa: S608 - fixed texts
        " WHERE b.authority_id = $1 AND b.state <> 'released' AND b.format = 'casework' AND b.starts_on > $2"
        " AND p.available_from <= $2 AND (p.available_until IS NULL OR p.available_until > $2)"
        " AND NOT EXISTS (SELECT 1 FROM booking n WHERE n.authority_id = b.authority_id AND n.place_id = b.place_id"
        "                 AND n.state <> 'released' AND n.starts_on < b.starts_on)"
        " AND NOT EXISTS (SELECT 1 FROM place_out_of_service x WHERE x.authority_id = b.authority_id"
        "                 AND x.place_id = b.place_id AND x.starts_on <= $2 AND x.ends_on > $2)"
        " ORDER BY b.id",
        session.authority_id,
        session.today,
    )
    return [Follower(**row) for row in rows]


async def kept_from_starting(session: BrokerSession) -> list[Follower]:
    """Bookings that were to begin by today, where the case before has not ended."""
    rows = await session.rows(
        f"{_FOLLOWER} WHERE b.authority_id = $1 AND b.starts_on <= $2"  # noqa: S608 - fixed texts
        " AND b.state <> 'released' AND b.format = 'casework' AND b.state IN ('offered', 'accepted')"
        " AND EXISTS (SELECT 1 FROM booking n WHERE n.authority_id = b.authority_id AND n.place_id = b.place_id"
        "             AND n.state <> 'released' AND n.starts_on < b.starts_on AND n.ends_on <= $2)"
        " ORDER BY b.id",
        session.authority_id,
        session.today,
    )
    return [Follower(**row) for row in rows]


async def promised_after(session: BrokerSession, booking_id: UUID, before: date) -> list[Follower]:
    """Bookings that follow another on its place and begin before a day, the last of them first."""
    rows = await session.rows(
        f"{_FOLLOWER} JOIN booking h ON h.authority_id = b.authority_id AND h.place_id = b.place_id"
        " WHERE b.authority_id = $1 AND h.id = $2 AND b.state <> 'released' AND b.starts_on > h.starts_on"
        " AND b.starts_on < $3 ORDER BY b.starts_on DESC",
        session.authority_id,
        booking_id,
        before,
    )
    return [Follower(**row) for row in rows]


async def out_of_service_after(session: BrokerSession, place_id: UUID, on: date) -> list[tuple[date, date]]:
    """When a place is out of service after a day, `[start, end)` each, in order."""
    rows = await session.rows(
        "SELECT starts_on, ends_on FROM place_out_of_service WHERE authority_id = $1 AND place_id = $2 AND ends_on > $3"
        " ORDER BY starts_on, ends_on",
        session.authority_id,
        place_id,
        on,
    )
    return [(row["starts_on"], row["ends_on"]) for row in rows]


async def move_offer(session: BrokerSession, follower: Follower, starts_on: date) -> asyncpg.Record | None:
    """Let a follower's offer say that it starts on another day; who is concerned, and its new version."""
    columns = "SET starts_on = $2, version = version + 1, updated_at = $3, changed_xid = pg_current_xact_id()"
    told = "RETURNING id, version, referral_id, provider_id, referring_organisation_id, school_id"
    if follower.referral_id is None:
        return await session.row(
            f"UPDATE offer {columns} WHERE authority_id = $1 AND place_id = $4 AND booking_id = $5"
            f" AND state IN ('proposed', 'pending') {told}",
            session.authority_id,
            starts_on,
            session.now,
            follower.place_id,
            follower.booking_id,
        )
    return await session.row(
        f"UPDATE offer {columns} WHERE authority_id = $1 AND referral_id = $4 AND intervention_id = $5 {told}",
        session.authority_id,
        starts_on,
        session.now,
        follower.referral_id,
        follower.intervention_id,
    )


async def move_case(session: BrokerSession, intervention_id: UUID, starts_on: date, ends_on: date) -> None:
    """Move the planned days of an accepted case that has not begun."""
    await session.run(
        "UPDATE intervention SET planned_start_on = $3, planned_end_on = $4, version = version + 1, updated_at = $5"
        " WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        intervention_id,
        starts_on,
        ends_on,
        session.now,
    )


async def move_booking(session: BrokerSession, follower: Follower, starts_on: date, ends_on: date) -> None:
    """Move a follower's booking. A place that is to take no more families still takes the one it was promised to."""
    await session.run(
        "UPDATE booking SET starts_on = $3, ends_on = $4 WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        follower.booking_id,
        starts_on,
        ends_on,
    )
    await session.run(
        "UPDATE place SET available_until = $3::date + 1 WHERE authority_id = $1 AND id = $2 AND available_until <= $3",
        session.authority_id,
        follower.place_id,
        starts_on,
    )
