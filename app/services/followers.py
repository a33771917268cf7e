"""Families that were offered a place ahead: their start moves with the end of the case before theirs.

It comes forward when that case ends early and goes back, a school day at a time, while it runs over. What was promised
is kept: whoever was offered the place has it next. Every move is told to the family's school, the provider and the
authority. In broker context, which holds the allocation lock.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from app.clock import london_moment
from app.db import BrokerSession
from app.domain.calendar import Calendar
from app.domain.clocks import due_at
from app.domain.interventions import moved_end
from app.domain.policy import Policy
from app.queries import followers as queries
from app.queries.followers import Follower
from app.queries.parties import authority_organisation
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services import events, obligations


async def bring_forward(session: BrokerSession, writes: Writes, calendar: Calendar, policy: Policy) -> int:
    """Begin today what was to begin on a place that has come free before its day; how many families.

    Call it when a place may have been given back, with what gave it back already written. Flushes `writes` if any.
    """
    waiting = await queries.with_nobody_before(session)
    for follower in waiting:
        await _move(session, writes, follower, session.today, calendar, policy)
    if waiting:
        await writes.flush(session)
    return len(waiting)


async def put_back(session: BrokerSession, writes: Writes, calendar: Calendar, policy: Policy) -> int:
    """Move on, to the next school day, what was to begin where a case runs over its planned end; how many families."""
    kept_waiting = await queries.kept_from_starting(session)
    for follower in kept_waiting:
        closed = await queries.out_of_service_after(session, follower.place_id, session.today)
        starts_on = next_day_in_service(calendar, session.today, closed)
        await _move(session, writes, follower, starts_on, calendar, policy)
    return len(kept_waiting)


async def make_way(
    session: BrokerSession, writes: Writes, booking_id: UUID, until: date, calendar: Calendar, policy: Policy
) -> None:
    """Move on who was promised the place of a booking for a day before `until`, when the place is to be held till then.

    The last in line goes first, so that no two of them meet on the way.
    """
    for follower in await queries.promised_after(session, booking_id, until):
        closed = await queries.out_of_service_after(session, follower.place_id, until)
        starts_on = next_day_in_service(calendar, until - timedelta(days=1), closed)
        await _move(session, writes, follower, starts_on, calendar, policy)


def next_day_in_service(calendar: Calendar, today: date, closed: Sequence[tuple[date, date]]) -> date:
    """The next school day on which a place is in service.

    `closed` are its days out of service, `[start, end)` each, in order.
    """
    on = calendar.add_school_days(today, 1)
    for starts_on, ends_on in closed:
        if starts_on <= on < ends_on:
            on = calendar.add_school_days(ends_on, 0)
    return on


async def plan_anew(
    session: BrokerSession,
    intervention_id: UUID,
    school_id: UUID | None,
    days: tuple[date, date],
    calendar: Calendar,
    policy: Policy,
) -> None:
    """Give an accepted case that has not begun other days, `[start, end)`; its first contact is due by the new start.

    `calendar` is the authority's; the contact is due in the days of the school.
    """
    starts_on, ends_on = days
    await queries.move_case(session, intervention_id, starts_on, ends_on)
    days_of_school = await calendar_of_school(session, school_id, calendar)
    due = due_at("school_day", days_of_school, london_moment(starts_on), policy.first_contact_school_days)
    await obligations.put_off(session, "initial_contact", intervention_id, due)


async def _move(
    session: BrokerSession, writes: Writes, follower: Follower, starts_on: date, calendar: Calendar, policy: Policy
) -> None:
    """Move offer, case, booking and the time for the first contact, in the order of locks, and tell of it."""
    ends_on = moved_end(calendar, follower.starts_on, follower.ends_on, starts_on)
    offer = await queries.move_offer(session, follower, starts_on)
    if follower.intervention_id is not None:
        school_id = offer["school_id"] if offer else None
        await plan_anew(session, follower.intervention_id, school_id, (starts_on, ends_on), calendar, policy)
    await queries.move_booking(session, follower, starts_on, ends_on)
    if offer is not None:
        told: list[UUID | None] = [
            await authority_organisation(session),
            offer["referring_organisation_id"],
            offer["school_id"],
            offer["provider_id"],
        ]
        events.tell(
            writes,
            session,
            "allocation.start_moved",
            subject=("allocation", offer["id"], offer["version"]),
            audience=told,
            referral_id=offer["referral_id"],
            data={"starts_on": starts_on, "was_to_start_on": follower.starts_on},
        )
