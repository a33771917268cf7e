"""Long polls: `Prefer: wait=N` (RFC 7240) on a list that grows.

While it waits a poll holds one small object and no database connection, and it ends at once when its client leaves.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from starlette.requests import Request

from app import clock
from app.http.caller import Call

LONGEST_WAIT_SECONDS: Final = 60

# A preference's value may be quoted; what cannot be read is ignored, as the RFC asks.
_WAIT: Final = re.compile(r'(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])', re.IGNORECASE)


class Reading(Protocol):
    """What a poll reads."""

    @property
    def is_news(self) -> bool:
        """True when it is worth an answer at once."""


R = TypeVar("R", bound=Reading)


def preferred_wait(request: Request) -> int | None:
    """The seconds that the caller is ready to wait, at most 60; None where it states no wish."""
    found = _WAIT.search(",".join(request.headers.getlist("prefer")))
    return min(int(found.group(1)), LONGEST_WAIT_SECONDS) if found else None


async def until_news(call: Call, seconds: int, read: Callable[[], Awaitable[R]]) -> R | None:
    """Read until there is news or the time is up; the last reading, or None when the client has left.

    `read` opens and closes its own transaction and goes on from where it stopped.
    """
    ends_at = clock.monotonic() + seconds
    principal = call.principal
    with call.runtime.tailer.listen(principal.authority_id, principal.organisation_id) as news:
        while True:
            news.clear()
            reading = await read()
            left = ends_at - clock.monotonic()
            if reading.is_news or left <= 0:
                return reading
            if not await _wait(call.request, news, left):
                return None


async def _wait(request: Request, news: asyncio.Event, seconds: float) -> bool:
    """Wait for news or the time; False as soon as the client has left."""
    waiting = asyncio.ensure_future(news.wait())
    leaving = asyncio.ensure_future(_client_leaves(request))
    try:
        await asyncio.wait({waiting, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return not leaving.done()
    finally:
        waiting.cancel()
        leaving.cancel()
        await asyncio.gather(waiting, leaving, return_exceptions=True)


async def _client_leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
