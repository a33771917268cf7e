"""The `traceparent` header of W3C Trace Context."""

import os
import re
from dataclasses import dataclass

# Version 00 is exactly this; a later version may add fields after another dash.
_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE = b"0" * 32
_NO_PARENT = b"0" * 16


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The trace that a request belongs to and this service's own step in it."""

    trace_id: str
    span_id: str
    flags: str

    @property
    def header(self) -> str:
        """The value to send on and to answer with."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def continue_trace(traceparent: bytes) -> TraceContext | None:
    """A new step in the caller's trace, or None when the header does not follow the standard."""
    match = _TRACEPARENT.fullmatch(traceparent.strip())
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == b"ff" or trace_id == _NO_TRACE or parent_id == _NO_PARENT or (version == b"00" and rest is not None):
        return None
    return TraceContext(trace_id.decode(), os.urandom(8).hex(), flags.decode())


def start_trace() -> TraceContext:
    """The first step of a new trace, not marked as sampled: this service records no spans by itself."""
    return TraceContext(os.urandom(16).hex(), os.urandom(8).hex(), "00")
