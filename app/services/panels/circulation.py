"""Circulating an agenda: its items are frozen, and the sitting's members read them from then on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.db import BrokerSession, WriteSession, broker
from app.domain.panels import ItemKind, SittingState, check_sitting_move
from app.errors import ActionNotAvailable
from app.queries import areas, panel_items, pre_exclusion
from app.queries.writes import Writes, to_json
from app.services.obligations import meet
from app.services.panels.acting import Row, lock_sitting, tell, touch
from app.services.panels.agenda import left_out
from app.services.policies import policy_today


async def circulate(
    session: WriteSession, writes: Writes, ids: tuple[UUID, UUID], check: Callable[[int], None]
) -> None:
    """Freeze an agenda and let the sitting's members read it. `ids` are (panel, sitting).

    A member with a declared conflict of interest is left out of that item. Raises NotFound; ActionNotAvailable for an
    agenda that is empty, circulated already or too late; and what `check` of the sitting's version raises.
    """
    async with broker(session) as wide:
        sitting = await lock_sitting(wide, *ids)
        check_sitting_move(SittingState(sitting["state"]), SittingState.CIRCULATED)
        check(sitting["version"])
        if wide.now >= sitting["sits_at"]:
            raise ActionNotAvailable("The sitting's time has come: move it to another day to circulate its agenda.")
        items = await panel_items.listed_items(wide, sitting["id"])
        if not items:
            raise ActionNotAvailable("Nothing stands on the agenda: put something on it, or cancel the sitting.")
        for item in items:
            readers = [one for one in sitting["member_ids"] if str(one) not in left_out(item)]
            await panel_items.freeze_item(wide, item["id"], to_json(await _content(wide, item)), readers)
        policy = await policy_today(wide)
        await touch(
            wide,
            sitting,
            state=SittingState.CIRCULATED.value,
            circulated_at=wide.now,
            access_until=sitting["sits_on"] + timedelta(days=policy.panel_access_days),
        )
        await meet(wide, "panel_circulation", sitting["id"])
        await tell(writes, wide, "panel.circulated", sitting, data={"item_count": len(items)})
        await writes.flush(wide)


async def _content(wide: BrokerSession, item: Row) -> dict[str, Any]:
    """What an item says now, under the name of its kind."""
    match ItemKind(item["kind"]):
        case ItemKind.REFERRAL:
            found = await panel_items.referral_content(wide, item["referral_id"])
        case ItemKind.PRE_EXCLUSION_REVIEW:
            found = await pre_exclusion.panel_content(wide, item["review_id"])
        case ItemKind.BLOCKAGE:
            area = await areas.get_area(wide, item["area_id"]) if item["area_id"] else None
            found = {"title": item["title"], "area_name": area["name"] if area else None}
    return {item["kind"]: {**found, "words": item["words"]}}
