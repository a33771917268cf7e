"""JSON log lines, each with the ids of the request it was written in, and without personal data.

A line holds what the code names (`extra=`). Addresses, query strings, headers and bodies are not among it.
"""

import logging
import sys
import traceback
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

ACCESS_LOGGER = "halfterm.access"

request_ids: ContextVar[tuple[str, str] | None] = ContextVar("request_ids", default=None)


class _RequestIds(logging.Filter):
    """Adds the request's and the trace's id to a record written during a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        ids = request_ids.get()
        if ids is not None:
            record.request_id, record.trace_id = ids
        return True


def configure_logging(level: str) -> None:
    """Send every log of the process to standard error as JSON, one object a line.

    Raises ValueError for an unknown level name.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_RequestIds())
    handler.setFormatter(json_formatter())
    root = logging.getLogger()
    # A handler of a subclass is someone's own, such as a test's; a plain one is ours of an earlier call.
    root.handlers[:] = [*(other for other in root.handlers if type(other) is not logging.StreamHandler), handler]
    root.setLevel(level.upper())
    # The server's own access lines hold raw paths, which can name a person's record; ours replace them.
    logging.getLogger("uvicorn.access").disabled = True
    # Its lines name whole addresses, such as those of a subscriber's endpoint.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True


def json_formatter() -> logging.Formatter:
    """The form of a line: time (UTC), level, logger, message, then what the code added."""
    return OrjsonFormatter(
        "{levelname}{name}{message}",
        style="{",
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger"},
    )


def error_facts(exc: BaseException) -> dict[str, Any]:
    """What a log line may say of an error, for `extra=`: its class and where it came from.

    Its message is left out: a driver's or a validator's quotes rows and requests.
    """
    return {"error": _kind(exc), "stack": _stack(exc)}


def _kind(exc: BaseException) -> str:
    """The error's class, with the SQLSTATE and constraint of a database error: names, never values."""
    origin = getattr(exc, "orig", None) or exc
    facts = [str(getattr(origin, name)) for name in ("sqlstate", "constraint_name") if getattr(origin, name, None)]
    return " ".join([f"{type(exc).__module__}.{type(exc).__qualname__}", *facts])


def _stack(exc: BaseException) -> list[str]:
    """The frames of the error and of those it was raised from, the outermost error first."""
    chain: list[BaseException] = []
    fault: BaseException | None = exc
    while fault is not None and fault not in chain:
        chain.append(fault)
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    lines: list[str] = []
    for link in chain:
        lines.append(_kind(link))
        lines += [line.rstrip("\n") for line in traceback.format_tb(link.__traceback__)]
    return lines
