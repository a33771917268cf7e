"""What becomes of an offer: accepted, declined, expired or withdrawn; always one event, and never a place lost.

Every function locks in one order: the authority (by the broker), the referral, the offer, the booking.
"""

from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from app.db import BrokerSession, WriteSession, broker
from app.domain.allocation.eligibility import timing_reason
from app.domain.case_obligations import CaseDates, case_obligations
from app.domain.clocks import end_of, in_hours
from app.domain.deemed_acceptance import CHECKED_BANDS, objection_fault
from app.domain.referral import State
from app.domain.vocabulary import DeclineReason
from app.errors import ActionNotAvailable, FieldFault, Invalid, NotFound, PlaceTaken
from app.ids import new_id
from app.models import casework, supply
from app.queries import offers
from app.queries.interventions import household_has_place
from app.queries.parties import authority_organisation
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services import events, history
from app.services.allocation import allocate_waiting
from app.services.bookings import release_booking
from app.services.escalation import escalate
from app.services.first_reading import release_identity
from app.services.ground import Ground, lot_of, survey
from app.services.household_cases import family_case, join_case
from app.services.join_offers import offer_to_join
from app.services.obligations import cancel, meet, owe
from app.services.offer_rows import Row, audience_of, change_offer, locked, visible_offer
from app.services.unread_cases import close_given_back, is_unread

_NEED_WORDS: Final = (DeclineReason.SAFEGUARDING, DeclineReason.OTHER)


class Taken(NamedTuple):
    """The booking that an acceptance stands on, who is to work it, and from which day the place is the family's."""

    booking_id: UUID
    practitioner_id: UUID | None
    starts_on: date


async def accept_offer(session: WriteSession, writes: Writes, offer_id: UUID) -> None:
    """Accept an offer: the case, the booking and the identity become the provider's.

    One that was accepted by silence is confirmed, which counts as its first read. A late answer still counts while
    nobody else holds the referral and a place of the lot is free.
    Raises NotFound, ActionNotAvailable, PlaceTaken.
    """
    visible = await visible_offer(session, offer_id)
    async with broker(session) as wide:
        referral, offer = await locked(wide, visible)
        ground = await survey(wide)
        if is_unread(offer):
            await release_identity(wide, writes, referral, offer, ground)
            await writes.flush(wide)
            return
        if offer["state"] not in ("pending", "expired"):
            raise ActionNotAvailable(f"The offer is {offer['state']}: it can no longer be accepted.")
        if offer["state"] == "expired":
            await _check_still_waits(wide, referral, offer)
        case_id = await family_case(wide, referral, offer)
        if case_id is not None:
            await join_case(wide, writes, ground, referral, offer, case_id)
            await _settle(wide, referral, offer)
            await allocate_waiting(wide, writes, "joined_case")
            return
        taken = Taken(offer["booking_id"], offer["practitioner_id"], offer["starts_on"])
        if offer["state"] == "expired":
            taken = await _book_late(wide, writes, referral, offer, ground)
        await start_case(wide, writes, referral, offer, ground, taken)
        await writes.flush(wide)
        await offer_to_join(wide, writes, "accepted")


