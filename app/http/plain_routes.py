"""Plain routes beside documented ones, for the few operations that are asked most.

The framework's own reading of a request costs as much as several database round trips. A plain route is found by its
exact method and path before the framework sees the request, reads it by the same Pydantic model and answers by the
same function. What it cannot take (anything that is not valid) goes on to the documented route, as if this one were
not there, and that one says what is wrong.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from app.access import allow
from app.http.caller import Call, authenticate
from app.http.runtime import runtime_of

Answerer = Callable[[Call], Awaitable[Response | None]]
"""Answers a call, or gives None to pass it on."""


class PlainRoute:
    """The plain route of one operation."""

    def __init__(self, method: str, path: str, operation: str, answer: Answerer) -> None:
        self.method = method
        self.path_format = path
        self.operation = operation
        self._answer = answer

    async def answer(self, scope: Scope, receive: Receive) -> tuple[Response | None, Receive]:
        """The answer, or None to pass the request on; and the `receive` to go on with. Raises as its operation does."""
        request = Request(scope, receive)
        runtime = runtime_of(request)
        principal = authenticate(request, runtime)
        allow(principal, self.operation)
        response = await self._answer(Call(request, principal, runtime, self.operation))
        if response is None and hasattr(request, "_body"):
            return None, _again(await request.body(), receive)
        return response, receive


def _again(body: bytes, receive: Receive) -> Receive:
    """`receive` of a request whose body was read already."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
