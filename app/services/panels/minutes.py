"""Minutes: drafted from what was decided, by reference and initials, and approved by a person.

A draft freezes what stood when it was made; another decision asks for another draft. With the approval the sitting is
done: what it did not reach goes on to the next agenda, and decisions are corrected no more.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from app.clock import london_date
from app.db import BrokerSession, WriteSession, broker
from app.documents.model import Document
from app.domain.panel_minutes import initials, minutes_document
from app.domain.panels import ItemKind, ItemState, SittingState, check_sitting_move
from app.errors import ActionNotAvailable, Conflict
from app.ids import new_id
from app.models.panels import panel_item, panel_minutes, panel_minutes_item
from app.queries import panel_items
from app.queries import panel_minutes as queries
from app.queries.writes import Writes, change
from app.services.panels.acting import Row, lock_sitting, seen_panel, tell, touch
from app.services.panels.sending import carry_over
from app.services.referrals.acting import Officer


async def draft_minutes(session: WriteSession, writes: Writes, ids: tuple[UUID, UUID], remarks: str | None) -> int:
    """Draft the minutes of a sitting that was held, anew where there is a draft; their number.

    Raises NotFound, ActionNotAvailable.
    """
    async with broker(session) as wide:
        sitting = await lock_sitting(wide, *ids, SittingState.HELD)
        before = await queries.latest(wide, sitting["id"])
        number = before["number"] + 1 if before else 1
        names = await queries.names_of(wide, sitting)
        items = [await _item(wide, item, names) for item in await panel_items.agenda(wide, sitting["id"])]
        minutes_id = new_id()
        writes.add(
            panel_minutes,
            id=minutes_id,
            sitting_id=sitting["id"],
            number=number,
            state="draft",
            drafted_at=wide.now,
            content={
                "panel_name": (await seen_panel(wide, ids[0]))["name"],
                "sits_on": sitting["sits_on"],
                "chair_name": names[str(sitting["chair_id"])],
                "number": number,
                "attendance": [
                    {**one, "organisation_name": names[one["organisation_id"]]} for one in sitting["attendance"]
                ],
                "quorate": sitting["quorate"],
                "quorum_note": sitting["quorum_note"],
                "outcome_counts": dict(sorted(Counter(item["outcome"] for _, item in items).items())),
                "remarks": remarks,
            },
        )
        for position, (item_id, content) in enumerate(items, start=1):
            writes.add(panel_minutes_item, minutes_id=minutes_id, item_id=item_id, position=position, content=content)
        await touch(wide, sitting)
        await tell(writes, wide, "panel.minutes_drafted", sitting, audience=(), data={"number": number})
        await writes.flush(wide)
        return number


async def approve_minutes(
    session: WriteSession, writes: Writes, ids: tuple[UUID, UUID], number: int, person: Officer
) -> None:
    """Approve the newest draft, by a named person; the sitting's members have it from then on.

    Raises NotFound, ActionNotAvailable, and Conflict for a draft that is not the newest or leaves a decision out.
    """
    async with broker(session) as wide:
        sitting = await lock_sitting(wide, *ids)
        check_sitting_move(SittingState(sitting["state"]), SittingState.MINUTED)
        minutes = await queries.latest(wide, sitting["id"])
        if minutes is None:
            raise ActionNotAvailable("There is no draft of the minutes yet.")
        if minutes["number"] != number:
            raise Conflict(f"The newest draft is number {minutes['number']}: read that one.")
        if await queries.decided_since(wide, sitting["id"], minutes["drafted_at"]):
            raise Conflict("The panel has decided something since this draft: draft the minutes anew.")
        await queries.approve(wide, minutes["id"], person.plain())
        for item in await panel_items.listed_items(wide, sitting["id"]):
            values = {"state": ItemState.NOT_REACHED.value, "version": item["version"] + 1}
            await change(wide, panel_item, {"id": item["id"]}, values)
            await carry_over(wide, writes, item)
        await touch(wide, sitting, state=SittingState.MINUTED.value)
        await tell(writes, wide, "panel.minutes_approved", sitting, data={"number": number})
        await writes.flush(wide)


def as_document(minutes: Row, items: list[Row]) -> Document:
    """Minutes as a document, with those of their items that the reader may have."""
    return minutes_document(minutes["content"], items, london_date(minutes["approved_at"] or minutes["drafted_at"]))


async def _item(wide: BrokerSession, item: Row, names: dict[str, str]) -> tuple[UUID, dict[str, Any]]:
    """What the minutes say of an item; what they know of the child is what was circulated."""
    decision = await panel_items.standing_decision(wide, item["id"])
    known = (item["content"] or {})[item["kind"]]
    pupil = known.get("pupil")
    actions = await panel_items.actions_of(wide, [decision["id"]]) if decision else []
    content = {
        "kind": item["kind"],
        "title": known["title"] if item["kind"] == ItemKind.BLOCKAGE else known["reference"],
        "initials": initials(pupil["given_name"], pupil["family_name"]) if pupil else None,
        "year_group": known.get("year_group"),
        "outcome": decision["outcome"] if decision else ItemState.NOT_REACHED.value,
        "effect": decision["effect"] if decision else None,
        "reason": decision["reason"] if decision else None,
        "redirected_to": decision["detail"]["redirected_to"] if decision else None,
        "question": decision["detail"]["question"] if decision else None,
        "decided_by": decision["decided_by_name"] if decision else None,
        "actions": [
            {"owner_name": names[str(action["owner_id"])], "what": action["what"], "due_on": action["due_on"]}
            for action in actions
            if action["state"] != "dropped"
        ],
    }
    return item["id"], content
