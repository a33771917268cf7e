"""Every act on a referral, in order, as far as the caller was told of it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from app.db import ReadSession
from app.queries.filters import Filters

Row = dict[str, Any]

ENTRIES: Final = (
    "SELECT e.authority_id, e.id, e.referral_id, e.type, e.subject_kind, e.subject_id, e.subject_version,"
    " e.organisation_id, e.occurred_at, e.data, c.practitioner_id FROM event e"
    # Who of the provider held it, for those whom row policy shows the contact.
    " LEFT JOIN intervention_contact c ON c.authority_id = e.authority_id AND c.id = (e.data ->> 'contact_id')::uuid"
)
"""The entries of timelines: events by row policy, which shows each organisation those it was told of and no other.

One range of `ix_event_referral` gives a page: order and bounds stand on its columns, in leak-proof comparisons.
"""


async def page(
    session: ReadSession, referral_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Row]:
    """A referral's entries after a position, the earliest first, with one more than `limit` when there are more."""
    filters = Filters(session.authority_id)
    filters.add("e.referral_id = {0}", referral_id)
    if after is not None:
        filters.add("(e.occurred_at, e.id) > ({0}, {1})", *after)
    rows = await session.rows(
        f"{ENTRIES} WHERE e.authority_id = $1{filters.sql}"
        f" ORDER BY e.occurred_at, e.id LIMIT {filters.mark(limit + 1)}",
        *filters.arguments,
    )
    return [{**row, "data": orjson.loads(row["data"])} for row in rows]
