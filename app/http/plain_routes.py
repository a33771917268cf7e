"""Plain routes in front of documented ones, for the few operations that are asked most.

The framework's own reading of a request costs as much as several database round trips. A plain route stands before all
others, reads the request by the same Pydantic model and answers by the same function. What it cannot take (anything
that is not valid) goes on to the documented route, as if this one were not there, and that one says what is wrong.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import allow
from app.http.caller import Call, authenticate
from app.http.runtime import runtime_of

Answerer = Callable[[Call], Awaitable[Response | None]]
"""Answers a call, or gives None to pass it on."""


class PlainRoute(Route):
    """The plain route of one operation."""

    def __init__(self, method: str, path: str, operation: str, answer: Answerer) -> None:
        async def endpoint(request: Request) -> Response | ASGIApp:
            runtime = runtime_of(request)
            principal = authenticate(request, runtime)
            allow(principal, operation)
            response = await answer(Call(request, principal, runtime, operation))
            if response is not None:
                return response
            request.scope["state"][self._passed_on] = True
            return _onward(request)

        super().__init__(path, endpoint, methods=[method], name=f"plain {operation}", include_in_schema=False)
        self.operation = operation
        self._method = method
        self._passed_on = f"passed on {operation}"

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Each request once. An exact path only: no pattern is matched."""
        is_ours = scope["type"] == "http" and scope["path"] == self.path and scope["method"] == self._method
        if is_ours and self._passed_on not in scope["state"]:
            return Match.FULL, {"endpoint": self.endpoint, "path_params": {}}
        return Match.NONE, {}


def _onward(request: Request) -> ASGIApp:
    """The application's other routes, for a request whose body may have been read."""

    async def onward(scope: Scope, receive: Receive, send: Send) -> None:
        read = hasattr(request, "_body")

        async def again() -> Message:
            nonlocal read
            if not read:
                return await receive()
            read = False
            return {"type": "http.request", "body": await request.body(), "more_body": False}

        await request.app.router(scope, again, send)

    return onward
