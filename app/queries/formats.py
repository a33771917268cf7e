"""What courses, placements and link days ask of a referral, and of the lots of a service."""

from uuid import UUID

import asyncpg

from app.db import ReadSession


async def referral_of(session: ReadSession, referral_id: UUID) -> asyncpg.Record | None:
    """What an enrolment or a placement asks of a referral that the caller may see."""
    return await session.row(
        "SELECT r.id, r.version, r.state, r.referring_organisation_id, r.school_id, r.case_provider_id, r.pupil_id,"
        " r.household_id, r.area_id, r.key_stage, r.language, r.interpreter_needed, r.agreement_status, r.holds,"
        " r.refused_provider_ids, concat_ws(' ', coalesce(p.preferred_name, p.given_name), p.family_name) AS pupil_name"
        " FROM referral r LEFT JOIN pupil p ON p.authority_id = r.authority_id AND p.id = r.pupil_id"
        " WHERE r.authority_id = $1 AND r.id = $2",
        session.authority_id,
        referral_id,
    )


async def lots_of_service(session: ReadSession, service_id: UUID) -> list[asyncpg.Record]:
    """The lots that deliver a service, with their contract and where they serve. Needs the authority's reach."""
    return await session.rows(
        "SELECT l.id, l.contract_id, l.provider_id, l.area_ids, l.school_ids, l.key_stages, s.format FROM lot l"
        " JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id"
        " WHERE l.authority_id = $1 AND l.service_id = $2 ORDER BY l.id",
        session.authority_id,
        service_id,
    )
