"""What stands on agendas, what was decided of it, and the actions that came of it.

A member reads an item from its circulation to the last day of its access: row policy knows it by `reader_ids`, which
the clock empties, and every read asks the day as well, so that a clock that runs late shows nothing for longer.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from app.access import Kind
from app.db import BrokerSession, ReadSession, WriteSession
from app.queries.filters import Filters
from app.queries.writes import to_json

_JSON: Final = ("conflicts", "content", "later_facts")
_ITEM: Final = (
    "SELECT i.id, i.panel_id, i.sitting_id, i.position, i.minutes, i.kind, i.state, i.version, i.source, i.referral_id,"
    " i.review_id, i.area_id, i.title, i.words, i.listed_by_id, i.listed_at, i.carried_from_id, i.conflicts, i.content,"
    " i.later_facts, r.state AS referral_state, r.version AS referral_version"
    " FROM panel_item i"
    # Null for a member: how the referral stands since then is not the member's to read.
    " LEFT JOIN referral r ON r.authority_id = i.authority_id AND r.id = i.referral_id WHERE i.authority_id = $1"
)
_STILL_READ: Final = (
    " AND EXISTS (SELECT FROM panel_sitting s WHERE s.authority_id = i.authority_id AND s.id = i.sitting_id"
    " AND s.access_until >= {0})"
)


def _item(row: asyncpg.Record) -> dict[str, Any]:
    values = dict(row)
    for name in _JSON:
        values[name] = None if values[name] is None else orjson.loads(values[name])
    return values


def _of_caller(session: ReadSession) -> Filters:
    filters = Filters(session.authority_id)
    if session.kind is not Kind.AUTHORITY:
        filters.add(_STILL_READ.removeprefix(" AND "), session.today)
    return filters


async def agenda(session: ReadSession, sitting_id: UUID) -> list[dict[str, Any]]:
    """The items of a sitting that the caller may see, in order; those taken off are left out."""
    filters = _of_caller(session)
    filters.add("i.sitting_id = {0}", sitting_id)
    rows = await session.rows(
        f"{_ITEM}{filters.sql} AND i.state <> 'taken_off' ORDER BY i.position, i.id", *filters.arguments
    )
    return [_item(row) for row in rows]


async def get_item(session: ReadSession, sitting_id: UUID, item_id: UUID) -> dict[str, Any] | None:
    """One item of a sitting that the caller may see."""
    filters = _of_caller(session)
    filters.add("i.sitting_id = {0} AND i.id = {1}", sitting_id, item_id)
    row = await session.row(f"{_ITEM}{filters.sql}", *filters.arguments)
    return None if row is None else _item(row)


async def lock_item(session: BrokerSession, sitting_id: UUID, item_id: UUID) -> dict[str, Any] | None:
    """One item of a sitting, its row locked."""
    row = await session.row(
        f"{_ITEM} AND i.sitting_id = $2 AND i.id = $3 FOR UPDATE OF i", session.authority_id, sitting_id, item_id
    )
    return None if row is None else _item(row)


async def listed_items(session: BrokerSession, sitting_id: UUID) -> list[dict[str, Any]]:
    """The items of a sitting that nothing was decided of yet, in order, their rows locked."""
    rows = await session.rows(
        f"{_ITEM} AND i.sitting_id = $2 AND i.state = 'listed' ORDER BY i.position, i.id FOR UPDATE OF i",
        session.authority_id,
        sitting_id,
    )
    return [_item(row) for row in rows]


async def item_count(session: ReadSession, sitting_id: UUID) -> tuple[int, int]:
    """How many items stand on an agenda, and the highest position among them."""
    row = await session.row(
        "SELECT count(*) FILTER (WHERE state <> 'taken_off') AS number, coalesce(max(position), 0) AS last"
        " FROM panel_item WHERE authority_id = $1 AND sitting_id = $2",
        session.authority_id,
        sitting_id,
    )
    return (0, 0) if row is None else (row["number"], row["last"])


async def without_sitting(session: BrokerSession, panel_id: UUID) -> list[UUID]:
    """The items of a panel that wait for a sitting, in the order in which they were listed."""
    rows = await session.rows(
        "SELECT id FROM panel_item WHERE authority_id = $1 AND panel_id = $2 AND sitting_id IS NULL"
        " AND state = 'listed' ORDER BY listed_at, id",
        session.authority_id,
        panel_id,
    )
    return [row["id"] for row in rows]


async def put_on(session: BrokerSession, item_ids: Sequence[UUID], sitting_id: UUID | None, last: int) -> None:
    """Put listed items at the end of another agenda, after position `last`; None while no sitting is planned."""
    await session.run(
        "UPDATE panel_item i SET sitting_id = $3, position = $4 + o.place, version = version + 1, content = NULL,"
        " reader_ids = '{}' FROM unnest($2::uuid[]) WITH ORDINALITY AS o (id, place)"
        " WHERE i.authority_id = $1 AND i.id = o.id AND i.state = 'listed'",
        session.authority_id,
        list(item_ids),
        sitting_id,
        last,
    )


async def order_items(session: WriteSession, sitting_id: UUID, order: Sequence[tuple[UUID, int]]) -> None:
    """Give the items of an agenda their order and the minutes of each."""
    await session.run(
        "UPDATE panel_item i SET position = o.place, minutes = o.minutes, version = version + 1"
        " FROM unnest($3::uuid[], $4::integer[]) WITH ORDINALITY AS o (id, minutes, place)"
        " WHERE i.authority_id = $1 AND i.sitting_id = $2 AND i.id = o.id",
        session.authority_id,
        sitting_id,
        [item_id for item_id, _ in order],
        [minutes for _, minutes in order],
    )


async def listed_item_of(session: BrokerSession, referral_id: UUID) -> dict[str, Any] | None:
    """The item by which a referral stands before a panel now, its row locked."""
    row = await session.row(
        f"{_ITEM} AND i.referral_id = $2 AND i.state = 'listed' FOR UPDATE OF i", session.authority_id, referral_id
    )
    return None if row is None else _item(row)


async def carried_item_of(session: BrokerSession, item_id: UUID) -> dict[str, Any] | None:
    """The item as which one was carried over, its row locked."""
    row = await session.row(
        f"{_ITEM} AND i.carried_from_id = $2 ORDER BY i.listed_at DESC LIMIT 1 FOR UPDATE OF i",
        session.authority_id,
        item_id,
    )
    return None if row is None else _item(row)


async def close_to_members(
    session: BrokerSession, *, sitting_id: UUID | None = None, referral_id: UUID | None = None
) -> int:
    """End the members' access to the items of a sitting, or to every item of a referral; how many items."""
    return await session.run(
        "UPDATE panel_item SET reader_ids = '{}', version = version + 1 WHERE authority_id = $1 AND reader_ids <> '{}'"
        " AND (sitting_id = $2 OR referral_id = $3)",
        session.authority_id,
        sitting_id,
        referral_id,
    )


