"""The agenda of a sitting: what is put on it besides referrals, its order, and who is left out of an item."""

from collections.abc import Callable, Sequence
from uuid import UUID

from app.access import Kind
from app.db import BrokerSession, WriteSession, broker
from app.domain.panels import ItemKind, ItemSource, ItemState, SittingState
from app.domain.referral import State
from app.errors import ActionNotAvailable, FieldFault, Forbidden, Invalid, NotFound
from app.models.panels import panel_item
from app.queries import areas, panel_items, referrals
from app.queries.writes import Writes, change
from app.services import events, history
from app.services.allocation import allocate_waiting
from app.services.panels.acting import Row, lock_sitting, seen_panel, tell, touch
from app.services.panels.sending import list_item
from app.services.referrals.acting import parties

Ids = tuple[UUID, UUID]
"""(panel, sitting)."""


async def add_blockage(
    session: WriteSession,
    writes: Writes,
    ids: Ids,
    *,
    title: str,
    words: str,
    area_id: UUID | None,
    minutes: int | None,
) -> UUID:
    """Put something that stands in families' way on an open agenda; the item's id.

    Raises NotFound, ActionNotAvailable, Invalid for an area that is not there.
    """
    async with broker(session) as wide:
        sitting = await lock_sitting(wide, *ids, SittingState.PLANNED)
        if area_id is not None and not await areas.known_areas(wide, [area_id]):
            raise Invalid(errors=[FieldFault("/area_id", "unknown", "There is no area of this id.")])
        item_id = await list_item(
            wide, writes, await seen_panel(wide, ids[0]), ItemKind.BLOCKAGE, words, ItemSource.OFFICER,
            title=title, area_id=area_id, minutes=minutes, sitting=sitting,
        )  # fmt: skip
        await tell(writes, wide, "panel.item_added", sitting, audience=(), data={"item_id": str(item_id)})
        await writes.flush(wide)
        return item_id


async def order_agenda(
    session: WriteSession, writes: Writes, ids: Ids, order: Sequence[tuple[UUID, int]], check: Callable[[int], None]
) -> None:
    """Give an open agenda its order and the minutes of each item; every item is named once.

    Raises NotFound, ActionNotAvailable, Invalid, and what `check` of the sitting's version raises.
    """
    sitting = await lock_sitting(session, *ids, SittingState.PLANNED)
    check(sitting["version"])
    listed = {item["id"] for item in await panel_items.agenda(session, sitting["id"])}
    named = [item_id for item_id, _ in order]
    if len(named) != len(set(named)) or set(named) != listed:
        raise Invalid(errors=[FieldFault("/items", "not_the_agenda", "Name every item of the agenda, each once.")])
    await panel_items.order_items(session, sitting["id"], order)
    await touch(session, sitting)
    await tell(writes, session, "panel.agenda_ordered", sitting, audience=())


async def take_item_off(session: WriteSession, writes: Writes, ids: Ids, item_id: UUID, reason: str) -> None:
    """Take an item off an open agenda; a referral waits again, with its date. Raises NotFound, ActionNotAvailable."""
    async with broker(session) as wide:
        sitting = await lock_sitting(wide, *ids, SittingState.PLANNED)
        item = await panel_items.lock_item(wide, sitting["id"], item_id)
        if item is None:
            raise NotFound
        if item["state"] != ItemState.LISTED:
            raise ActionNotAvailable("The item is off the agenda already.")
        await change(
            wide, panel_item, {"id": item_id}, {"state": ItemState.TAKEN_OFF.value, "version": item["version"] + 1}
        )
        await touch(wide, sitting)
        await tell(writes, wide, "panel.item_taken_off", sitting, audience=(), data={"item_id": str(item_id)})
        if item["referral_id"] is not None:
            await _let_wait(wide, writes, item["referral_id"], reason)
        await allocate_waiting(wide, writes, "taken_off_agenda")
        await writes.flush(wide)


async def _let_wait(wide: BrokerSession, writes: Writes, referral_id: UUID, reason: str) -> None:
    referral = await referrals.lock(wide, referral_id)
    if referral is None or referral["state"] != State.IN_PANEL:
        return
    event_id = events.tell(
        writes,
        wide,
        "referral.waiting",
        subject=("referral", referral_id, history.next_version(referral)),
        audience=await parties(wide, referral),
        referral_id=referral_id,
    )
    await history.move(
        wide, writes, referral, State.WAITING, event_id=event_id, event_type="referral.waiting", reason=reason
    )


async def declare_conflict(
    session: WriteSession, writes: Writes, ids: Ids, item_id: UUID, organisation_id: UUID | None, words: str
) -> None:
    """Leave a member out of an item in which it has an interest: it reads nothing of it from now on.

    A member declares its own, once it can see the item; an officer any member's, also before circulation. Raises
    NotFound, ActionNotAvailable, Forbidden for another's, Invalid for an organisation that is no member.
    """
    member_id = organisation_id or session.organisation_id
    if session.kind is not Kind.AUTHORITY and member_id != session.organisation_id:
        raise Forbidden("A member declares its own conflict of interest.")
    if await panel_items.get_item(session, ids[1], item_id) is None:
        raise NotFound
    async with broker(session) as wide:
        sitting = await lock_sitting(wide, *ids, SittingState.PLANNED, SittingState.CIRCULATED, SittingState.HELD)
        item = await panel_items.lock_item(wide, sitting["id"], item_id)
        if item is None:
            raise NotFound
        if member_id not in sitting["member_ids"]:
            raise Invalid(errors=[FieldFault("/organisation_id", "not_a_member", "Only a member has a conflict.")])
        if str(member_id) in left_out(item):
            raise ActionNotAvailable("That conflict of interest is declared already.")
        conflict = {"organisation_id": str(member_id), "note": words, "at": wide.now.isoformat()}
        await panel_items.leave_out(wide, item, member_id, conflict)
        await touch(wide, sitting)
        await tell(
            writes, wide, "panel.conflict_declared", sitting, audience=[member_id], data={"item_id": str(item_id)}
        )
        await writes.flush(wide)


def left_out(item: Row) -> set[str]:
    """The ids of the members that are left out of an item."""
    return {conflict["organisation_id"] for conflict in item["conflicts"]}


async def add_later_fact(session: WriteSession, writes: Writes, ids: Ids, item_id: UUID, words: str) -> None:
    """Tell the members something that was learnt after circulation: what was frozen stays, and this stands beside it.

    Raises NotFound, ActionNotAvailable.
    """
    async with broker(session) as wide:
        sitting = await lock_sitting(wide, *ids, SittingState.CIRCULATED, SittingState.HELD)
        item = await panel_items.lock_item(wide, sitting["id"], item_id)
        if item is None:
            raise NotFound
        if item["state"] != ItemState.LISTED:
            raise ActionNotAvailable("The panel has decided of this item already.")
        facts = [*item["later_facts"], {"at": wide.now.isoformat(), "words": words}]
        await change(wide, panel_item, {"id": item_id}, {"later_facts": facts, "version": item["version"] + 1})
        await touch(wide, sitting)
        readers = [one for one in sitting["member_ids"] if str(one) not in left_out(item)]
        await tell(writes, wide, "panel.fact_added", sitting, audience=readers, data={"item_id": str(item_id)})
        await writes.flush(wide)
