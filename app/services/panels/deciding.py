"""Deciding of an item: by the chair's organisation or an officer, once, while its sitting is held.

A decision takes effect in its own transaction. Until the minutes are approved an officer may correct it by a further
one, dated and with its own reason, where what it did can still be changed; nothing is overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.access import Kind
from app.db import BrokerSession, WriteSession, broker
from app.domain.clocks import close_of
from app.domain.panels import (
    Deciding,
    Effect,
    ItemKind,
    ItemState,
    PanelOutcome,
    SittingState,
    Task,
    check_correctable,
    decision_faults,
)
from app.domain.referral import State
from app.errors import ActionNotAvailable, Conflict, FieldFault, Forbidden, NotFound
from app.ids import new_id
from app.models.panels import panel_action, panel_decision, panel_item
from app.queries import panel_items, panels, pre_exclusion, referrals
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services.allocation import allocate_waiting
from app.services.faults import refuse
from app.services.obligations import cancel, owe
from app.services.panels.acting import Row, lock_sitting, seen_panel, tell, touch
from app.services.panels.agenda import left_out
from app.services.panels.effects import Done, Ruling, decidable, take_effect, undo
from app.services.panels.sending import carry_over
from app.services.referrals.acting import Officer


@dataclass(frozen=True, slots=True)
class Decided:
    """What is said of an item."""

    deciding: Deciding
    reason: str
    person: Officer
    corrects_id: UUID | None = None
    referral_version: int | None = None


@dataclass(frozen=True, slots=True)
class _Before:
    """An item that is being decided, with its sitting locked."""

    sitting: Row
    item: Row
    ruling: Ruling
    corrected: Row | None
    """The decision that stood of it until now."""


async def decide(session: WriteSession, writes: Writes, ids: tuple[UUID, UUID, UUID], decided: Decided) -> UUID:
    """Decide of an item, and do to its referral what was decided; the decision's id. `ids` are (panel, sitting, item).

    Raises NotFound to whoever does not see the item, Forbidden to a member that has not the chair, ActionNotAvailable
    for an item or a referral of which nothing can be decided (now, or any more), Conflict when the referral or the
    decision is not as it was read, Invalid, and OverrideRefused where no rule lets the lot have the family.
    """
    await _check_chair(session, ids, decided)
    async with broker(session) as wide:
        before = await _open(wide, ids, decided)
        refuse(decision_faults(ItemKind(before.item["kind"]), decided.deciding, wide.today))
        await _check_owners(wide, before, decided.deciding.actions)
        referral = await _referral(session, wide, writes, before, decided)
        await change(
            wide,
            panel_item,
            {"id": before.item["id"]},
            {"state": ItemState.DECIDED.value, "version": before.item["version"] + 1},
        )
        done = await _done(wide, writes, referral, before)
        if done.effect is Effect.HELD:
            await carry_over(wide, writes, before.item)
        decision_id = await _keep(wide, writes, before, decided, done)
        await allocate_waiting(wide, writes, "panel")
        await writes.flush(wide)
        return decision_id


async def _check_chair(session: WriteSession, ids: tuple[UUID, UUID, UUID], decided: Decided) -> None:
    sitting = await panels.get_sitting(session, *ids[:2])
    if sitting is None or await panel_items.get_item(session, *ids[1:]) is None:
        raise NotFound
    if session.kind is Kind.AUTHORITY:
        return
    if sitting["chair_id"] != session.organisation_id:
        raise Forbidden("Only the chair's organisation or an officer records what a panel decides.")
    if decided.corrects_id is not None:
        raise Forbidden("Only an officer corrects what a panel decided.")


async def _open(wide: BrokerSession, ids: tuple[UUID, UUID, UUID], decided: Decided) -> _Before:
    sitting = await lock_sitting(wide, *ids[:2], SittingState.HELD)
    item = await panel_items.lock_item(wide, *ids[1:])
    panel = await seen_panel(wide, ids[0])
    if item is None:
        raise NotFound
    corrected = await panel_items.standing_decision(wide, item["id"])
    if corrected is not None and decided.corrects_id is None:
        raise ActionNotAvailable("The panel has decided of this item: a correction names the decision (corrects_id).")
    if decided.corrects_id != (corrected["id"] if corrected else None):
        raise Conflict("Another decision stands of this item: read it first.")
    if item["state"] not in (ItemState.LISTED, ItemState.DECIDED):
        raise ActionNotAvailable("The item is no longer before the panel: the referral was withdrawn or taken off.")
    return _Before(sitting, item, Ruling(decided.deciding, decided.person, decided.reason, panel["name"]), corrected)


async def _check_owners(wide: BrokerSession, before: _Before, tasks: Sequence[Task]) -> None:
    """An action goes to a member that may read the item, to the authority, or to the child's own school."""
    owners = {one for one in before.sitting["member_ids"] if str(one) not in left_out(before.item)}
    owners |= {await authority_organisation(wide), await _school_of(wide, before.item)}
    refuse(
        [
            FieldFault(f"/actions/{index}/owner_id", "not_a_member", "This organisation has no part in the item.")
            for index, task in enumerate(tasks)
            if task.owner_id not in owners
        ]
    )


