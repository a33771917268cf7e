"""A page of the caller's event feed, and the position to go on from."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import asyncpg

from app.db import ReadSession
from app.errors import FeedReset
from app.queries import feed

WINDOW: Final = 5000
"""How many events a request for some types looks through before it answers, found or not."""


class Bookmark(NamedTuple):
    """How far a reader has come, and in which epoch of the feed."""

    epoch: str
    xid: int
    seq: int


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events in feed order, and how to go on."""

    rows: list[asyncpg.Record]
    bookmark: Bookmark
    has_more: bool
    """More was waiting when this page was read."""


async def read_feed(session: ReadSession, after: Bookmark | None, limit: int, types: list[str] | None) -> FeedPage:
    """The caller's next events, from the start without a bookmark.

    Raises FeedReset when the bookmark is of another epoch: a position there says nothing about this one.
    """
    end = await feed.horizon(session)
    if after is not None and after.epoch != end.epoch:
        raise FeedReset(
            "The event feed was rebuilt since this cursor was given, for instance from a backup.",
            extra={"hint": "Start again without a cursor, and skip the events whose id you already have."},
        )
    position = feed.Position(after.xid, after.seq) if after else feed.START
    if types is None:
        rows = await feed.page(session, position, end.xid, limit)
        last = feed.Position(rows[-1]["xid"], rows[-1]["seq"]) if rows else position
        return FeedPage(rows, Bookmark(end.epoch, *last), has_more=len(rows) == limit)
    rows = await feed.page_of_types(session, position, end.xid, limit, types=types, window=WINDOW)
    if len(rows) == limit:
        return FeedPage(rows, Bookmark(end.epoch, rows[-1]["xid"], rows[-1]["seq"]), has_more=True)
    # The bookmark passes what was looked through in vain, or a rare type would cost the same walk at every poll.
    stop = await feed.end_of_window(session, position, end.xid, WINDOW)
    if stop is not None:
        return FeedPage(rows, Bookmark(end.epoch, *stop), has_more=True)
    # `max`: a bookmark never goes back, also where two readings of the horizon were overtaken by each other.
    return FeedPage(rows, Bookmark(end.epoch, *max(position, feed.Position(end.xid, 0))), has_more=False)
