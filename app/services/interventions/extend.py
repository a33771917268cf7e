"""Moving the planned end of an intervention, and with it the end of its booking."""

from datetime import date
from uuid import UUID

from app.clock import london_moment
from app.db import WriteSession, broker
from app.domain.calendar import Calendar
from app.domain.clocks import due_at
from app.domain.interventions import extended_end
from app.domain.policy import Policy
from app.errors import CapacityRefused, PlaceTaken
from app.ids import new_id
from app.models.casework import intervention_extension
from app.queries import interventions
from app.queries.parties import calendar_of
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services import obligations
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
from app.services.policies import policy_today


async def extend_intervention(
    session: WriteSession, writes: Writes, intervention_id: UUID, *, weeks: int, reason: str, check: Check
) -> Row:
    """Extend an intervention by so many school weeks; the intervention.

    Policy says how long before the planned end it is declared, and bounds all extensions together, counted from the
    start. Raises NotFound, ActionNotAvailable too late, Invalid beyond policy, CapacityRefused when the place itself
    ends, and PlaceTaken when the place is promised on.
    """
    await find_case(session, intervention_id)
    async with broker(session) as wide:
        row = await lock_case_and_allocation(wide, intervention_id, check)
        await check_agreed(wide, row)
        booking = await interventions.lock_booking(wide, row["booking_id"])
        calendar = await calendar_of(wide)
        case = case_of(row)
        before = row["planned_end_on"]
        policy = await policy_today(wide)
        new_end = extended_end(
            case,
            calendar,
            today=wide.today,
            weeks=weeks,
            notice_school_days=policy.extension_notice_school_days,
            latest_end_on=_latest_end(calendar, case.planned_start_on, booking["standard_weeks"], policy),
        )
        _check_place(booking["available_until"], booking["next_starts_on"], new_end)
        await change(wide, row, planned_end_on=new_end)
        await wide.run(
            "UPDATE booking SET ends_on = $3 WHERE authority_id = $1 AND id = $2",
            wide.authority_id,
            booking["id"],
            new_end,
        )
        days_of_school = await calendar_of_school(wide, row["school_id"], calendar)
        due = due_at("school_day", days_of_school, london_moment(new_end), 0)
        await obligations.put_off(wide, "closure", intervention_id, due)
    writes.add(
        intervention_extension,
        id=new_id(),
        intervention_id=intervention_id,
        provider_id=row["provider_id"],
        extended_at=session.now,
        weeks=weeks,
        from_end_on=before,
        to_end_on=new_end,
        reason=reason,
    )
    await tell(session, writes, "intervention.extended", row, data={"weeks": weeks})
    return row


def _latest_end(calendar: Calendar, starts_on: date, standard_weeks: int, policy: Policy) -> date:
    return calendar.planned_end(starts_on, standard_weeks + policy.extension_weeks)


def _check_place(available_until: date | None, next_starts_on: date | None, new_end: date) -> None:
    """Refuse an end after the day on which the place takes no family, or becomes another's: all days are exclusive.

    Of the other family nothing is said but that day.
    """
    if next_starts_on is not None and new_end > next_starts_on:
        raise PlaceTaken(f"The place is promised on from {next_starts_on.isoformat()}.")
    if available_until is not None and new_end > available_until:
        raise CapacityRefused(f"The place leaves the block on {available_until.isoformat()}.")
