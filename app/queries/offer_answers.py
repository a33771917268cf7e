"""How providers answer their offers: in time, late, or not at all."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import asyncpg

from app.clock import london_moment
from app.db import ReadSession


async def answers_of(
    session: ReadSession, provider_ids: Sequence[UUID], *, due_from: date | None, due_to: date | None
) -> dict[UUID, asyncpg.Record]:
    """Of each provider the offers whose time to answer ended from one day to another, by what became of them.

    An offer that was taken back asked for no answer, and one whose time has not come is counted once it has: neither
    is in the figures, unless it was answered already.
    """
    rows = await session.rows(
        "SELECT wanted.id AS provider_id, count(o.id)::int AS offers_count,"
        " count(o.id) FILTER (WHERE o.deemed_at IS NULL AND o.answered_at < o.answer_due_at)::int"
        "  AS answered_in_time_count,"
        " count(o.id) FILTER (WHERE o.deemed_at IS NULL AND o.answered_at >= o.answer_due_at)::int"
        "  AS answered_late_count,"
        " count(o.id) FILTER (WHERE o.deemed_at IS NOT NULL)::int AS deemed_count,"
        " count(o.id) FILTER (WHERE o.deemed_at IS NULL AND o.answered_at IS NULL)::int AS unanswered_count"
        " FROM unnest($2::uuid[]) AS wanted (id)"
        " LEFT JOIN offer o ON o.authority_id = $1 AND o.provider_id = wanted.id"
        "  AND o.state IN ('pending', 'accepted', 'declined', 'expired')"
        "  AND (o.answered_at IS NOT NULL OR o.answer_due_at <= $5)"
        "  AND ($3::timestamptz IS NULL OR o.answer_due_at >= $3) AND ($4::timestamptz IS NULL OR o.answer_due_at < $4)"
        " GROUP BY wanted.id",
        session.authority_id,
        list(provider_ids),
        None if due_from is None else london_moment(due_from),
        None if due_to is None else london_moment(due_to + timedelta(days=1)),
        session.now,
    )
    return {row["provider_id"]: row for row in rows}
