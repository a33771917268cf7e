"""Cases that several children of a household share: who could join one, who is in it, and its members' lines."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession
from app.domain.allocation import Place
from app.domain.referral import CASE_STATES

# A running case of a lot that counts families, open to its provider, with the place that it holds.
_CASE: Final = """
SELECT {columns}, i.id AS intervention_id, i.provider_id, i.practitioner_id AS worker_id,
       p.id AS place_id, p.lot_id, p.number, p.practitioner_id, p.needs, p.languages, p.modes
FROM referral s
JOIN intervention i ON i.authority_id = s.authority_id AND i.id = s.intervention_id
  AND i.state IN ('planned', 'active') AND NOT i.sealed
JOIN booking b ON b.authority_id = i.authority_id AND b.id = i.booking_id
JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id
JOIN lot l ON l.authority_id = b.authority_id AND l.id = b.lot_id AND l.volume_unit = 'family'
"""
_WAITS: Final = "w.authority_id = $1 AND w.state = 'waiting' AND cardinality(w.holds) = 0"
_SIBLING: Final = "s.state IN ('accepted', 'in_progress', 'on_hold') AND s.pupil_id <> w.pupil_id"
_OF_GROUPS: Final = (
    _CASE.format(columns="w.id AS referral_id")
    + f"""JOIN referral w ON {_WAITS} AND w.sibling_group_id IS NOT NULL AND w.sibling_group_id = s.sibling_group_id
WHERE s.authority_id = $1 AND s.sibling_group_id IS NOT NULL AND {_SIBLING}
ORDER BY w.received_at, w.id, i.accepted_at, i.id
"""
)
# By way of the places that are held: there are fewer of them than of families that wait.
_OF_HOUSEHOLDS: Final = (
    _CASE.format(columns="w.id AS referral_id")
    + f"""JOIN referral w ON {_WAITS} AND w.household_id = b.household_id
WHERE s.authority_id = $1 AND b.state <> 'released' AND {_SIBLING}
ORDER BY w.received_at, w.id, i.accepted_at, i.id
"""
)


async def could_join(session: BrokerSession, *, whole_list: bool) -> list[asyncpg.Record]:
    """Who waits while a brother or sister has a running case in a lot that counts families, with each such case.

    Linked siblings always; children of one household too when the `whole_list` is looked at.
    """
    rows = await session.rows(_OF_GROUPS, session.authority_id)
    return [*rows, *await session.rows(_OF_HOUSEHOLDS, session.authority_id)] if whole_list else rows


async def cases_of_family(
    session: BrokerSession, *, group_id: UUID | None, household_id: UUID, pupil_id: UUID
) -> list[asyncpg.Record]:
    """The running cases, of lots that count families, of a child's brothers and sisters; the oldest first."""
    return await session.rows(
        _CASE.format(columns="s.id AS sibling_id")
        + " WHERE s.authority_id = $1 AND (s.sibling_group_id = $2 OR s.household_id = $3) AND s.pupil_id <> $4"
        " AND s.state = ANY ($5) ORDER BY i.accepted_at, i.id",
        session.authority_id,
        group_id,
        household_id,
        pupil_id,
        sorted(CASE_STATES),
    )


async def case_and_place(session: BrokerSession, intervention_id: UUID) -> asyncpg.Record | None:
    """A running case with its place, whatever its lot counts; None for one that is over or not yet read."""
    return await session.row(
        "SELECT i.id AS intervention_id, i.provider_id, i.practitioner_id AS worker_id, r.pupil_id, r.household_id,"
        " l.volume_unit, r.sibling_group_id,"
        " p.id AS place_id, p.lot_id, p.number, p.practitioner_id, p.needs, p.languages, p.modes FROM intervention i"
        " JOIN referral r ON r.authority_id = i.authority_id AND r.id = i.referral_id"
        " JOIN booking b ON b.authority_id = i.authority_id AND b.id = i.booking_id"
        " JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id"
        " JOIN lot l ON l.authority_id = b.authority_id AND l.id = b.lot_id"
        " WHERE i.authority_id = $1 AND i.id = $2 AND i.state <> 'closed' AND NOT i.sealed",
        session.authority_id,
        intervention_id,
    )