async def end_members_access(session: BrokerSession) -> int:
    """End the members' access to items of sittings whose time of reading is over; how many items."""
    return await session.run(
        "UPDATE panel_item i SET reader_ids = '{}', version = i.version + 1 FROM panel_sitting s"
        " WHERE i.authority_id = $1 AND i.reader_ids <> '{}' AND s.authority_id = i.authority_id"
        " AND s.id = i.sitting_id AND s.access_until < $2",
        session.authority_id,
        session.today,
    )


async def leave_out(
    session: BrokerSession, item: Mapping[str, Any], member_id: UUID, conflict: Mapping[str, str]
) -> None:
    """Leave a member out of a locked item, noting its conflict of interest."""
    await session.run(
        "UPDATE panel_item SET conflicts = conflicts || $3::jsonb, reader_ids = array_remove(reader_ids, $4),"
        " version = version + 1 WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        item["id"],
        to_json([conflict]),
        member_id,
    )


_REFERRAL_CONTENT: Final = """
SELECT json_build_object(
  'reference', r.reference, 'received_at', r.received_at, 'band', r.band, 'year_group', r.year_group,
  'key_stage', r.key_stage, 'need_codes', r.need_codes, 'needs', r.needs, 'language', r.language,
  'interpreter_needed', r.interpreter_needed, 'modes', r.modes, 'visit_risk_level', r.visit_risk_level,
  'child_view', r.child_view, 'parent_view', r.parent_view, 'referral_version', r.version,
  'area_name', a.name, 'referring_organisation_name', o.name, 'school_name', so.name,
  'pupil', json_build_object('given_name', p.given_name, 'family_name', p.family_name,
    'preferred_name', p.preferred_name, 'date_of_birth', p.date_of_birth),
  'contacts', (SELECT coalesce(json_agg(json_build_object('name', c.name, 'relationship', c.relationship,
      'parental_responsibility', c.parental_responsibility, 'phones', c.phones) ORDER BY c.position), '[]')
    FROM household_contact c WHERE c.authority_id = r.authority_id AND c.household_id = r.household_id),
  'address', CASE WHEN h.address_confidential THEN '{}'::jsonb ELSE h.address END,
  'attendance', (SELECT coalesce(json_agg(json_build_object('period_starts_on', t.period_starts_on,
      'period_ends_on', t.period_ends_on, 'sessions_possible', t.sessions_possible,
      'sessions_attended', t.sessions_attended) ORDER BY t.period_starts_on), '[]')
    FROM attendance_record t WHERE t.authority_id = r.authority_id AND t.referral_id = r.id),
  'suspensions', (SELECT coalesce(json_agg(json_build_object('period_starts_on', t.period_starts_on,
      'period_ends_on', t.period_ends_on, 'suspension_count', t.suspension_count,
      'sessions_lost', t.sessions_lost) ORDER BY t.period_starts_on), '[]')
    FROM suspension_record t WHERE t.authority_id = r.authority_id AND t.referral_id = r.id),
  'earlier_work', (SELECT coalesce(json_agg(json_build_object('started_on', i.started_on, 'closed_on', i.closed_on,
      'outcome', i.outcome,
      'contact_count', (SELECT count(*) FROM intervention_contact c
        WHERE c.authority_id = i.authority_id AND c.intervention_id = i.id),
      'attended_count', (SELECT count(*) FROM intervention_contact c
        WHERE c.authority_id = i.authority_id AND c.intervention_id = i.id AND c.result IN ('attended', 'late')),
      'goals', (SELECT coalesce(json_agg(json_build_object('title', g.title, 'result', g.result)
          ORDER BY g.position), '[]')
        FROM goal g WHERE g.authority_id = i.authority_id AND g.intervention_id = i.id)) ORDER BY i.accepted_at), '[]')
    FROM intervention i WHERE i.authority_id = r.authority_id AND i.referral_id = r.id)
)::text
FROM referral r
JOIN pupil p ON p.authority_id = r.authority_id AND p.id = r.pupil_id
JOIN household h ON h.authority_id = r.authority_id AND h.id = r.household_id
JOIN organisation o ON o.authority_id = r.authority_id AND o.id = r.referring_organisation_id
LEFT JOIN organisation so ON so.authority_id = r.authority_id AND so.id = r.school_id
LEFT JOIN area a ON a.authority_id = r.authority_id AND a.id = r.area_id
WHERE r.authority_id = $1 AND r.id = $2
"""


