"""What the obligations of a case are worked out from beside its own row, and those that are open."""

from datetime import date, datetime
from uuid import UUID

from app.db import ReadSession


async def open_debts(session: ReadSession, intervention_id: UUID) -> dict[str, datetime]:
    """When each open obligation about an intervention is due, by kind."""
    rows = await session.rows(
        "SELECT kind, due_at FROM obligation WHERE authority_id = $1 AND subject_id = $2"
        " AND met_at IS NULL AND cancelled_at IS NULL",
        session.authority_id,
        intervention_id,
    )
    return {row["kind"]: row["due_at"] for row in rows}


async def done_ahead(session: ReadSession, intervention_id: UUID) -> frozenset[str]:
    """Which of `baseline` and `plan` a case has already, before its first contact was recorded."""
    row = await session.row(
        "SELECT EXISTS (SELECT FROM reading WHERE authority_id = $1 AND intervention_id = $2) AS baseline,"
        " EXISTS (SELECT FROM plan WHERE authority_id = $1 AND intervention_id = $2) AS plan",
        session.authority_id,
        intervention_id,
    )
    return frozenset(name for name, done in (row or {}).items() if done)


async def shut_spans(session: ReadSession, referral_id: UUID) -> list[tuple[date, date]]:
    """The days after each closure of a referral that was undone, up to and with that on which it was: `[first, until)`.

    In London dates, in order; those that are empty left out.
    """
    rows = await session.rows(
        "SELECT first, until FROM (SELECT (changed_at AT TIME ZONE 'Europe/London')::date + 1 AS first, to_state,"
        "  (lead(changed_at) OVER (ORDER BY sequence) AT TIME ZONE 'Europe/London')::date + 1 AS until"
        "  FROM status_history WHERE authority_id = $1 AND referral_id = $2) h"
        " WHERE to_state = 'closed' AND first < until ORDER BY first",
        session.authority_id,
        referral_id,
    )
    return [(row["first"], row["until"]) for row in rows]


async def follow_up_owed(session: ReadSession, intervention_id: UUID) -> bool:
    """Whether the follow-up of a closed case has still to be done."""
    return "follow_up" in await open_debts(session, intervention_id)
