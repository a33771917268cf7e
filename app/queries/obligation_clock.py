"""What the clock does to debts: working out their moments, and marking those whose moment has come.

What is marked at a moment is what was open then, not what is open when the clock comes to it: a clock that stood still
over a weekend finds a duty overdue on Friday that was met on Saturday, as a punctual one would have.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession
from app.models.casework import CLOCK_MARKS, not_yet
from app.queries.obligations import area_of, referral_of

Mark = Literal["reminded", "overdue", "escalated"]

# $1 authority, $2 the moment, $3 how many.
_OPEN_THEN: Final = (
    "created_at <= $2 AND (met_at IS NULL OR met_at > $2) AND (cancelled_at IS NULL OR cancelled_at > $2)"
)
_ALSO: Final[dict[Mark, str]] = {
    # What is due already is no longer called to mind; and of a due moment that was set later nothing was known then.
    "reminded": " AND due_at > $2 AND coalesce(put_off_at, created_at) <= $2",
    "overdue": "",
    "escalated": "",
}


def _due(mark: Mark) -> str:
    return f"authority_id = $1 AND {CLOCK_MARKS[mark]} <= $2 AND {not_yet(mark)} AND {_OPEN_THEN}{_ALSO[mark]}"


def _statement(mark: Mark) -> str:
    at = CLOCK_MARKS[mark]
    return (
        f"WITH due AS (SELECT id FROM obligation WHERE {_due(mark)} ORDER BY {at}, id LIMIT $3 FOR UPDATE),"  # noqa: S608 - our own words
        f" o AS (UPDATE obligation x SET {mark}_at = $2, version = x.version + 1 FROM due"
        "  WHERE x.authority_id = $1 AND x.id = due.id RETURNING x.*)"
        " SELECT o.id, o.version, o.kind, o.owed_by_id, o.subject_kind, o.subject_id, o.due_at,"
        f" {referral_of('o')} AS referral_id, {area_of('o')} AS area_id FROM o ORDER BY o.{at}, o.id"
    )


_STATEMENTS: Final[dict[Mark, str]] = {mark: _statement(mark) for mark in _ALSO}


async def mark_due(session: BrokerSession, mark: Mark, limit: int) -> list[asyncpg.Record]:
    """Mark the debts whose moment has come, the earliest first; them, with the referral and area that each concerns."""
    return await session.rows(_STATEMENTS[mark], session.authority_id, session.now, limit)


_COMING: Final = (
    "SELECT {at} FROM obligation WHERE authority_id = $1 AND {at} > $2 AND {not_yet} ORDER BY {at}, id LIMIT 1"
)
_NEXT: Final = "SELECT least({})".format(
    ", ".join(f"({_COMING.format(at=at, not_yet=not_yet(mark))})" for mark, at in CLOCK_MARKS.items())
)
# Not EXISTS: PostgreSQL takes the conditions for independent, expects to come upon a row soon, and reads the table.
_WHICH: Final = "SELECT {}".format(
    ", ".join(
        f"(SELECT true FROM obligation WHERE {_due(mark)} ORDER BY {CLOCK_MARKS[mark]}, id LIMIT 1) AS {mark}"  # noqa: S608 - our own words
        for mark in _ALSO
    )
)


async def next_moment(session: ReadSession, after: datetime) -> datetime | None:
    """The earliest moment after another at which a debt is called to mind, due, or to escalate."""
    moment: datetime | None = await session.value(_NEXT, session.authority_id, after)
    return moment


async def marks_due(session: ReadSession) -> frozenset[Mark]:
    """What there is to mark at the session's moment."""
    row = await session.row(_WHICH, session.authority_id, session.now)
    return frozenset(mark for mark in _ALSO if row is not None and row[mark])


_UNPLANNED: Final = "authority_id = $1 AND planned_for IS NULL"


async def some_unplanned(session: ReadSession) -> bool:
    """Whether there are debts whose moments are still to be worked out."""
    found: bool = await session.value(
        f"SELECT EXISTS (SELECT FROM obligation WHERE {_UNPLANNED})",  # noqa: S608 - our own words
        session.authority_id,
    )
    return found


async def lock_unplanned(session: BrokerSession, limit: int) -> list[asyncpg.Record]:
    """Such debts, locked, the oldest first, with the school whose days each is counted in (none: the authority's)."""
    return await session.rows(
        "SELECT o.id, o.kind, o.clock, o.due_at, coalesce(o.put_off_at, o.created_at) AS set_at,"  # noqa: S608 - our own words
        f" (SELECT r.school_id FROM referral r WHERE r.authority_id = $1 AND r.id = {referral_of('o')}) AS school_id"
        f" FROM obligation o WHERE {_UNPLANNED} ORDER BY o.created_at, o.id LIMIT $2 FOR UPDATE OF o",
        session.authority_id,
        limit,
    )


async def plan(
    session: BrokerSession,
    ids: Sequence[UUID],
    remind_at: Sequence[datetime | None],
    escalate_at: Sequence[datetime | None],
) -> None:
    """Keep the moments of some debts for their present due moment: what was told of an earlier one counts no more."""
    await session.run(
        "UPDATE obligation o SET planned_for = o.due_at, remind_at = n.remind_at, escalate_at = n.escalate_at,"
        " reminded_at = NULL, escalated_at = NULL"
        " FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) AS n (id, remind_at, escalate_at)"
        " WHERE o.authority_id = $1 AND o.id = n.id",
        session.authority_id,
        ids,
        remind_at,
        escalate_at,
    )


async def policies_of(session: ReadSession) -> list[asyncpg.Record]:
    """Every policy that was or is in force, with the first day of each, the latest first."""
    return await session.rows(
        "SELECT effective_from, content FROM policy_version WHERE authority_id = $1 AND effective_from IS NOT NULL"
        " ORDER BY effective_from DESC, number DESC",
        session.authority_id,
    )
