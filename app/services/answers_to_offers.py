"""What becomes of an offer: accepted, declined, expired or withdrawn; always one event, and never a place lost.

Every function locks in one order: the authority (by the broker), the referral, the offer, the booking.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.db import BrokerSession, WriteSession, broker
from app.domain.clocks import due_at
from app.domain.referral import State
from app.domain.vocabulary import DeclineReason
from app.errors import ActionNotAvailable, FieldFault, Invalid, NotFound, PlaceTaken
from app.ids import new_id
from app.models import casework, supply
from app.models.allocation import offer as offer_table
from app.queries import offers
from app.queries import referrals as referral_queries
from app.queries.parties import authority_organisation
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes, change
from app.services import events, history
from app.services.allocation import Ground, allocate_waiting, lot_of, survey
from app.services.bookings import release_booking
from app.services.obligations import cancel, meet, owe

Row = dict[str, Any]

# How long an officer has to look at a referral whose offer ran out.
_ESCALATION: Final = timedelta(hours=24)


async def accept_offer(session: WriteSession, writes: Writes, offer_id: UUID) -> None:
    """Accept an offer: the case, the booking and the identity become the provider's.

    A late answer still counts while nobody else holds the referral and a place of the lot is free.
    Raises NotFound, ActionNotAvailable, PlaceTaken.
    """
    visible = await _visible(session, offer_id)
    async with broker(session) as wide:
        referral, offer = await _locked(wide, visible)
        ground = await survey(wide)
        if offer["state"] == "expired":
            booking_id, practitioner_id = await _book_late(wide, writes, referral, offer, ground)
        elif offer["state"] == "pending":
            booking_id, practitioner_id = offer["booking_id"], offer["practitioner_id"]
        else:
            raise ActionNotAvailable(f"The offer is {offer['state']}: it can no longer be accepted.")
        await _start_case(wide, writes, referral, offer, ground, (booking_id, practitioner_id))
        await writes.flush(wide)


async def _start_case(
    wide: BrokerSession,
    writes: Writes,
    referral: Row,
    offer: asyncpg.Record,
    ground: Ground,
    taken: tuple[UUID, UUID | None],
) -> None:
    """Turn offer, booking and referral to an accepted case. `taken` is (booking, practitioner)."""
    booking_id, practitioner_id = taken
    planned_end_on = ground.calendar.planned_end(wide.today, lot_of(ground, offer["lot_id"]).standard_weeks)
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
        planned_end_on=planned_end_on,
    )
    await _answer(wide, offer, "accepted", intervention_id=intervention_id, booking_id=booking_id)
    event_id = events.tell(
        writes,
        wide,
        "allocation.accepted",
        subject=("allocation", offer["id"], offer["version"] + 1),
        audience=await _audience(wide, referral, offer["provider_id"]),
        referral_id=referral["id"],
        data={"intervention_id": str(intervention_id), "referral_version": history.next_version(referral)},
    )
    await history.move(
        wide, writes, referral, State.ACCEPTED,
        event_id=event_id, event_type="allocation.accepted",
        case_provider_id=offer["provider_id"], intervention_id=intervention_id,
    )  # fmt: skip
    await meet(wide, "answer_offer", offer["id"])
    # An officer may have been asked to see it placed: now it is.
    await meet(wide, "place_referral", referral["id"])
    days_of_school = await calendar_of_school(wide, referral["school_id"], ground.calendar)
    owe(
        writes,
        wide,
        "initial_contact",
        offer["provider_id"],
        subject=("intervention", intervention_id),
        clock="school_day",
        due_at=due_at("school_day", days_of_school, wide.now, ground.policy.first_contact_school_days),
    )


async def _book_late(
    wide: BrokerSession, writes: Writes, referral: Row, offer: asyncpg.Record, ground: Ground
) -> tuple[UUID, UUID | None]:
    """A new booking for an answer that came after its time. Raises PlaceTaken when it comes too late for that too."""
    lot = lot_of(ground, offer["lot_id"])
    live = await offers.live_of_referral(wide, referral["id"])
    if referral["state"] != State.WAITING or live is not None or referral["holds"]:
        raise PlaceTaken("The referral has gone on: it is no longer waiting for this offer.")
    if not lot.starts_on <= wide.today <= lot.ends_on or lot.volume_left <= 0:
        raise PlaceTaken("The lot takes no more families: its contract has ended, or its volume is used or promised.")
    place = await offers.free_place_like(wide, offer["lot_id"], offer["place_id"], wide.today)
    if place is None:
        raise PlaceTaken("Every place of the lot has been taken since the offer expired.")
    booking_id = new_id()
    writes.add(
        supply.booking,
        id=booking_id,
        place_id=place["id"],
        lot_id=offer["lot_id"],
        provider_id=offer["provider_id"],
        household_id=referral["household_id"],
        state="offered",
        starts_on=wide.today,
        ends_on=ground.calendar.planned_end(wide.today, lot.standard_weeks),
        cause="late_answer",
    )
    await wide.run(
        "UPDATE offer SET place_id = $3, practitioner_id = $4 WHERE authority_id = $1 AND id = $2",
        wide.authority_id,
        offer["id"],
        place["id"],
        place["practitioner_id"],
    )
    return booking_id, place["practitioner_id"]


async def decline_offer(
    session: WriteSession, writes: Writes, offer_id: UUID, reason: DeclineReason, note: str | None
) -> None:
    """Decline an offer: the referral waits again with its old date, and the place goes to whoever is next.

    Raises NotFound, ActionNotAvailable, Invalid (another reason needs words).
    """
    if reason is DeclineReason.OTHER and not note:
        raise Invalid(errors=[FieldFault("/note", "missing", "Say in words why the offer is declined.")])
    visible = await _visible(session, offer_id)
    async with broker(session) as wide:
        referral, offer = await _locked(wide, visible)
        if offer["state"] not in ("pending", "expired"):
            raise ActionNotAvailable(f"The offer is {offer['state']}: it can no longer be declined.")
        was_pending = offer["state"] == "pending"
        await _answer(wide, offer, "declined", decline_reason=reason.value, decline_note=note)
        event_id = events.tell(
            writes,
            wide,
            "allocation.declined",
            subject=("allocation", offer["id"], offer["version"] + 1),
            audience=await _audience(wide, referral, offer["provider_id"]),
            referral_id=referral["id"],
            data={"reason": reason.value, "capacity_change_asked": reason is DeclineReason.NO_CAPACITY},
        )
        await meet(wide, "answer_offer", offer["id"])
        if was_pending:
            await _back_to_waiting(wide, writes, referral, offer, event_id, "allocation.declined")
            await allocate_waiting(wide, writes, "decline")
        await writes.flush(wide)


async def expire_due(wide: BrokerSession, writes: Writes) -> int:
    """Expire every pending offer whose time to answer has ended; the number expired.

    The place is freed and goes to whoever is next; the referral is offered elsewhere when it can be, an officer is
    asked to look, and the late answer stays possible. Call it in broker context; flushes `writes`. The clock calls it.
    """
    due = await offers.overdue(wide, wide.now)
    authority_id = await authority_organisation(wide)
    for row in due:
        referral, offer = await _locked(wide, row)
        await _answer(wide, offer, "expired", answered=False)
        event_id = events.tell(
            writes,
            wide,
            "allocation.expired",
            subject=("allocation", offer["id"], offer["version"] + 1),
            audience=await _audience(wide, referral, offer["provider_id"]),
            referral_id=referral["id"],
        )
        await _back_to_waiting(wide, writes, referral, offer, event_id, "allocation.expired")
        await cancel(wide, offer["id"], ["answer_offer"])
        await cancel(wide, referral["id"], ["place_referral"])
        owe(
            writes, wide, "place_referral", authority_id,
            subject=("referral", referral["id"]), clock="calendar_hour", due_at=wide.now + _ESCALATION,
        )  # fmt: skip
    if due:
        await allocate_waiting(wide, writes, "time_out")
    return len(due)


async def withdraw_live_offer(wide: BrokerSession, writes: Writes, referral: Row, cause: str) -> UUID | None:
    """Take back the live offer of a locked referral and free its place; the id of the event that tells of it.

    The provider is told of its allocation only: the referral itself it never saw. None when no offer was live.
    """
    offer = await offers.live_of_referral(wide, referral["id"])
    if offer is None:
        return None
    await _answer(wide, offer, "withdrawn", answered=False)
    await cancel(wide, offer["id"], ["answer_offer"])
    await release_booking(wide, offer["booking_id"], cause)
    return events.tell(
        writes,
        wide,
        "allocation.withdrawn",
        subject=("allocation", offer["id"], offer["version"] + 1),
        audience=await _audience(wide, referral, offer["provider_id"]),
        referral_id=referral["id"],
        data={"cause": cause},
    )


async def assign_practitioner(session: WriteSession, writes: Writes, offer_id: UUID, practitioner_id: UUID) -> None:
    """Give an accepted case, or an offer that is still open, to one of the provider's own practitioners.

    Raises NotFound, Invalid (not the provider's, or no longer active), ActionNotAvailable.
    """
    offer = await session.row(
        "SELECT id, state, version, intervention_id, provider_id, referral_id FROM offer"
        " WHERE authority_id = $1 AND id = $2 AND provider_id = $3 FOR UPDATE",
        session.authority_id,
        offer_id,
        session.organisation_id,
    )
    if offer is None:
        raise NotFound
    if offer["state"] not in ("pending", "accepted"):
        raise ActionNotAvailable(f"The allocation is {offer['state']}: nobody can be assigned to it.")
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


async def _visible(session: WriteSession, offer_id: UUID) -> asyncpg.Record:
    """The offer as the caller's own row policy shows it. Raises NotFound."""
    row = await session.row(
        "SELECT id, referral_id FROM offer WHERE authority_id = $1 AND id = $2 AND provider_id = $3",
        session.authority_id,
        offer_id,
        session.organisation_id,
    )
    if row is None:
        raise NotFound
    return row


async def _locked(wide: BrokerSession, visible: asyncpg.Record) -> tuple[Row, asyncpg.Record]:
    referral = await referral_queries.lock(wide, visible["referral_id"])
    offer = await offers.lock(wide, visible["id"])
    if referral is None or offer is None:
        raise NotFound
    return referral, offer


async def _answer(
    wide: BrokerSession, offer: asyncpg.Record, state: str, *, answered: bool = True, **columns: object
) -> None:
    values = {**columns, "state": state, "version": offer["version"] + 1, "updated_at": wide.now}
    if answered:
        values["answered_at"] = wide.now
    await change(wide, offer_table, {"id": offer["id"]}, values, also=", changed_xid = pg_current_xact_id()")


async def _back_to_waiting(
    wide: BrokerSession, writes: Writes, referral: Row, offer: asyncpg.Record, event_id: UUID, event_type: str
) -> None:
    await release_booking(wide, offer["booking_id"], event_type.rpartition(".")[2])
    await history.move(wide, writes, referral, State.WAITING, event_id=event_id, event_type=event_type)


async def _audience(wide: BrokerSession, referral: Row, provider_id: UUID) -> list[UUID | None]:
    return [
        await authority_organisation(wide),
        referral["referring_organisation_id"],
        referral["school_id"],
        provider_id,
    ]
