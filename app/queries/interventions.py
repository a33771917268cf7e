"""Interventions: lists, one with its plan's goals, and the locked rows that an act works on."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.access import Kind
from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

Row = dict[str, Any]

_COLUMNS = (
    "i.id, i.referral_id, i.booking_id, i.lot_id, i.provider_id, i.referring_organisation_id, i.school_id,"
    " i.practitioner_id, i.state, i.version, i.accepted_at, i.updated_at, i.safety_acknowledged_at, i.started_on,"
    " i.planned_start_on, i.planned_end_on, i.closed_on, i.outcome, i.close_reason, i.closure_summary, i.shared"
)

# The organisation again, in plain columns: row policy alone would read the whole authority's list.
_OWN = {
    Kind.PROVIDER: "i.provider_id = {0}",
    Kind.SCHOOL: "(i.school_id = {0} OR i.referring_organisation_id = {0})",
    Kind.AGENCY: "i.referring_organisation_id = {0}",
}


async def list_interventions(
    session: ReadSession,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    state: str | None = None,
    practitioner_id: UUID | None = None,
) -> list[Row]:
    """The caller's interventions in the order of their acceptance, with one more than `limit` when there are more.

    A filter that is None is left out of the statement, so that each combination gets its own plan.
    """
    filters = Filters(session.authority_id)
    if session.kind is not Kind.AUTHORITY:
        filters.add(_OWN[session.kind], session.organisation_id)
    if state is not None:
        filters.add("i.state = {0}", state)
    if practitioner_id is not None:
        filters.add("i.practitioner_id = {0}", practitioner_id)
    if after is not None:
        filters.add("(i.accepted_at, i.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM intervention i WHERE i.authority_id = $1{filters.sql}"  # noqa: S608 - our own column names
        f" ORDER BY i.accepted_at, i.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [_parsed(row) for row in rows]


def _parsed(row: asyncpg.Record) -> Row:
    summary = row["closure_summary"]
    return {**row, "closure_summary": None if summary is None else orjson.loads(summary)}


async def find_intervention(session: ReadSession, intervention_id: UUID) -> Row | None:
    """One intervention, or None when there is none that the caller may see."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM intervention i WHERE i.authority_id = $1 AND i.id = $2",  # noqa: S608 - our own column names
        session.authority_id,
        intervention_id,
    )
    return _parsed(row) if row else None


async def lock_intervention(session: WriteSession, intervention_id: UUID) -> Row | None:
    """One intervention, locked for the rest of the transaction; None when the caller may not work it."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM intervention i WHERE i.authority_id = $1 AND i.id = $2 FOR UPDATE",  # noqa: S608 - our own column names
        session.authority_id,
        intervention_id,
    )
    return _parsed(row) if row else None


async def lock_referral(session: WriteSession, referral_id: UUID) -> Row:
    """The state of an intervention's referral, locked. Taken after the intervention's row, always."""
    row = await session.row(
        "SELECT id, version, state, state_sequence, school_id, referring_organisation_id, case_provider_id, holds"
        " FROM referral WHERE authority_id = $1 AND id = $2 FOR UPDATE",
        session.authority_id,
        referral_id,
    )
    return dict(row) if row else {}


async def lock_booking(session: WriteSession, booking_id: UUID) -> Row:
    """An intervention's booking with what bounds it, locked. Taken last. Needs the broker's reach."""
    row = await session.row(
        "SELECT b.id, b.place_id, b.household_id, b.state, b.starts_on, b.ends_on, p.available_until,"
        " s.standard_weeks,"
        " EXISTS (SELECT 1 FROM booking n WHERE n.authority_id = b.authority_id AND n.place_id = b.place_id"
        "  AND n.state <> 'released' AND n.starts_on < b.starts_on) AS follows_another,"
        " (SELECT min(n.starts_on) FROM booking n WHERE n.authority_id = b.authority_id AND n.place_id = b.place_id"
        "  AND n.state <> 'released' AND n.starts_on > b.starts_on) AS next_starts_on FROM booking b"
        " JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id"
        " JOIN lot l ON l.authority_id = b.authority_id AND l.id = b.lot_id"
        " JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id"
        " WHERE b.authority_id = $1 AND b.id = $2 FOR UPDATE OF b",
        session.authority_id,
        booking_id,
    )
    return dict(row) if row else {}


async def household_has_place(session: WriteSession, household_id: UUID) -> bool:
    """Whether a household holds a place. Needs the broker's reach."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM booking WHERE authority_id = $1 AND household_id = $2 AND state <> 'released')",
        session.authority_id,
        household_id,
    )
    return found


async def agreement_status(session: ReadSession, referral_id: UUID) -> str | None:
    """Whether the family agrees, as the referral says; None for a referral that the caller may not see."""
    status: str | None = await session.value(
        "SELECT agreement_status FROM referral WHERE authority_id = $1 AND id = $2", session.authority_id, referral_id
    )
    return status
