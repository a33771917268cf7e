"""Policy versions. Row policy shows them to every organisation of the authority, and lets its officers add one."""

from datetime import date
from typing import Final
from uuid import UUID

import asyncpg

from app.db import ReadSession, WriteSession

_VERSION: Final = (
    "SELECT v.id, v.number, coalesce(v.effective_from, v.announced_for) AS effective_from, v.published_at,"
    " v.summary_of_changes, v.contact, v.digest, v.content, v.withdrawn_at, v.withdrawal_reason,"
    " a.name AS authority_name FROM policy_version v JOIN authority a ON a.id = v.authority_id"
    " WHERE v.authority_id = $1"
)


async def list_policies(session: ReadSession, *, before: int | None, limit: int) -> list[asyncpg.Record]:
    """Versions, the newest number first, without content: one more than `limit` when there are further ones.

    `in_force_until` is the last day before another takes effect, so far as is announced; None while none is. A version
    that was withdrawn has the day that it was announced for, on which it does not take effect.
    """
    return await session.rows(
        "SELECT v.id, v.number, coalesce(v.effective_from, v.announced_for) AS effective_from, v.published_at,"
        " v.summary_of_changes, v.digest, v.withdrawn_at,"
        " (SELECT min(n.effective_from) - 1 FROM policy_version n"
        "   WHERE n.authority_id = v.authority_id AND n.effective_from > v.effective_from) AS in_force_until"
        " FROM policy_version v WHERE v.authority_id = $1 AND ($2::integer IS NULL OR v.number < $2)"
        " ORDER BY v.number DESC LIMIT $3",
        session.authority_id,
        before,
        limit + 1,
    )


async def get_policy(session: ReadSession, policy_id: UUID) -> asyncpg.Record | None:
    """One version of the session's authority, by id."""
    return await session.row(f"{_VERSION} AND v.id = $2", session.authority_id, policy_id)


async def numbered_policy(session: ReadSession, number: int) -> asyncpg.Record | None:
    """One version of the session's authority, by number."""
    return await session.row(f"{_VERSION} AND v.number = $2", session.authority_id, number)


async def policy_on(session: ReadSession, on: date) -> asyncpg.Record | None:
    """The version in force on a day: that of decisions made on it."""
    return await session.row(
        f"{_VERSION} AND v.effective_from <= $2 ORDER BY v.effective_from DESC LIMIT 1", session.authority_id, on
    )


async def lock_versions(session: WriteSession) -> int:
    """The newest number, with nobody else publishing until the transaction ends.

    The authority's row is locked so that rows which refer to it can still be written. The number is read in a
    statement of its own: read with the lock, it could be older than the lock.
    """
    await session.value("SELECT 1 FROM authority WHERE id = $1 FOR NO KEY UPDATE", session.authority_id)
    return await newest_number(session)


async def newest_number(session: ReadSession) -> int:
    """The newest number; 0 while nothing was published."""
    newest: int | None = await session.value(
        "SELECT max(number) FROM policy_version WHERE authority_id = $1", session.authority_id
    )
    return newest or 0


async def number_effective_from(session: ReadSession, on: date) -> int | None:
    """The number of the version that takes effect on this very day, if there is one."""
    found: int | None = await session.value(
        "SELECT number FROM policy_version WHERE authority_id = $1 AND effective_from = $2", session.authority_id, on
    )
    return found


async def authority_name(session: ReadSession) -> str:
    """What the session's authority is called."""
    name: str = await session.value("SELECT name FROM authority WHERE id = $1", session.authority_id)
    return name


async def decides_already(session: ReadSession, policy_id: UUID) -> bool:
    """Whether a decision was made under a version, of a session that reaches the whole authority."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT FROM decision WHERE authority_id = $1 AND policy_version_id = $2 AND as_of >= "
        "(SELECT effective_from FROM policy_version WHERE authority_id = $1 AND id = $2))",
        session.authority_id,
        policy_id,
    )
    return found


async def withdraw(session: WriteSession, policy_id: UUID, reason: str) -> None:
    """Take a version's day from it, for good."""
    await session.run(
        "UPDATE policy_version SET announced_for = effective_from, effective_from = NULL, withdrawn_at = $3,"
        " withdrawn_by_client_id = $4, withdrawal_reason = $5 WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        policy_id,
        session.now,
        session.principal.client_id,
        reason,
    )


async def authority_of_code(session: ReadSession, la_code: str) -> UUID | None:
    """The authority of a DfE code, one that is no sandbox if there is one: for the worker role alone."""
    found: UUID | None = await session.value(
        "SELECT id FROM authority WHERE la_code = $1 ORDER BY sandbox, id LIMIT 1", la_code
    )
    return found
