"""Closed cases with figures of the terms around them, as rows, and returns opened by the clock's step."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.access import Principal
from app.clock import london_moment
from app.db import Database, WriteSession, broker
from app.domain.calendar import Calendar
from app.domain.referral import State
from app.domain.returns import term_of_key
from app.ids import new_id, new_reference
from app.models import allocation, casework, demand, supply
from app.queries.writes import Writes
from app.services import events, history
from app.services.returns import open_due_returns
from tests.factories.authority import Town

BEFORE, AFTER = "2025/26-summer", "2026/27-spring"
"""The terms before a referral of September 2026 and after a closure in November."""
RECEIVED_AT = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
CLOSED_AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
CALENDAR = Calendar()


@dataclass
class Closed:
    """A referral that has ended, whatever became of it."""

    referral_id: UUID
    pupil_id: UUID
    intervention_id: UUID | None


def add_referral(
    session: WriteSession,
    writes: Writes,
    town: Town,
    *,
    school: Principal | None = None,
    provider: Principal | None = None,
    received_at: datetime = RECEIVED_AT,
    closed_at: datetime | None = CLOSED_AT,
    started_on: date | None = date(2026, 9, 28),
    outcome: str = "completed",
    band: str = "P3",
    needs: tuple[str, ...] = ("attendance",),
    area: str = "north",
    accepted_after: timedelta = timedelta(days=3),
    pupil: tuple[UUID, UUID] | None = None,
    intervention_id: UUID | None = None,
) -> Closed:
    """Queue a referral: supported when `started_on` is given, open when `closed_at` is None.

    `pupil` is (pupil, household) of one that is there already, `intervention_id` of support that another referral has.
    """
    school, provider = school or town.school, provider or town.provider
    referral_id, booking_id = new_id(), new_id()
    pupil_id, household_id = pupil or (new_id(), new_id())
    if pupil is None:
        writes.add(demand.household, id=household_id)
        writes.add(
            demand.pupil,
            id=pupil_id,
            household_id=household_id,
            given_name="Robin",
            family_name="Sampleton",
            date_of_birth=date(2013, 3, 1),
        )
    made = intervention_id
    if started_on is not None and intervention_id is None:
        made = new_id()
        accepted_at = received_at + accepted_after
        lot = town.lots[town.providers.index(provider)]
        ends_on = closed_at.date() if closed_at else date(2035, 1, 1)
        writes.add(
            supply.booking,
            id=booking_id,
            place_id=town.places[0],
            lot_id=lot,
            provider_id=provider.organisation_id,
            household_id=household_id,
            # Released bookings may overlap: these cases need no place of their own.
            state="released",
            starts_on=received_at.date(),
            ends_on=max(ends_on, received_at.date()),
            released_on=ends_on,
            cause="made up",
        )
        writes.add(
            casework.intervention,
            id=made,
            booking_id=booking_id,
            referral_id=referral_id,
            lot_id=lot,
            provider_id=provider.organisation_id,
            referring_organisation_id=school.organisation_id,
            school_id=school.organisation_id,
            state="closed" if closed_at else "active",
            accepted_at=accepted_at,
            updated_at=accepted_at,
            safety_acknowledged_at=accepted_at,
            started_on=started_on,
            planned_start_on=accepted_at.date(),
            planned_end_on=date(2026, 11, 20),
            closed_on=max(closed_at.date(), started_on) if closed_at else None,
            outcome=outcome if closed_at else None,
        )
    state = State.CLOSED if closed_at else State.SUBMITTED
    writes.add(
        demand.referral,
        id=referral_id,
        reference=new_reference(),
        version=1,
        state=state.value,
        state_sequence=2 if closed_at else 1,
        referring_organisation_id=school.organisation_id,
        school_id=school.organisation_id,
        pupil_id=pupil_id,
        household_id=household_id,
        area_id=town.areas[area],
        case_provider_id=provider.organisation_id if made else None,
        intervention_id=made,
        referrer={},
        mis_id=f"SYN-{str(referral_id)[-4:]}",
        received_at=received_at,
        updated_at=received_at,
        year_group="8",
        key_stage="KS3",
        band=band,
        band_asked=band,
        banded_on=received_at.date(),
        need_codes=list(needs),
        needs=[],
        language="ENG",
        modes=["home"],
        agreement={},
        agreement_status="given",
        lawful_basis={},
        immediate_danger=False,
        outcome=outcome if closed_at else None,
        closed_at=closed_at,
    )
    steps = [(State.NEW, State.SUBMITTED, "referral.submitted")]
    if closed_at:
        steps.append((State.SUBMITTED, State.CLOSED, "referral.closed"))
    for sequence, (source, target, event_type) in enumerate(steps, start=1):
        event_id = events.tell(
            writes,
            session,
            event_type,
            subject=("referral", referral_id, sequence),
            audience=[town.officer.organisation_id],
            referral_id=referral_id,
        )
        history.record(
            session, writes, referral_id, sequence, (source, target), event_id=event_id, event_type=event_type
        )
    return Closed(referral_id, pupil_id, made)


async def policy_of(session: WriteSession) -> UUID:
    """The town's first policy version."""
    found: UUID = await session.value("SELECT id FROM policy_version WHERE authority_id = $1", session.authority_id)
    return found