def place_of(row: asyncpg.Record) -> Place:
    """The place of a case, as a decision knows it: it has its family already, so nobody else is offered it."""
    return Place(
        row["place_id"],
        row["lot_id"],
        row["number"],
        row["practitioner_id"],
        tuple(row["needs"]) if row["needs"] is not None else None,
        tuple(row["languages"]) if row["languages"] is not None else None,
        tuple(row["modes"]) if row["modes"] is not None else None,
        booked=True,
    )


async def lock_members(session: BrokerSession, intervention_id: UUID) -> list[dict[str, Any]]:
    """The open referrals of a shared case, locked, in the order in which they joined: after the intervention's row."""
    rows = await session.rows(
        "SELECT r.id, r.version, r.state, r.state_sequence, r.school_id, r.referring_organisation_id,"
        " r.case_provider_id, r.household_id, r.holds, m.joined_at FROM case_member m"
        " JOIN referral r ON r.authority_id = m.authority_id AND r.id = m.referral_id"
        " WHERE m.authority_id = $1 AND m.intervention_id = $2 AND m.left_at IS NULL"
        " AND r.state <> 'closed' ORDER BY m.joined_at, m.referral_id FOR UPDATE OF r",
        session.authority_id,
        intervention_id,
    )
    return [dict(row) for row in rows]


async def met_in(session: BrokerSession, intervention_id: UUID) -> set[UUID]:
    """The referrals in a shared case whose children the family has been met for."""
    rows = await session.rows(
        "SELECT referral_id FROM case_member WHERE authority_id = $1 AND intervention_id = $2"
        " AND left_at IS NULL AND started_on IS NOT NULL",
        session.authority_id,
        intervention_id,
    )
    return {row["referral_id"] for row in rows}


async def take_in(
    session: BrokerSession, intervention_id: UUID, referral_id: UUID, sender_id: UUID, school_id: UUID | None
) -> None:
    """Give a referral its line in a case, from now on; one that left and comes back begins anew."""
    await session.run(
        "INSERT INTO case_member (authority_id, intervention_id, referral_id, referring_organisation_id, school_id,"
        " joined_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (authority_id, intervention_id, referral_id)"
        " DO UPDATE SET joined_at = excluded.joined_at, started_on = NULL, left_at = NULL",
        session.authority_id,
        intervention_id,
        referral_id,
        sender_id,
        school_id,
        session.now,
    )


async def share(session: BrokerSession, intervention_id: UUID) -> None:
    """Make a case one that is shared: the child whose case it was has a line like those who join."""
    await session.run(
        "WITH shared AS (UPDATE intervention SET shared = true, version = version + 1, updated_at = $3"
        " WHERE authority_id = $1 AND id = $2"
        " RETURNING authority_id, id, referral_id, referring_organisation_id, school_id, accepted_at, started_on)"
        " INSERT INTO case_member (authority_id, intervention_id, referral_id, referring_organisation_id, school_id,"
        " joined_at, started_on) SELECT * FROM (SELECT authority_id, id, referral_id, referring_organisation_id,"
        " school_id, accepted_at, started_on FROM shared) s ON CONFLICT DO NOTHING",
        session.authority_id,
        intervention_id,
        session.now,
    )


async def note_start(session: BrokerSession, intervention_id: UUID, referral_ids: Sequence[UUID], on: date) -> None:
    """Note an attended contact of some children in a case: the earliest is their first."""
    await session.run(
        "UPDATE case_member SET started_on = least(started_on, $4) WHERE authority_id = $1 AND intervention_id = $2"
        " AND referral_id = ANY ($3)",
        session.authority_id,
        intervention_id,
        list(referral_ids),
        on,
    )


