"""What the authority's officers do with a submitted return."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.db import WriteSession
from app.domain.returns import ReturnAct
from app.errors import FieldFault
from app.queries.return_templates import asked_by
from app.queries.writes import Writes
from app.services.faults import refuse
from app.services.returns.reading import Check, Row, act, lock

Line = dict[str, Any]
"""A question about one row: `row` (its key), `field` (None for the row as a whole) and `question`."""


async def accept_return(session: WriteSession, writes: Writes, return_id: UUID, check: Check) -> Row:
    """Accept a submitted return; the return. Raises NotFound, or ActionNotAvailable in any other state."""
    row = await lock(session, return_id, check)
    return await act(session, writes, row, ReturnAct.ACCEPT, accepted_at=session.now)


async def query_return(
    session: WriteSession, writes: Writes, return_id: UUID, question: str, lines: Sequence[Line], check: Check
) -> Row:
    """Ask the sender about a submitted or accepted return, which opens it to be filled and sent again; the return.

    `lines` ask about single rows. Raises NotFound, ActionNotAvailable in any other state, and Invalid for a row or a
    field that the return has not.
    """
    row = await lock(session, return_id, check)
    template = await asked_by(session, row["template"], row["template_version"])
    field, key = template.rows
    names = template.schema["properties"][field]["items"]["properties"]
    known = {one[key] for one in row["content"][field]}
    refuse(
        [
            *(
                FieldFault(f"/lines/{index}/row", "unknown_row", "The return has no such row.")
                for index, line in enumerate(lines)
                if line["row"] not in known
            ),
            *(
                FieldFault(f"/lines/{index}/field", "unknown_field", "Its rows have no such field.")
                for index, line in enumerate(lines)
                if line["field"] is not None and line["field"] not in names
            ),
        ]
    )
    return await act(session, writes, row, ReturnAct.QUERY, query=question, query_lines=list(lines), accepted_at=None)
