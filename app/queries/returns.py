"""Returns: the list, one of them, who owes one for a period, and what the record already knows for it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from app import clock
from app.access import Kind
from app.db import BrokerSession, ReadSession, WriteSession
from app.domain.returns import Period, ReturnState, TermOwed
from app.queries.filters import Filters

Row = dict[str, Any]

_HEAD: Final = (
    "r.id, r.organisation_id, o.name AS organisation_name, r.template, r.template_version, r.period,"
    " r.period_starts_on, r.period_ends_on, r.state, r.version, r.due_on, r.query, r.query_lines,"
    " r.amendment_reason, r.opened_at, r.submitted_at, r.accepted_at"
)
_JOIN: Final = (
    "FROM return_record r JOIN organisation o ON o.authority_id = r.authority_id AND o.id = r.organisation_id"
    " WHERE r.authority_id = $1"
)


async def list_returns(
    session: ReadSession,
    *,
    limit: int,
    after: tuple[date, UUID] | None = None,
    state: ReturnState | None = None,
    template: str | None = None,
    period: str | None = None,
    organisation_id: UUID | None = None,
) -> list[Row]:
    """The caller's returns by due date, without their content; one more than `limit` if there are more."""
    filters = Filters(session.authority_id)
    if session.kind is not Kind.AUTHORITY:
        # Row policy says the same, but would read the whole authority's list to say it.
        filters.add("r.organisation_id = {0}", session.organisation_id)
    for column, value in (
        ("state", state),
        ("template", template),
        ("period", period),
        ("organisation_id", organisation_id),
    ):
        if value is not None:
            filters.add(f"r.{column} = {{0}}", value)
    if after is not None:
        filters.add("(r.due_on, r.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_HEAD} {_JOIN}{filters.sql} ORDER BY r.due_on, r.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [dict(row) for row in rows]


async def find_return(session: ReadSession, return_id: UUID) -> Row | None:
    """One return with its content, or None."""
    return _whole(
        await session.row(
            f"SELECT {_HEAD}, r.content, r.prefilled {_JOIN} AND r.id = $2",
            session.authority_id,
            return_id,
        )
    )


async def lock_return(session: WriteSession, return_id: UUID) -> Row | None:
    """As `find_return`, locked until the transaction ends."""
    return _whole(
        await session.row(
            f"SELECT {_HEAD}, r.content, r.prefilled {_JOIN} AND r.id = $2 FOR UPDATE OF r",
            session.authority_id,
            return_id,
        )
    )


async def next_submission(session: WriteSession, return_id: UUID) -> int:
    """The number of a return's next submission; the return is locked."""
    number: int = await session.value(
        "SELECT coalesce(max(number), 0) + 1 FROM return_submission WHERE authority_id = $1 AND return_id = $2",
        session.authority_id,
        return_id,
    )
    return number


async def submissions_of(session: ReadSession, return_id: UUID) -> list[Row]:
    """What a return said each time that it was submitted, in order."""
    rows = await session.rows(
        "SELECT number, submitted_at, reason, content FROM return_submission"
        " WHERE authority_id = $1 AND return_id = $2 ORDER BY number",
        session.authority_id,
        return_id,
    )
    return [{**row, "content": orjson.loads(row["content"])} for row in rows]


async def people_of(session: ReadSession, references: Sequence[str]) -> dict[str, Row]:
    """Name and year group by reference, of those referrals whose child the caller may know."""
    rows = await session.rows(
        "SELECT r.reference, r.year_group, p.family_name || ', ' || coalesce(p.preferred_name, p.given_name) AS name"
        " FROM referral r JOIN pupil p ON p.authority_id = r.authority_id AND p.id = r.pupil_id"
        " WHERE r.authority_id = $1 AND r.reference = ANY ($2)",
        session.authority_id,
        list(references),
    )
    return {row["reference"]: dict(row) for row in rows}


async def lock_untouched(session: WriteSession, template: str, period: str) -> Row | None:
    """The caller's own return of a period that nobody has filled in yet, locked."""
    return _whole(
        await session.row(
            f"SELECT {_HEAD}, r.content, r.prefilled {_JOIN} AND r.organisation_id = $2 AND r.template = $3"
            " AND r.period = $4 AND r.state = 'due' FOR UPDATE OF r",
            session.authority_id,
            session.organisation_id,
            template,
            period,
        )
    )


def _whole(row: asyncpg.Record | None) -> Row | None:
    if row is None:
        return None
    return {**row, **{name: orjson.loads(row[name]) for name in ("content", "prefilled", "query_lines")}}


# A case that was handed over belongs to the return of each provider for the time in which it had it, with the contacts
# that the provider itself held.
# A contact that the provider cancelled was not offered; one that was superseded was moved, not held.
_PROVIDER_CASES: Final = """
WITH handed AS (
  SELECT x.intervention_id, x.from_provider_id, x.decided_on FROM hand_over_case x
  WHERE x.authority_id = $1 AND x.outcome = 'moved' AND x.from_provider_id <> x.to_provider_id
), worked AS (
  SELECT h.intervention_id, h.from_provider_id AS provider_id, h.decided_on AS until,
    lag(h.decided_on) OVER (PARTITION BY h.intervention_id ORDER BY h.decided_on) AS since
  FROM handed h
  UNION ALL
  SELECT i.id, i.provider_id, NULL,
    (SELECT max(h.decided_on) FROM handed h WHERE h.intervention_id = i.id)
  FROM intervention i WHERE i.authority_id = $1
)
SELECT p.period, w.provider_id AS organisation_id, i.id AS intervention_id, r.reference AS referral_reference,
  c.offered AS contacts_offered_count, c.attended AS contacts_attended_count,
  CASE WHEN i.closed_on <= p.ends_on THEN 'closed' WHEN i.started_on <= p.ends_on THEN
    CASE WHEN i.state = 'paused' THEN 'paused' ELSE 'active' END ELSE 'planned' END AS state_at_end,
  i.planned_end_on,
  (SELECT count(*) FROM practitioner k WHERE k.authority_id = $1 AND k.provider_id = w.provider_id AND k.active)
    AS practitioner_count
FROM unnest($2::text[], $3::date[], $4::date[], $5::timestamptz[], $6::timestamptz[])
  AS p (period, starts_on, ends_on, starts_at, ends_at)
JOIN intervention i ON i.authority_id = $1 AND i.accepted_at < p.ends_at
  AND (i.closed_on IS NULL OR i.closed_on >= p.starts_on)
JOIN worked w ON w.intervention_id = i.id AND (w.since IS NULL OR w.since <= p.ends_on)
  AND (w.until IS NULL OR w.until > p.starts_on)
JOIN referral r ON r.authority_id = $1 AND r.id = i.referral_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE k.result <> 'cancelled_by_provider') AS offered,
    count(*) FILTER (WHERE k.result IN ('attended', 'late')) AS attended
  FROM intervention_contact k
  WHERE k.authority_id = $1 AND k.intervention_id = i.id AND k.provider_id = w.provider_id
    AND k.held_at >= p.starts_at AND k.held_at < p.ends_at
    AND NOT EXISTS (SELECT 1 FROM intervention_contact later
                    WHERE later.authority_id = $1 AND later.supersedes_id = k.id)
) c
WHERE NOT EXISTS (SELECT 1 FROM return_record d WHERE d.authority_id = $1 AND d.organisation_id = w.provider_id
                  AND d.template = $7 AND d.period = p.period)
ORDER BY p.starts_on, w.provider_id, i.accepted_at, i.id
"""


async def provider_cases_owed(session: BrokerSession, template: str, periods: Sequence[Period]) -> list[asyncpg.Record]:
    """A row per intervention that was live in one of the periods, of providers whose return is not open yet."""
    return await session.rows(
        _PROVIDER_CASES,
        session.authority_id,
        [period.key for period in periods],
        [period.starts_on for period in periods],
        [period.ends_on for period in periods],
        [clock.london_moment(period.starts_on) for period in periods],
        [_end_of(period) for period in periods],
        template,
    )


def _end_of(period: Period) -> datetime:
    """The moment at which a period's last day is over."""
    return clock.london_moment(period.ends_on + timedelta(days=1))


_LATEST: Final = "ORDER BY CASE f.source WHEN 'return' THEN 1 ELSE 2 END, f.recorded_at DESC LIMIT 1"

_SCHOOL_PUPILS: Final = f"""
SELECT p.period, r.school_id AS organisation_id, r.id AS referral_id, r.reference AS referral_reference, r.mis_id,
  a.sessions_possible, a.sessions_attended, a.sessions_authorised, a.sessions_unauthorised,
  s.suspension_count, s.sessions_lost, s.permanent_exclusion_count
FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS p (period, ends_at, previous_starts_at)
JOIN referral r ON r.authority_id = $1 AND r.school_id IS NOT NULL AND r.received_at < p.ends_at AND r.state <> 'draft'
  AND (r.closed_at IS NULL OR r.closed_at >= p.previous_starts_at)
LEFT JOIN intervention i ON i.authority_id = $1 AND i.id = r.intervention_id
LEFT JOIN LATERAL (
  SELECT f.* FROM attendance_record f
  WHERE f.authority_id = $1 AND f.referral_id = r.id AND f.term = p.period AND f.source <> 'referral' {_LATEST}
) a ON true
LEFT JOIN LATERAL (
  SELECT f.* FROM suspension_record f
  WHERE f.authority_id = $1 AND f.referral_id = r.id AND f.term = p.period AND f.source <> 'referral' {_LATEST}
) s ON true
LEFT JOIN case_member m ON i.shared AND m.authority_id = $1 AND m.intervention_id = i.id AND m.referral_id = r.id
WHERE (r.state <> 'closed' OR (CASE WHEN i.shared THEN m.started_on ELSE i.started_on END IS NOT NULL
    AND r.outcome <> 'entered_in_error'))
  AND NOT EXISTS (SELECT 1 FROM return_record d WHERE d.authority_id = $1 AND d.organisation_id = r.school_id
                  AND d.template = $5 AND d.period = p.period)
ORDER BY p.ends_at, r.school_id, r.received_at, r.id
"""  # noqa: S608 - our own column names


async def school_pupils_owed(session: BrokerSession, template: str, terms: Sequence[TermOwed]) -> list[asyncpg.Record]:
    """A row per referral whose outcome needs one of the terms, of schools whose return is not open yet.

    That is: received in or before the term, and open, or supported and closed in the term or no earlier than the term
    before it. A referral that ended without support needs no figures.
    """
    return await session.rows(
        _SCHOOL_PUPILS,
        session.authority_id,
        [term.period.key for term in terms],
        [_end_of(term.period) for term in terms],
        [clock.london_moment(term.previous_starts_on) for term in terms],
        template,
    )