async def note_leaving(session: BrokerSession, intervention_id: UUID, referral_id: UUID) -> None:
    """Note that a child's part in a case has ended."""
    await session.run(
        "UPDATE case_member SET left_at = $4 WHERE authority_id = $1 AND intervention_id = $2 AND referral_id = $3",
        session.authority_id,
        intervention_id,
        referral_id,
        session.now,
    )


async def carry_on_with(session: BrokerSession, intervention_id: UUID, member: dict[str, Any]) -> None:
    """Let another child's referral stand for a case when the first has left: its household and offer hold the place.

    The offer of the child who left has its part in the case, and no booking any more.
    """
    await session.run(
        "UPDATE intervention SET referral_id = $3, referring_organisation_id = $4, school_id = $5"
        " WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        intervention_id,
        member["id"],
        member["referring_organisation_id"],
        member["school_id"],
    )
    await session.run(
        "UPDATE booking SET household_id = $3 FROM intervention i WHERE booking.authority_id = $1"
        " AND i.authority_id = $1 AND i.id = $2 AND booking.id = i.booking_id",
        session.authority_id,
        intervention_id,
        member["household_id"],
    )
    await session.run(
        "UPDATE offer SET booking_id = CASE WHEN offer.referral_id = $3 THEN i.booking_id END,"
        " joins_intervention_id = CASE WHEN offer.referral_id = $3 THEN NULL ELSE i.id END FROM intervention i"
        " WHERE offer.authority_id = $1 AND i.authority_id = $1 AND i.id = $2 AND offer.intervention_id = i.id",
        session.authority_id,
        intervention_id,
        member["id"],
    )


async def reopen_for(session: BrokerSession, intervention_id: UUID, referral_id: UUID) -> None:
    """Of a shared case whose closure is undone for one child: the others have left it."""
    await session.run(
        "UPDATE case_member SET left_at = CASE WHEN referral_id <> $3 THEN coalesce(left_at, $4) END"
        " WHERE authority_id = $1 AND intervention_id = $2",
        session.authority_id,
        intervention_id,
        referral_id,
        session.now,
    )


async def offers_to_join(session: BrokerSession, intervention_id: UUID) -> list[asyncpg.Record]:
    """The live offers to join a case, by the referral's id."""
    return await session.rows(
        "SELECT id, referral_id FROM offer WHERE authority_id = $1 AND joins_intervention_id = $2"
        " AND state = 'pending' ORDER BY referral_id",
        session.authority_id,
        intervention_id,
    )


async def someone_agrees(session: ReadSession, intervention_id: UUID) -> bool:
    """Whether the family still agrees to the work for one child at least of a case, of those whom the caller sees."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT 1 FROM referral WHERE authority_id = $1 AND intervention_id = $2 AND state <> 'closed'"
        " AND agreement_status NOT IN ('withdrawn', 'refused'))",
        session.authority_id,
        intervention_id,
    )
    return found


async def is_same_child(session: BrokerSession, pupil_id: UUID, other_id: UUID) -> bool:
    """Whether two records are of one child: the same, or of one UPN."""
    found: bool = await session.value(
        "SELECT $2::uuid = $3::uuid OR EXISTS (SELECT 1 FROM pupil_statutory a JOIN pupil_statutory b"
        " ON b.authority_id = a.authority_id AND b.upn = a.upn"
        " WHERE a.authority_id = $1 AND a.pupil_id = $2 AND b.pupil_id = $3)",
        session.authority_id,
        pupil_id,
        other_id,
    )
    return found


async def schools_of(session: ReadSession, intervention_id: UUID) -> set[UUID | None]:
    """The senders and schools of the open referrals of a case, of those that the caller may see."""
    rows = await session.rows(
        "SELECT referring_organisation_id, school_id FROM referral"
        " WHERE authority_id = $1 AND intervention_id = $2 AND state <> 'closed'",
        session.authority_id,
        intervention_id,
    )
    return {each for row in rows for each in row}
