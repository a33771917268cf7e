"""What officers did by hand, as it is read back."""

from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession, WriteSession
from app.queries.who_waits import NOT_TO_BE_ASKED


async def band_decisions(session: ReadSession, referral_id: UUID) -> list[asyncpg.Record]:
    """Every change of a referral's band by a person, oldest first."""
    return await session.rows(
        "SELECT b.id, b.decided_at, b.organisation_id, o.name AS organisation_name, b.decided_by_name,"
        " b.decided_by_role, b.from_band, b.to_band, b.banded_on, b.reason FROM band_decision b"
        " JOIN organisation o ON o.authority_id = b.authority_id AND o.id = b.organisation_id"
        " WHERE b.authority_id = $1 AND b.referral_id = $2 ORDER BY b.decided_at, b.id",
        session.authority_id,
        referral_id,
    )


async def overrides(session: ReadSession, referral_id: UUID) -> list[asyncpg.Record]:
    """Every place that an officer chose for a referral, oldest first. Officers only, by row policy."""
    return await session.rows(
        "SELECT id, decided_at, officer_name, officer_role, reason, note, lot_id, place_id, offer_id AS allocation_id,"
        " decision_id, rule_record, passed_over_ids FROM override"
        " WHERE authority_id = $1 AND referral_id = $2 ORDER BY decided_at, id",
        session.authority_id,
        referral_id,
    )


async def let_be_asked(session: WriteSession, referral_id: UUID, provider_id: UUID) -> int:
    """Let a provider be asked for a referral again, whatever became of its offers; how many stood against it."""
    return await session.run(
        "UPDATE offer o SET provider_allowed_at = $4"  # noqa: S608 - our own condition
        f" WHERE o.authority_id = $1 AND o.referral_id = $2 AND o.provider_id = $3 AND {NOT_TO_BE_ASKED}",
        session.authority_id,
        referral_id,
        provider_id,
        session.now,
    )


async def closure(session: ReadSession, referral_id: UUID) -> asyncpg.Record | None:
    """The move that closed a referral: from which state, when, and by which organisation. None while it is open."""
    return await session.row(
        "SELECT h.from_state, h.changed_at, h.organisation_id FROM referral r JOIN status_history h"
        " ON h.authority_id = r.authority_id AND h.referral_id = r.id AND h.sequence = r.state_sequence"
        " WHERE r.authority_id = $1 AND r.id = $2 AND r.state = 'closed'",
        session.authority_id,
        referral_id,
    )


async def has_another_open_referral(session: BrokerSession, referral_id: UUID) -> bool:
    """Whether another organisation has an open referral of the same pupil, by the pupil's record or UPN."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM referral r"
        " JOIN pupil_statutory t ON t.authority_id = r.authority_id AND t.pupil_id = r.pupil_id"
        " JOIN pupil_statutory u ON u.authority_id = t.authority_id AND (u.pupil_id = t.pupil_id OR u.upn = t.upn)"
        " JOIN referral x ON x.authority_id = u.authority_id AND x.pupil_id = u.pupil_id AND x.id <> r.id"
        "  AND x.state <> 'closed' AND x.referring_organisation_id <> r.referring_organisation_id"
        " WHERE r.authority_id = $1 AND r.id = $2)",
        session.authority_id,
        referral_id,
    )
    return found


async def ended_by_closure(session: BrokerSession, subjects: list[UUID], closed_at: object) -> list[asyncpg.Record]:
    """The obligations about some subjects that ended at the moment of a closure, by it."""
    return await session.rows(
        "SELECT kind, owed_by_id, subject_kind, subject_id, clock, due_at FROM obligation WHERE authority_id = $1"
        " AND subject_id = ANY ($2) AND (cancelled_at = $3 OR (kind = 'closure' AND met_at = $3))"
        " ORDER BY due_at, id",
        session.authority_id,
        subjects,
        closed_at,
    )


async def clear_goal_results(session: WriteSession, intervention_id: UUID) -> list[asyncpg.Record]:
    """Take back what a closure said of a case's goals; the results as they were."""
    return await session.rows(
        "WITH closed AS (SELECT id, result FROM goal WHERE authority_id = $1 AND intervention_id = $2"
        "  AND result IS NOT NULL FOR UPDATE)"
        " UPDATE goal g SET result = NULL FROM closed WHERE g.authority_id = $1 AND g.id = closed.id"
        " RETURNING g.id, closed.result",
        session.authority_id,
        intervention_id,
    )
