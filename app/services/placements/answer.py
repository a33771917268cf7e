"""Before a placement begins: the parents are told, and the unit agrees or declines, or the school takes it back."""

from datetime import date, timedelta
from uuid import UUID

from app.clock import london_moment
from app.db import BrokerSession, WriteSession, broker
from app.domain.clocks import due_at
from app.domain.placements import (
    Basis,
    PlacementRefusal,
    PlacementState,
    PlacementWithdrawal,
    check_in,
    check_notice,
    notice_faults,
)
from app.ids import new_id
from app.models.demand import enrolment
from app.queries import placements as queries
from app.queries.parties import calendar_of
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services import obligations
from app.services.bookings import release_booking
from app.services.faults import refuse
from app.services.placements.row import Check, Row, change, find_placement, lock_placement, owe_review, tell
from app.services.policies import policy_today


async def tell_parents(session: WriteSession, writes: Writes, placement_id: UUID, told_on: date, check: Check) -> None:
    """Record on which day the parents were told in writing. Raises NotFound, ActionNotAvailable and Invalid."""
    await find_placement(session, placement_id)
    async with broker(session) as wide:
        row = await lock_placement(wide, placement_id, check)
        check_in(row["state"], PlacementState.REQUESTED, PlacementState.AGREED)
        calendar = await calendar_of_school(wide, row["school_id"])
        refuse(notice_faults(Basis(row["basis"]), told_on, row["starts_on"], calendar, wide.today))
        await change(wide, row, parents_told_on=told_on)
        await tell(wide, writes, "placement.parents_told", row)
        await writes.flush(wide)


async def agree_placement(session: WriteSession, writes: Writes, placement_id: UUID, check: Check) -> None:
    """Agree to a placement: the unit reads whom it takes, and who owes its review and its outcome is settled.

    Raises NotFound, and ActionNotAvailable when the parents have not been told of a direction.
    """
    await find_placement(session, placement_id)
    async with broker(session) as wide:
        row = await lock_placement(wide, placement_id, check)
        check_in(row["state"], PlacementState.REQUESTED)
        check_notice(Basis(row["basis"]), row["parents_told_on"])
        await change(wide, row, state=PlacementState.AGREED.value)
        await queries.set_booking(wide, row["booking_id"], "accepted", row["ends_on"])
        await queries.set_reads(wide, placement_id, reads=True)
        if row["registered_school_id"] is not None:
            writes.add(
                enrolment,
                id=new_id(),
                pupil_id=row["pupil_id"],
                school_id=row["registered_school_id"],
                kind="subsidiary",
                starts_on=row["starts_on"],
                ends_on=row["ends_on"] - timedelta(days=1),
            )
        owe_review(wide, writes, row, await calendar_of_school(wide, row["school_id"]))
        obligations.owe(
            writes,
            wide,
            "placement_outcome",
            row["provider_id"],
            subject=("placement", placement_id),
            clock="working_day",
            due_at=due_at(
                "working_day",
                await calendar_of(wide),
                london_moment(row["ends_on"]),
                (await policy_today(wide)).placement_outcome_working_days,
            ),
        )
        await tell(wide, writes, "placement.agreed", row)
        await writes.flush(wide)


async def decline_placement(
    session: WriteSession, writes: Writes, placement_id: UUID, reason: PlacementRefusal, check: Check
) -> None:
    """Decline a placement; its place is free again. Raises NotFound and ActionNotAvailable."""
    await find_placement(session, placement_id)
    async with broker(session) as wide:
        row = await lock_placement(wide, placement_id, check)
        check_in(row["state"], PlacementState.REQUESTED)
        await _give_up(wide, row, PlacementState.DECLINED, reason.value)
        await tell(wide, writes, "placement.declined", row, {"reason": reason.value})
        await writes.flush(wide)


async def withdraw_placement(
    session: WriteSession, writes: Writes, placement_id: UUID, reason: PlacementWithdrawal, check: Check
) -> None:
    """Take a placement back before its first day; its place is free again. Raises NotFound and ActionNotAvailable."""
    await find_placement(session, placement_id)
    async with broker(session) as wide:
        row = await lock_placement(wide, placement_id, check)
        check_in(row["state"], PlacementState.REQUESTED, PlacementState.AGREED)
        await _give_up(wide, row, PlacementState.WITHDRAWN, reason.value)
        if row["registered_school_id"] is not None:
            await queries.end_registration(wide, row)
        await obligations.cancel(wide, placement_id, ["placement_review", "placement_outcome"])
        await tell(wide, writes, "placement.withdrawn", row, {"reason": reason.value})
        await writes.flush(wide)


async def _give_up(wide: BrokerSession, row: Row, state: PlacementState, reason: str) -> None:
    await release_booking(wide, row["booking_id"], state.value)
    await queries.set_reads(wide, row["id"], reads=False)
    await change(wide, row, state=state.value, reason=reason)
