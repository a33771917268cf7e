"""Reads of identity are recorded: one line of the audit for each family that an answer tells of.

What cannot be recorded is not shown: the answer waits for its lines.
"""

from itertools import islice
from typing import Final

from app.graphql.context import Context
from app.queries.writes import Writes
from app.services.audit import note

_LINES_AT_ONCE: Final = 500


async def record_shown(context: Context) -> None:
    """Append the lines for what a request has shown, before its answer goes out. Raises Unavailable."""
    if not context.shown:
        return
    shown = iter(context.shown.items())
    async with context.runtime.database.write(context.principal) as session:
        while lines := list(islice(shown, _LINES_AT_ONCE)):
            writes = Writes()
            for (kind, subject_id), fields in lines:
                note(writes, context.principal, "read_identity", kind, subject_id, fields)
            await writes.flush(session)