async def referral_content(session: BrokerSession, referral_id: UUID) -> dict[str, Any]:
    """What a panel's members may know of a referral, as it is now: no UPN, no census facts, no notes, no concerns."""
    found: dict[str, Any] = orjson.loads(await session.value(_REFERRAL_CONTENT, session.authority_id, referral_id))
    return found


async def freeze_item(session: BrokerSession, item_id: UUID, content: str, reader_ids: Sequence[UUID]) -> None:
    """Store what an item says as its agenda is circulated, and who reads it."""
    await session.run(
        "UPDATE panel_item SET content = $3::jsonb, reader_ids = $4, version = version + 1"
        " WHERE authority_id = $1 AND id = $2 AND state = 'listed'",
        session.authority_id,
        item_id,
        content,
        list(reader_ids),
    )


_DECISION: Final = (
    "SELECT d.id, d.sitting_id, d.item_id, d.corrects_id, d.outcome, d.effect, d.reason, d.detail, d.decided_at,"
    " d.decided_by_name, d.decided_by_role, d.organisation_id, NOT EXISTS (SELECT FROM panel_decision c"
    " WHERE c.authority_id = d.authority_id AND c.corrects_id = d.id) AS stands"
    " FROM panel_decision d WHERE d.authority_id = $1"
)


