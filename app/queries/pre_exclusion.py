"""Schools' pre-exclusion reviews: their own, and the officers' to read."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from app.access import Kind
from app.db import BrokerSession, ReadSession, WriteSession
from app.queries.filters import Filters

_JSON: Final = ("pupil", "factors", "support_exhausted")
_REVIEW: Final = (
    "SELECT v.id, v.school_id, v.school_group_id, v.referral_id, v.reference, v.version, v.pupil, v.held_on, v.cause,"
    " v.cause_words, v.pupil_voice, v.pupil_voice_missing_reason, v.family_voice, v.factors, v.support_exhausted,"
    " v.decision, v.decision_words, v.decided_on, v.decided_by, v.governors_meet_on, v.outcome, v.outcome_on,"
    " v.outcome_words, v.excluded_on, v.created_at, v.updated_at FROM pre_exclusion_review v WHERE v.authority_id = $1"
)


def _review(row: asyncpg.Record) -> dict[str, Any]:
    return {**row, **{name: orjson.loads(row[name]) for name in _JSON}}


async def list_reviews(
    session: ReadSession,
    *,
    limit: int,
    after: tuple[date, UUID] | None = None,
    school_id: UUID | None = None,
    without_outcome: bool = False,
) -> list[dict[str, Any]]:
    """Reviews, the latest first: a school's own, an officer's all; one more than `limit` where there are further."""
    filters = Filters(session.authority_id)
    if session.kind is not Kind.AUTHORITY:
        filters.add("v.school_id = {0}", session.organisation_id)
    if school_id is not None:
        filters.add("v.school_id = {0}", school_id)
    if without_outcome:
        filters.add("v.outcome IS NULL")
    if after is not None:
        filters.add("(v.held_on, v.id) < ({0}, {1})", *after)
    rows = await session.rows(
        f"{_REVIEW}{filters.sql} ORDER BY v.held_on DESC, v.id DESC LIMIT {filters.mark(limit + 1)}", *filters.arguments
    )
    return [_review(row) for row in rows]


async def get_review(session: ReadSession, review_id: UUID) -> dict[str, Any] | None:
    """One review that the caller may see."""
    row = await session.row(f"{_REVIEW} AND v.id = $2", session.authority_id, review_id)
    return None if row is None else _review(row)


async def lock_review(session: WriteSession, review_id: UUID) -> dict[str, Any] | None:
    """One review, its row locked."""
    row = await session.row(f"{_REVIEW} AND v.id = $2 FOR UPDATE", session.authority_id, review_id)
    return None if row is None else _review(row)


async def is_of_group(session: ReadSession, school_id: UUID, group_id: UUID) -> bool:
    """Whether a school belongs to a group."""
    found: bool = await session.value(
        "SELECT EXISTS (SELECT FROM school_group_member WHERE authority_id = $1 AND school_id = $2 AND group_id = $3)",
        session.authority_id,
        school_id,
        group_id,
    )
    return found


async def school_of(session: ReadSession, review_id: UUID) -> UUID:
    """The school whose review it is."""
    found: UUID = await session.value(
        "SELECT school_id FROM pre_exclusion_review WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        review_id,
    )
    return found


_PANEL_CONTENT: Final = """
SELECT json_build_object('reference', v.reference, 'school_name', o.name, 'held_on', v.held_on, 'cause', v.cause,
  'cause_words', v.cause_words, 'year_group', v.pupil ->> 'year_group',
  'pupil', json_build_object('given_name', v.pupil ->> 'given_name', 'family_name', v.pupil ->> 'family_name'),
  'pupil_voice', v.pupil_voice, 'family_voice', v.family_voice, 'factors', v.factors,
  'support_exhausted', v.support_exhausted, 'decision', v.decision, 'decision_words', v.decision_words,
  'governors_meet_on', v.governors_meet_on)::text
FROM pre_exclusion_review v JOIN organisation o ON o.authority_id = v.authority_id AND o.id = v.school_id
WHERE v.authority_id = $1 AND v.id = $2
"""


async def panel_content(session: BrokerSession, review_id: UUID) -> dict[str, Any]:
    """What a panel's members may know of a review, as it is now: not the key of the pupil in the school's system."""
    found: dict[str, Any] = orjson.loads(await session.value(_PANEL_CONTENT, session.authority_id, review_id))
    return found
