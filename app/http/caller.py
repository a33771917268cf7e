"""From a bearer token to a principal that may do the operation asked for.

Every route depends on `caller("its_operation_id")`; the rule itself stands in `app.access.RULES`.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from starlette.requests import Request

from app.access import Kind, Principal, Scope, allow
from app.db import ReadSession, WriteSession
from app.errors import Malformed, Unauthenticated
from app.http import cursors
from app.http.access_tokens import TokenClaims
from app.http.runtime import Runtime, runtime_of

_SCOPES: Final = frozenset(scope.value for scope in Scope)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request: who calls, and the doors that open for them."""

    request: Request
    principal: Principal
    runtime: Runtime
    operation: str

    def read(self) -> AbstractAsyncContextManager[ReadSession]:
        """A read transaction in the caller's name."""
        return self.runtime.database.read(self.principal)

    def write(self) -> AbstractAsyncContextManager[WriteSession]:
        """A write transaction in the caller's name."""
        return self.runtime.database.write(self.principal)

    def cursor(self, position: cursors.Position, list_name: str | None = None) -> str:
        """The opaque cursor of a position in this operation's list."""
        return cursors.dump(
            self.runtime.keys.ring().cursor_key,
            organisation_id=self.principal.organisation_id,
            list_name=list_name or self.operation,
            position=position,
        )

    def position(self, cursor: str | None, list_name: str | None = None) -> cursors.Position | None:
        """The position inside a cursor of this operation's list; None without one. Raises CursorRejected."""
        if cursor is None:
            return None
        return cursors.load(
            self.runtime.keys.ring().cursor_key,
            cursor,
            organisation_id=self.principal.organisation_id,
            list_name=list_name or self.operation,
        )


def caller(operation: str) -> Callable[[Request], Awaitable[Call]]:
    """The dependency of a route: its authorised call. Raises Unauthenticated, ScopeMissing or Forbidden."""

    async def authorised(request: Request) -> Call:
        runtime = runtime_of(request)
        principal = authenticate(request, runtime)
        allow(principal, operation)
        return Call(request, principal, runtime, operation)

    authorised.operation = operation  # type: ignore[attr-defined]  # read by the guard tests and by OpenAPI
    return authorised


def authenticate(request: Request, runtime: Runtime) -> Principal:
    """The principal of a request's bearer token, counted once against its quota.

    Raises Unauthenticated, TokenFault or TooManyRequests.
    """
    state = request.scope.setdefault("state", {})
    known: Principal | None = state.get("principal")
    if known is not None:
        return known
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
    principal = principal_of(
        runtime.verifier.verify(token.strip()),
        request_id=request.scope.get("state", {}).get("request_id", ""),
        stated_at=_stated_time(request, runtime),
    )
    state["client_id"] = principal.client_id
    # Told on every answer, also on a refusal: the request pass adds these fields as the answer leaves.
    state["rate_limit"], refusal = runtime.rate_limits.admit(principal.client_id)
    if refusal is not None:
        raise refusal
    state["principal"] = principal
    return principal


def principal_of(claims: TokenClaims, *, request_id: str = "", stated_at: datetime | None = None) -> Principal:
    """The principal that a verified token speaks for."""
    return Principal(
        client_id=UUID(claims.client_id),
        organisation_id=claims.organisation_id,
        authority_id=claims.authority_id,
        kind=Kind(claims.organisation_kind),
        scopes=_known_scopes(claims.scopes),
        request_id=request_id,
        stated_at=stated_at,
    )


@lru_cache(1024)
def _known_scopes(scopes: frozenset[str]) -> frozenset[Scope]:
    return frozenset(Scope(scope) for scope in scopes if scope in _SCOPES)


def _stated_time(request: Request, runtime: Runtime) -> datetime | None:
    """`X-Halfterm-Now`, which counts in a sandbox authority alone and is ignored elsewhere."""
    stated = request.headers.get("x-halfterm-now")
    if stated is None or not runtime.settings.sandbox:
        return None
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        raise Malformed("X-Halfterm-Now must be an RFC 3339 time.") from None
    if moment.tzinfo is None:
        raise Malformed("X-Halfterm-Now must say its offset from UTC.")
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise Malformed(f"X-Halfterm-Now lies outside the years {_FIRST_YEAR} to {_LAST_YEAR}.")
    return moment.astimezone(UTC)
