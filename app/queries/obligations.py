"""What is owed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.access import Kind
from app.db import ReadSession, WriteSession
from app.queries.filters import Filters

_OPEN: Final = "o.met_at IS NULL AND o.cancelled_at IS NULL"


def referral_of(o: str) -> str:
    """The referral that an obligation concerns, as SQL; null for one that is about no family. `o` names its table."""
    return (
        f"CASE {o}.subject_kind WHEN 'referral' THEN {o}.subject_id"  # noqa: S608 - our own words
        " WHEN 'offer' THEN (SELECT f.referral_id FROM offer f"
        f"  WHERE f.authority_id = {o}.authority_id AND f.id = {o}.subject_id)"
        " WHEN 'intervention' THEN (SELECT i.referral_id FROM intervention i"
        f"  WHERE i.authority_id = {o}.authority_id AND i.id = {o}.subject_id) END"
    )


def seen_referral_of(o: str) -> str:
    """The referral, where the caller may read it: who was only offered a case is not told which referral it is."""
    found = referral_of(o)
    return f"(SELECT r.id FROM referral r WHERE r.authority_id = {o}.authority_id AND r.id = {found})"  # noqa: S608 - our own words


def case_of(o: str) -> str:
    """The intervention that an obligation concerns, where there is one and the caller may read of it."""
    return (
        f"CASE {o}.subject_kind WHEN 'intervention' THEN {o}.subject_id ELSE (SELECT r.intervention_id FROM referral r"  # noqa: S608 - our own words
        f" WHERE r.authority_id = {o}.authority_id AND r.id = {referral_of(o)}) END"
    )


def area_of(o: str) -> str:
    """The area whose lead officer it concerns: the referral's, or else that of the school that owes it."""
    return (
        f"coalesce((SELECT r.area_id FROM referral r WHERE r.authority_id = {o}.authority_id"  # noqa: S608 - our own words
        f"  AND r.id = {referral_of(o)}), (SELECT s.area_id FROM school s"
        f"  WHERE s.authority_id = {o}.authority_id AND s.organisation_id = {o}.owed_by_id))"
    )


def about_referral(o: str, mark: str) -> str:
    """Condition: it concerns a referral that the caller may read. `mark` stands for the referral's id."""
    return (
        f"{o}.subject_id IN (SELECT r.id FROM referral r WHERE r.authority_id = {o}.authority_id AND r.id = {mark}"  # noqa: S608 - our own words
        " UNION ALL SELECT f.id FROM offer f JOIN referral r ON r.authority_id = f.authority_id"
        f"  AND r.id = f.referral_id WHERE f.authority_id = {o}.authority_id AND f.referral_id = {mark}"
        f" UNION ALL SELECT i.id FROM intervention i WHERE i.authority_id = {o}.authority_id"
        f"  AND i.referral_id = {mark})"
    )


_COLUMNS: Final = (
    "o.id, o.version, o.kind, o.owed_by_id, o.subject_kind, o.subject_id, o.clock, o.created_at, o.due_at, o.met_at,"
    " o.cancelled_at, o.put_off_at, o.reminded_at, o.overdue_at, o.escalated_at, o.done,"
    f" {seen_referral_of('o')} AS referral_id, {case_of('o')} AS intervention_id"
)

_STATES: Final = {
    "open": _OPEN,
    "overdue": f"{_OPEN} AND o.due_at < {{0}}",
    "escalated": f"{_OPEN} AND o.escalated_at IS NOT NULL",
    "met": "o.met_at IS NOT NULL",
    "cancelled": "o.cancelled_at IS NOT NULL",
}
_FILTERS: Final = {
    "kind": "o.kind = {0}",
    "owed_by_id": "o.owed_by_id = {0}",
    "subject_id": "o.subject_id = {0}",
    "referral_id": about_referral("o", "{0}"),
    "area_id": f"{area_of('o')} = {{0}}",
    "due_before": "o.due_at < {0}",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which obligations are asked for; None: any."""

    state: str | None = None
    """`open` (overdue ones included), `overdue`, `escalated`, `met` or `cancelled`."""
    kind: str | None = None
    owed_by_id: UUID | None = None
    subject_id: UUID | None = None
    referral_id: UUID | None = None
    area_id: UUID | None = None
    due_before: datetime | None = None


async def list_obligations(
    session: ReadSession, wanted: Wanted, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[dict[str, Any]]:
    """Obligations that the caller may see, those due first first, with one more than `limit` when there are more."""
    filters = Filters(session.authority_id)
    if session.kind is not Kind.AUTHORITY:
        # Row policy says the same, but would read the whole authority's list to say it.
        filters.add("o.owed_by_id = {0}", session.organisation_id)
    if wanted.state is not None:
        filters.add(_STATES[wanted.state], *([session.now] if wanted.state == "overdue" else []))
    for name, condition in _FILTERS.items():
        value = getattr(wanted, name)
        if value is not None:
            filters.add(condition, value)
    if after is not None:
        filters.add("(o.due_at, o.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"SELECT {_COLUMNS} FROM obligation o WHERE o.authority_id = $1{filters.sql}"  # noqa: S608 - fixed texts
        f" ORDER BY o.due_at, o.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [dict(row) for row in rows]


async def get_obligation(session: ReadSession, obligation_id: UUID) -> dict[str, Any] | None:
    """An obligation that the caller may see."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM obligation o WHERE o.authority_id = $1 AND o.id = $2",  # noqa: S608 - fixed texts
        session.authority_id,
        obligation_id,
    )
    return dict(row) if row else None


async def lock_obligation(session: WriteSession, obligation_id: UUID) -> dict[str, Any] | None:
    """The same, locked."""
    row = await session.row(
        f"SELECT {_COLUMNS} FROM obligation o WHERE o.authority_id = $1 AND o.id = $2 FOR UPDATE OF o",  # noqa: S608 - fixed texts
        session.authority_id,
        obligation_id,
    )
    return dict(row) if row else None
