"""The plan of action of a school for a term: what will be done, by whom and by when."""

from datetime import date
from typing import Any
from uuid import UUID

from app.clock import london_moment
from app.db import BrokerSession, ReadSession, WriteSession, broker
from app.domain.clocks import due_at
from app.domain.link_days import ActionState, term_label
from app.errors import ActionNotAvailable, FieldFault, NotFound
from app.ids import new_id
from app.models.link_days import link_day_action
from app.queries import link_days as queries
from app.queries import writes as writing
from app.queries.parties import authority_organisation
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services import events, obligations
from app.services.faults import refuse
from app.services.link_days.row import Check, find_day

Row = dict[str, Any]


async def find_action(session: ReadSession, action_id: UUID) -> Row:
    """An action that the caller may see. Raises NotFound."""
    row = await queries.get_action(session, action_id)
    if row is None:
        raise NotFound
    return dict(row)


async def add_action(
    session: WriteSession, writes: Writes, link_day_id: UUID, *, what: str, owed_by: str, due_on: date
) -> UUID:
    """Add an action that was agreed on a link day, or for one; its id. `owed_by` is `school` or `provider`.

    Raises NotFound, and Invalid for a day that has passed.
    """
    day = await find_day(session, link_day_id)
    async with broker(session) as wide:
        if due_on < wide.today:
            sentence = f"It is due today ({wide.today}) or later."
            refuse([FieldFault("/due_on", "in_the_past", sentence)])
        calendar = await calendar_of_school(wide, day["school_id"])
        row: Row = {
            "id": new_id(),
            "link_day_id": link_day_id,
            "lot_id": day["lot_id"],
            "provider_id": day["provider_id"],
            "school_id": day["school_id"],
            "owed_by_id": day[f"{owed_by}_id"],
            "term": term_label(calendar, due_on),
            "what": what,
            "due_on": due_on,
            "state": ActionState.OPEN.value,
            "created_at": wide.now,
        }
        writes.add(link_day_action, **row)
        obligations.owe(
            writes,
            wide,
            "link_day_action",
            row["owed_by_id"],
            subject=("link_day_action", row["id"]),
            clock="school_day",
            due_at=due_at("school_day", calendar, london_moment(due_on), 0),
        )
        await _tell(wide, writes, "link_day_action.added", {**row, "version": 1})
        await writes.flush(wide)
    action_id: UUID = row["id"]
    return action_id


async def finish_action(session: WriteSession, writes: Writes, action_id: UUID, check: Check) -> None:
    """Say that an action was done today. Raises NotFound, and ActionNotAvailable when it is not open."""
    await find_action(session, action_id)
    async with broker(session) as wide:
        row = await _lock_open(wide, action_id, check)
        await _change(wide, row, state=ActionState.DONE.value, done_on=wide.today)
        await obligations.meet(wide, "link_day_action", action_id)
        await _tell(wide, writes, "link_day_action.done", row)
        await writes.flush(wide)


async def cancel_action(session: WriteSession, writes: Writes, action_id: UUID, check: Check) -> None:
    """Say that an action is no longer wanted. Raises NotFound, and ActionNotAvailable when it is not open."""
    await find_action(session, action_id)
    async with broker(session) as wide:
        row = await _lock_open(wide, action_id, check)
        await _change(wide, row, state=ActionState.CANCELLED.value)
        await obligations.cancel(wide, action_id, ["link_day_action"])
        await _tell(wide, writes, "link_day_action.cancelled", row)
        await writes.flush(wide)


async def _lock_open(wide: BrokerSession, action_id: UUID, check: Check) -> Row:
    row = await queries.lock_action(wide, action_id)
    if row is None:
        raise NotFound
    check(row["version"])
    if row["state"] != ActionState.OPEN.value:
        raise ActionNotAvailable(f"The action is {row['state']}.")
    return row


async def _change(wide: BrokerSession, row: Row, **columns: object) -> None:
    values: Row = {**columns, "version": row["version"] + 1}
    await writing.change(wide, link_day_action, {"id": row["id"]}, values)
    row.update(values)


async def _tell(wide: BrokerSession, writes: Writes, event_type: str, row: Row) -> None:
    events.tell(
        writes,
        wide,
        event_type,
        subject=("link_day_action", row["id"], row["version"]),
        audience=[await authority_organisation(wide), row["provider_id"], row["school_id"]],
        data={"link_day_id": str(row["link_day_id"]), "term": row["term"]},
    )
