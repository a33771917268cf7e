"""How long a placement lasts: extended within twenty school weeks in all, and ended with what became of the pupil."""

from datetime import date, timedelta
from uuid import UUID

from app.clock import london_moment
from app.db import BrokerSession, WriteSession, broker
from app.domain.clocks import due_at
from app.domain.placements import PlacementOutcome, PlacementState, check_in, check_outcome, weeks_fault
from app.errors import CapacityRefused, FieldFault, NotFound, PlaceTaken
from app.queries import lots
from app.queries import placements as queries
from app.queries.contract_terms import terms_on
from app.queries.parties import calendar_of
from app.queries.writes import Writes
from app.services import obligations
from app.services.bookings import release_booking
from app.services.faults import refuse
from app.services.placements.row import Check, Row, change, find_placement, lock_placement, tell
from app.services.policies import policy_today


async def extend_placement(session: WriteSession, writes: Writes, placement_id: UUID, weeks: int, check: Check) -> None:
    """Extend a placement by school weeks, within twenty in all.

    Raises NotFound; ActionNotAvailable; Invalid beyond the weeks or the contract; PlaceTaken when its place is promised
    on, and CapacityRefused when it leaves the block.
    """
    await find_placement(session, placement_id)
    async with broker(session) as wide:
        row = await lock_placement(wide, placement_id, check)
        check_in(row["state"], PlacementState.AGREED, PlacementState.RUNNING)
        fault = weeks_fault(row["weeks"], weeks)
        refuse([fault] if fault else [])
        calendar = await calendar_of(wide)
        ends_on = calendar.planned_end(row["starts_on"], row["weeks"] + weeks)
        await _check_room(wide, row, ends_on)
        # Its place was given back at its last midnight: from then on it cannot be kept, only asked for anew.
        if row["ends_on"] <= wide.today:
            refuse([FieldFault("/weeks", "too_late", f"It ended before {row['ends_on']}: ask for a placement anew.")])
        await change(wide, row, weeks=row["weeks"] + weeks, ends_on=ends_on)
        state = "active" if row["used_on"] else "accepted"
        await queries.set_booking(wide, row["booking_id"], state, ends_on)
        if row["registered_school_id"] is not None:
            await queries.move_registration(wide, row, ends_on - timedelta(days=1))
        days = (await policy_today(wide)).placement_outcome_working_days
        due = due_at("working_day", calendar, london_moment(ends_on), days)
        await obligations.put_off(wide, "placement_outcome", placement_id, due)
        await tell(wide, writes, "placement.extended", row, {"weeks": weeks})
        await writes.flush(wide)


async def end_placement(
    session: WriteSession, writes: Writes, placement_id: UUID, outcome: PlacementOutcome, ended_on: date, check: Check
) -> None:
    """End a placement, on its planned day or before, with what became of the pupil; its place is free from then on.

    `ended_on` is the last day there. Raises NotFound; ActionNotAvailable where the return is not planned; Invalid.
    """
    await find_placement(session, placement_id)
    async with broker(session) as wide:
        row = await lock_placement(wide, placement_id, check)
        check_in(row["state"], PlacementState.AGREED, PlacementState.RUNNING)
        check_outcome(outcome, has_plan=row["reintegration_plan"] is not None)
        if ended_on > wide.today or not row["starts_on"] <= ended_on < row["ends_on"]:
            sentence = "It ended on a day of the placement, today or before."
            refuse([FieldFault("/ended_on", "outside_placement", sentence)])
        last = await queries.last_day_attended(wide, placement_id)
        if last is not None and ended_on < last:
            refuse([FieldFault("/ended_on", "there_later", f"The pupil was there on {last}.")])
        await release_booking(wide, row["booking_id"], "ended")
        if row["registered_school_id"] is not None:
            await queries.move_registration(wide, row, ended_on)
        await change(
            wide,
            row,
            state=PlacementState.ENDED.value,
            outcome=outcome.value,
            ended_on=ended_on,
            ends_on=min(row["ends_on"], ended_on + timedelta(days=1)),
            review_on=None,
        )
        await obligations.meet(wide, "placement_outcome", placement_id)
        await obligations.cancel(wide, placement_id, ["placement_review"])
        await tell(wide, writes, "placement.ended", row, {"outcome": outcome.value})
        await writes.flush(wide)


async def _check_room(wide: BrokerSession, row: Row, ends_on: date) -> None:
    lot = await lots.get_lot(wide, row["lot_id"])
    bounds = await queries.next_booking_on(wide, row["booking_id"])
    if lot is None or bounds is None:
        raise NotFound
    terms = (await terms_on(wide, wide.today, [lot["contract_id"]]))[lot["contract_id"]]
    if ends_on > terms.ends_on + timedelta(days=1):
        refuse([FieldFault("/weeks", "outside_contract", f"The contract ends on {terms.ends_on}.")])
    if bounds["next_starts_on"] is not None and ends_on > bounds["next_starts_on"]:
        raise PlaceTaken(f"The place is promised on from {bounds['next_starts_on']}.")
    if bounds["available_until"] is not None and ends_on > bounds["available_until"]:
        raise CapacityRefused(f"The place leaves the block on {bounds['available_until']}.")
