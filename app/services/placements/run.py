"""While a placement runs: the days there, its reviews, and the plan for the way back to school."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from app.db import WriteSession, broker
from app.domain.placements import MOST_REVIEWS, PlacementState, ReviewDecision, check_in, day_faults
from app.errors import ActionNotAvailable, FieldFault
from app.ids import new_id
from app.models.placements import placement_review
from app.queries import placements as queries
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services import obligations
from app.services.faults import refuse
from app.services.placements.row import Check, change, find_placement, lock_placement, owe_review, tell

_OPEN = (PlacementState.AGREED, PlacementState.RUNNING)


async def record_days(
    session: WriteSession, writes: Writes, placement_id: UUID, days: Sequence[tuple[date, bool, bool]], check: Check
) -> None:
    """Record days as (date, morning, afternoon attended); the first one attended starts the placement.

    A day that was recorded before is put right. Raises NotFound, ActionNotAvailable and Invalid.
    """
    await find_placement(session, placement_id)
    async with broker(session) as wide:
        row = await lock_placement(wide, placement_id, check)
        check_in(row["state"], *_OPEN)
        calendar = await calendar_of_school(wide, row["school_id"])
        refuse(day_faults([on for on, _, _ in days], calendar, row["starts_on"], row["ends_on"], wide.today))
        await queries.put_days(wide, row, days)
        used_on = await queries.first_day_attended(wide, placement_id)
        state = PlacementState.AGREED if used_on is None else PlacementState.RUNNING
        await change(wide, row, state=state.value, used_on=used_on)
        booked = "accepted" if used_on is None else "active"
        await queries.set_booking(wide, row["booking_id"], booked, row["ends_on"])
        await tell(wide, writes, "placement.days_recorded", row, {"days_count": len(days)})
        await writes.flush(wide)


async def record_review(
    session: WriteSession,
    writes: Writes,
    placement_id: UUID,
    *,
    held_on: date,
    decision: ReviewDecision,
    note: str | None,
    next_review_on: date | None,
    check: Check,
) -> None:
    """Record a review of a placement, which meets the school's duty, and set the next one.

    Raises NotFound, ActionNotAvailable and Invalid.
    """
    await find_placement(session, placement_id)
    async with broker(session) as wide:
        row = await lock_placement(wide, placement_id, check)
        check_in(row["state"], *_OPEN)
        if len(await queries.reviews_of(wide, placement_id)) >= MOST_REVIEWS:
            raise ActionNotAvailable(f"A placement has {MOST_REVIEWS} reviews at most.")
        faults: list[FieldFault] = []
        if not row["starts_on"] <= held_on <= wide.today:
            sentence = "A review was held between the first day of the placement and today."
            faults.append(FieldFault("/held_on", "outside_placement", sentence))
        if next_review_on is not None and not held_on < next_review_on < row["ends_on"]:
            sentence = "The next review is after this one and before the placement ends."
            faults.append(FieldFault("/next_review_on", "outside_placement", sentence))
        refuse(faults)
        writes.add(
            placement_review,
            id=new_id(),
            placement_id=placement_id,
            held_on=held_on,
            decision=decision.value,
            note=note,
            next_review_on=next_review_on,
            recorded_by_id=wide.organisation_id,
            recorded_at=wide.now,
            **{party: row[party] for party in ("provider_id", "referring_organisation_id", "school_id")},
        )
        await change(wide, row, review_on=next_review_on)
        await obligations.meet(wide, "placement_review", placement_id)
        if next_review_on is not None:
            owe_review(wide, writes, row, await calendar_of_school(wide, row["school_id"]))
        await tell(wide, writes, "placement.reviewed", row, {"decision": decision.value})
        await writes.flush(wide)


async def put_return_plan(
    session: WriteSession, writes: Writes, placement_id: UUID, plan: str, planned_on: date, check: Check
) -> None:
    """Put the plan for the pupil's return to school in place of the one before. Raises as `record_review`."""
    await find_placement(session, placement_id)
    async with broker(session) as wide:
        row = await lock_placement(wide, placement_id, check)
        check_in(row["state"], *_OPEN)
        if planned_on > wide.today:
            refuse([FieldFault("/planned_on", "in_the_future", "State the day once it has been planned.")])
        await change(wide, row, reintegration_plan=plan, reintegration_planned_on=planned_on)
        await tell(wide, writes, "placement.return_planned", row)
        await writes.flush(wide)
