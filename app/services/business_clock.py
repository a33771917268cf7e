"""An authority's business clock: everything that falls due, in date order, each thing at its own moment.

Two kinds of moment: one at which an offer's time ends, or a debt is called to mind, due or to escalate; and every
midnight in England. What
falls due is run with that moment as the present, so a clock that stood still over a weekend leaves what a punctual one
leaves. Every step is a short transaction of its own and changes nothing when it is run again, so a clock that was
killed is simply run again. Clocks of several processes take turns by a lock that each step takes, or gives way.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Final

from app import clock
from app.access import Principal
from app.db import BrokerSession, Database, ReadSession, broker
from app.errors import FieldFault, Invalid, NotFound, RequestInProgress, SandboxOnly
from app.queries import due, obligation_clock
from app.queries.writes import Writes
from app.services import contract_end, falling_due, hand_over
from app.services import obligation_clock as debts
from app.services.allocation import JUDGED_AT_ONCE
from app.services.allocation_runs import propose_nightly
from app.services.answers_to_offers import deem_due, expire_due
from app.services.referrals import school_changes
from app.services.referrals.attention import watch_hearings

Step = Callable[[BrokerSession, Writes], Awaitable[int]]

LONGEST_ADVANCE: Final = timedelta(days=400)
_PATIENCE_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.05


@dataclass(slots=True)
class Ran:
    """How much of each kind fell due and was run."""

    offers_expired: int = 0
    offers_deemed: int = 0
    obligations_reminded: int = 0
    obligations_overdue: int = 0
    obligations_escalated: int = 0
    bookings_prolonged: int = 0
    returns_opened: int = 0
    offers_made: int = 0
    identities_closed: int = 0
    offers_lapsed: int = 0
    cases_handed_over: int = 0
    contract_ends_told: int = 0
    hearings_watched: int = 0
    schools_changed: int = 0

    def add_marked(self, mark: obligation_clock.Mark, count: int) -> None:
        """Count debts that were called to mind, found overdue or escalated."""
        match mark:
            case "reminded":
                self.obligations_reminded += count
            case "overdue":
                self.obligations_overdue += count
            case "escalated":
                self.obligations_escalated += count

    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class _GiveWayError(Exception):
    """Another process's clock is at work, or has gone on."""


async def run_due(database: Database, officer: Principal) -> Ran:
    """Run what has fallen due by now for an authority. Returns early where another process is doing so."""
    ran = Ran()
    while True:
        async with database.read(officer) as session:
            ran_to = await _ran_to(session)
            unplanned = await obligation_clock.some_unplanned(session)
            moment = None if ran_to is None else await _next_moment(session, ran_to, session.now)
            now = session.now
        if ran_to is None:
            await _start(database, officer, now)
        if ran_to is None or (moment is None and not unplanned):
            return ran
        try:
            if unplanned or moment is None:
                await _step(database, officer, ran_to, debts.plan_moments)
            else:
                await _run_moment(database, replace(officer, at=moment), ran_to, ran)
        except _GiveWayError:
            return ran


async def advance(database: Database, officer: Principal, to: datetime) -> tuple[datetime, Ran]:
    """Move a sandbox authority's business time forward, running what falls due; the new time, and what was run.

    Business time moves from moment to moment, so that other requests never see a day whose midnight has not run.
    Raises SandboxOnly, Invalid when `to` is not ahead or more than `LONGEST_ADVANCE` ahead, and RequestInProgress when
    another clock keeps the authority busy; what was run until then stays run.
    """
    async with database.read(officer) as session:
        await _check_advance(session, to)
    ran = Ran()
    patient_until = clock.monotonic() + _PATIENCE_SECONDS
    while True:
        async with database.read(officer) as session:
            ran_to = await _ran_to(session)
            now = session.now
            unplanned = await obligation_clock.some_unplanned(session)
            moment = None if ran_to is None else await _next_moment(session, ran_to, to)
        if ran_to is None:
            await _start(database, officer, now)
            continue
        if not unplanned:
            await _move_to(database, officer, moment or to)
            if moment is None:
                break
        try:
            if unplanned or moment is None:
                await _step(database, officer, ran_to, debts.plan_moments)
            else:
                await _run_moment(database, replace(officer, at=moment), ran_to, ran)
            patient_until = clock.monotonic() + _PATIENCE_SECONDS
        except _GiveWayError:
            if clock.monotonic() > patient_until:
                raise RequestInProgress(
                    "The authority's clock is being run elsewhere.", headers={"Retry-After": "2"}
                ) from None
            await asyncio.sleep(_PAUSE_SECONDS)
    async with database.read(officer) as session:
        return session.now, ran


async def _check_advance(session: ReadSession, to: datetime) -> None:
    standing = await due.standing(session)
    if standing is None:
        raise NotFound
    if not standing.is_sandbox:
        raise SandboxOnly
    if to <= session.now:
        sentence = "Business time only moves forward: state a time after the present one."
        raise Invalid(errors=[FieldFault("/to", "not_ahead", sentence)], extra={"now": session.now.isoformat()})
    if to > session.now + LONGEST_ADVANCE:
        sentence = f"At most {LONGEST_ADVANCE.days} days at a time."
        raise Invalid(errors=[FieldFault("/to", "too_far", sentence)])


async def _ran_to(session: ReadSession) -> datetime | None:
    standing = await due.standing(session)
    if standing is None:
        raise NotFound
    return standing.ran_to


