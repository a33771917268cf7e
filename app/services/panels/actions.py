"""What a panel asked of an organisation, and that it was done."""

from uuid import UUID

from app.access import Kind
from app.db import WriteSession, broker
from app.errors import ActionNotAvailable, Forbidden, InvariantBroken, NotFound
from app.models.panels import panel_action
from app.queries import panel_items, panels
from app.queries.writes import Writes, change
from app.services.obligations import meet
from app.services.panels.acting import tell, touch


async def finish_action(session: WriteSession, writes: Writes, action_id: UUID, words: str | None) -> None:
    """Say that an action was done: its owner, or an officer who was told so.

    Raises NotFound, Forbidden, ActionNotAvailable.
    """
    seen = await panel_items.get_action(session, action_id)
    if seen is None:
        raise NotFound
    if session.kind is not Kind.AUTHORITY and seen["owner_id"] != session.organisation_id:
        raise Forbidden("An action is done by the organisation that owes it.")
    async with broker(session) as wide:
        action = await panel_items.lock_action(wide, action_id)
        if action is None or action["state"] != "open":
            raise ActionNotAvailable("The action is no longer open.")
        values = {"state": "done", "done_at": wide.now, "done_note": words, "version": action["version"] + 1}
        await change(wide, panel_action, {"id": action_id}, values)
        await meet(wide, "panel_action", action_id)
        sitting = await panels.sitting_by_id(wide, action["sitting_id"])
        if sitting is None:
            raise InvariantBroken
        await touch(wide, sitting)
        await tell(
            writes, wide, "panel.action_done", sitting,
            audience=[sitting["chair_id"], action["owner_id"]], data={"action_id": str(action_id)},
        )  # fmt: skip
        await writes.flush(wide)