def _decision(row: asyncpg.Record) -> dict[str, Any]:
    return {**row, "detail": orjson.loads(row["detail"])}


async def decisions_of(session: ReadSession, sitting_id: UUID) -> list[dict[str, Any]]:
    """The decisions of a sitting that the caller may see, oldest first; `stands` unless a later one corrects it."""
    filters = Filters(session.authority_id)
    filters.add("d.sitting_id = {0}", sitting_id)
    if session.kind is not Kind.AUTHORITY:
        filters.add(
            "EXISTS (SELECT FROM panel_sitting s WHERE s.authority_id = d.authority_id AND s.id = d.sitting_id"
            " AND s.access_until >= {0})",
            session.today,
        )
    rows = await session.rows(f"{_DECISION}{filters.sql} ORDER BY d.decided_at, d.id", *filters.arguments)
    return [_decision(row) for row in rows]


async def standing_decision(session: BrokerSession, item_id: UUID) -> dict[str, Any] | None:
    """The decision that stands of an item."""
    row = await session.row(
        f"SELECT * FROM ({_DECISION} AND d.item_id = $2) x WHERE x.stands",  # noqa: S608 - our own texts
        session.authority_id,
        item_id,
    )
    return None if row is None else _decision(row)


_ACTION: Final = (
    "SELECT a.id, a.sitting_id, a.item_id, a.decision_id, a.owner_id, a.what, a.due_on, a.state, a.done_at,"
    " a.done_note, a.version FROM panel_action a WHERE a.authority_id = $1"
)


async def list_actions(
    session: ReadSession,
    *,
    limit: int,
    after: tuple[date, UUID] | None = None,
    state: str | None = None,
    sitting_id: UUID | None = None,
) -> list[asyncpg.Record]:
    """Actions by the day they are due: an organisation's own, an officer's all; one more than `limit` for more."""
    filters = Filters(session.authority_id)
    if session.kind is not Kind.AUTHORITY:
        filters.add("a.owner_id = {0}", session.organisation_id)
    if state is not None:
        filters.add("a.state = {0}", state)
    if sitting_id is not None:
        filters.add("a.sitting_id = {0}", sitting_id)
    if after is not None:
        filters.add("(a.due_on, a.id) > ({0}, {1})", *after)
    return await session.rows(
        f"{_ACTION}{filters.sql} ORDER BY a.due_on, a.id LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )


async def actions_of(session: ReadSession, decision_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """The actions that came of some decisions, in order of their days."""
    return await session.rows(
        f"{_ACTION} AND a.decision_id = ANY ($2) ORDER BY a.due_on, a.id", session.authority_id, list(decision_ids)
    )


async def get_action(session: ReadSession, action_id: UUID) -> asyncpg.Record | None:
    """One action that the caller may see."""
    return await session.row(f"{_ACTION} AND a.id = $2", session.authority_id, action_id)


async def lock_action(session: BrokerSession, action_id: UUID) -> asyncpg.Record | None:
    """One action, its row locked."""
    return await session.row(f"{_ACTION} AND a.id = $2 FOR UPDATE", session.authority_id, action_id)


async def drop_actions(session: BrokerSession, decision_id: UUID) -> list[UUID]:
    """Drop the open actions of a decision that is corrected; their ids."""
    rows = await session.rows(
        "UPDATE panel_action SET state = 'dropped', version = version + 1 WHERE authority_id = $1 AND decision_id = $2"
        " AND state = 'open' RETURNING id",
        session.authority_id,
        decision_id,
    )
    return [row["id"] for row in rows]
