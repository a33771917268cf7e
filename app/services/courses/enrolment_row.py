"""An enrolment as the acts on it have it: its seat, its end, and who is told."""

from typing import Any
from uuid import UUID

from app.db import BrokerSession, ReadSession, WriteSession
from app.domain.courses import EnrolmentState
from app.errors import NotFound
from app.ids import new_id
from app.models.courses import course_enrolment
from app.models.supply import booking
from app.queries import course_enrolments as queries
from app.queries import courses
from app.queries import writes as writing
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import events
from app.services.bookings import release_booking

Row = dict[str, Any]


async def find_enrolment(session: ReadSession, enrolment_id: UUID) -> Row:
    """An enrolment that the caller may see. Raises NotFound."""
    row = await queries.get_enrolment(session, enrolment_id)
    if row is None:
        raise NotFound
    return dict(row)


async def change(session: WriteSession, row: Row, state: EnrolmentState, **columns: object) -> None:
    """Move a locked enrolment to a state and raise its version; `row` is kept up to date."""
    values: Row = {**columns, "state": state.value, "version": row["version"] + 1, "updated_at": session.now}
    await writing.change(session, course_enrolment, {"id": row["id"]}, values)
    row.update(values)


async def hold_seat(wide: BrokerSession, writes: Writes, row: Row) -> Row | None:
    """Queue the booking of the first free seat for somebody, from today or the first day on; what it says of them.

    None when there is no seat.
    """
    seat = await courses.first_free_seat(wide, row["course_id"])
    if seat is None:
        return None
    booking_id = new_id()
    writes.add(
        booking,
        id=booking_id,
        place_id=seat["place_id"],
        lot_id=row["lot_id"],
        provider_id=row["provider_id"],
        household_id=row["household_id"],
        format="course",
        state="offered",
        starts_on=seat["starts_on"],
        ends_on=seat["ends_on"],
        cause="offered",
    )
    return {"booking_id": booking_id, "seat_number": seat["number"]}


async def offer_on(wide: BrokerSession, writes: Writes, course_id: UUID) -> None:
    """Offer the seats of a course that has not begun to those who wait, the longest first."""
    first = (await courses.sessions_of(wide, [course_id]))[course_id][0]
    if wide.now >= first["starts_at"]:
        return
    waiting = [row for row in await queries.lock_open(wide, course_id) if row["state"] == EnrolmentState.WAITING.value]
    for row in waiting:
        seat = await hold_seat(wide, writes, row)
        if seat is None:
            return
        # The booking comes first: the enrolment names it, and the next one waiting sees that this seat has gone.
        await writes.flush(wide)
        await change(wide, row, EnrolmentState.OFFERED, **seat)
        await tell(wide, writes, "course_enrolment.offered", row)


async def end_enrolment(wide: BrokerSession, row: Row, state: EnrolmentState, **columns: object) -> None:
    """End a locked enrolment and give its seat back, if it has one."""
    if row["booking_id"] is not None:
        await release_booking(wide, row["booking_id"], state.value)
    await change(wide, row, state, **columns)


async def tell(
    session: WriteSession, writes: Writes, event_type: str, row: Row, data: dict[str, object] | None = None
) -> UUID:
    """Queue the event of an act on an enrolment; its id."""
    return events.tell(
        writes,
        session,
        event_type,
        subject=("course_enrolment", row["id"], row["version"]),
        audience=[await authority_organisation(session), *parties_of(row)],
        referral_id=row["referral_id"],
        data={"course_id": str(row["course_id"]), **(data or {})},
    )


def parties_of(row: Row) -> list[UUID | None]:
    """The organisations that an enrolment concerns."""
    return [row["provider_id"], row["enrolled_by_id"], row["referring_organisation_id"], row["school_id"]]