async def start_case(
    wide: BrokerSession,
    writes: Writes,
    referral: Row,
    offer: asyncpg.Record,
    ground: Ground,
    taken: Taken,
    *,
    deemed: bool = False,
) -> None:
    """Turn offer, booking and referral to an accepted case, planned from the day on which the place is free.

    `deemed`: nobody answered, which counts as yes. The case stays closed to the provider until it reads it.
    """
    booking_id, practitioner_id, starts_on = taken
    planned_start_on = max(wide.today, starts_on)
    planned_end_on = ground.calendar.planned_end(planned_start_on, lot_of(ground, offer["lot_id"]).standard_weeks)
    intervention_id = new_id()
    await writes.flush(wide)
    await wide.run(
        "UPDATE booking SET state = 'accepted', ends_on = greatest(ends_on, $3), cause = 'accepted'"
        " WHERE authority_id = $1 AND id = $2",
        wide.authority_id,
        booking_id,
        planned_end_on,
    )
    writes.add(
        casework.intervention,
        id=intervention_id,
        booking_id=booking_id,
        referral_id=referral["id"],
        lot_id=offer["lot_id"],
        provider_id=offer["provider_id"],
        referring_organisation_id=referral["referring_organisation_id"],
        school_id=referral["school_id"],
        practitioner_id=practitioner_id,
        state="planned",
        accepted_at=wide.now,
        updated_at=wide.now,
        planned_start_on=planned_start_on,
        planned_end_on=planned_end_on,
        sealed=deemed,
    )
    how = {"deemed_at": wide.now} if deemed else {"answered_at": wide.now}
    await change_offer(wide, offer, state="accepted", intervention_id=intervention_id, booking_id=booking_id, **how)
    event_id = events.tell(
        writes,
        wide,
        "allocation.accepted",
        subject=("allocation", offer["id"], offer["version"] + 1),
        audience=await audience_of(wide, referral, offer["provider_id"]),
        referral_id=referral["id"],
        data={
            "intervention_id": str(intervention_id),
            "referral_version": history.next_version(referral),
            "deemed": deemed,
            "starts_on": planned_start_on,
        },
    )
    await history.move(
        wide, writes, referral, State.ACCEPTED,
        event_id=event_id, event_type="allocation.accepted",
        case_provider_id=None if deemed else offer["provider_id"], intervention_id=intervention_id,
    )  # fmt: skip
    await _settle(wide, referral, offer)
    days_of_school = await calendar_of_school(wide, referral["school_id"], ground.calendar)
    dates = CaseDates(wide.now, planned_start_on, planned_end_on)
    owe(
        writes,
        wide,
        "initial_contact",
        offer["provider_id"],
        subject=("intervention", intervention_id),
        clock="school_day",
        due_at=case_obligations(dates, ground.policy, days_of_school, ground.calendar)["initial_contact"],
    )


async def _settle(wide: BrokerSession, referral: Row, offer: asyncpg.Record) -> None:
    """Meet what an acceptance meets: the answer, and what officers were asked to do to see the referral placed."""
    await meet(wide, "answer_offer", offer["id"])
    await meet(wide, "place_referral", referral["id"])
    await meet(wide, "lead_officer_action", referral["id"])
    if referral["band_asked"] != referral["band"]:
        await cancel(wide, referral["id"], ["band_review"])


async def _check_still_waits(wide: BrokerSession, referral: Row, offer: asyncpg.Record) -> None:
    """Raise PlaceTaken where an answer comes after its time and nobody waits for it any more."""
    live = await offers.live_of_referral(wide, referral["id"])
    refused = offer["provider_id"] in referral["refused_provider_ids"]
    housed = offer["joins_intervention_id"] is None and await household_has_place(wide, referral["household_id"])
    # Of a family's refusal, or its place elsewhere, no provider is told, so it reads like everything else that may have
    # become of a referral.
    if referral["state"] != State.WAITING or live is not None or referral["holds"] or refused or housed:
        raise PlaceTaken("The referral has gone on: it is no longer waiting for this offer.")


async def _book_late(
    wide: BrokerSession, writes: Writes, referral: Row, offer: asyncpg.Record, ground: Ground
) -> Taken:
    """A new booking for an answer that came after its time. Raises PlaceTaken when it comes too late for that too."""
    lot = lot_of(ground, offer["lot_id"])
    if not lot.starts_on <= wide.today <= lot.ends_on or lot.volume_left <= 0:
        raise PlaceTaken("The lot takes no more families: its contract has ended, or its volume is used or promised.")
    place = await offers.free_place_like(wide, offer["id"], wide.today)
    taken = Taken(new_id(), place["practitioner_id"], wide.today) if place else None
    place_id = place["id"] if place else offer["place_id"]
    if taken is None:
        ahead = next((each for each in ground.ahead_places if each.id == place_id), None)
        if ahead is None or ahead.free_on is None or timing_reason(ahead, lot, referral["band"], ground.policy):
            raise PlaceTaken("Every place of the lot that would do has been taken since the offer expired.")
        taken = Taken(new_id(), ahead.practitioner_id, ahead.free_on)
    writes.add(
        supply.booking,
        id=taken.booking_id,
        place_id=place_id,
        lot_id=offer["lot_id"],
        provider_id=offer["provider_id"],
        household_id=referral["household_id"],
        state="offered",
        starts_on=taken.starts_on,
        ends_on=ground.calendar.planned_end(taken.starts_on, lot.standard_weeks),
        cause="late_answer",
    )
    await wide.run(
        "UPDATE offer SET place_id = $3, practitioner_id = $4, starts_on = $5 WHERE authority_id = $1 AND id = $2",
        wide.authority_id,
        offer["id"],
        place_id,
        taken.practitioner_id,
        taken.starts_on,
    )
    return taken


