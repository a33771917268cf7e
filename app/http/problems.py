"""Every refusal and failure as an `application/problem+json` document (RFC 9457).

No answer holds a stack, SQL, or anything that the caller sent except the names of its fields. Handlers for the
expected errors are installed on the application; `problem_for` serves the request middleware, which stands outside
the framework and so also catches what nobody expected.
"""

import json
import logging
from dataclasses import asdict
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.types import Scope

from app.errors import (
    Forbidden,
    HalftermError,
    Invalid,
    InvalidClient,
    Malformed,
    NotFound,
    PayloadTooLarge,
    ScopeMissing,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from app.http.access_tokens import TokenFault
from app.http.database_faults import is_database_unavailable
from app.http.field_faults import field_faults
from app.http.logs import error_facts

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_OF_STATUS: dict[int, type[HalftermError]] = {
    400: Malformed,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    422: Invalid,
    429: TooManyRequests,
    503: Unavailable,
}
_OTHER_STATUSES = {
    405: ("method_not_allowed", "This address does not take that method: see the Allow header."),
    406: ("not_acceptable", "The answer does not exist in a form that the Accept header allows."),
    409: ("conflict", "That does not fit the present state."),
}

_log = logging.getLogger(__name__)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer the application's own errors, the framework's and failed validation with problem documents."""
    app.add_exception_handler(HalftermError, _on_error)
    app.add_exception_handler(TokenFault, _on_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)


def problem_for(exc: Exception) -> Response:
    """The answer to any error: our own as they are, an absent database 503, everything else 500.

    An error that nobody expected is logged here with its stack.
    """
    if isinstance(exc, TokenFault):
        return problem_response(_token_refused(exc))
    if isinstance(exc, HalftermError):
        if exc.status >= 500 and not isinstance(exc, Unavailable):
            _log.error("unexpected error", extra=error_facts(exc))
        return problem_response(exc)
    if is_database_unavailable(exc):
        _log.warning("the database cannot be reached", extra={"error": type(exc).__name__})
        return problem_response(Unavailable(headers={"Retry-After": str(RETRY_AFTER_SECONDS)}))
    _log.error("unexpected error", extra=error_facts(exc))
    return problem_response(HalftermError())


def problem_response(error: HalftermError) -> Response:
    """The document of one error, with the headers that its status needs."""
    return _response(
        error.status,
        error.code,
        error.title,
        error.detail,
        headers=_challenge(error) | error.headers,
        members={**({"errors": [asdict(fault) for fault in error.errors]} if error.errors else {}), **error.extra},
    )


def _response(
    status: int, code: str, title: str, detail: str, *, headers: dict[str, str], members: dict[str, Any]
) -> Response:
    document = {
        "type": f"urn:halfterm:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    body = json.dumps(document | members, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return Response(body, status, headers, MEDIA_TYPE)


async def _on_error(_request: Request, exc: Exception) -> Response:
    return problem_for(exc)


async def _on_http_exception(request: Request, exc: Exception) -> Response:
    """The framework's own refusals. Its `detail` is not repeated: some of it quotes the request."""
    refusal = cast("HTTPException", exc)
    status, headers = refusal.status_code, dict(refusal.headers or {})
    if status in (204, 304):
        return Response(status_code=status, headers=headers)
    known = _OF_STATUS.get(status)
    if known is not None:
        return problem_response(known(headers=headers))
    if status == 405:
        headers["Allow"] = ", ".join(_allowed_methods(request.scope)) or headers.get("Allow", "")
    code, title = _OTHER_STATUSES.get(status, (f"http_{status}", "The request was refused."))
    return _response(status, code, title, title, headers=headers, members={})


async def _on_validation_error(_request: Request, exc: Exception) -> Response:
    failed = cast("RequestValidationError", exc)
    errors = failed.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return problem_response(Malformed("The request body is not valid JSON."))
    # Left unread because of its media type, a body arrives as bytes, for which the framework has no 415.
    if isinstance(failed.body, bytes) and any(tuple(error["loc"]) == ("body",) for error in errors):
        return problem_response(UnsupportedMediaType())
    return problem_response(Invalid(errors=field_faults(errors, failed.body)))


def _allowed_methods(scope: Scope) -> list[str]:
    """The methods of every route at this path: the framework names those of the first one only."""
    app = scope.get("app")
    routes = [route for route in getattr(app, "routes", []) if not isinstance(route, Mount)]
    return [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]


def _token_refused(fault: TokenFault) -> Unauthenticated:
    sentence = "The access token has expired." if fault.reason == "expired" else "The access token is not valid here."
    challenge = f'Bearer error="invalid_token", error_description="{fault.reason}"'
    return Unauthenticated(sentence, headers={"WWW-Authenticate": challenge}, extra={"reason": fault.reason})


def _challenge(error: HalftermError) -> dict[str, str]:
    """`WWW-Authenticate`, which a 401 must carry (RFC 9110) and a missing scope should (RFC 6750)."""
    if isinstance(error, InvalidClient):
        return {"WWW-Authenticate": 'Basic realm="halfterm"'}
    if error.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="halfterm"'}
    if isinstance(error, ScopeMissing):
        return {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
    return {}
