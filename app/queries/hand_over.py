"""Hand-overs: the running cases of a contract, the rows that a move touches, and the record of what was moved."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession
from app.queries.who_waits import NOT_TO_BE_ASKED

# What a decision may know of each family, under the names that `app.queries.who_waits.want_of` reads, and what a move
# needs of its case. Holds do not stand in the way of a case that runs already.
_CASES: Final = f"""
SELECT r.id, r.reference, r.household_id, r.band, r.banded_on, r.received_at, r.area_id, r.school_id, r.key_stage,
       r.need_codes, r.language, r.modes, r.preferred_mode, r.refused_provider_ids, ARRAY[]::text[] AS holds,
       NULL::uuid AS sibling_group_id,
       false AS household_has_place, NULL::uuid AS previous_provider_id, r.agreement_status,
       ARRAY(SELECT DISTINCT o.provider_id FROM offer o
             WHERE o.authority_id = r.authority_id AND o.referral_id = r.id AND {NOT_TO_BE_ASKED})
       AS declined_provider_ids,
       r.referring_organisation_id, r.school_id AS referral_school_id,
       i.id AS intervention_id, i.version AS intervention_version, i.started_on, i.practitioner_id,
       i.planned_start_on, i.planned_end_on,
       (SELECT count(*)::int FROM booking n WHERE n.authority_id = b.authority_id AND n.place_id = b.place_id
          AND n.state <> 'released') AS place_bookings,
       i.provider_id, b.id AS booking_id, b.lot_id, b.place_id, b.state AS booking_state, b.ends_on,
       p.practitioner_id AS caseload_of, o.id AS offer_id, o.version AS offer_version
FROM lot l
JOIN booking b ON b.authority_id = l.authority_id AND b.lot_id = l.id AND b.state <> 'released'
JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id
JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id
JOIN referral r ON r.authority_id = i.authority_id AND r.id = i.referral_id
JOIN offer o ON o.authority_id = i.authority_id AND o.intervention_id = i.id AND o.state = 'accepted'
  AND o.joins_intervention_id IS NULL
WHERE l.authority_id = $1 AND l.contract_id = $2
ORDER BY i.id
"""  # noqa: S608 - our own condition


async def running_cases(session: ReadSession, contract_id: UUID) -> list[asyncpg.Record]:
    """Every case that holds a place of a contract's lots, by the intervention's id."""
    return await session.rows(_CASES, session.authority_id, contract_id)


async def lock_cases(session: BrokerSession, contract_id: UUID) -> None:
    """Lock what a move of a contract's cases changes: allocation, intervention, referral, booking, in this order."""
    ids = [row["intervention_id"] for row in await running_cases(session, contract_id)]
    for table, column in (("offer", "intervention_id"), ("intervention", "id"), ("referral", "intervention_id")):
        await session.rows(
            f"SELECT id FROM {table} WHERE authority_id = $1 AND {column} = ANY ($2) ORDER BY id FOR UPDATE",  # noqa: S608 - our own names
            session.authority_id,
            ids,
        )
    await session.rows(
        "SELECT b.id FROM booking b JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id"
        " WHERE b.authority_id = $1 AND i.id = ANY ($2) ORDER BY b.id FOR UPDATE OF b",
        session.authority_id,
        ids,
    )


async def lots_of(session: ReadSession, contract_id: UUID) -> set[UUID]:
    """The ids of a contract's lots."""
    rows = await session.rows(
        "SELECT id FROM lot WHERE authority_id = $1 AND contract_id = $2", session.authority_id, contract_id
    )
    return {row["id"] for row in rows}


async def move_booking(session: BrokerSession, intervention_id: UUID, booking_id: UUID, lot_id: UUID) -> None:
    """Let a case hold another booking. Work that has not begun uses the volume of that booking's lot."""
    await session.run(
        "UPDATE intervention SET booking_id = $3, lot_id = CASE WHEN started_on IS NULL THEN $4 ELSE lot_id END,"
        " version = version + 1, updated_at = $5 WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        intervention_id,
        booking_id,
        lot_id,
        session.now,
    )


