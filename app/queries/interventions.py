"""Interventions: lists, one with its plan's goals, and the locked rows that an act works on."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.access import Kind
from app.db import ReadSession, WriteSession
from app.models.policies import ORGANISATION
from app.queries.filters import Filters

Row = dict[str, Any]

# Of a case that several children share, the part that the caller's own child has in it: a school's, and nobody else's.
PART = (
    "CASE WHEN i.shared THEN (SELECT row_to_json(x)::text FROM ("  # noqa: S608 - our own text
    "SELECT m.referral_id, m.school_id, m.joined_at,"
    " m.started_on, m.left_at, r.outcome, r.close_reason FROM case_member m"
    " JOIN referral r ON r.authority_id = m.authority_id AND r.id = m.referral_id"
    " WHERE m.authority_id = i.authority_id AND m.intervention_id = i.id"
    f" AND (m.school_id = {ORGANISATION} OR m.referring_organisation_id = {ORGANISATION})"
    " ORDER BY m.left_at IS NULL DESC, m.joined_at, m.referral_id LIMIT 1) x) END"
)

_COLUMNS = (
    "i.id, i.referral_id, i.booking_id, i.lot_id, i.provider_id,"  # noqa: S608 - our own text
    " i.referring_organisation_id, i.school_id,"
    " i.practitioner_id, i.state, i.version, i.accepted_at, i.updated_at, i.safety_acknowledged_at, i.started_on,"
    " i.planned_start_on, i.planned_end_on, i.closed_on, i.outcome, i.close_reason, i.closure_summary, i.shared,"
    " (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'reason', p.reason, 'note', p.note,"
    "  'starts_on', p.starts_on, 'expected_last_on', p.expected_last_on, 'school_days', p.school_days,"
    "  'resumed_on', p.resumed_on) ORDER BY p.starts_on, p.id), '[]') FROM intervention_pause p"
    "  WHERE p.authority_id = i.authority_id AND p.intervention_id = i.id)::text AS pauses,"
    # Row policy leaves a school its own.
    " CASE WHEN i.shared THEN ARRAY(SELECT r.id FROM referral r WHERE r.authority_id = i.authority_id"
    " AND r.intervention_id = i.id AND r.state <> 'closed' ORDER BY r.received_at, r.id) ELSE ARRAY[i.referral_id] END"
    f" AS referral_ids, {PART} AS part"
)

_JOINED = (
    "i.id = ANY (ARRAY(SELECT m.intervention_id FROM case_member m WHERE m.authority_id = $1"
    " AND (m.school_id = {0} OR m.referring_organisation_id = {0})))"
)

_DAYS_OF_A_PAUSE = ("starts_on", "expected_last_on", "resumed_on")

# The organisation again, in plain columns: row policy alone would read the whole authority's list.
_OWN = {
    Kind.PROVIDER: "i.provider_id = {0}",
    Kind.SCHOOL: f"(i.school_id = {{0}} OR i.referring_organisation_id = {{0}} OR {_JOINED})",
    Kind.AGENCY: f"(i.referring_organisation_id = {{0}} OR {_JOINED})",
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
    return {
        **row,
        **{name: None if row[name] is None else orjson.loads(row[name]) for name in ("closure_summary", "part")},
        "pauses": [_pause(told) for told in orjson.loads(row["pauses"])],
    }


def _pause(told: Row) -> Row:
    days = {name: told[name] and date.fromisoformat(told[name]) for name in _DAYS_OF_A_PAUSE}
    return {**told, "id": UUID(told["id"]), **days}


async def find_intervention(session: ReadSession, intervention_id: UUID) -> Row | None:
    """One intervention, or None when there is none that the caller may see."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM intervention i WHERE i.authority_id = $1 AND i.id = $2",  # noqa: S608 - our own column names
        session.authority_id,
        intervention_id,
    )
    return _parsed(row) if row else None


async def lock_intervention(session: WriteSession, intervention_id: UUID) -> Row | None:
    """One intervention, locked for the rest of the transaction; None when the caller may not work it.

    The lock comes in a statement of its own: read in the same one, its pauses could be older than the lock.
    """
    locked = await session.value(
        "SELECT id FROM intervention WHERE authority_id = $1 AND id = $2 FOR UPDATE",
        session.authority_id,
        intervention_id,
    )
    return None if locked is None else await find_intervention(session, intervention_id)


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
    """Whether a household holds a place of casework. Needs the broker's reach."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM booking WHERE authority_id = $1 AND household_id = $2 AND state <> 'released'"
        " AND format = 'casework')",
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
