"""Panels and their sittings: row policy says whose they are."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from app.db import BrokerSession, ReadSession, WriteSession
from app.errors import InvariantBroken
from app.queries.filters import Filters

_PANEL: Final = (
    "SELECT p.id, p.name, p.area_id, p.officers, p.member_ids, p.chair_order, p.weekday, p.every_weeks, p.first_on,"
    " p.starts_at, p.minutes_per_item, p.active, p.version FROM panel p WHERE p.authority_id = $1"
)
_SITTING: Final = (
    "SELECT s.id, s.panel_id, s.state, s.version, s.planned_on, s.sits_on, s.sits_at, s.turn_id, s.chair_id,"
    " s.member_ids, s.changes, s.circulated_at, s.access_until, s.held_at, s.attendance, s.quorate, s.quorum_note"
    " FROM panel_sitting s WHERE s.authority_id = $1"
)


def _panel(row: asyncpg.Record) -> dict[str, Any]:
    return {**row, "officers": orjson.loads(row["officers"])}


def _sitting(row: asyncpg.Record) -> dict[str, Any]:
    return {**row, "changes": orjson.loads(row["changes"]), "attendance": orjson.loads(row["attendance"])}


async def list_panels(
    session: ReadSession, *, limit: int, after: tuple[str, UUID] | None = None
) -> list[dict[str, Any]]:
    """Panels that the caller may see, by name: one more than `limit` when there are further ones."""
    filters = Filters(session.authority_id)
    if after is not None:
        filters.add("(p.name, p.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"{_PANEL}{filters.sql} ORDER BY p.name, p.id LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )
    return [_panel(row) for row in rows]


async def get_panel(session: ReadSession, panel_id: UUID) -> dict[str, Any] | None:
    """One panel."""
    row = await session.row(f"{_PANEL} AND p.id = $2", session.authority_id, panel_id)
    return None if row is None else _panel(row)


async def lock_panel(session: WriteSession, panel_id: UUID) -> dict[str, Any] | None:
    """One panel, its row locked."""
    row = await session.row(f"{_PANEL} AND p.id = $2 FOR UPDATE", session.authority_id, panel_id)
    return None if row is None else _panel(row)


async def panel_of_area(session: BrokerSession, area_id: UUID | None) -> dict[str, Any] | None:
    """The active panel for referrals of an area: its own, else that of the whole authority; the first made of several.

    None where there is neither.
    """
    row = await session.row(
        f"{_PANEL} AND p.active AND (p.area_id = $2 OR p.area_id IS NULL) ORDER BY p.area_id IS NULL, p.id LIMIT 1",
        session.authority_id,
        area_id,
    )
    return None if row is None else _panel(row)


async def panel_of_referral(session: BrokerSession, referral_id: UUID) -> dict[str, Any]:
    """The panel that a referral stood before last. Raises InvariantBroken for one that never did."""
    row = await session.row(
        f"{_PANEL} AND p.id = (SELECT i.panel_id FROM panel_item i WHERE i.authority_id = $1 AND i.referral_id = $2"  # noqa: S608 - our own texts
        " ORDER BY i.listed_at DESC, i.id DESC LIMIT 1)",
        session.authority_id,
        referral_id,
    )
    if row is None:
        raise InvariantBroken
    return _panel(row)


async def kinds_of(session: ReadSession, organisation_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The kind of each of those ids that is an organisation of the authority."""
    rows = await session.rows(
        "SELECT id, kind FROM organisation WHERE authority_id = $1 AND id = ANY ($2)",
        session.authority_id,
        list(organisation_ids),
    )
    return {row["id"]: row["kind"] for row in rows}


async def list_sittings(
    session: ReadSession,
    panel_id: UUID,
    *,
    limit: int,
    after: tuple[date, UUID] | None = None,
    state: str | None = None,
    sits_from: date | None = None,
) -> list[dict[str, Any]]:
    """A panel's sittings by their day: one more than `limit` when there are further ones."""
    filters = Filters(session.authority_id)
    filters.add("s.panel_id = {0}", panel_id)
    if state is not None:
        filters.add("s.state = {0}", state)
    if sits_from is not None:
        filters.add("s.sits_on >= {0}", sits_from)
    if after is not None:
        filters.add("(s.sits_on, s.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"{_SITTING}{filters.sql} ORDER BY s.sits_on, s.id LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )
    return [_sitting(row) for row in rows]


async def get_sitting(session: ReadSession, panel_id: UUID, sitting_id: UUID) -> dict[str, Any] | None:
    """One sitting of a panel."""
    row = await session.row(f"{_SITTING} AND s.panel_id = $2 AND s.id = $3", session.authority_id, panel_id, sitting_id)
    return None if row is None else _sitting(row)


async def lock_sitting(session: WriteSession, panel_id: UUID, sitting_id: UUID) -> dict[str, Any] | None:
    """One sitting of a panel, its row locked."""
    row = await session.row(
        f"{_SITTING} AND s.panel_id = $2 AND s.id = $3 FOR UPDATE", session.authority_id, panel_id, sitting_id
    )
    return None if row is None else _sitting(row)


async def sitting_by_id(session: BrokerSession, sitting_id: UUID) -> dict[str, Any] | None:
    """One sitting, whatever its panel, its row locked."""
    row = await session.row(f"{_SITTING} AND s.id = $2 FOR UPDATE", session.authority_id, sitting_id)
    return None if row is None else _sitting(row)


async def next_sitting(session: BrokerSession, panel_id: UUID, after: datetime) -> dict[str, Any] | None:
    """The panel's first sitting after a moment whose agenda is still open, its row locked; None without one."""
    row = await session.row(
        f"{_SITTING} AND s.panel_id = $2 AND s.state = 'planned' AND s.sits_at > $3"
        " ORDER BY s.sits_at LIMIT 1 FOR UPDATE",
        session.authority_id,
        panel_id,
        after,
    )
    return None if row is None else _sitting(row)


async def days_taken(session: ReadSession, panel_id: UUID) -> set[date]:
    """The days for which a panel's sittings were made, and those on which one is to sit."""
    rows = await session.rows(
        "SELECT planned_on AS on FROM panel_sitting WHERE authority_id = $1 AND panel_id = $2"
        " UNION SELECT sits_on FROM panel_sitting WHERE authority_id = $1 AND panel_id = $2 AND state <> 'cancelled'",
        session.authority_id,
        panel_id,
    )
    return {row["on"] for row in rows}


async def last_turn(session: ReadSession, panel_id: UUID, before: datetime | None = None) -> UUID | None:
    """Whose turn the chair was at the latest sitting, or at the latest before a moment."""
    found: UUID | None = await session.value(
        "SELECT turn_id FROM panel_sitting WHERE authority_id = $1 AND panel_id = $2"
        " AND ($3::timestamptz IS NULL OR sits_at < $3) ORDER BY sits_at DESC, id DESC LIMIT 1",
        session.authority_id,
        panel_id,
        before,
    )
    return found


async def planned_after(session: WriteSession, panel_id: UUID, after: datetime) -> list[dict[str, Any]]:
    """The sittings of a panel after a moment whose agendas are open, in order, their rows locked."""
    rows = await session.rows(
        f"{_SITTING} AND s.panel_id = $2 AND s.state = 'planned' AND s.sits_at > $3 ORDER BY s.sits_at FOR UPDATE",
        session.authority_id,
        panel_id,
        after,
    )
    return [_sitting(row) for row in rows]
