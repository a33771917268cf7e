"""Placements, their days, and their reviews."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

Row = dict[str, Any]

# The name stands in a row of its own, which the provider sees only while row policy lets it.
_PLACEMENT: Final = (
    "SELECT p.id, p.lot_id, p.provider_id, o.name AS provider_name, p.booking_id, p.pupil_id,"
    " (SELECT r.id FROM referral r WHERE r.authority_id = p.authority_id AND r.id = p.referral_id) AS referral_id,"
    " p.referring_organisation_id, p.school_id, n.name AS pupil_name, p.state, p.reason, p.basis, p.starts_on,"
    " p.ends_on, p.weeks, p.parents_told_on, p.review_on, p.registered_school_id, p.reintegration_plan,"
    " p.reintegration_planned_on, p.used_on, p.outcome, p.ended_on, p.requested_at, p.updated_at, p.version,"
    " (SELECT count(*)::int FROM placement_day d WHERE d.authority_id = p.authority_id AND d.placement_id = p.id"
    "  AND (d.morning OR d.afternoon)) AS days_attended_count,"
    " (SELECT count(*)::int FROM placement_day d WHERE d.authority_id = p.authority_id AND d.placement_id = p.id)"
    " AS days_recorded_count"
    " FROM placement p JOIN organisation o ON o.authority_id = p.authority_id AND o.id = p.provider_id"
    " LEFT JOIN placement_pupil n ON n.authority_id = p.authority_id AND n.placement_id = p.id"
    " WHERE p.authority_id = $1"
)


async def list_placements(
    session: ReadSession,
    *,
    state: str | None,
    referral_id: UUID | None,
    lot_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Placements in the order in which they were asked for: one more than `limit` when there are further ones."""
    filters = Filters(session.authority_id)
    if state is not None:
        filters.add("p.state = {0}", state)
    if referral_id is not None:
        filters.add("p.referral_id = {0}", referral_id)
    if lot_id is not None:
        filters.add("p.lot_id = {0}", lot_id)
    if after is not None:
        filters.add("(p.requested_at, p.id) > ({0}, {1})", *after)
    return await session.rows(
        f"{_PLACEMENT}{filters.sql} ORDER BY p.requested_at, p.id LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )


async def get_placement(session: ReadSession, placement_id: UUID) -> asyncpg.Record | None:
    """One placement, if the caller may see it."""
    return await session.row(f"{_PLACEMENT} AND p.id = $2", session.authority_id, placement_id)


async def lock_placement(session: WriteSession, placement_id: UUID) -> Row | None:
    """One placement, locked. Needs the broker's reach."""
    row = await session.row(
        "SELECT * FROM placement WHERE authority_id = $1 AND id = $2 FOR UPDATE", session.authority_id, placement_id
    )
    return dict(row) if row else None


async def is_placed(session: WriteSession, pupil_id: UUID, starts_on: date, ends_on: date) -> bool:
    """Whether a pupil has another placement on any day of a range. Needs the broker's reach."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM placement WHERE authority_id = $1 AND pupil_id = $2"
        " AND state NOT IN ('declined', 'withdrawn') AND starts_on < $4 AND ends_on > $3)",
        session.authority_id,
        pupil_id,
        starts_on,
        ends_on,
    )
    return found


async def days_of(session: ReadSession, placement_id: UUID) -> list[asyncpg.Record]:
    """The days recorded of a placement, in order."""
    return await session.rows(
        'SELECT on_day AS "on", morning, afternoon FROM placement_day WHERE authority_id = $1 AND placement_id = $2'
        " ORDER BY on_day",
        session.authority_id,
        placement_id,
    )


async def put_days(session: WriteSession, row: Row, days: Sequence[tuple[date, bool, bool]]) -> None:
    """Record days of a locked placement, each in place of what was said of it before."""
    await session.run(
        "INSERT INTO placement_day (authority_id, placement_id, provider_id, referring_organisation_id, school_id,"
        " on_day, morning, afternoon) SELECT $1, $2, $3, $4, $5, d.on_day, d.morning, d.afternoon"
        " FROM unnest($6::date[], $7::boolean[], $8::boolean[]) AS d (on_day, morning, afternoon)"
        " ON CONFLICT (authority_id, placement_id, on_day) DO UPDATE"
        " SET morning = excluded.morning, afternoon = excluded.afternoon",
        session.authority_id,
        row["id"],
        row["provider_id"],
        row["referring_organisation_id"],
        row["school_id"],
        [on for on, _, _ in days],
        [morning for _, morning, _ in days],
        [afternoon for _, _, afternoon in days],
    )


async def first_day_attended(session: ReadSession, placement_id: UUID) -> date | None:
    """The first day on which the pupil was there; None before it."""
    first: date | None = await session.value(
        "SELECT min(on_day) FROM placement_day WHERE authority_id = $1 AND placement_id = $2"
        " AND (morning OR afternoon)",
        session.authority_id,
        placement_id,
    )
    return first


async def last_day_attended(session: ReadSession, placement_id: UUID) -> date | None:
    """The last day on which the pupil was there; None when there is none."""
    last: date | None = await session.value(
        "SELECT max(on_day) FROM placement_day WHERE authority_id = $1 AND placement_id = $2"
        " AND (morning OR afternoon)",
        session.authority_id,
        placement_id,
    )
    return last


async def reviews_of(session: ReadSession, placement_id: UUID) -> list[asyncpg.Record]:
    """The reviews of a placement, in order."""
    return await session.rows(
        "SELECT id, held_on, decision, note, next_review_on, recorded_by_id FROM placement_review"
        " WHERE authority_id = $1 AND placement_id = $2 ORDER BY held_on, id",
        session.authority_id,
        placement_id,
    )


async def set_booking(session: WriteSession, booking_id: UUID, state: str, ends_on: date) -> None:
    """Bring the booking of a placement to a state and an end; one that was released stays so."""
    await session.run(
        "UPDATE booking SET state = $3, ends_on = $4, cause = $3 WHERE authority_id = $1 AND id = $2"
        " AND state <> 'released'",
        session.authority_id,
        booking_id,
        state,
        ends_on,
    )


async def next_booking_on(session: WriteSession, booking_id: UUID) -> asyncpg.Record | None:
    """From when the place of a booking is somebody else's next, and until when it is there."""
    return await session.row(
        "SELECT p.available_until, (SELECT min(n.starts_on) FROM booking n WHERE n.authority_id = b.authority_id"
        "  AND n.place_id = b.place_id AND n.state <> 'released' AND n.starts_on > b.starts_on) AS next_starts_on"
        " FROM booking b JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id"
        " WHERE b.authority_id = $1 AND b.id = $2",
        session.authority_id,
        booking_id,
    )


async def set_reads(session: WriteSession, placement_id: UUID, *, reads: bool) -> None:
    """Open who it is to the provider, or close it."""
    await session.run(
        "UPDATE placement_pupil SET provider_reads = $3 WHERE authority_id = $1 AND placement_id = $2",
        session.authority_id,
        placement_id,
        reads,
    )


async def end_identity_access(session: WriteSession, *, closed_by: datetime) -> int:
    """Close the names of placements that ended by a moment to their providers; how many."""
    return await session.run(
        "UPDATE placement_pupil n SET provider_reads = false FROM placement p WHERE n.authority_id = $1"
        " AND n.provider_reads AND p.authority_id = $1 AND p.id = n.placement_id"
        " AND p.state IN ('ended', 'withdrawn') AND p.updated_at <= $2",
        session.authority_id,
        closed_by,
    )


async def move_registration(session: WriteSession, row: Row, last_on: date) -> None:
    """Let the pupil's registration at the unit end on the last day of the placement."""
    await session.run(
        "UPDATE enrolment SET ends_on = greatest(starts_on, $5) WHERE authority_id = $1 AND pupil_id = $2"
        " AND school_id = $3 AND kind = 'subsidiary' AND starts_on = $4",
        session.authority_id,
        row["pupil_id"],
        row["registered_school_id"],
        row["starts_on"],
        last_on,
    )


async def end_registration(session: WriteSession, row: Row) -> None:
    """Take back the registration at the unit of a placement that never began."""
    await session.run(
        "DELETE FROM enrolment WHERE authority_id = $1 AND pupil_id = $2 AND school_id = $3 AND kind = 'subsidiary'"
        " AND starts_on = $4",
        session.authority_id,
        row["pupil_id"],
        row["registered_school_id"],
        row["starts_on"],
    )
