"""The one pass that every HTTP request goes through, around the whole application.

It gives the request its ids, refuses an oversize body, turns what nobody caught into a problem document, adds the
headers that every answer carries, and writes one log line and the metrics. It is one pure ASGI class because each
further layer costs a wrapped `receive` and `send` per request, and because a fault in the application must still
leave with ids, headers, log line and metrics.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import clock
from app.errors import Malformed, PayloadTooLarge
from app.http.logs import ACCESS_LOGGER, error_facts, request_ids
from app.http.metrics import HttpMetrics
from app.http.plain_routes import PlainRoute
from app.http.problems import problem_for
from app.http.trace_context import TraceContext, continue_trace, start_trace

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Asked every few seconds by machines that watch over the service: logged only when someone debugs.
_QUIET_ROUTES = frozenset({"/health/live", "/health/ready", "/metrics"})
_UNMATCHED = "unmatched"

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
_NO_STORE = (b"cache-control", b"no-store")
# What has an entity tag may be kept by its one reader, who must ask again before each use.
_REVALIDATE = (b"cache-control", b"private, no-cache")

_log = logging.getLogger(ACCESS_LOGGER)


class AnswerCutShort(Exception):
    """Half an answer has gone out: the server breaks the connection, so that the client knows it is not whole."""


@dataclass(slots=True)
class _Arrival:
    """What the request's headers say to this pass."""

    request_id: str
    trace: TraceContext
    body_bytes: int | None
    well_formed: bool


class RequestMiddleware:
    """Wraps the application; install it last, so that it stands outermost."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: HttpMetrics,
        max_body_bytes: int,
        https: bool = False,
        plain_routes: Sequence[PlainRoute] = (),
    ) -> None:
        """`max_body_bytes` bounds a request's body; `https` says that clients reach the service by TLS only.

        `plain_routes` are asked before the application.
        """
        self._app = app
        self._plain_routes = {(route.method, route.path_format): route for route in plain_routes}
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._fixed_headers = (*_HEADERS, _STRICT_TRANSPORT) if https else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; other kinds of connection pass untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = clock.monotonic()
        arrival = _arrival(scope)
        ids = (arrival.request_id, arrival.trace.trace_id)
        token = request_ids.set(ids)
        scope.setdefault("state", {}).update(request_id=arrival.request_id, trace_id=arrival.trace.trace_id)
        reply = _Reply(send, arrival, self._fixed_headers, scope["state"])
        self._metrics.in_flight.inc()
        try:
            await self._answer(scope, receive, arrival, reply)
        finally:
            self._metrics.in_flight.dec()
            self._record(scope, reply.status, clock.monotonic() - started)
            request_ids.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, arrival: _Arrival, reply: "_Reply") -> None:
        try:
            receive = self._admit(arrival, receive)
            plain = self._plain_routes.get((scope["method"], scope["path"]))
            if plain is not None:
                response, receive = await plain.answer(scope, receive)
                if response is not None:
                    scope["route"] = plain
                    await response(scope, receive, reply)
                    return
            await self._app(scope, receive, reply)
        except Exception as exc:  # noqa: BLE001 - the last handler of a request: every error becomes an answer
            if reply.status:
                _log.error("an answer was cut short", extra=error_facts(exc))
                raise AnswerCutShort from None
            await problem_for(exc)(scope, receive, reply)

    def _admit(self, arrival: _Arrival, receive: Receive) -> Receive:
        """The `receive` to read the body with. Raises Malformed and PayloadTooLarge before a byte of it is read."""
        if not arrival.well_formed:
            raise Malformed("The Content-Length header is not a number.", headers={"Connection": "close"})
        if arrival.body_bytes is None:
            return _bounded(receive, self._max_body_bytes)
        if arrival.body_bytes > self._max_body_bytes:
            raise PayloadTooLarge(headers={"Connection": "close"})
        return receive

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        """The metrics and the log line. A client that left before its answer began counts as 499."""
        route = route_template(scope)
        status = status or 499
        self._metrics.observe(scope["method"], route, status, seconds)
        level = logging.DEBUG if route in _QUIET_ROUTES else logging.INFO
        if _log.isEnabledFor(level):
            facts: dict[str, Any] = {
                "method": scope["method"],
                "route": route,
                "status": status,
                "duration_ms": round(seconds * 1000, 2),
            }
            client_id = scope["state"].get("client_id")
            if client_id is not None:
                facts["client_id"] = str(client_id)
            _log.log(level, "request", extra=facts)


class _Reply:
    """The application's `send`: completes the headers of the answer and remembers its status (0 before it begins)."""

    __slots__ = ("_arrival", "_fixed_headers", "_send", "_state", "status")

    def __init__(
        self, send: Send, arrival: _Arrival, fixed_headers: tuple[tuple[bytes, bytes], ...], state: dict[str, Any]
    ) -> None:
        self._send = send
        self._arrival = arrival
        self._fixed_headers = fixed_headers
        self._state = state
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            headers += self._added({name.lower() for name, _ in headers})
            message["headers"] = headers
        await self._send(message)

    def _added(self, names: set[bytes]) -> list[tuple[bytes, bytes]]:
        added = [
            (b"x-request-id", self._arrival.request_id.encode()),
            (b"traceparent", self._arrival.trace.header.encode()),
            *self._fixed_headers,
            *self._state.get("rate_limit", ()),
        ]
        if b"cache-control" not in names:
            added.append(_REVALIDATE if b"etag" in names else _NO_STORE)
        if b"content-security-policy" not in names:
            added.append(_POLICY)
        return added