async def _school_of(wide: BrokerSession, item: Row) -> UUID | None:
    if item["review_id"] is not None:
        return await pre_exclusion.school_of(wide, item["review_id"])
    referral = await referrals.visible(wide, item["referral_id"]) if item["referral_id"] else None
    return referral["school_id"] if referral else None


async def _referral(
    session: WriteSession, wide: BrokerSession, writes: Writes, before: _Before, decided: Decided
) -> Row | None:
    """The referral of an item, before the panel; what an earlier decision did to it is taken back."""
    item, corrected = before.item, before.corrected
    if corrected is None:
        return None if item["referral_id"] is None else await decidable(wide, item, decided.referral_version)
    state = State(item["referral_state"]) if item["referral_id"] else None
    check_correctable(Effect(corrected["effect"]), state, decided.deciding.outcome)
    for action_id in await panel_items.drop_actions(wide, corrected["id"]):
        await cancel(wide, action_id, ["panel_action"])
    return await undo(session, wide, writes, item, corrected, decided.person, decided.reason)


async def _done(wide: BrokerSession, writes: Writes, referral: Row | None, before: _Before) -> Done:
    if referral is not None:
        return await take_effect(wide, writes, referral, before.item, before.ruling)
    return Done(Effect.HELD if before.ruling.deciding.outcome is PanelOutcome.HOLD else Effect.RECORDED)


async def _keep(wide: BrokerSession, writes: Writes, before: _Before, decided: Decided, done: Done) -> UUID:
    """Queue the decision, its actions and its event; the decision's id."""
    sitting, item, deciding = before.sitting, before.item, decided.deciding
    decision_id = new_id()
    details = {
        "lot_id": deciding.lot_id,
        "redirected_to": deciding.redirected_to,
        "question": deciding.question,
        "offer_id": done.offer_id,
    }
    writes.add(
        panel_decision,
        id=decision_id,
        sitting_id=sitting["id"],
        item_id=item["id"],
        corrects_id=before.corrected["id"] if before.corrected else None,
        outcome=deciding.outcome.value,
        effect=done.effect.value,
        reason=decided.reason,
        detail=details,
        decided_at=wide.now,
        decided_by_name=decided.person.name,
        decided_by_role=decided.person.role,
        organisation_id=wide.organisation_id,
        client_id=wide.principal.client_id,
    )
    for task in deciding.actions:
        action_id = new_id()
        writes.add(
            panel_action,
            id=action_id,
            sitting_id=sitting["id"],
            item_id=item["id"],
            decision_id=decision_id,
            owner_id=task.owner_id,
            what=task.what,
            due_on=task.due_on,
            state="open",
        )
        owe(
            writes, wide, "panel_action", task.owner_id,
            subject=("panel_action", action_id), clock="working_day", due_at=close_of(task.due_on),
        )  # fmt: skip
    await touch(wide, sitting)
    readers = [one for one in sitting["member_ids"] if str(one) not in left_out(item)]
    if item["review_id"] is not None:
        readers.append(await pre_exclusion.school_of(wide, item["review_id"]))
    readers += [task.owner_id for task in deciding.actions]
    await tell(
        writes,
        wide,
        "panel.decided",
        sitting,
        audience=readers,
        data={
            "item_id": str(item["id"]),
            "decision_id": str(decision_id),
            "outcome": deciding.outcome.value,
            "effect": done.effect.value,
        },
    )
    return decision_id
