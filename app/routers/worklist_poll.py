"""Polls of the worklist that find nothing new: most of what providers' systems ask, all day long.

They are answered by a plain route that stands before all others and reads one value. Whatever is not simply unchanged
goes on to the documented route, as if this one were not there.
"""

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Scope

from app.access import Kind, Principal, allow
from app.db import Database
from app.http.caller import authenticate
from app.http.conditional import is_unchanged
from app.http.runtime import runtime_of
from app.queries import offers

PATH = "/v1/allocations"
_NEWS = "worklist_news"


class WorklistPoll(Route):
    """GET of the worklist with `If-None-Match`."""

    def __init__(self) -> None:
        super().__init__(PATH, _answer, methods=["GET"], name="worklist poll", include_in_schema=False)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """A poll, unless it has been here and found news."""
        if (
            scope["type"] == "http"
            and scope["path"] == PATH
            and scope["method"] == "GET"
            and _NEWS not in scope["state"]
            and any(name == b"if-none-match" for name, _ in scope["headers"])
        ):
            return Match.FULL, {"endpoint": self.endpoint, "path_params": {}}
        return Match.NONE, {}


async def _answer(request: Request) -> Response | ASGIApp:
    runtime = runtime_of(request)
    principal = authenticate(request, runtime)
    allow(principal, "list_allocations")
    tag = await worklist_tag(request.scope, principal, runtime.database)
    if tag is not None and is_unchanged(", ".join(request.headers.getlist("if-none-match")), tag):
        return Response(status_code=304, headers={"ETag": tag})
    request.scope["state"][_NEWS] = True
    router: ASGIApp = request.app.router
    return router


async def worklist_tag(scope: Scope, principal: Principal, database: Database) -> str | None:
    """The entity tag of a provider's worklist as it is now, for the question asked; None for anyone else.

    Ask before the list is read: a tag may be older than its list and never newer.
    """
    if principal.kind is not Kind.PROVIDER:
        return None
    # The same question is meant, or a 304 could hide a page that was never read.
    asked = sha256(scope["query_string"]).hexdigest()[:16]
    return f'W/"{await offers.mark(database, principal)}-{asked}"'
