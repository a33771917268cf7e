"""Sittings of a panel: made ahead for the term, moved, cancelled, and who takes the chair."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from app.clock import london_moment
from app.db import BrokerSession, WriteSession, broker
from app.domain.calendar import Calendar
from app.domain.clocks import close_of
from app.domain.panel_dates import Recurrence, meeting_days, why_no_sitting
from app.domain.panels import SittingState, check_sitting_move, turns
from app.errors import ActionNotAvailable, AlreadyExists, FieldFault, Invalid, NotFound
from app.ids import new_id
from app.models.panels import panel as panel_table
from app.models.panels import panel_sitting
from app.queries import panel_items, panels
from app.queries.parties import authority_organisation, calendar_of
from app.queries.writes import Writes, change
from app.services import events
from app.services.obligations import cancel as call_off
from app.services.obligations import owe, put_off
from app.services.panels.acting import Row, lock_sitting, noted, seen_panel, tell, touch
from app.services.policies import policy_today

LONGEST_AHEAD: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class When:
    """A day and a time of the wall clock in England, `HH:MM`."""

    on: date
    starts_at: str

    def moment(self) -> datetime:
        """The aware moment."""
        hour, minute = self.starts_at.split(":")
        return london_moment(self.on, int(hour), int(minute))


async def make_sittings(session: WriteSession, writes: Writes, panel_id: UUID, until: date) -> list[UUID]:
    """Make a panel's sittings by its rule up to a day, that day included; the ids of those that were not there yet.

    Days in school holidays and bank holidays are left out. Raises NotFound, ActionNotAvailable for a panel that no
    longer meets, and Invalid for a day in the past or more than `LONGEST_AHEAD` ahead.
    """
    async with broker(session) as wide:
        panel = await _active(wide, panel_id)
        if not wide.today < until <= wide.today + LONGEST_AHEAD:
            sentence = f"State a day after today, at most {LONGEST_AHEAD.days} days ahead."
            raise Invalid(errors=[FieldFault("/until", "out_of_range", sentence)])
        calendar = await calendar_of(wide)
        rule = Recurrence(panel["first_on"], panel["weekday"], panel["every_weeks"])
        taken = await panels.days_taken(wide, panel_id)
        days = [
            When(on, panel["starts_at"])
            for on in meeting_days(calendar, rule, wide.today, until)
            if on not in taken and When(on, panel["starts_at"]).moment() > wide.now
        ]
        return await _make(wide, writes, panel, calendar, days)


async def add_sitting(session: WriteSession, writes: Writes, panel_id: UUID, on: date, starts_at: str | None) -> UUID:
    """Make one sitting on a day outside the rule; its id.

    Raises NotFound, ActionNotAvailable, Invalid for a day on which no panel meets, and AlreadyExists where it does.
    """
    async with broker(session) as wide:
        panel = await _active(wide, panel_id)
        calendar = await calendar_of(wide)
        when = When(on, starts_at or panel["starts_at"])
        _check_when(wide, calendar, when)
        if on in await panels.days_taken(wide, panel_id):
            raise AlreadyExists("The panel already has a sitting for that day.")
        (sitting_id,) = await _make(wide, writes, panel, calendar, [when])
        return sitting_id


async def _active(wide: BrokerSession, panel_id: UUID) -> Row:
    panel = await panels.lock_panel(wide, panel_id)
    if panel is None:
        raise NotFound
    if not panel["active"]:
        raise ActionNotAvailable("The panel no longer meets.")
    return panel


async def _make(wide: BrokerSession, writes: Writes, panel: Row, calendar: Calendar, days: list[When]) -> list[UUID]:
    if not days:
        return []
    last = await panels.last_turn(wide, panel["id"])
    ahead = (await policy_today(wide)).panel_circulation_working_days
    officers = await authority_organisation(wide)
    made = []
    for when, turn in zip(days, turns(panel["chair_order"], last, len(days)), strict=True):
        sitting_id = new_id()
        made.append(sitting_id)
        writes.add(
            panel_sitting,
            id=sitting_id,
            panel_id=panel["id"],
            state=SittingState.PLANNED.value,
            planned_on=when.on,
            sits_on=when.on,
            sits_at=when.moment(),
            turn_id=turn,
            chair_id=turn,
            member_ids=list(panel["member_ids"]),
        )
        owe(
            writes, wide, "panel_circulation", officers, subject=("panel", sitting_id), clock="working_day",
            due_at=close_of(_circulated_by(wide, calendar, when.on, ahead)),
        )  # fmt: skip
    await change(wide, panel_table, {"id": panel["id"]}, {"version": panel["version"] + 1})
    events.tell(
        writes,
        wide,
        "panel.sittings_planned",
        subject=("panel", panel["id"], panel["version"] + 1),
        audience=[officers, *panel["member_ids"]],
        data={"panel_id": str(panel["id"]), "sitting_ids": [str(one) for one in made]},
    )
    await writes.flush(wide)
    await gather(wide, panel["id"])
    return made


async def gather(wide: BrokerSession, panel_id: UUID) -> None:
    """Put what waits for a sitting of a panel on the agenda of its next one, if there is one now."""
    waiting = await panel_items.without_sitting(wide, panel_id)
    sitting = await panels.next_sitting(wide, panel_id, wide.now) if waiting else None
    if sitting is not None:
        await panel_items.put_on(wide, waiting, sitting["id"], (await panel_items.item_count(wide, sitting["id"]))[1])
        await touch(wide, sitting)


async def move_sitting(
    session: WriteSession, writes: Writes, ids: tuple[UUID, UUID], on: date, starts_at: str | None, reason: str
) -> None:
    """Put a sitting that was not held on another day. `ids` are (panel, sitting).

    Raises NotFound, ActionNotAvailable, Invalid for a day on which no panel meets, AlreadyExists where it does.
    """
    async with broker(session) as wide:
        sitting = await lock_sitting(wide, *ids, SittingState.PLANNED, SittingState.CIRCULATED)
        calendar = await calendar_of(wide)
        when = When(on, starts_at or (await seen_panel(wide, ids[0]))["starts_at"])
        _check_when(wide, calendar, when)
        taken = await panels.days_taken(wide, ids[0]) - {sitting["sits_on"], sitting["planned_on"]}
        if on in taken:
            raise AlreadyExists("The panel already has a sitting for that day.")
        policy = await policy_today(wide)
        later = {} if sitting["access_until"] is None else {"access_until": on + timedelta(policy.panel_access_days)}
        before = sitting["sits_on"]
        await touch(
            wide, sitting, sits_on=on, sits_at=when.moment(), changes=noted(wide, sitting, "moved", reason), **later
        )
        due_at = close_of(_circulated_by(wide, calendar, on, policy.panel_circulation_working_days))
        await put_off(wide, "panel_circulation", sitting["id"], due_at)
        await tell(
            writes, wide, "panel.sitting_moved", sitting, data={"from": before.isoformat(), "to": on.isoformat()}
        )
        await writes.flush(wide)


async def cancel_sitting(session: WriteSession, writes: Writes, ids: tuple[UUID, UUID], reason: str) -> None:
    """Cancel a sitting that was not held: its members read its items no more, which go on to the next agenda.

    Raises NotFound, ActionNotAvailable.
    """
    async with broker(session) as wide:
        sitting = await lock_sitting(wide, *ids)
        check_sitting_move(SittingState(sitting["state"]), SittingState.CANCELLED)
        await panel_items.close_to_members(wide, sitting_id=sitting["id"])
        await touch(
            wide, sitting, state=SittingState.CANCELLED.value, changes=noted(wide, sitting, "cancelled", reason)
        )
        await call_off(wide, sitting["id"], ["panel_circulation"])
        items = [item["id"] for item in await panel_items.listed_items(wide, sitting["id"])]
        await panel_items.put_on(wide, items, None, 0)
        await tell(writes, wide, "panel.sitting_cancelled", sitting)
        await writes.flush(wide)
        await gather(wide, sitting["panel_id"])


async def set_chair(session: WriteSession, writes: Writes, ids: tuple[UUID, UUID], chair_id: UUID, reason: str) -> None:
    """Let another member, or the authority, take the chair of a sitting. The rotation goes on as it was.

    Raises NotFound, ActionNotAvailable, Invalid for an organisation that has no seat.
    """
    sitting = await lock_sitting(session, *ids, SittingState.PLANNED, SittingState.CIRCULATED, SittingState.HELD)
    if chair_id not in {*sitting["member_ids"], await authority_organisation(session)}:
        raise Invalid(
            errors=[FieldFault("/chair_id", "not_a_member", "Only a member or the authority takes the chair.")]
        )
    await touch(session, sitting, chair_id=chair_id, changes=noted(session, sitting, "chair", reason))
    await tell(writes, session, "panel.chair_changed", sitting, data={"chair_id": str(chair_id)})


def _check_when(wide: BrokerSession, calendar: Calendar, when: When) -> None:
    if when.moment() <= wide.now or when.on > wide.today + LONGEST_AHEAD:
        sentence = f"State a time to come, at most {LONGEST_AHEAD.days} days ahead."
        raise Invalid(errors=[FieldFault("/on", "out_of_range", sentence)])
    shut = why_no_sitting(calendar, when.on)
    if shut is not None:
        raise Invalid(errors=[FieldFault("/on", *shut)])


def _circulated_by(wide: BrokerSession, calendar: Calendar, on: date, working_days: int) -> date:
    """The day on which the agenda is to be with the members; for a sitting made at short notice, today."""
    return max(calendar.add_working_days(on, -working_days), wide.today)
