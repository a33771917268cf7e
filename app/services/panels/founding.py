"""Panels themselves: who sits on one, how often it meets, and in whose turn the chair is."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from app.access import Kind
from app.db import ReadSession, WriteSession
from app.domain.panels import turns
from app.errors import FieldFault, NotFound
from app.ids import new_id
from app.models.panels import panel, panel_sitting
from app.queries import areas
from app.queries import panels as queries
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services.events import tell
from app.services.faults import refuse, unknown_ids

Facts = dict[str, Any]

_MAY_SIT: Final = frozenset({Kind.AGENCY, Kind.SCHOOL})
"""Providers never: they would read of families that are not theirs."""


async def create_panel(session: WriteSession, writes: Writes, facts: Facts) -> UUID:
    """Queue a panel; its id. Raises Invalid naming members, chairs or an area that do not fit."""
    await _check(session, facts)
    panel_id = new_id()
    writes.add(panel, id=panel_id, **facts)
    tell(
        writes,
        session,
        "panel.created",
        subject=("panel", panel_id, 1),
        audience=[await authority_organisation(session), *facts["member_ids"]],
        data={"panel_id": str(panel_id)},
    )
    return panel_id


async def change_panel(session: WriteSession, writes: Writes, seen: Facts, facts: Facts) -> None:
    """Change a locked panel. Its sittings to come, whose agendas are still open, have its members and their turns anew.

    Their days stay: move or cancel them, and make others. Raises Invalid.
    """
    after = {**seen, **facts}
    await _check(session, after)
    await change(session, panel, {"id": seen["id"]}, {**facts, "version": seen["version"] + 1})
    planned = await queries.planned_after(session, seen["id"], session.now)
    if planned and {"member_ids", "chair_order"} & set(facts):
        last = await queries.last_turn(session, seen["id"], planned[0]["sits_at"])
        for sitting, turn in zip(planned, turns(after["chair_order"], last, len(planned)), strict=True):
            # A chair that was chosen by hand stays, unless it is no longer of the panel.
            chosen = sitting["chair_id"] != sitting["turn_id"] and sitting["chair_id"] in after["chair_order"]
            values = {
                "member_ids": after["member_ids"],
                "turn_id": turn,
                "chair_id": sitting["chair_id"] if chosen else turn,
                "version": sitting["version"] + 1,
            }
            await change(session, panel_sitting, {"id": sitting["id"]}, values)
    tell(
        writes,
        session,
        "panel.changed",
        subject=("panel", seen["id"], seen["version"] + 1),
        audience=[await authority_organisation(session), *seen["member_ids"], *after["member_ids"]],
        data={"panel_id": str(seen["id"])},
    )


async def locked_panel(session: WriteSession, panel_id: UUID) -> Facts:
    """A panel, its row locked. Raises NotFound."""
    found = await queries.lock_panel(session, panel_id)
    if found is None:
        raise NotFound
    return found


async def _check(session: ReadSession, facts: Facts) -> None:
    members: Sequence[UUID] = facts["member_ids"]
    kinds = await queries.kinds_of(session, members)
    faults = unknown_ids("/member_ids", members, {one for one, kind in kinds.items() if kind in _MAY_SIT}, "member")
    may_chair = {*members, await authority_organisation(session)}
    faults += [
        FieldFault(f"/chair_order/{index}", "not_a_member", "Only a member or the authority takes the chair.")
        for index, one in enumerate(facts["chair_order"])
        if one not in may_chair
    ]
    if facts["area_id"] is not None and not await areas.known_areas(session, [facts["area_id"]]):
        faults.append(FieldFault("/area_id", "unknown", "There is no area of this id."))
    refuse(faults)
