"""The event feed: every act that the caller may see, none skipped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query
from pydantic import StringConstraints
from starlette.responses import Response

from app.errors import CursorRejected
from app.http.answers import JSON, to_bytes
from app.http.caller import Call, caller
from app.http.long_poll import preferred_wait, until_news
from app.routers.schemas.events import EventOut, EventPage
from app.services.event_feed import Bookmark, FeedPage, read_feed

router = APIRouter(tags=["events"])

EventType = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}\.[a-z_]{1,32}$", max_length=64)]

_LEFT = 499


@dataclass(slots=True)
class _FeedReading:
    page: FeedPage

    @property
    def is_news(self) -> bool:
        return bool(self.page.rows) or self.page.has_more


@router.get(
    "/v1/events",
    operation_id="list_events",
    responses={
        200: {
            "model": EventPage,
            "headers": {
                "Preference-Applied": {
                    "description": "`wait=N` when a wish to wait was honoured.",
                    "schema": {"type": "string"},
                }
            },
        }
    },
)
async def list_events(
    call: Annotated[Call, Depends(caller("list_events"))],
    after: Annotated[
        str | None,
        Query(description="The `next_cursor` of the page before. Absent: from the first event.", max_length=1024),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many events.")] = 50,
    type: Annotated[  # noqa: A002 - the parameter's public name
        list[EventType] | None,
        Query(
            description="Only events of this type; may be repeated.", max_length=50, examples=[["allocation.offered"]]
        ),
    ] = None,
    prefer: Annotated[  # noqa: ARG001 - documented here, read with its sister headers in `preferred_wait`
        str | None,
        Header(
            description="`wait=N`: when nothing is new, answer at the first event or after N seconds (at most 60).",
            max_length=200,
        ),
    ] = None,
) -> Response:
    """Every act that your organisation may see, in one stable order, from the first one on.

    Ask with the `next_cursor` of the last page, for ever: nothing is skipped, and nothing is inserted behind a cursor.
    The order is stable but is not the order of commits, so keep the highest `subject_version` that you saw of each
    subject. The same event may come twice after a failure: skip ids that you have. With `Prefer: wait=30` the request
    waits for news, which costs less than asking every few seconds. When the service was rebuilt from a backup the
    answer is 410: start again without a cursor.
    """
    bookmark = _bookmark(call, after)
    wait = preferred_wait(call.request)

    async def read() -> _FeedReading:
        nonlocal bookmark
        async with call.read() as session:
            page = await read_feed(session, bookmark, limit, type)
        bookmark = page.bookmark
        return _FeedReading(page)

    reading = await read() if not wait else await until_news(call, wait, read)
    if reading is None:
        return Response(status_code=_LEFT)
    headers = {} if wait is None else {"Preference-Applied": f"wait={wait}"}
    cursor = call.cursor(list(reading.page.bookmark))
    headers["Link"] = f'<{call.request.url.include_query_params(after=cursor)}>; rel="next"'
    content = {
        "data": [_event(row) for row in reading.page.rows],
        "next_cursor": cursor,
        "has_more": reading.page.has_more,
    }
    return Response(to_bytes(content), 200, headers, JSON)


def _bookmark(call: Call, cursor: str | None) -> Bookmark | None:
    position = call.position(cursor)
    if position is None:
        return None
    match position:
        case [str(epoch), int(xid), int(seq)]:
            return Bookmark(epoch, xid, seq)
        case _:
            raise CursorRejected


def _event(row: Mapping[str, Any]) -> dict[str, object]:
    return {**{name: row[name] for name in EventOut.model_fields}, "data": orjson.Fragment(row["data"])}
