"""Undoing a closure: the case goes on in its place if that is still free, else the referral waits with its old date."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from app.access import Kind
from app.clock import london_date
from app.db import BrokerSession, ReadSession, WriteSession, broker
from app.domain.allocation import Hold, Place
from app.domain.allocation.override import is_free, is_full
from app.domain.clocks import in_hours
from app.domain.interventions import InterventionState
from app.domain.obligations import ObligationClock, ObligationKind, SubjectKind
from app.domain.referral import CASE_STATES, State, reopened_state
from app.domain.reopening import due_anew, may_be_undone
from app.domain.vocabulary import WITHHELD
from app.errors import ActionNotAvailable, FieldFault, Invalid, InvariantBroken, NotFound
from app.ids import new_id
from app.models import supply
from app.queries import household_cases, interventions, offers, referrals
from app.queries import officers_acts as queries
from app.queries.parties import authority_organisation, calendar_of
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services import events, history
from app.services.allocation import allocate_waiting
from app.services.ground import Ground, lot_of, survey
from app.services.interventions.case import change
from app.services.interventions.owed import dues
from app.services.obligations import cancel, owe
from app.services.panels.sending import relist
from app.services.referrals.acting import Officer, Row, note, parties
from app.services.referrals.attention import attend_anew

_CASE_STATE: Final = {
    State.ACCEPTED: InterventionState.PLANNED,
    State.IN_PROGRESS: InterventionState.ACTIVE,
    State.ON_HOLD: InterventionState.PAUSED,
}
_OF_CLOSURE: Final = ("outcome", "close_reason", "redirected_to", "close_note", "closed_at")
_OWED_FOR_A_HOLD: Final[dict[str, ObligationKind]] = {
    Hold.AGREEMENT_WITHDRAWN.value: "agreement_check",
    Hold.POSSIBLE_DUPLICATE.value: "place_referral",
}


@dataclass(frozen=True, slots=True)
class _Undone:
    """A closure that is being undone, and what comes of it."""

    referral: Row
    closed_at: datetime
    before: State
    case: Row | None
    """The intervention that ended with it."""
    place: Place | None
    """Its place, where that can be booked again."""

    @property
    def target(self) -> State:
        """Where the referral goes."""
        return reopened_state(self.before, place_is_free=self.place is not None)


async def is_reopenable(session: ReadSession, referral: Row) -> bool:
    """Whether the caller may undo a closure now: officers any, others their own organisation's."""
    closure = await queries.closure(session, referral["id"])
    if closure is None or not (session.kind is Kind.AUTHORITY or closure["organisation_id"] == session.organisation_id):
        return False
    return may_be_undone(closure["changed_at"], session.now, await calendar_of(session))


async def reopen_referral(
    session: WriteSession, writes: Writes, referral_id: UUID, words: str, officer: Officer | None
) -> None:
    """Undo the closure of a referral, with a reason. Officers name the person.

    A case goes on where it stood if its place is free, and the provider has it again; otherwise, and where only an
    offer or the waiting was ended, the referral waits with its old date. What the closure said is kept. Raises
    NotFound, ActionNotAvailable once 10 school days have gone or where another closed it, DuplicateReferral when the
    sender has another open referral of the pupil, Invalid for an officer who is not named.
    """
    if session.kind is Kind.AUTHORITY and officer is None:
        raise Invalid(errors=[FieldFault("/officer", "missing", "Say which officer undoes the closure.")])
    await _check(session, referral_id)
    async with broker(session) as wide:
        ground = await survey(wide)
        undone = await _locked(wide, ground, referral_id)
        referral = undone.referral
        kept = {name: {"from": referral[name], "to": None} for name in _OF_CLOSURE}
        if undone.case is not None and undone.place is not None:
            kept |= await _go_on(wide, writes, undone, undone.case, undone.place)
        case = undone.case if undone.target in CASE_STATES else None
        columns: Row = dict.fromkeys(_OF_CLOSURE)
        columns |= {
            "case_provider_id": case["provider_id"] if case else None,
            "intervention_id": case["id"] if case else None,
            "holds": referral["holds"] if case else await _holds(wide, referral),
        }
        event_id = events.tell(
            writes,
            wide,
            "referral.reopened",
            subject=("referral", referral_id, history.next_version(referral)),
            audience=await parties(wide, {**referral, **columns}),
            referral_id=referral_id,
            data={"state": undone.target.value, "intervention_id": str(case["id"]) if case else None},
        )
        await _owe_again(wide, writes, ground, undone, case, columns["holds"])
        await history.move(
            wide, writes, referral, undone.target,
            event_id=event_id, event_type="referral.reopened", reason="reopened", **columns,
        )  # fmt: skip
        kept["officer"] = {"from": None, "to": officer.plain() if officer else None}
        note(wide, writes, referral_id, words, kept)
        if undone.target is State.IN_PANEL:
            await relist(wide, writes, referral)
        await attend_anew(wide, writes, referral_id)
        if undone.target is State.WAITING:
            await allocate_waiting(wide, writes, "reopened")
        await writes.flush(wide)


async def _check(session: ReadSession, referral_id: UUID) -> None:
    referral = await referrals.visible(session, referral_id)
    if referral is None:
        raise NotFound
    if referral["state"] != State.CLOSED:
        raise ActionNotAvailable(f"A referral that is {referral['state']} has no closure to undo.")
    if not await is_reopenable(session, referral):
        raise ActionNotAvailable(
            "A closure can be undone for 10 school days, by an officer or by the organisation that closed it."
        )