async def move_offer(session: BrokerSession, offer_id: UUID, *, place_id: UUID, booking_id: UUID, lot_id: UUID) -> None:
    """Let an accepted allocation stand on another place of the same provider, from today at the latest."""
    await session.run(
        "UPDATE offer SET place_id = $3, lot_id = $5, starts_on = least(starts_on, $7::date),"
        " booking_id = CASE WHEN joins_intervention_id IS NULL THEN $4::uuid END,"
        " service_id = (SELECT service_id FROM lot WHERE authority_id = $1 AND id = $5),"
        " version = version + 1, updated_at = $6, changed_xid = pg_current_xact_id()"
        " WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        offer_id,
        place_id,
        booking_id,
        lot_id,
        session.now,
        session.today,
    )


async def offers_of_the_others(session: BrokerSession, intervention_id: UUID) -> list[asyncpg.Record]:
    """The accepted allocations of the open referrals that have joined a case."""
    return await session.rows(
        "SELECT o.id, o.referral_id FROM offer o JOIN referral r ON r.authority_id = o.authority_id"
        " AND r.id = o.referral_id AND r.state <> 'closed' AND r.intervention_id = $2"
        " WHERE o.authority_id = $1 AND o.intervention_id = $2 AND o.joins_intervention_id IS NOT NULL ORDER BY o.id",
        session.authority_id,
        intervention_id,
    )


async def supersede_offer(session: BrokerSession, offer_id: UUID) -> asyncpg.Record:
    """End the allocation of a provider that hands the case over; the row as it was."""
    row = await session.row("SELECT * FROM offer WHERE authority_id = $1 AND id = $2", session.authority_id, offer_id)
    if row is None:
        raise LookupError(offer_id)
    await session.run(
        "UPDATE offer SET state = 'superseded', intervention_id = NULL, version = version + 1, updated_at = $3,"
        " changed_xid = pg_current_xact_id() WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        offer_id,
        session.now,
    )
    return row


async def change_provider(
    session: BrokerSession, intervention_id: UUID, *, provider_id: UUID, practitioner_id: UUID | None, until: date
) -> list[asyncpg.Record]:
    """Make a case another provider's: its plan, readings and debts, and who reads the family's details.

    The case's referrals since: one, or those of a household that share it.

    Contacts stay with whoever held them. The provider that had the case reads who it was until a day (exclusive), but
    not one that accepted it by silence and never read it; the new provider was chosen by an officer, so the case is
    open to it. Work that has begun is not met again before the new provider has read how to meet the family safely.
    """
    changed = await session.rows(
        "UPDATE referral SET former_provider_id = case_provider_id,"
        " former_until = CASE WHEN case_provider_id IS NOT NULL THEN $4::date END, case_provider_id = $3,"
        " version = version + 1, updated_at = $5 WHERE authority_id = $1 AND intervention_id = $2"
        " AND state <> 'closed' RETURNING id, version, referring_organisation_id, school_id",
        session.authority_id,
        intervention_id,
        provider_id,
        until,
        session.now,
    )
    await session.run(
        "UPDATE intervention SET provider_id = $3, practitioner_id = $4, sealed = false, safety_acknowledged_at = NULL,"
        " safety_due_again = started_on IS NOT NULL WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        intervention_id,
        provider_id,
        practitioner_id,
    )
    for table in ("plan", "goal", "reading"):
        await session.run(
            f"UPDATE {table} SET provider_id = $3 WHERE authority_id = $1 AND intervention_id = $2",  # noqa: S608 - our own names
            session.authority_id,
            intervention_id,
            provider_id,
        )
    await session.run(
        "UPDATE obligation SET owed_by_id = $3, version = version + 1 WHERE authority_id = $1 AND subject_id = $2"
        " AND met_at IS NULL AND cancelled_at IS NULL",
        session.authority_id,
        intervention_id,
        provider_id,
    )
    return changed


