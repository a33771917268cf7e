"""Answers in the house style: one thing with its entity tag, a page with its cursor, a creation safe to retry."""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from app.db import WriteSession
from app.errors import IdempotencyKeyRequired, Malformed
from app.http.caller import Call
from app.http.conditional import entity_tag, is_unchanged
from app.queries.writes import Writes
from app.services import idempotency
from app.services.idempotency import Answer

JSON = "application/json"


def to_bytes(content: object) -> bytes:
    """Content as JSON bytes; Pydantic models and UUIDs included."""
    return orjson.dumps(content, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return str(value)


def thing(
    call: Call, content: object, version: int, *, status: int = 200, location: str | None = None, live: bool = False
) -> Response:
    """One thing, with its `ETag`; 304 when the caller already has this version.

    `live` says that the content holds more than its version tells of, so that the tag must tell of the rest too.
    """
    body = to_bytes(content)
    tag = entity_tag(version, sha256(body).hexdigest()[:16] if live else "")
    headers = {"ETag": tag}
    if location:
        headers["Location"] = location
    if call.request.method == "GET" and is_unchanged(call.request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, status, headers, JSON)


def page(call: Call, rows: list[Any], next_cursor: str | None) -> Response:
    """A page of a list: its rows, and the cursor of the next page (also as a `Link`); 304 for whoever has it already.

    The tag is made from the page: it spares the caller the reading, not the service.
    """
    body = to_bytes({"data": rows, "next_cursor": next_cursor})
    tag = f'W/"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag}
    if is_unchanged(call.request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    if next_cursor:
        url = call.request.url.include_query_params(cursor=next_cursor)
        headers["Link"] = f'<{url}>; rel="next"'
    return Response(body, 200, headers, JSON)


async def once(
    call: Call,
    body: object,
    work: Callable[[WriteSession, Writes], Awaitable[Answer]],
    *,
    required: bool = False,
    again: Callable[[WriteSession], Awaitable[Answer]] | None = None,
) -> Response:
    """Do a creating act once per `Idempotency-Key`, and give a retry the same answer.

    `again` renders a retry's answer anew instead, where what the caller may see can end before the stored answer does.
    `work` gets the write session and a `Writes` that it may queue on; both, and the stored answer, are one
    transaction. Raises IdempotencyKeyRequired when the key is missing and required.
    """
    key = call.request.headers.get("idempotency-key")
    if key is None and required:
        raise IdempotencyKeyRequired
    if key is not None and not (1 <= len(key) <= 255 and key.isprintable()):
        raise Malformed("An Idempotency-Key has 1 to 255 printable characters.")
    replayed = False
    async with call.write() as session:
        writes = Writes()
        if key is None:
            answer = await work(session, writes)
        else:
            claimed = await idempotency.claim(session, call.operation, key, body)
            if isinstance(claimed, Answer):
                answer, replayed = (await again(session) if again else claimed), True
            else:
                answer = await work(session, writes)
                idempotency.keep(writes, session, claimed, answer)
        await writes.flush(session)
    headers: Mapping[str, str] = {**answer.headers, **({"Idempotency-Replayed": "true"} if replayed else {})}
    return Response(answer.body, answer.status, headers, JSON)


def created(content: object, version: int, location: str) -> Answer:
    """The answer to a creation: 201 with the thing, its `ETag` and its `Location`."""
    return Answer(201, {"ETag": entity_tag(version), "Location": location}, to_bytes(content))
