"""Closure letters, and what they are made from."""

from typing import Any
from uuid import UUID

import orjson

from app.db import BrokerSession, ReadSession

Row = dict[str, Any]


async def find_letter(session: ReadSession, intervention_id: UUID, audience: str, version: int | None) -> Row | None:
    """A letter of an intervention, the latest unless a version is named; None when there is none to be seen."""
    row = await session.row(
        "SELECT id, referral_id, version, made_at, content FROM closure_letter"
        " WHERE authority_id = $1 AND intervention_id = $2 AND audience = $3 AND ($4::int IS NULL OR version = $4)"
        " ORDER BY version DESC LIMIT 1",
        session.authority_id,
        intervention_id,
        audience,
        version,
    )
    return {**row, "content": orjson.loads(row["content"])} if row else None


async def next_version(session: ReadSession, intervention_id: UUID) -> int:
    """The number of the closing that is under way."""
    version: int = await session.value(
        "SELECT coalesce(max(version), 0) + 1 FROM closure_letter WHERE authority_id = $1 AND intervention_id = $2",
        session.authority_id,
        intervention_id,
    )
    return version


async def names(session: BrokerSession, intervention_id: UUID) -> Row:
    """Who and what the letters of a case name: child, school, service, provider, and whom to call about a child."""
    row = await session.row(
        "SELECT coalesce(p.preferred_name, p.given_name) AS child, school.name AS school, s.name AS service,"
        " provider.name AS provider, provider.contact AS provider_contact, a.name AS authority,"
        " a.safeguarding_contact FROM intervention i"
        " JOIN authority a ON a.id = i.authority_id"
        " JOIN referral r ON r.authority_id = i.authority_id AND r.id = i.referral_id"
        " JOIN pupil p ON p.authority_id = r.authority_id AND p.id = r.pupil_id"
        " JOIN organisation provider ON provider.authority_id = i.authority_id AND provider.id = i.provider_id"
        " JOIN lot l ON l.authority_id = i.authority_id AND l.id = i.lot_id"
        " JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id"
        " LEFT JOIN organisation school ON school.authority_id = r.authority_id AND school.id = r.school_id"
        " WHERE i.authority_id = $1 AND i.id = $2",
        session.authority_id,
        intervention_id,
    )
    if row is None:
        raise LookupError(intervention_id)
    return {
        **row,
        "provider_contact": orjson.loads(row["provider_contact"]),
        "safeguarding_contact": orjson.loads(row["safeguarding_contact"]),
    }
