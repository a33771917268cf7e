"""How things come before a panel and leave it: sent by an officer, carried over, answered, taken back.

A referral before a panel stands on exactly one agenda, or waits for the panel's next sitting. It keeps its date and
its band, and is offered nothing meanwhile.
"""

from typing import Final
from uuid import UUID

from app.db import BrokerSession, WriteSession, broker
from app.domain.panels import ItemKind, ItemSource, ItemState
from app.domain.referral import State
from app.errors import ActionNotAvailable, FieldFault, Invalid
from app.ids import new_id
from app.models.panels import panel_item
from app.queries import panel_items, panels
from app.queries.writes import Writes, change
from app.services import events, history
from app.services.allocation import allocate_waiting
from app.services.obligations import meet
from app.services.panels.acting import Row, seen_panel, touch
from app.services.referrals.acting import Officer, lock_open, note, open_to, parties

ITEMS_AT_MOST: Final = 60
"""On one agenda."""


async def send_to_panel(
    session: WriteSession, writes: Writes, referral_id: UUID, panel_id: UUID | None, reason: str, officer: Officer
) -> None:
    """Put a referral that waits before a panel, as an officer: the one named, or that of its area or the authority.

    Raises NotFound, ActionNotAvailable, Invalid for a panel that is not there or no longer meets.
    """
    await open_to(session, referral_id, "to-panel")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "to-panel")
        panel = await _panel(wide, referral, panel_id)
        await put_before_panel(wide, writes, referral, panel, reason, ItemSource.OFFICER)
        note(wide, writes, referral_id, reason, {"officer": {"from": None, "to": officer.plain()}})
        await allocate_waiting(wide, writes, "sent_to_panel")
        await writes.flush(wide)


async def answered(wide: BrokerSession, writes: Writes, referral: Row, panel_id: str | None) -> bool:
    """Bring a submitted referral whose sender answered a panel's question back before that panel, if it still meets.

    `panel_id` is that of the question; None where an officer asked it. Whether that was done.
    """
    panel = await panels.get_panel(wide, UUID(panel_id)) if panel_id else None
    if panel is None or not panel["active"]:
        return False
    await put_before_panel(wide, writes, referral, panel, "", ItemSource.ANSWERED)
    return True


async def put_before_panel(
    wide: BrokerSession, writes: Writes, referral: Row, panel: Row, words: str, source: ItemSource
) -> None:
    """Move a locked referral before a panel, and list it for the panel's next sitting."""
    event_id = events.tell(
        writes,
        wide,
        "referral.sent_to_panel",
        subject=("referral", referral["id"], history.next_version(referral)),
        audience=await parties(wide, referral),
        referral_id=referral["id"],
        data={"panel_id": str(panel["id"]), "by": source.value},
    )
    await history.move(
        wide, writes, referral, State.IN_PANEL,
        # Whether a lot can serve it is judged anew when it waits again.
        event_id=event_id, event_type="referral.sent_to_panel", reason=source.value, unplaceable=False,
    )  # fmt: skip
    await meet(wide, "place_referral", referral["id"])
    await list_item(
        wide, writes, panel, ItemKind.REFERRAL, words, source, referral_id=referral["id"], area_id=referral["area_id"]
    )


async def list_item(
    wide: BrokerSession,
    writes: Writes,
    panel: Row,
    kind: ItemKind,
    words: str,
    source: ItemSource,
    *,
    referral_id: UUID | None = None,
    review_id: UUID | None = None,
    area_id: UUID | None = None,
    title: str | None = None,
    minutes: int | None = None,
    carried_from_id: UUID | None = None,
    sitting: Row | None = None,
) -> UUID:
    """Write one item at the end of an agenda: of a locked sitting, else of the panel's next; its id.

    Without a sitting to come it waits for one. Raises ActionNotAvailable for an agenda that is full.
    """
    await writes.flush(wide)
    sitting = sitting or await panels.next_sitting(wide, panel["id"], wide.now)
    number, last = await panel_items.item_count(wide, sitting["id"]) if sitting else (0, 0)
    if number >= ITEMS_AT_MOST:
        raise ActionNotAvailable(f"The agenda has {ITEMS_AT_MOST} items already: make a further sitting.")
    item_id = new_id()
    writes.add(
        panel_item,
        id=item_id,
        panel_id=panel["id"],
        sitting_id=sitting["id"] if sitting else None,
        position=last + 1,
        minutes=minutes or panel["minutes_per_item"],
        kind=kind.value,
        state=ItemState.LISTED.value,
        source=source.value,
        referral_id=referral_id,
        review_id=review_id,
        area_id=area_id,
        title=title,
        words=words,
        listed_by_id=wide.organisation_id,
        listed_at=wide.now,
        carried_from_id=carried_from_id,
    )
    if sitting is not None:
        await touch(wide, sitting)
    await writes.flush(wide)
    return item_id


async def carry_over(wide: BrokerSession, writes: Writes, item: Row) -> UUID:
    """List an item, with which its own sitting has done, for the panel's next; the new item's id.

    A conflict of interest that was declared for it goes with it.
    """
    item_id = await list_item(
        wide,
        writes,
        await seen_panel(wide, item["panel_id"]),
        ItemKind(item["kind"]),
        item["words"],
        ItemSource.CARRIED_OVER,
        referral_id=item["referral_id"],
        review_id=item["review_id"],
        area_id=item["area_id"],
        title=item["title"],
        minutes=item["minutes"],
        carried_from_id=item["id"],
    )
    if item["conflicts"]:
        await change(wide, panel_item, {"id": item_id}, {"conflicts": item["conflicts"]})
    return item_id


async def relist(wide: BrokerSession, writes: Writes, referral: Row) -> None:
    """List a referral that a reopened closure has put before its panel again."""
    panel = await panels.panel_of_referral(wide, referral["id"])
    await list_item(
        wide, writes, panel, ItemKind.REFERRAL, "", ItemSource.REOPENED,
        referral_id=referral["id"], area_id=referral["area_id"],
    )  # fmt: skip


async def take_off(wide: BrokerSession, referral_id: UUID) -> None:
    """Take a referral that was withdrawn off the agenda on which it stands, and out of every member's sight."""
    await panel_items.close_to_members(wide, referral_id=referral_id)
    item = await panel_items.listed_item_of(wide, referral_id)
    if item is not None:
        values = {"state": ItemState.TAKEN_OFF.value, "version": item["version"] + 1}
        await change(wide, panel_item, {"id": item["id"]}, values)


async def _panel(wide: BrokerSession, referral: Row, panel_id: UUID | None) -> Row:
    if panel_id is None:
        found = await panels.panel_of_area(wide, referral["area_id"])
        sentence = "Neither the referral's area nor the authority has a panel: make one, or name another."
    else:
        found = await panels.get_panel(wide, panel_id)
        sentence = "There is no panel of this id that still meets."
    if found is None or not found["active"]:
        raise Invalid(errors=[FieldFault("/panel_id", "unknown", sentence)])
    return found