async def end_former_access(session: BrokerSession, *, household_id: UUID | None = None) -> int:
    """Close the identity of cases to the providers that handed them over; how many.

    Of those whose time is over, or of one household at once.
    """
    return await session.run(
        "UPDATE referral SET former_provider_id = NULL, former_until = NULL WHERE authority_id = $1"
        " AND former_provider_id IS NOT NULL AND (former_until <= $2 OR household_id = $3)",
        session.authority_id,
        session.today,
        household_id,
    )


_HAND_OVER: Final = (
    "SELECT id, contract_id, successor_id, effective_on, lots, ground, note, state, version, snapshot_hash,"
    " recorded_at, recorded_by_client_id, ended_at FROM hand_over WHERE authority_id = $1"
)


async def list_hand_overs(session: ReadSession, contract_id: UUID) -> list[asyncpg.Record]:
    """The newest 200 hand-overs of a contract, newest first."""
    return await session.rows(
        f"{_HAND_OVER} AND contract_id = $2 ORDER BY id DESC LIMIT 200", session.authority_id, contract_id
    )


async def get_hand_over(session: ReadSession, contract_id: UUID, hand_over_id: UUID) -> asyncpg.Record | None:
    """One hand-over of a contract."""
    return await session.row(
        f"{_HAND_OVER} AND contract_id = $2 AND id = $3", session.authority_id, contract_id, hand_over_id
    )


async def planned(session: BrokerSession, contract_id: UUID) -> asyncpg.Record | None:
    """The hand-over of a contract that is still to come, locked."""
    return await session.row(
        f"{_HAND_OVER} AND contract_id = $2 AND state = 'planned' FOR UPDATE", session.authority_id, contract_id
    )


async def due(session: ReadSession) -> list[asyncpg.Record]:
    """Hand-overs whose day has come, earliest first."""
    return await session.rows(
        f"{_HAND_OVER} AND state = 'planned' AND effective_on <= $2 ORDER BY effective_on, id",
        session.authority_id,
        session.today,
    )


async def end_hand_over(session: BrokerSession, hand_over_id: UUID, state: str) -> int:
    """Note that a planned hand-over is `done` or `cancelled`; its new version."""
    version: int = await session.value(
        "UPDATE hand_over SET state = $3, version = version + 1, ended_at = $4 WHERE authority_id = $1 AND id = $2"
        " RETURNING version",
        session.authority_id,
        hand_over_id,
        state,
        session.now,
    )
    return version


async def cases_of(session: ReadSession, hand_over_id: UUID) -> list[asyncpg.Record]:
    """What became of each case in a hand-over that was done, by the intervention's id."""
    return await session.rows(
        "SELECT x.intervention_id, r.reference AS referral_reference, x.outcome, x.reason, x.from_provider_id,"
        " x.from_lot_id, x.to_provider_id, x.to_lot_id, b.place_id AS to_place_id, p.number AS to_place_number,"
        " x.to_offer_id AS allocation_id"
        " FROM hand_over_case x"
        " JOIN intervention i ON i.authority_id = x.authority_id AND i.id = x.intervention_id"
        " JOIN referral r ON r.authority_id = i.authority_id AND r.id = i.referral_id"
        " LEFT JOIN booking b ON b.authority_id = x.authority_id AND b.id = x.to_booking_id"
        " LEFT JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id"
        " WHERE x.authority_id = $1 AND x.hand_over_id = $2 ORDER BY x.intervention_id",
        session.authority_id,
        hand_over_id,
    )


async def known_providers(session: ReadSession, lot_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who delivers each of some lots."""
    rows = await session.rows(
        "SELECT id, provider_id FROM lot WHERE authority_id = $1 AND id = ANY ($2)", session.authority_id, list(lot_ids)
    )
    return {row["id"]: row["provider_id"] for row in rows}
