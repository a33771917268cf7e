"""Pausing the work with a family, and going on with it: case, place, referral and clocks in one act."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.db import BrokerSession, WriteSession, broker
from app.domain.calendar import Calendar
from app.domain.interventions import InterventionState, check_pausable, check_state_move, resumed_state
from app.domain.pauses import PauseReason, check_pause, check_resume, moved_by, school_days_of
from app.domain.referral import State
from app.errors import ActionNotAvailable
from app.ids import new_id
from app.models.casework import intervention_pause
from app.queries import contacts, interventions
from app.queries import writes as writing
from app.queries.parties import calendar_of
from app.queries.writes import Writes
from app.services import history, household_cases, obligations
from app.services.followers import make_way
from app.services.interventions.case import (
    Check,
    Row,
    case_of,
    change,
    check_agreed,
    find_case,
    lock_case_and_allocation,
    tell,
)
from app.services.interventions.owed import dues, keep_due, owe_at
from app.services.interventions.planned_end import check_place, hold_until
from app.services.policies import policy_today

_REFERRAL_STATE = {InterventionState.PLANNED: State.ACCEPTED, InterventionState.ACTIVE: State.IN_PROGRESS}


@dataclass(frozen=True, slots=True)
class Asked:
    """A pause as the provider asks for it. `expected_last_on` is its last day, included."""

    reason: PauseReason
    note: str | None
    starts_on: date
    expected_last_on: date


async def pause_intervention(
    session: WriteSession, writes: Writes, intervention_id: UUID, asked: Asked, check: Check
) -> Row:
    """Let the work with a family stand still; the intervention.

    Its planned end and its booking move by the school days that the pause is expected to have, its clocks too, and the
    provider owes the end of the pause. While it lasts the place is promised to nobody. Raises NotFound,
    ActionNotAvailable, Invalid beyond policy, CapacityRefused when the place itself ends, and PlaceTaken when it is
    promised on.
    """
    await find_case(session, intervention_id)
    async with broker(session) as wide:
        row = await lock_case_and_allocation(wide, intervention_id, check)
        await check_agreed(wide, row)
        referral = await interventions.lock_referral(wide, row["referral_id"])
        booking = await interventions.lock_booking(wide, row["booking_id"])
        case = case_of(row)
        check_pausable(case, wide.today)
        if booking["follows_another"]:
            raise ActionNotAvailable(
                "The case before this one on the place has not been closed: the place is not free."
            )
        calendar = await calendar_of(wide)
        days = check_pause(
            case.pauses,
            calendar,
            await policy_today(wide),
            starts_on=asked.starts_on,
            expected_last_on=asked.expected_last_on,
            work_from_on=case.planned_start_on,
            last_met_on=await contacts.last_met_on(wide, intervention_id),
            today=wide.today,
        )
        new_end = moved_by(calendar, case.planned_end_on, days)
        if new_end > case.planned_end_on:
            check_place(booking, new_end)
            await hold_until(wide, booking, new_end)
        pause = {
            "id": new_id(),
            "reason": asked.reason.value,
            "note": asked.note,
            "starts_on": asked.starts_on,
            "expected_last_on": asked.expected_last_on,
            "school_days": days,
        }
        writes.add(
            intervention_pause,
            intervention_id=intervention_id,
            provider_id=row["provider_id"],
            paused_at=wide.now,
            **pause,
        )
        row["pauses"].append({**pause, "resumed_on": None})
        told: dict[str, object] = {
            "pause_id": str(pause["id"]),
            "reason": asked.reason.value,
            "starts_on": asked.starts_on,
        }
        await _turn(wide, writes, row, referral, InterventionState.PAUSED, new_end, told)
        owe_at(writes, wide, row, "pause_end", (await dues(wide, row))["pause_end"])
        await keep_due(wide, row)
        await writes.flush(wide)
    return row


async def resume_intervention(
    session: WriteSession, writes: Writes, intervention_id: UUID, resumed_on: date | None, check: Check
) -> Row:
    """Go on with the work, from today or a first day back a few days ago; the intervention.

    The planned end and the clocks are moved by the school days that were really missed, fewer or more than expected.
    Nobody is refused to go on: a family that was promised the place meanwhile begins later, as where a case runs over.
    Raises NotFound, ActionNotAvailable when the work is not paused, and Invalid.
    """
    await find_case(session, intervention_id)
    async with broker(session) as wide:
        row = await lock_case_and_allocation(wide, intervention_id, check)
        await check_agreed(wide, row)
        referral = await interventions.lock_referral(wide, row["referral_id"])
        booking = await interventions.lock_booking(wide, row["booking_id"])
        case = case_of(row)
        calendar, policy = await calendar_of(wide), await policy_today(wide)
        back_on = check_resume(case.open_pause, calendar, policy, resumed_on=resumed_on, today=wide.today)
        pause = row["pauses"][-1]
        days = school_days_of(calendar, pause["starts_on"], back_on)
        new_end = moved_by(calendar, case.planned_end_on, days - pause["school_days"])
        await _hold(wide, writes, booking, case.planned_end_on, new_end, calendar)
        ended = {"resumed_on": back_on, "school_days": days}
        await writing.change(wide, intervention_pause, {"id": pause["id"]}, {**ended, "resumed_at": wide.now})
        pause |= ended
        told: dict[str, object] = {"pause_id": str(pause["id"]), "resumed_on": back_on, "paused_school_days": days}
        await _turn(wide, writes, row, referral, resumed_state(case), new_end, told)
        await obligations.meet(wide, "pause_end", intervention_id)
        await keep_due(wide, row)
        await writes.flush(wide)
    return row


async def _hold(
    wide: BrokerSession, writes: Writes, booking: Row, end_before: date, new_end: date, calendar: Calendar
) -> None:
    """Hold the place until the new end. Whoever was promised it for an earlier day is moved on first."""
    if new_end == end_before:
        return
    next_starts_on = booking["next_starts_on"]
    if next_starts_on is not None and next_starts_on < new_end:
        await make_way(wide, writes, booking["id"], new_end, calendar, await policy_today(wide))
    await hold_until(wide, booking, new_end)


async def _turn(
    wide: BrokerSession,
    writes: Writes,
    row: Row,
    referral: Row,
    state: InterventionState,
    new_end: date,
    told: dict[str, object],
) -> None:
    """Move case and referral to where they now stand, told of by one event."""
    check_state_move(InterventionState(row["state"]), state)
    paused = state is InterventionState.PAUSED
    event_type = "intervention.paused" if paused else "intervention.resumed"
    await change(wide, row, state=state.value, planned_end_on=new_end)
    event_id = await tell(
        wide,
        writes,
        event_type,
        row,
        moves_referral=True,
        data={**told, "referral_version": history.next_version(referral)},
    )
    met = await household_cases.met_in(wide, row)
    target = State.ON_HOLD if paused else _referral_state(state, referral, met)
    await history.move(wide, writes, referral, target, event_id=event_id, event_type=event_type)
    for member in await household_cases.others_in(wide, row):
        target = State.ON_HOLD if paused else _referral_state(state, member, met)
        await household_cases.move_member(wide, writes, row, member, target, event_type)


def _referral_state(case: InterventionState, referral: Row, met: AbstractSet[UUID] | None) -> State:
    """Where a child's referral stands in a case that goes on: by the case, or by whether the child itself was met."""
    if met is None:
        return _REFERRAL_STATE[case]
    return State.IN_PROGRESS if referral["id"] in met else State.ACCEPTED
