"""What is owed."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.domain.obligations import is_overdue, obligation_state
from app.http.caller import Call, caller
from app.queries import obligations as queries
from app.routers.pages import Cursor, Limit, listed
from app.routers.schemas.obligations import ObligationOut
from app.routers.schemas.page import Page

router = APIRouter(prefix="/v1/obligations", tags=["obligations"])


@router.get("", operation_id="list_obligations", responses={200: {"model": Page[ObligationOut]}})
async def list_obligations(
    call: Annotated[Call, Depends(caller("list_obligations"))],
    state: Annotated[
        Literal["open", "overdue", "met", "cancelled"] | None,
        Query(description="`open` includes `overdue`, which is open past its due time."),
    ] = None,
    owed_by_id: Annotated[UUID | None, Query(description="Only what this organisation owes.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What you owe, due first first: answers, contacts, closures, returns. An authority also sees what others owe."""
    position = call.position(cursor)
    async with call.read() as session:
        rows = await queries.list_obligations(
            session,
            limit=limit,
            after=(datetime.fromisoformat(str(position[0])), UUID(str(position[1]))) if position else None,
            state=state,
            owed_by_id=owed_by_id,
        )
        now = session.now
    return listed(
        call,
        rows,
        limit,
        render=lambda row: _shown(row, now),
        at=lambda row: [row["due_at"].isoformat(), str(row["id"])],
    )


def _shown(row: dict[str, Any], now: datetime) -> ObligationOut:
    times = (row["met_at"], row["cancelled_at"])
    return ObligationOut(**row, state=obligation_state(*times), overdue=is_overdue(row["due_at"], *times, now))
