"""Concerns. Which of them there are for a caller, and whether it learns what followed, row policy says."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from app.db import ReadSession
from app.domain.concerns import ConcernActKind, ConcernState, state_of
from app.queries.filters import Filters

_LIGHT: Final = (
    "c.id, c.referral_id, c.organisation_id, c.kind, c.noticed_at, c.raised_at, c.recipient_id,"
    " (SELECT coalesce(array_agg(a.kind), '{}') FROM concern_act a"
    "  WHERE a.authority_id = c.authority_id AND a.concern_id = c.id) AS done"
)
_WHOLE: Final = (
    f"{_LIGHT}, c.text, c.person, c.worker_organisation_id, c.worker,"  # noqa: S608 - fixed texts
    " (SELECT coalesce(json_agg(x ORDER BY x.acted_at, x.id), '[]')::text FROM ("
    "  SELECT a.id, a.kind, a.organisation_id, a.person, a.action, a.note, a.acted_at FROM concern_act a"
    "  WHERE a.authority_id = c.authority_id AND a.concern_id = c.id) x) AS acts"
)
_IN_STATE: Final = {
    ConcernState.RAISED: "NOT EXISTS (SELECT FROM concern_act a WHERE a.authority_id = c.authority_id"
    " AND a.concern_id = c.id)",
    ConcernState.ACKNOWLEDGED: "(SELECT array_agg(a.kind) = ARRAY['acknowledged'] FROM concern_act a"
    " WHERE a.authority_id = c.authority_id AND a.concern_id = c.id)",
    ConcernState.CLOSED: "EXISTS (SELECT FROM concern_act a WHERE a.authority_id = c.authority_id"
    " AND a.concern_id = c.id AND a.kind = 'closed')",
}


async def list_concerns(
    session: ReadSession,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    state: ConcernState | None = None,
    referral_id: UUID | None = None,
) -> list[dict[str, Any]]:
    """Concerns that the caller may see, the latest first, without their words; one more than `limit` if there are more.

    A state is as far as the caller may know.
    """
    filters = Filters(session.authority_id)
    if state is not None:
        filters.add(_IN_STATE[state])
    if referral_id is not None:
        filters.add("c.referral_id = {0}", referral_id)
    if after is not None:
        filters.add("(c.raised_at, c.id) < ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_LIGHT} FROM concern c WHERE c.authority_id = $1{filters.sql}"  # noqa: S608 - fixed texts
        f" ORDER BY c.raised_at DESC, c.id DESC LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [_with_state(dict(row)) for row in rows]


async def find_concern(session: ReadSession, concern_id: UUID) -> dict[str, Any] | None:
    """One concern with its words and what was done, or None when there is none that the caller may see."""
    row = await session.row(
        f"SELECT {_WHOLE} FROM concern c WHERE c.authority_id = $1 AND c.id = $2",  # noqa: S608 - fixed texts
        session.authority_id,
        concern_id,
    )
    if row is None:
        return None
    return _with_state(
        {
            **row,
            "person": orjson.loads(row["person"]),
            "worker": None if row["worker"] is None else orjson.loads(row["worker"]),
            "acts": orjson.loads(row["acts"]),
        }
    )


def _with_state(row: dict[str, Any]) -> dict[str, Any]:
    done = frozenset(ConcernActKind(kind) for kind in row.pop("done"))
    return {**row, "state": state_of(done), "version": 1 + len(done)}


async def contact_of_authority(session: ReadSession) -> dict[str, Any]:
    """How to reach the authority's safeguarding hub."""
    contact: str | None = await session.value(
        "SELECT safeguarding_contact FROM authority WHERE id = $1", session.authority_id
    )
    return orjson.loads(contact) if contact else {}


async def is_organisation(session: ReadSession, organisation_id: UUID) -> bool:
    """Whether the authority has an organisation of this id, which every member may know."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT FROM organisation WHERE authority_id = $1 AND id = $2)",
        session.authority_id,
        organisation_id,
    )
    return found
