"""Referrals of siblings: found by reference, linked, and the practitioners of a group."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession
from app.queries.snapshot import SiblingWith

_COLUMNS = "id, version, state, pupil_id, sibling_group_id, referring_organisation_id, school_id"


async def of_reference(session: BrokerSession, reference: str, *, sender_id: UUID | None) -> asyncpg.Record | None:
    """The referral of a reference, locked; with `sender_id`, only where that organisation sent it."""
    return await session.row(
        f"SELECT {_COLUMNS} FROM referral WHERE authority_id = $1 AND reference = $2"  # noqa: S608 - our own names
        " AND ($3::uuid IS NULL OR referring_organisation_id = $3) FOR UPDATE",
        session.authority_id,
        reference,
        sender_id,
    )


async def members(session: BrokerSession, group_id: UUID, known: Sequence[UUID]) -> list[asyncpg.Record]:
    """The referrals of a group but for some that are known, locked."""
    return await session.rows(
        f"SELECT {_COLUMNS} FROM referral WHERE authority_id = $1 AND sibling_group_id = $2"  # noqa: S608 - our own names
        " AND id <> ALL ($3) ORDER BY id FOR UPDATE",
        session.authority_id,
        group_id,
        list(known),
    )


async def practitioners_of(session: ReadSession, group_id: UUID, referral_id: UUID) -> list[SiblingWith]:
    """What stands of a group for one more referral of it: its siblings' practitioners, as a survey tells them."""
    rows = await session.rows(
        "SELECT coalesce(i.practitioner_id, o.practitioner_id) AS practitioner_id, i.started_on FROM referral s"
        " JOIN offer o ON o.authority_id = s.authority_id AND o.referral_id = s.id"
        "  AND o.state IN ('proposed', 'pending', 'accepted')"
        " LEFT JOIN intervention i ON i.authority_id = o.authority_id AND i.id = o.intervention_id"
        " WHERE s.authority_id = $1 AND s.sibling_group_id = $2 AND s.state <> 'closed'"
        " AND coalesce(i.practitioner_id, o.practitioner_id) IS NOT NULL",
        session.authority_id,
        group_id,
    )
    return [SiblingWith(referral_id, row["practitioner_id"], row["started_on"]) for row in rows]


async def holds(session: ReadSession) -> list[asyncpg.Record]:
    """The decisions that put a sibling before its turn, of places that are held still."""
    return await session.rows(
        "SELECT d.decided_at, d.record FROM decision d"
        " JOIN offer o ON o.authority_id = d.authority_id AND o.referral_id = d.referral_id AND o.decision_id = d.id"
        " JOIN booking b ON b.authority_id = o.authority_id AND b.id = o.booking_id AND b.state <> 'released'"
        " WHERE d.authority_id = $1 AND d.excuse = 'SIBLING_HOLD' AND d.excuse IS NOT NULL",
        session.authority_id,
    )


async def is_in_case(session: BrokerSession, intervention_id: UUID, referral_id: UUID | None) -> bool:
    """Whether a referral is one of those that a case serves."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM referral WHERE authority_id = $1 AND id = $2 AND intervention_id = $3)",
        session.authority_id,
        referral_id,
        intervention_id,
    )
    return found
