"""Offers: the provider's worklist, one allocation, and the rows that an answer locks."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from app.access import Kind, Principal
from app.db import BrokerSession, Database, ReadSession, WriteSession

# What an allocation's reader may see is decided by the row policy of each joined table: the referral's reference, the
# pupil's name and the school's name are simply not there before acceptance, because the referral's row is not.
# Ids go straight into an answer, which writes text faster than ids.
_COLUMNS = """
o.id::text, o.reference, o.state, o.version, o.starts_on, o.offered_at, o.answer_due_at, o.answered_at, o.updated_at,
o.decline_reason, o.deemed_acceptance, o.deemed_at, o.identity_released_at, o.objection_until,
o.lot_id::text, o.service_id::text, s.name AS service_name, o.place_id::text,
p.number AS place_number, o.practitioner_id::text, o.intervention_id::text, o.provider_id::text,
CASE WHEN o.state IN ('pending', 'accepted') THEN o.summary END AS summary,
CASE WHEN o.joins_intervention_id IS NULL THEN 'place' ELSE 'joins_case' END AS kind, o.joins_intervention_id::text,
r.id::text AS referral_id, r.reference AS referral_reference,
r.school_id::text, sc.name AS school_name,
i.state AS intervention_state, i.started_on, i.planned_end_on, i.closed_on
"""
_JOINS = """
JOIN service s ON s.authority_id = o.authority_id AND s.id = o.service_id
JOIN place p ON p.authority_id = o.authority_id AND p.id = o.place_id
LEFT JOIN referral r ON r.authority_id = o.authority_id AND r.id = o.referral_id
LEFT JOIN organisation sc ON sc.authority_id = r.authority_id AND sc.id = r.school_id
LEFT JOIN intervention i ON i.authority_id = o.authority_id AND i.id = o.intervention_id
"""
# Reading who it is is an act of its own, and logged: a list that is polled all day does not do it.
_IDENTITY = ", pu.id AS pupil_id, pu.given_name, pu.family_name, pu.preferred_name, pu.date_of_birth"
_IDENTITY_JOIN = "LEFT JOIN pupil pu ON pu.authority_id = r.authority_id AND pu.id = r.pupil_id"


def _page(conditions: list[str], order: str, mark: str, more: str = "") -> str:
    """A list: its page of offers is settled first, so that no plan joins them all and sorts them then."""
    return (
        f"SELECT {_COLUMNS}{more} FROM (SELECT * FROM offer o WHERE {' AND '.join(conditions)}"  # noqa: S608 - fixed texts
        f" ORDER BY {order} LIMIT {mark}) o {_JOINS} ORDER BY {order}"
    )


async def worklist(
    session: ReadSession,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    states: Sequence[str] | None = None,
) -> list[asyncpg.Record]:
    """A page of the caller's allocations, first offered first (one row more than `limit` when there are more)."""
    conditions, arguments = _whose(session, states)
    if after is not None:
        arguments += after
        conditions.append(f"(o.offered_at, o.id) > (${len(arguments) - 1}, ${len(arguments)})")
    arguments.append(limit + 1)
    return await session.rows(_page(conditions, "o.offered_at, o.id", f"${len(arguments)}"), *arguments)


class Change(NamedTuple):
    """A place in the order of changes: after this transaction's change of this allocation."""

    xid: int
    offer_id: UUID


async def changes(
    session: ReadSession, *, limit: int, after: Change, states: Sequence[str] | None = None
) -> tuple[list[asyncpg.Record], Change]:
    """The caller's allocations changed after a place in the order of changes, and where to go on from.

    Below the snapshot horizon, as the event feed: nothing is ever inserted behind the answer.
    """
    conditions, arguments = _whose(session, states)
    arguments += [str(after.xid), after.offer_id, limit]
    at = len(arguments)
    conditions += [
        f"o.changed_xid >= ${at - 2}::text::xid8",
        f"(o.changed_xid, o.id) > (${at - 2}::text::xid8, ${at - 1})",
        "o.changed_xid < pg_snapshot_xmin(pg_current_snapshot())",
    ]
    rows = await session.rows(
        _page(conditions, "o.changed_xid, o.id", f"${at}", ", o.changed_xid::text AS xid"), *arguments
    )
    return rows, Change(int(rows[-1]["xid"]), UUID(rows[-1]["id"])) if rows else after


async def marks(database: Database, providers: Sequence[Principal]) -> list[str]:
    """Of each provider, a mark that changes whenever anything in its worklist may have: what a 304 is answered from."""
    return await database.ask("worklist_mark", providers)


def _whose(session: ReadSession, states: Sequence[str] | None) -> tuple[list[str], list[object]]:
    conditions = ["o.authority_id = $1"]
    arguments: list[object] = [session.authority_id]
    if session.kind is Kind.PROVIDER:
        # The row policy says so too; said here it can use an index.
        arguments.append(session.organisation_id)
        conditions.append("o.provider_id = $2")
    if states is not None:
        arguments.append(states)
        conditions.append(f"o.state IN (SELECT unnest(${len(arguments)}::text[]))")
    return conditions, arguments


async def one(session: ReadSession, offer_id: UUID) -> asyncpg.Record | None:
    """One allocation that the caller may see."""
    return await session.row(
        f"SELECT {_COLUMNS}{_IDENTITY} FROM offer o {_JOINS} {_IDENTITY_JOIN}"  # noqa: S608 - fixed texts
        " WHERE o.authority_id = $1 AND o.id = $2",
        session.authority_id,
        offer_id,
    )


