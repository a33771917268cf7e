"""The acts on a link day: a school asks, the provider confirms with a practitioner, and says what was done."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import BrokerSession, WriteSession, broker
from app.domain.link_days import (
    DayPart,
    LinkDayActivity,
    LinkDayCancellation,
    LinkDayState,
    check_come,
    check_in,
    is_free,
    request_faults,
)
from app.errors import ActionNotAvailable, CapacityRefused, FieldFault, NotFound, PlaceTaken
from app.ids import new_id
from app.models.link_days import link_day
from app.models.supply import booking
from app.queries import formats, places, practitioners, schools, services
from app.queries import link_days as queries
from app.queries.contract_terms import terms_on
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services.bookings import release_booking
from app.services.faults import refuse
from app.services.formats import check_volume
from app.services.link_days.row import Check, Row, change, find_day, lock_day, tell

_ONE_DAY = timedelta(days=1)


async def ask_for_day(
    session: WriteSession, writes: Writes, *, service_id: UUID, school_id: UUID, on: date, part: DayPart
) -> UUID:
    """Ask for a day of a service in a school; its id. Nothing is booked before the provider confirms it.

    Raises NotFound; ActionNotAvailable for a service of another format; Invalid for a day on which the school is
    closed, that has passed, or that no contract in force serves.
    """
    service = await services.get_service(session, service_id)
    if service is None:
        raise NotFound
    if service["format"] != "link_days":
        raise ActionNotAvailable(f"The service is {service['format']}, and not link_days.")
    member = await schools.get_school(session, school_id)
    if member is None or (session.kind is not Kind.AUTHORITY and school_id != session.organisation_id):
        raise NotFound
    async with broker(session) as wide:
        lot = await _lot_for(wide, service_id, member, on)
        await check_volume(wide, lot["id"])
        row: Row = {
            "id": new_id(),
            "lot_id": lot["id"],
            "provider_id": lot["provider_id"],
            "school_id": school_id,
            "on_day": on,
            "part": part.value,
            "halves": part.halves,
            "state": LinkDayState.REQUESTED.value,
            "requested_at": wide.now,
            "updated_at": wide.now,
            "version": 1,
        }
        writes.add(link_day, **row)
        await tell(wide, writes, "link_day.requested", row)
        await writes.flush(wide)
    link_day_id: UUID = row["id"]
    return link_day_id


async def confirm_day(
    session: WriteSession, writes: Writes, link_day_id: UUID, practitioner_id: UUID, check: Check
) -> None:
    """Confirm a link day with a practitioner, whose day is booked on a place of the lot; two halves share a booking.

    Raises NotFound; ActionNotAvailable; Invalid for somebody who does not work for the provider; PlaceTaken when the
    practitioner is elsewhere then; CapacityRefused without a place, or without volume.
    """
    await find_day(session, link_day_id)
    async with broker(session) as wide:
        row = await lock_day(wide, link_day_id, check)
        check_in(row["state"], LinkDayState.REQUESTED)
        if row["on_day"] < wide.today:
            raise ActionNotAvailable("The day has passed: it is too late to confirm it.")
        worker = await practitioners.get_practitioner(wide, practitioner_id)
        if worker is None or worker["provider_id"] != row["provider_id"] or not worker["active"]:
            sentence = "None of the provider's active practitioners has this id."
            refuse([FieldFault("/practitioner_id", "unknown_practitioner", sentence)])
        taken = await queries.parts_taken(wide, practitioner_id, row["on_day"])
        if not is_free(DayPart(row["part"]), [DayPart(one["part"]) for one in taken]):
            raise PlaceTaken("The practitioner is at a school then already.")
        await check_volume(wide, row["lot_id"])
        shared = next((one["booking_id"] for one in taken if one["lot_id"] == row["lot_id"]), None)
        booking_id = shared or await _book(wide, writes, row, practitioner_id)
        await change(
            wide,
            row,
            state=LinkDayState.CONFIRMED.value,
            practitioner_id=practitioner_id,
            booking_id=booking_id,
        )
        await tell(wide, writes, "link_day.confirmed", row)
        await writes.flush(wide)


async def record_day(
    session: WriteSession,
    writes: Writes,
    link_day_id: UUID,
    families_seen_count: int,
    activities: Sequence[LinkDayActivity],
    check: Check,
) -> None:
    """Record what was done on a link day that has come: how many families were seen, and what was done, in codes.

    Raises NotFound and ActionNotAvailable.
    """
    await find_day(session, link_day_id)
    async with broker(session) as wide:
        row = await lock_day(wide, link_day_id, check)
        check_in(row["state"], LinkDayState.CONFIRMED)
        check_come(row["on_day"], wide.today)
        await change(
            wide,
            row,
            state=LinkDayState.DONE.value,
            families_seen_count=families_seen_count,
            activities=[one.value for one in activities],
        )
        await queries.set_active(wide, row["booking_id"])
        await tell(wide, writes, "link_day.done", row)
        await writes.flush(wide)


async def cancel_day(
    session: WriteSession, writes: Writes, link_day_id: UUID, reason: LinkDayCancellation, check: Check
) -> None:
    """Cancel a link day that was asked for or confirmed; either side may. Raises NotFound and ActionNotAvailable."""
    await find_day(session, link_day_id)
    async with broker(session) as wide:
        row = await lock_day(wide, link_day_id, check)
        check_in(row["state"], LinkDayState.REQUESTED, LinkDayState.CONFIRMED)
        if row["booking_id"] is not None and not await queries.others_of_booking(wide, row["booking_id"], link_day_id):
            await release_booking(wide, row["booking_id"], "cancelled")
        await change(wide, row, state=LinkDayState.CANCELLED.value, reason=reason.value)
        await tell(wide, writes, "link_day.cancelled", row, {"reason": reason.value})
        await writes.flush(wide)


async def _lot_for(wide: BrokerSession, service_id: UUID, member: asyncpg.Record, on: date) -> asyncpg.Record:
    """The lot of a service that serves a school on a day. Raises Invalid when there is none."""
    serving = [
        lot
        for lot in await formats.lots_of_service(wide, service_id)
        if not (lot["area_ids"] or lot["school_ids"])
        or member["area_id"] in lot["area_ids"]
        or member["id"] in lot["school_ids"]
    ]
    faults = [FieldFault("/service_id", "school_not_served", "The service does not serve the school.")]
    calendar = await calendar_of_school(wide, member["id"])
    terms = await terms_on(wide, max(on, wide.today), [lot["contract_id"] for lot in serving])
    for lot in serving:
        contract = terms[lot["contract_id"]]
        faults = request_faults(on, calendar, wide.today, (contract.starts_on, contract.ends_on))
        if not faults and lot["id"] in contract.volumes:
            return lot
    refuse(faults)
    raise ActionNotAvailable("The lot of this service joins its contract later.")


async def _book(wide: BrokerSession, writes: Writes, row: Row, practitioner_id: UUID) -> UUID:
    """Queue the booking of a practitioner's day. Raises CapacityRefused without a place in service that is free."""
    on = row["on_day"]
    free = await places.free_on_days(wide, row["lot_id"], on, on + _ONE_DAY)
    spots = await queries.places_of(wide, free, practitioner_id)
    if not spots:
        raise CapacityRefused("No place of the lot is free and in service on that day.")
    booking_id = new_id()
    writes.add(
        booking,
        id=booking_id,
        place_id=spots[0],
        lot_id=row["lot_id"],
        provider_id=row["provider_id"],
        household_id=None,
        format="link_days",
        state="accepted",
        starts_on=on,
        ends_on=on + _ONE_DAY,
        cause="accepted",
    )
    await writes.flush(wide)
    return booking_id
