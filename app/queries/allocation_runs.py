"""Rows of runs on demand. Officers only, by row policy."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from app.db import BrokerSession, ReadSession, WriteSession
from app.queries.writes import to_json

_LINE = (
    "SELECT r.id, r.over, r.state, r.version, r.as_of, r.made_at, r.made_by_client_id, r.snapshot_hash, r.what_if,"
    " r.committed_at, r.committed_by_client_id, r.confirmed_by_name, r.confirmed_by_role, r.failure, r.lease_until,"
    " p.number AS policy_number, p.digest AS policy_digest, r.plan -> 'counts' AS counts"
)
_FROM = (
    " FROM allocation_run r JOIN policy_version p ON p.authority_id = r.authority_id AND p.id = r.policy_version_id"
    " WHERE r.authority_id = $1"
)


async def list_runs(session: ReadSession, *, limit: int, before: tuple[datetime, UUID] | None) -> list[asyncpg.Record]:
    """Runs, newest first: one more than `limit` when there are further ones."""
    arguments: list[object] = [session.authority_id, limit + 1]
    beyond = ""
    if before is not None:
        arguments += before
        beyond = " AND (r.made_at, r.id) < ($3, $4)"
    return await session.rows(
        f"{_LINE}{_FROM}{beyond} ORDER BY r.made_at DESC, r.id DESC LIMIT $2",
        *arguments,
    )


async def get_run(session: ReadSession, run_id: UUID) -> asyncpg.Record | None:
    """One run with its plan."""
    return await session.row(f"{_LINE}, r.plan{_FROM} AND r.id = $2", session.authority_id, run_id)


async def proposed_on(session: ReadSession, on: date) -> frozenset[UUID]:
    """The referrals that the last plan of a day would offer a place, if it was proposed and awaits an officer.

    Of a session that reaches the whole authority.
    """
    rows = await session.rows(
        "SELECT (o.value ->> 'referral_id')::uuid AS referral_id FROM ("
        "SELECT r.state, r.plan FROM allocation_run r WHERE r.authority_id = $1 AND r.proposed AND r.as_of = $2"
        " ORDER BY r.made_at DESC, r.id DESC LIMIT 1) r, jsonb_array_elements(r.plan -> 'offers') o"
        " WHERE r.state = 'preview'",
        session.authority_id,
        on,
    )
    return frozenset(row["referral_id"] for row in rows)


async def lock_run(session: BrokerSession, run_id: UUID) -> asyncpg.Record | None:
    """One run, locked."""
    return await session.row(
        "SELECT id, over, state, version, what_if, snapshot_hash, confirmed_by_name FROM allocation_run"
        " WHERE authority_id = $1 AND id = $2 FOR UPDATE",
        session.authority_id,
        run_id,
    )


async def running_run(session: ReadSession) -> UUID | None:
    """The run that is playing the last year."""
    found: UUID | None = await session.value(
        "SELECT id FROM allocation_run WHERE authority_id = $1 AND state = 'running'", session.authority_id
    )
    return found


async def end_interrupted(session: WriteSession, real_now: datetime, failure: str) -> None:
    """Write down as failed whatever has run out of its lease."""
    await session.run(
        "UPDATE allocation_run SET state = 'failed', failure = $3, lease_until = NULL, version = version + 1"
        " WHERE authority_id = $1 AND state = 'running' AND lease_until < $2",
        session.authority_id,
        real_now,
        failure,
    )


async def renew_lease(session: WriteSession, run_id: UUID, until: datetime) -> None:
    """Say that a run is still at work."""
    await session.run(
        "UPDATE allocation_run SET lease_until = $3 WHERE authority_id = $1 AND id = $2 AND state = 'running'",
        session.authority_id,
        run_id,
        until,
    )


async def end_run(session: WriteSession, run_id: UUID, content: dict[str, object] | None, failure: str | None) -> None:
    """Write down what came of a run: its content, or why there is none. One that was given up stays so."""
    await session.run(
        "UPDATE allocation_run SET state = $3, plan = $4, failure = $5, lease_until = NULL, version = version + 1"
        " WHERE authority_id = $1 AND id = $2 AND state = 'running'",
        session.authority_id,
        run_id,
        "preview" if failure is None else "failed",
        to_json(content or {}),
        failure,
    )