async def lock(session: WriteSession, offer_id: UUID) -> asyncpg.Record | None:
    """An offer's row, locked; after the referral's and before the booking's, always."""
    return await session.row(
        "SELECT * FROM offer WHERE authority_id = $1 AND id = $2 FOR UPDATE", session.authority_id, offer_id
    )


async def live_of_referral(session: BrokerSession, referral_id: UUID) -> asyncpg.Record | None:
    """The live offer of a referral, locked."""
    return await session.row(
        "SELECT * FROM offer WHERE authority_id = $1 AND referral_id = $2 AND state IN ('proposed', 'pending')"
        " FOR UPDATE",
        session.authority_id,
        referral_id,
    )


async def unread_of_referral(session: BrokerSession, referral_id: UUID) -> asyncpg.Record | None:
    """The offer of a referral that nobody has read behind yet: live, or accepted by silence alone. Locked."""
    return await session.row(
        "SELECT * FROM offer WHERE authority_id = $1 AND referral_id = $2 AND (state IN ('proposed', 'pending')"
        " OR (state = 'accepted' AND deemed_at IS NOT NULL AND identity_released_at IS NULL)) FOR UPDATE",
        session.authority_id,
        referral_id,
    )


async def overdue(session: BrokerSession, by: datetime, *, deemed: bool) -> list[asyncpg.Record]:
    """Pending offers whose time to answer ended by a moment, oldest first: those where silence is yes, or the others.

    The referral comes with each, so that both can be locked in one order.
    """
    return await session.rows(
        "SELECT id, referral_id FROM offer WHERE authority_id = $1 AND state = 'pending' AND answer_due_at <= $2"
        " AND deemed_acceptance = $3 ORDER BY answer_due_at, id",
        session.authority_id,
        by,
        deemed,
    )


async def unanswered_of(session: BrokerSession, referral_id: UUID) -> int:
    """How many offers of a referral nobody has answered."""
    count: int = await session.value(
        "SELECT count(*) FROM offer WHERE authority_id = $1 AND referral_id = $2 AND state = 'expired'",
        session.authority_id,
        referral_id,
    )
    return count


async def free_place_like(session: BrokerSession, offer_id: UUID, on: date) -> asyncpg.Record | None:
    """A free place of an offer's lot on a day that would do for its referral: the same if it is free, else the first.

    A place does whose need, language and mode are the referral's, and whose practitioner may take one family more.
    """
    return await session.row(
        "SELECT p.id, p.practitioner_id FROM offer o"
        " JOIN referral r ON r.authority_id = o.authority_id AND r.id = o.referral_id"
        " JOIN lot l ON l.authority_id = o.authority_id AND l.id = o.lot_id"
        " JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id"
        " JOIN place p ON p.authority_id = o.authority_id AND p.lot_id = o.lot_id"
        " LEFT JOIN practitioner w ON w.authority_id = p.authority_id AND w.id = p.practitioner_id"
        " WHERE o.authority_id = $1 AND o.id = $2"
        " AND p.available_from <= $3 AND (p.available_until IS NULL OR p.available_until > $3)"
        " AND r.need_codes[1] = ANY (coalesce(p.needs, l.needs))"
        " AND r.language = ANY (coalesce(p.languages, s.languages)) AND r.modes && coalesce(p.modes, s.modes)"
        " AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.authority_id = p.authority_id AND b.place_id = p.id"
        "                 AND b.state <> 'released')"
        " AND NOT EXISTS (SELECT 1 FROM place_out_of_service x WHERE x.authority_id = p.authority_id"
        "                 AND x.place_id = p.id AND x.starts_on <= $3 AND x.ends_on > $3)"
        " AND (w.id IS NULL OR w.active AND w.caseload_limit >"
        # A place with its next family counts once, as in `app.queries.snapshot`.
        "      (SELECT count(DISTINCT h.id) FROM booking b"
        "       JOIN place h ON h.authority_id = b.authority_id AND h.id = b.place_id"
        "       WHERE b.authority_id = w.authority_id AND b.state <> 'released' AND b.format = 'casework'"
        "        AND h.practitioner_id = w.id))"
        # One free place fewer for each family that is still held on a place that was cut.
        " ORDER BY (p.id = o.place_id) DESC, p.number LIMIT 1 OFFSET ("
        "  SELECT count(*) FROM offer f"
        "  JOIN place q ON q.authority_id = f.authority_id AND q.lot_id = f.lot_id AND q.available_until <= $3"
        "  JOIN booking b ON b.authority_id = q.authority_id AND b.place_id = q.id AND b.state <> 'released'"
        "  WHERE f.authority_id = $1 AND f.id = $2)",
        session.authority_id,
        offer_id,
        on,
    )


async def touch(session: WriteSession, intervention_id: UUID) -> None:
    """Mark the allocation of an intervention as changed: its worklist row shows the intervention's state."""
    await session.run(
        "UPDATE offer SET changed_xid = pg_current_xact_id(), version = version + 1, updated_at = $3"
        " WHERE authority_id = $1 AND intervention_id = $2",
        session.authority_id,
        intervention_id,
        session.now,
    )