async def _next_moment(session: ReadSession, after: datetime, until: datetime) -> datetime | None:
    """The next moment at which anything falls due, if it is not later than `until`."""
    midnight = clock.london_moment(clock.london_date(after) + timedelta(days=1))
    others = (await due.next_due(session, after), await obligation_clock.next_moment(session, after))
    moment = min((midnight, *(other for other in others if other is not None)))
    return moment if moment <= until else None


async def _start(database: Database, officer: Principal, now: datetime) -> None:
    """An authority whose clock has never run starts at its present."""
    async with database.write(officer) as session:
        await due.set_ran_to(session, now)


async def _move_to(database: Database, officer: Principal, moment: datetime) -> None:
    async with database.write(officer) as session:
        await due.move_business_time(session, moment, clock.real_now())


async def _run_moment(database: Database, officer: Principal, ran_to: datetime, ran: Ran) -> None:
    """Run everything due at the officer's moment. Raises _GiveWayError to another clock."""

    async def run(step: Step) -> int:
        return await _step(database, officer, ran_to, step)

    async with database.read(officer) as session:
        agenda = await due.agenda(session)
        marks = await obligation_clock.marks_due(session)
        is_midnight = session.now == clock.london_moment(session.today)
        period_ended = is_midnight and await falling_due.half_term_ended_yesterday(session)
        end_in_sight = is_midnight and bool(await contract_end.in_sight(session))
    # An offer nobody answered is overdue first, which the authority hears of, and then expires; where silence is yes
    # it is never overdue, and counts as accepted.
    for mark, step in debts.STEPS.items():
        if mark in marks:
            ran.add_marked(mark, await _until_done(run, step))
    if agenda.offers_are_due:
        ran.offers_deemed += await run(deem_due)
        ran.offers_expired += await run(expire_due)
    if is_midnight:
        lapsed = await _end_the_day(run, agenda, ran)
        if period_ended:
            ran.returns_opened += await run(falling_due.open_returns)
            await run(falling_due.count_reach)
        await _end_access(run, agenda, ran)
        if end_in_sight:
            ran.contract_ends_told += await run(contract_end.give_notice)
        # Whose offer has just lapsed waits too.
        if agenda.someone_waits or lapsed:
            ran.offers_made += await _allocate(run)
            await _propose(database, officer, ran_to)
        await run(falling_due.forget_ground_changes)
    await run(_done)


async def _until_done(run: Callable[[Step], Awaitable[int]], step: Step) -> int:
    """Run a step that takes a few debts at a time until none is left; how many there were."""
    total = 0
    while True:
        count = await run(step)
        total += count
        if count < debts.AT_ONCE:
            return total


async def _end_the_day(run: Callable[[Step], Awaitable[int]], agenda: due.Agenda, ran: Ran) -> int:
    """Bring the bookings to where they stand in the new day, before any place is offered; the offers that lapsed."""
    lapsed = await run(contract_end.lapse_offers) if agenda.offers_are_open else 0
    ran.offers_lapsed += lapsed
    if agenda.bookings_overrun:
        await run(falling_due.end_dated_bookings)
        ran.bookings_prolonged += await run(falling_due.prolong_overruns)
    # Who changes school today is judged for the new school's area.
    if agenda.school_change_is_due:
        ran.schools_changed += await run(school_changes.carry_out_due)
    # Cases go to the next contract's places before those are offered to anybody.
    if agenda.hand_over_is_due:
        ran.cases_handed_over += await run(hand_over.carry_out_due)
    # A place may have been left by a hand-over, or come back into service, and nobody need wait for it.
    if agenda.place_is_promised:
        await run(falling_due.begin_promised)
    if agenda.hearing_is_stated:
        ran.hearings_watched += await run(watch_hearings)
    return lapsed


async def _end_access(run: Callable[[Step], Awaitable[int]], agenda: due.Agenda, ran: Ran) -> None:
    """Close what providers and panels have read for long enough."""
    if agenda.past_case_is_open_to_its_provider:
        ran.identities_closed += await run(falling_due.end_identity_access)
    if agenda.panel_is_read:
        await run(falling_due.end_panel_access)


async def _allocate(run: Callable[[Step], Awaitable[int]]) -> int:
    """The night's judgement of those who wait, a few at a time, then its offers; how many offers."""
    while await run(falling_due.judge_waiting) == JUDGED_AT_ONCE:
        pass
    return await run(falling_due.offer_places)


async def _propose(database: Database, officer: Principal, ran_to: datetime) -> None:
    """Propose the plan of the night, without the lock: others may act while it is made. Raises _GiveWayError."""
    async with database.write(officer) as session:
        if await due.take_turn(session) != ran_to:
            raise _GiveWayError
        writes = Writes()
        await propose_nightly(session, writes)
        await writes.flush(session)


async def _done(wide: BrokerSession, writes: Writes) -> int:  # noqa: ARG001 - every step has one shape
    await due.set_ran_to(wide, wide.now)
    return 0


async def _step(database: Database, officer: Principal, ran_to: datetime, step: Step) -> int:
    """One step in one transaction, if it is still this clock's turn."""
    async with database.write(officer) as session:
        if await due.take_turn(session) != ran_to:
            raise _GiveWayError
        async with broker(session) as wide:
            writes = Writes()
            count = await step(wide, writes)
            await writes.flush(wide)
        return count