async def _locked(wide: BrokerSession, ground: Ground, referral_id: UUID) -> _Undone:
    """The closure with its rows locked: the allocation first, then the intervention, then the referral."""
    seen = await referrals.visible(wide, referral_id)
    closure = await queries.closure(wide, referral_id)
    if seen is None or closure is None:
        raise ActionNotAvailable("The closure was undone by someone else meanwhile.")
    before = State(closure["from_state"])
    case = None
    if before in CASE_STATES and seen["intervention_id"] is not None:
        await offers.touch(wide, seen["intervention_id"])
        case = await interventions.lock_intervention(wide, seen["intervention_id"])
        if case is not None and case["state"] != InterventionState.CLOSED:
            case = None  # it goes on with the other children; this one may be offered to join it again
    referral = await referrals.lock(wide, referral_id)
    if referral is None:
        raise InvariantBroken
    place = None if case is None else await _place_of(wide, ground, case)
    return _Undone(referral, closure["changed_at"], before, case, place)


async def _place_of(wide: BrokerSession, ground: Ground, case: Row) -> Place | None:
    """The place that a case had, if the case can go on there today; else None.

    Work that had begun has used its volume already; a case that had not needs some to be left.
    """
    booking = await interventions.lock_booking(wide, case["booking_id"])
    place = next((each for each in ground.free_places if each.id == booking["place_id"] and is_free(each)), None)
    if place is None:
        return None
    # The place's own: work that was handed over after it began stays in the lot whose volume it used.
    lot = lot_of(ground, place.lot_id)
    if (
        not lot.starts_on <= wide.today <= lot.ends_on
        or (case["started_on"] is None and lot.volume_left <= 0)
        or is_full(place.practitioner_id, ground.caseloads)
        or await interventions.household_has_place(wide, booking["household_id"])
    ):
        return None
    return place


async def _go_on(wide: BrokerSession, writes: Writes, undone: _Undone, case: Row, place: Place) -> dict[str, Any]:
    """Book the place again and let the case stand as before; what the closure had said of it, to be kept."""
    started = case["started_on"] is not None
    booking_id = new_id()
    writes.add(
        supply.booking,
        id=booking_id,
        place_id=place.id,
        lot_id=place.lot_id,
        provider_id=case["provider_id"],
        household_id=undone.referral["household_id"],
        state="active" if started else "accepted",
        starts_on=wide.today,
        ends_on=max(case["planned_end_on"], wide.today + timedelta(days=1)),
        cause="reopened",
    )
    await writes.flush(wide)
    results = await queries.clear_goal_results(wide, case["id"])
    kept = {
        "closure_summary": {"from": case["closure_summary"], "to": None},
        "goal_results": {"from": {str(row["id"]): row["result"] for row in results}, "to": None},
    }
    await change(
        wide,
        case,
        state=_CASE_STATE[undone.before].value,
        booking_id=booking_id,
        closed_on=None,
        outcome=None,
        close_reason=None,
        closure_summary=None,
    )
    await household_cases.carry_on_with(wide, case["id"], undone.referral)
    await household_cases.reopen_for(wide, case["id"], undone.referral["id"])
    return kept


async def _holds(wide: BrokerSession, referral: Row) -> list[str]:
    """Why a referral stands unoffered once it is open again: what has become true while it was closed counts too."""
    holds = set(referral["holds"])
    if referral["agreement_status"] in WITHHELD:
        holds.add(Hold.AGREEMENT_WITHDRAWN.value)
    if await queries.has_another_open_referral(wide, referral["id"]):
        holds.add(Hold.POSSIBLE_DUPLICATE.value)
    return sorted(holds)


async def _owe_again(
    wide: BrokerSession, writes: Writes, ground: Ground, undone: _Undone, case: Row | None, holds: list[str]
) -> None:
    """Owe again what the closure had ended, later by the time in which it was closed; and what new holds ask for."""
    subjects = [undone.referral["id"], *([case["id"]] if case else [])]
    ended = await queries.ended_by_closure(wide, subjects, undone.closed_at)
    calendar = await calendar_of_school(wide, undone.referral["school_id"], ground.calendar)
    of_case = await _dues_of(wide, undone, case)
    for row in ended:
        clock = cast("ObligationClock", row["clock"])
        due_at = due_anew(clock, row["due_at"], closed_at=undone.closed_at, now=wide.now, calendar=calendar)
        if row["subject_kind"] == "intervention":
            due_at = of_case.get(row["kind"], due_at)
        owe(
            writes,
            wide,
            cast("ObligationKind", row["kind"]),
            row["owed_by_id"],
            subject=(cast("SubjectKind", row["subject_kind"]), row["subject_id"]),
            clock=clock,
            due_at=due_at,
        )
    if undone.case is not None:
        # Work that was not over after all is followed up once it is.
        await cancel(wide, undone.case["id"], ["follow_up"])
    for hold, kind in _OWED_FOR_A_HOLD.items():
        if hold in holds and hold not in undone.referral["holds"] and kind not in {row["kind"] for row in ended}:
            owe(
                writes, wide, kind, await authority_organisation(wide),
                subject=("referral", undone.referral["id"]), clock="calendar_hour",
                due_at=in_hours(wide.now, ground.policy.placement_hours),
            )  # fmt: skip


async def _dues_of(wide: BrokerSession, undone: _Undone, case: Row | None) -> dict[ObligationKind, datetime]:
    """When what the provider owes on a case that goes on is due, the days in which it was closed not counted."""
    if case is None:
        return {}
    eve = timedelta(days=1)
    return await dues(wide, case, (london_date(undone.closed_at) + eve, wide.today + eve))
