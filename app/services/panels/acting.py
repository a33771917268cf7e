"""What every act on a sitting begins and ends with: its locked row, its change, who is told."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.domain.panels import SittingState
from app.errors import ActionNotAvailable, NotFound
from app.models.panels import panel_sitting
from app.queries import panels as queries
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services import events

Row = dict[str, Any]


async def seen_panel(session: ReadSession, panel_id: UUID) -> Row:
    """A panel as the caller sees it. Raises NotFound."""
    panel = await queries.get_panel(session, panel_id)
    if panel is None:
        raise NotFound
    return panel


async def seen_sitting(session: ReadSession, panel_id: UUID, sitting_id: UUID) -> Row:
    """A sitting as the caller sees it. Raises NotFound."""
    sitting = await queries.get_sitting(session, panel_id, sitting_id)
    if sitting is None:
        raise NotFound
    return sitting


async def lock_sitting(session: WriteSession, panel_id: UUID, sitting_id: UUID, *states: SittingState) -> Row:
    """A sitting, locked, in one of some states. Raises NotFound, ActionNotAvailable."""
    sitting = await queries.lock_sitting(session, panel_id, sitting_id)
    if sitting is None:
        raise NotFound
    if states and sitting["state"] not in states:
        raise ActionNotAvailable(f"A sitting that is {sitting['state']} is not open to this act.")
    return sitting


async def touch(session: WriteSession, sitting: Row, **columns: object) -> None:
    """Write columns of a locked sitting; its version rises."""
    values = {**columns, "version": sitting["version"] + 1}
    await change(session, panel_sitting, {"id": sitting["id"]}, values)
    sitting.update(values)


async def tell(
    writes: Writes,
    session: WriteSession,
    event_type: str,
    sitting: Row,
    *,
    audience: Iterable[UUID | None] | None = None,
    data: dict[str, object] | None = None,
) -> None:
    """Queue the event of an act on a sitting that was touched; its members and the officers are told, or `audience`."""
    events.tell(
        writes,
        session,
        event_type,
        subject=("panel", sitting["id"], sitting["version"]),
        audience=[
            await authority_organisation(session),
            *(sitting["member_ids"] if audience is None else audience),
        ],
        data={"panel_id": str(sitting["panel_id"]), "sitting_id": str(sitting["id"]), **(data or {})},
    )


def noted(session: WriteSession, sitting: Row, what: str, reason: str) -> list[Row]:
    """A sitting's changes with one more."""
    return [*sitting["changes"], {"at": session.now.isoformat(), "what": what, "reason": reason}]
