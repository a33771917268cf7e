"""Reading the audit trail, newest first."""

from datetime import datetime
from uuid import UUID

import asyncpg

from app.db import ReadSession


async def list_entries(
    session: ReadSession, *, filters: dict[str, object], before: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Audit lines before a position, newest first: one more than `limit` when there are further ones.

    `filters` may hold `organisation_id`, `client_id`, `subject_id` and `action`; each given one is stated in the SQL
    (rather than as `IS NULL OR`), so that the question "who read this pupil" uses its index. Raises KeyError for
    others.
    """
    types = {"organisation_id": "uuid", "client_id": "uuid", "subject_id": "uuid", "action": "text"}
    arguments: list[object] = [session.authority_id, limit + 1]
    conditions = ["a.authority_id = $1"]
    for name, value in filters.items():
        arguments.append(value)
        conditions.append(f"a.{name} = ${len(arguments)}::{types[name]}")
    if before is not None:
        arguments.extend(before)
        conditions.append(f"(a.recorded_at, a.id) < (${len(arguments) - 1}, ${len(arguments)})")
    return await session.rows(
        "SELECT a.id, a.recorded_at, a.organisation_id, a.client_id, a.action, a.subject_kind, a.subject_id, a.fields,"  # noqa: S608 - the names are ours
        f" a.request_id FROM audit_entry a WHERE {' AND '.join(conditions)}"
        " ORDER BY a.recorded_at DESC, a.id DESC LIMIT $2",
        *arguments,
    )
