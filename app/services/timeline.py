"""The timeline of a referral: each party reads the acts that it was told of, while the referral is open to it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.db import ReadSession
from app.domain.timeline import links, sentence
from app.errors import NotFound
from app.queries import referrals
from app.queries import timeline as queries

Row = dict[str, Any]


async def read_timeline(
    session: ReadSession, referral_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None
) -> list[Row]:
    """A page of a referral's timeline, one more than `limit` when there are more.

    Raises NotFound for a referral that is not, or no longer, the caller's to see.
    """
    if await referrals.visible(session, referral_id) is None:
        raise NotFound
    rows = await queries.page(session, referral_id, limit=limit, after=after)
    return [{**row, "sentence": sentence(row["type"], row["data"]), "links": links(row["data"])} for row in rows]
