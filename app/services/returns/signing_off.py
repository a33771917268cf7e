"""What the authority's officers do with a submitted return."""

from uuid import UUID

from app.db import WriteSession
from app.domain.returns import ReturnAct
from app.queries.writes import Writes
from app.services.returns.reading import Check, Row, act, lock


async def accept_return(session: WriteSession, writes: Writes, return_id: UUID, check: Check) -> Row:
    """Accept a submitted return; the return. Raises NotFound, or ActionNotAvailable in any other state."""
    row = await lock(session, return_id, check)
    return await act(session, writes, row, ReturnAct.ACCEPT, accepted_at=session.now)


async def query_return(session: WriteSession, writes: Writes, return_id: UUID, question: str, check: Check) -> Row:
    """Ask the sender about a submitted return, which opens it to be filled and sent again; the return.

    Raises NotFound, or ActionNotAvailable in any other state.
    """
    row = await lock(session, return_id, check)
    return await act(session, writes, row, ReturnAct.QUERY, query=question)