def add_offer(writes: Writes, town: Town, made: Closed, offered_at: datetime, policy_version_id: UUID) -> None:
    """Queue a declined offer of a referral, with the decision and the released booking behind it."""
    decision_id, booking_id, household_id = new_id(), new_id(), new_id()
    writes.add(demand.household, id=household_id)
    writes.add(
        supply.booking,
        id=booking_id,
        place_id=town.places[0],
        lot_id=town.lots[0],
        provider_id=town.provider.organisation_id,
        household_id=household_id,
        state="released",
        starts_on=offered_at.date(),
        ends_on=offered_at.date(),
        released_on=offered_at.date(),
        cause="made up",
    )
    writes.add(
        allocation.decision,
        id=decision_id,
        referral_id=made.referral_id,
        policy_version_id=policy_version_id,
        decided_at=offered_at,
        as_of=offered_at.date(),
        trigger="made up",
        outcome="offered",
        record={},
    )
    writes.add(
        allocation.offer,
        id=new_id(),
        referral_id=made.referral_id,
        provider_id=town.provider.organisation_id,
        referring_organisation_id=town.school.organisation_id,
        lot_id=town.lots[0],
        service_id=town.services[0],
        place_id=town.places[0],
        booking_id=booking_id,
        decision_id=decision_id,
        reference=new_reference("O"),
        state="declined",
        decline_reason="no_capacity",
        starts_on=offered_at.date(),
        offered_at=offered_at,
        answer_due_at=offered_at,
        answered_at=offered_at,
        updated_at=offered_at,
        summary={},
    )


def add_attendance(
    writes: Writes,
    made: Closed,
    term: str | None,
    possible: int,
    attended: int,
    *,
    source: str = "return",
    school_id: UUID | None = None,
    dates: tuple[date, date] | None = None,
    recorded_at: datetime = CLOSED_AT,
) -> None:
    """Queue a pupil's sessions of a term, or of `dates` when they are of none."""
    period = term_of_key(CALENDAR, term) if term else None
    starts_on, ends_on = dates or (
        (period.starts_on, period.ends_on) if period else (date(2026, 4, 1), date(2026, 9, 1))
    )
    writes.add(
        demand.attendance_record,
        id=new_id(),
        referral_id=made.referral_id,
        pupil_id=made.pupil_id,
        school_id=school_id,
        term=term,
        period_starts_on=starts_on,
        period_ends_on=ends_on,
        sessions_possible=possible,
        sessions_attended=attended,
        source=source,
        recorded_at=recorded_at,
    )


def add_suspensions(
    writes: Writes, made: Closed, term: str | None, count: int, *, source: str = "return", **changes: Any
) -> None:
    """Queue a pupil's suspensions of a term."""
    period = term_of_key(CALENDAR, term) if term else None
    writes.add(
        demand.suspension_record,
        **{
            "id": new_id(),
            "referral_id": made.referral_id,
            "pupil_id": made.pupil_id,
            "school_id": None,
            "term": term,
            "period_starts_on": period.starts_on if period else date(2026, 9, 7),
            "period_ends_on": period.ends_on if period else date(2026, 9, 11),
            "suspension_count": count,
            "sessions_lost": count * 3,
            "permanent_exclusion_count": 0,
            "source": source,
            "recorded_at": CLOSED_AT,
            **changes,
        },
    )


async def open_returns(database: Database, town: Town, up_to: date) -> int:
    """What the clock does on a day: open the returns of the periods that have ended; how many."""
    async with database.write(replace(town.officer, at=london_moment(up_to, 6))) as session, broker(session) as wide:
        writes = Writes()
        opened = await open_due_returns(wide, writes, up_to)
        await writes.flush(wide)
    return opened