async def decline_offer(
    session: WriteSession, writes: Writes, offer_id: UUID, reason: DeclineReason, note: str | None
) -> None:
    """Decline an offer: the referral waits again with its old date, and the place goes to whoever is next.

    One that was accepted by silence can still be objected to, in few codes and for some time; an officer then looks.
    Raises NotFound, ActionNotAvailable, Invalid (some reasons need words).
    """
    if reason in _NEED_WORDS and not note:
        raise Invalid(errors=[FieldFault("/note", "missing", "Say in words why the offer is declined.")])
    visible = await visible_offer(session, offer_id)
    async with broker(session) as wide:
        referral, offer = await locked(wide, visible)
        objection = offer["state"] == "accepted" and offer["deemed_at"] is not None
        if objection:
            _check_objection(wide, referral, offer, reason)
        elif offer["state"] not in ("pending", "expired"):
            raise ActionNotAvailable(f"The offer is {offer['state']}: it can no longer be declined.")
        answer = {"answered_at": wide.now, "decline_reason": reason.value, "decline_note": note}
        await change_offer(wide, offer, state="declined", intervention_id=None, **answer)
        event_id = events.tell(
            writes,
            wide,
            "allocation.declined",
            subject=("allocation", offer["id"], offer["version"] + 1),
            audience=await audience_of(wide, referral, offer["provider_id"]),
            referral_id=referral["id"],
            data={
                "reason": reason.value,
                "capacity_change_asked": reason is DeclineReason.NO_CAPACITY,
                "after_deemed_acceptance": objection,
            },
        )
        await meet(wide, "answer_offer", offer["id"])
        if objection:
            await close_given_back(wide, referral, offer, "not_suitable")
            await _ask_officer(wide, writes, referral)
        if objection or offer["state"] == "pending":
            await _back_to_waiting(wide, writes, referral, offer, event_id, "allocation.declined")
            await allocate_waiting(wide, writes, "decline")
        await writes.flush(wide)


def _check_objection(wide: BrokerSession, referral: Row, offer: asyncpg.Record, reason: DeclineReason) -> None:
    if referral["state"] == State.ON_HOLD:
        raise ActionNotAvailable("The work is paused: resume it first.")
    begun = referral["state"] != State.ACCEPTED
    fault = objection_fault(reason, begun=begun, objection_until=offer["objection_until"], now=wide.now)
    if fault is not None:
        raise ActionNotAvailable(fault)


async def _ask_officer(wide: BrokerSession, writes: Writes, referral: Row) -> None:
    """Ask an officer to see a referral placed, as soon as its band asks for."""
    await cancel(wide, referral["id"], ["place_referral"])
    policy = (await survey(wide)).policy
    owe(
        writes, wide, "place_referral", await authority_organisation(wide),
        subject=("referral", referral["id"]), clock="calendar_hour",
        due_at=in_hours(wide.now, policy.escalation_hours[referral["band"]]),
    )  # fmt: skip


async def deem_due(wide: BrokerSession, writes: Writes) -> int:
    """Accept, for the provider, every pending offer whose time has ended under a contract by which silence is yes.

    The place is kept and the case made, as if it had accepted; but whose case it is stays closed until its first read.
    An officer looks at the most urgent on the same day. The number accepted; call it in broker context.
    """
    due = await offers.overdue(wide, wide.now, deemed=True)
    if not due:
        return 0
    ground = await survey(wide)
    came_free = False
    for row in due:
        referral, offer = await locked(wide, row)
        case_id = await family_case(wide, referral, offer)
        if case_id is None:
            taken = Taken(offer["booking_id"], offer["practitioner_id"], offer["starts_on"])
            await start_case(wide, writes, referral, offer, ground, taken, deemed=True)
        else:
            came_free |= await join_case(wide, writes, ground, referral, offer, case_id, deemed=True)
            await _settle(wide, referral, offer)
        if referral["band"] in CHECKED_BANDS:
            owe(
                writes, wide, "deemed_acceptance_check", await authority_organisation(wide),
                subject=("offer", offer["id"]), clock="calendar_hour",
                due_at=end_of(wide.today),
            )  # fmt: skip
    if came_free:
        await allocate_waiting(wide, writes, "joined_case")
    return len(due)