def route_template(scope: Scope) -> str:
    """The path template of the route that answered (`/v1/referrals/{id}`), or `unmatched`.

    The framework notes an included router's route, with its prefix, in its own part of the scope; its own routes, and
    we our plain ones, under `route`; and of a plain Starlette route the endpoint only.
    """
    context = scope.get("fastapi", {}).get("effective_route_context")
    route = getattr(context, "starlette_route", None) or context or scope.get("route") or _by_endpoint(scope)
    template: str | None = getattr(route, "path_format", None)
    return template or _UNMATCHED


def _by_endpoint(scope: Scope) -> BaseRoute | None:
    endpoint = scope.get("endpoint")
    if endpoint is None:
        return None
    routes: list[BaseRoute] = getattr(scope.get("app"), "routes", [])
    return next((route for route in routes if getattr(route, "endpoint", None) is endpoint), None)


def _arrival(scope: Scope) -> _Arrival:
    request_id: bytes | None = None
    traceparents: list[bytes] = []
    lengths: list[bytes] = []
    chunked = False
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            request_id = value
        elif name == b"traceparent":
            traceparents.append(value)
        elif name == b"content-length":
            lengths.append(value)
        elif name == b"transfer-encoding":
            chunked = True
    trace = continue_trace(traceparents[0]) if len(traceparents) == 1 else None
    if trace is None:
        trace = start_trace()
        # OpenTelemetry, where a deployment switches it on, then records under the id that the logs show.
        kept = [header for header in scope["headers"] if header[0] != b"traceparent"]
        scope["headers"] = [*kept, (b"traceparent", trace.header.encode())]
    sane = request_id is not None and _REQUEST_ID.fullmatch(request_id)
    return _Arrival(
        request_id=request_id.decode() if request_id and sane else trace.span_id,
        trace=trace,
        # A server reads a chunked body by its chunks, whatever length is also stated.
        body_bytes=None if chunked else _stated_length(lengths),
        well_formed=all(length.isdigit() for length in lengths) and len(lengths) <= 1,
    )


def _stated_length(lengths: list[bytes]) -> int | None:
    if not lengths or not lengths[0].isdigit():
        return None
    # Twenty digits are more than any limit; Python refuses to read some thousands of them.
    return int(lengths[0][:20])


def _bounded(receive: Receive, limit: int) -> Receive:
    """`receive` of a body without a stated length, refusing it as soon as it has grown past `limit` bytes."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                # The framework reports any other exception of a body's reading as a malformed body.
                raise HTTPException(413, headers={"Connection": "close"})
        return message

    return bounded
