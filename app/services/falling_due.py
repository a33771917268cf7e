"""What happens when its time comes: each step runs at one business moment, and running it twice changes nothing."""

from datetime import timedelta

from app.db import BrokerSession, ReadSession
from app.domain.policy import Policy
from app.queries import course_enrolments, due, ground_changes, hand_over, panel_items, placements, referrals
from app.queries.parties import calendar_of
from app.queries.writes import Writes
from app.services import allocation
from app.services.allocation_runs import run_nightly
from app.services.followers import bring_forward, put_back
from app.services.policies import policy_today
from app.services.reach import refresh_reach
from app.services.returns.opening import open_due_returns


async def prolong_overruns(wide: BrokerSession, writes: Writes) -> int:
    """Keep the places of cases that run past their planned end, a day at a time, so that none looks free.

    A family that was to begin there next begins later, and is told.
    """
    await put_back(wide, writes, await calendar_of(wide), await policy_today(wide))
    return await due.prolong_overruns(wide)


async def end_dated_bookings(wide: BrokerSession, writes: Writes) -> int:  # noqa: ARG001 - every step has one shape
    """Give the places of courses and other dated formats back on the day after their last; how many."""
    return await due.end_dated_bookings(wide)


async def begin_promised(wide: BrokerSession, writes: Writes) -> int:
    """Begin today what was promised for a later day on a place that nobody has any more; how many families."""
    return await bring_forward(wide, writes, await calendar_of(wide), await policy_today(wide))


async def end_identity_access(wide: BrokerSession, writes: Writes) -> int:  # noqa: ARG001 - every step has one shape
    """Close identities to their provider, so many days after a case closed or was handed over, or a course ended."""
    days = await due.identity_days(wide, Policy().identity_days_after_closure)
    closed = await referrals.end_identity_access(wide, closed_by=wide.now - timedelta(days=days))
    closed += await course_enrolments.end_identity_access(wide, closed_by=wide.now - timedelta(days=days))
    closed += await placements.end_identity_access(wide, closed_by=wide.now - timedelta(days=days))
    return closed + await hand_over.end_former_access(wide)


async def end_panel_access(wide: BrokerSession, writes: Writes) -> int:  # noqa: ARG001 - every step has one shape
    """Close the items of past sittings to the panels' members; how many items."""
    return await panel_items.end_members_access(wide)


async def half_term_ended_yesterday(session: ReadSession) -> bool:
    """Whether returns may have come to be owed at this midnight."""
    calendar = await calendar_of(session)
    return calendar.last_half_term_before(session.today).ends_on == session.today - timedelta(days=1)


async def open_returns(wide: BrokerSession, writes: Writes) -> int:
    """Open the returns owed for the periods that have ended."""
    return await open_due_returns(wide, writes, wide.today)


async def count_reach(wide: BrokerSession, writes: Writes) -> int:  # noqa: ARG001 - every step has one shape
    """Count anew how many referrals each place could serve; how many places have another figure."""
    return await refresh_reach(wide)


async def judge_waiting(wide: BrokerSession, writes: Writes) -> int:
    """Judge anew who of those that wait can be served at all; how many stand otherwise, at most `JUDGED_AT_ONCE`."""
    return await allocation.judge_waiting(wide, writes)


async def offer_places(wide: BrokerSession, writes: Writes) -> int:
    """Offer places that came free at midnight to the waiting list, unless an officer has to confirm it."""
    return await run_nightly(wide, writes)


async def forget_ground_changes(wide: BrokerSession, writes: Writes) -> int:  # noqa: ARG001 - every step has one shape
    """Clear away the notes of changes that every transaction has seen."""
    return await ground_changes.forget_seen(wide)
