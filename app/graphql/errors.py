"""Errors as clients see them: the domain's own words and codes, and nothing of what went wrong inside.

Codes in `extensions.code`: `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED`, `LIMIT_EXCEEDED`, `BAD_USER_INPUT`,
`FORBIDDEN`, `NOT_FOUND`, `UNAVAILABLE`, `INTERNAL_SERVER_ERROR`.
"""

import logging
import re
from typing import Any, Final

from graphql import GraphQLError

from app.errors import Forbidden, HalftermError, Invalid, Malformed, NotFound, Unavailable
from app.http.logs import error_facts

_log = logging.getLogger(__name__)

_CODES: Final[tuple[tuple[type[HalftermError], str], ...]] = (
    (Forbidden, "FORBIDDEN"),
    (NotFound, "NOT_FOUND"),
    (Malformed, "BAD_USER_INPUT"),
    (Invalid, "BAD_USER_INPUT"),
    (Unavailable, "UNAVAILABLE"),
)
_VARIABLE: Final = re.compile(r"^Variable '(\$\w+)'")


class RefusedError(Exception):
    """A refusal that only GraphQL knows: it becomes an entry of `errors`, never a problem document."""

    code = "BAD_USER_INPUT"

    def __init__(self, detail: str, **extra: object) -> None:
        """`extra` stands beside the code in the error's extensions."""
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class BadInputError(RefusedError):
    """An argument that does not make sense: a global id, a page size, a period."""


class LimitError(RefusedError):
    """A query that asks for more than the service answers at once; nothing of it was run."""

    code = "LIMIT_EXCEEDED"


def request_error(error: GraphQLError, code: str) -> dict[str, Any]:
    """An error that stopped the request before it ran. Values of variables are not repeated."""
    message = error.message
    variable = _VARIABLE.match(message)
    if variable:
        message = f"The variable {variable[1]} does not have a value of its type."
    return _entry(message, error, {"code": code})


def refusal(error: RefusedError) -> dict[str, Any]:
    """A refusal of our own, before the request ran."""
    return {"message": error.detail, "extensions": {"code": error.code, **error.extra}}


def field_error(error: GraphQLError) -> dict[str, Any]:
    """An error of one field. What nobody expected is logged here without its message, and masked."""
    original = error.original_error
    if original is None:
        # The library's own: an argument's literal or variable that cannot be coerced.
        return _entry("An argument is not right.", error, {"code": "BAD_USER_INPUT"})
    if isinstance(original, RefusedError):
        return _entry(original.detail, error, {"code": original.code, **original.extra})
    if isinstance(original, HalftermError):
        code = next((code for cls, code in _CODES if isinstance(original, cls)), None)
        if code is not None:
            return _entry(original.detail, error, {"code": code, **original.extra})
    _log.error("unexpected error in GraphQL", extra=error_facts(original))
    return _entry(HalftermError.title, error, {"code": "INTERNAL_SERVER_ERROR"})


def away(errors: list[GraphQLError]) -> Unavailable | None:
    """The error that says that the database is away, if one of them does."""
    originals = (error.original_error for error in errors)
    return next((original for original in originals if isinstance(original, Unavailable)), None)


def _entry(message: str, error: GraphQLError, extensions: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"message": message}
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        entry["path"] = error.path
    entry["extensions"] = extensions
    return entry