async def expire_due(wide: BrokerSession, writes: Writes) -> int:
    """Expire every pending offer whose time to answer has ended; the number expired.

    The place is freed and goes to whoever is next; the referral is offered elsewhere when it can be, officers are
    asked to look, and the late answer stays possible. Call it in broker context; flushes `writes`. The clock calls it.
    """
    due = await offers.overdue(wide, wide.now, deemed=False)
    if not due:
        return 0
    policy = (await survey(wide)).policy
    for row in due:
        referral, offer = await locked(wide, row)
        await change_offer(wide, offer, state="expired")
        event_id = events.tell(
            writes,
            wide,
            "allocation.expired",
            subject=("allocation", offer["id"], offer["version"] + 1),
            audience=await audience_of(wide, referral, offer["provider_id"]),
            referral_id=referral["id"],
        )
        await _back_to_waiting(wide, writes, referral, offer, event_id, "allocation.expired")
        await cancel(wide, offer["id"], ["answer_offer"])
        await escalate(wide, writes, referral, policy)
    await allocate_waiting(wide, writes, "time_out")
    return len(due)


async def withdraw_live_offer(
    wide: BrokerSession, writes: Writes, referral: Row, cause: str, *, officers_reason: str | None = None
) -> UUID | None:
    """Take back the live offer of a locked referral and free its place; the id of the event that tells of it.

    One that was accepted by silence and never read is taken back alike. The provider is told of its allocation only:
    the referral itself it never saw. An officer who takes it back for a reason does not want that provider for this
    family: it is not asked again. None when there was none.
    """
    offer = await offers.unread_of_referral(wide, referral["id"])
    if offer is None:
        return None
    await change_offer(wide, offer, state="withdrawn", intervention_id=None, withdraw_reason=officers_reason)
    await cancel(wide, offer["id"], ["answer_offer"])
    if is_unread(offer):
        await close_given_back(wide, referral, offer, "withdrawn")
    await release_booking(wide, offer["booking_id"], cause)
    return events.tell(
        writes,
        wide,
        "allocation.withdrawn",
        subject=("allocation", offer["id"], offer["version"] + 1),
        audience=await audience_of(wide, referral, offer["provider_id"]),
        referral_id=referral["id"],
        data={"cause": cause},
    )


async def assign_practitioner(session: WriteSession, writes: Writes, offer_id: UUID, practitioner_id: UUID) -> None:
    """Give an accepted case, or an offer that is still open, to one of the provider's own practitioners.

    Raises NotFound, Invalid (not the provider's, or no longer active), ActionNotAvailable.
    """
    offer = await session.row(
        "SELECT id, state, version, intervention_id, provider_id, referral_id, deemed_at, identity_released_at"
        " FROM offer"
        " WHERE authority_id = $1 AND id = $2 AND provider_id = $3 FOR UPDATE",
        session.authority_id,
        offer_id,
        session.organisation_id,
    )
    if offer is None:
        raise NotFound
    if offer["state"] not in ("pending", "accepted"):
        raise ActionNotAvailable(f"The allocation is {offer['state']}: nobody can be assigned to it.")
    if is_unread(offer):
        raise ActionNotAvailable("The offer was accepted by silence: read the allocation, then say who works on it.")
    known = await session.value(
        "SELECT active FROM practitioner WHERE authority_id = $1 AND id = $2 AND provider_id = $3",
        session.authority_id,
        practitioner_id,
        session.organisation_id,
    )
    if not known:
        sentence = "None of your active practitioners has this id."
        raise Invalid(errors=[FieldFault("/practitioner_id", "unknown", sentence)])
    await session.run(
        "UPDATE offer SET practitioner_id = $3, version = version + 1, updated_at = $4,"
        " changed_xid = pg_current_xact_id() WHERE authority_id = $1 AND id = $2",
        session.authority_id,
        offer_id,
        practitioner_id,
        session.now,
    )
    if offer["intervention_id"] is not None:
        touched = await session.run(
            "UPDATE intervention SET practitioner_id = $3, version = version + 1, updated_at = $4"
            " WHERE authority_id = $1 AND id = $2 AND state <> 'closed'",
            session.authority_id,
            offer["intervention_id"],
            practitioner_id,
            session.now,
        )
        if not touched:
            raise ActionNotAvailable("The case is closed: who worked it stays as it was.")
    events.tell(
        writes,
        session,
        "allocation.practitioner_assigned",
        subject=("allocation", offer_id, offer["version"] + 1),
        audience=[await authority_organisation(session), offer["provider_id"]],
        referral_id=offer["referral_id"],
        data={"practitioner_id": str(practitioner_id)},
    )


async def _back_to_waiting(
    wide: BrokerSession, writes: Writes, referral: Row, offer: asyncpg.Record, event_id: UUID, event_type: str
) -> None:
    await release_booking(wide, offer["booking_id"], event_type.rpartition(".")[2])
    await history.move(wide, writes, referral, State.WAITING, event_id=event_id, event_type=event_type)
