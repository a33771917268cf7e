"""Moving the planned end of an intervention, and with it the end of its booking."""

from datetime import date
from uuid import UUID

from app.db import WriteSession, broker
from app.domain.calendar import Calendar
from app.domain.interventions import Case, extended_end
from app.domain.pauses import moved_by
from app.domain.policy import Policy
from app.ids import new_id
from app.models.casework import intervention_extension
from app.queries import interventions
from app.queries.parties import calendar_of
from app.queries.writes import Writes
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
from app.services.interventions.owed import keep_due
from app.services.interventions.planned_end import check_place, hold_until
from app.services.policies import policy_today


async def extend_intervention(
    session: WriteSession, writes: Writes, intervention_id: UUID, *, weeks: int, reason: str, check: Check
) -> Row:
    """Extend an intervention by so many school weeks; the intervention.

    Policy says how long before the planned end it is declared, and bounds all extensions together, counted from the
    start; the school days of pauses are none of them. Raises NotFound, ActionNotAvailable too late, Invalid beyond
    policy, CapacityRefused when the place itself ends, and PlaceTaken when the place is promised on.
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
            latest_end_on=_latest_end(calendar, case, booking["standard_weeks"], policy),
        )
        check_place(booking, new_end)
        await change(wide, row, planned_end_on=new_end)
        await hold_until(wide, booking, new_end)
        await keep_due(wide, row)
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


def _latest_end(calendar: Calendar, case: Case, standard_weeks: int, policy: Policy) -> date:
    longest = calendar.planned_end(case.planned_start_on, standard_weeks + policy.extension_weeks)
    return moved_by(calendar, longest, sum(pause.school_days for pause in case.pauses))
