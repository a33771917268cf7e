"""What becomes of a seat: taken, refused, or left before the end. One that falls free in time is offered on."""

from uuid import UUID

from app.db import BrokerSession, WriteSession, broker
from app.domain.courses import CourseState, EnrolmentState, LeaveReason, RefusalReason, check_move, check_open
from app.errors import NotFound
from app.queries import course_enrolments as queries
from app.queries.writes import Writes
from app.services.courses.course_row import Check, lock_open, meetings_of
from app.services.courses.enrolment_row import Row, change, end_enrolment, find_enrolment, offer_on, tell


async def take_seat(session: WriteSession, writes: Writes, enrolment_id: UUID, check: Check) -> None:
    """Take the seat that is held; who it is opens to the provider of the course.

    Raises NotFound, and ActionNotAvailable when no seat is offered or the last session has begun.
    """
    seen = await find_enrolment(session, enrolment_id)
    async with broker(session) as wide:
        course, row = await _lock(wide, seen, check)
        check_move(EnrolmentState(row["state"]), EnrolmentState.TAKEN)
        meetings = await meetings_of(wide, course["id"])
        check_open(CourseState(course["state"]), meetings[-1].starts_at, wide.now)
        await wide.run(
            "UPDATE booking SET state = 'accepted', cause = 'accepted' WHERE authority_id = $1 AND id = $2",
            wide.authority_id,
            row["booking_id"],
        )
        await change(wide, row, EnrolmentState.TAKEN)
        await queries.set_provider_reads(wide, [enrolment_id], reads=True)
        await tell(wide, writes, "course_enrolment.taken", row)
        await writes.flush(wide)


async def refuse_seat(
    session: WriteSession, writes: Writes, enrolment_id: UUID, reason: RefusalReason, check: Check
) -> None:
    """Refuse the seat that is held, or no longer wait for one, with the family's reason; the seat is offered on.

    Raises NotFound and ActionNotAvailable.
    """
    seen = await find_enrolment(session, enrolment_id)
    async with broker(session) as wide:
        course, row = await _lock(wide, seen, check)
        check_move(EnrolmentState(row["state"]), EnrolmentState.REFUSED)
        await end_enrolment(wide, row, EnrolmentState.REFUSED, reason=reason.value)
        await tell(wide, writes, "course_enrolment.refused", row, {"reason": reason.value})
        await offer_on(wide, writes, course["id"])
        await writes.flush(wide)


async def leave_course(
    session: WriteSession, writes: Writes, enrolment_id: UUID, reason: LeaveReason, check: Check
) -> None:
    """Leave a course before its end, with the reason; before it has begun the seat is offered on.

    Raises NotFound and ActionNotAvailable.
    """
    seen = await find_enrolment(session, enrolment_id)
    async with broker(session) as wide:
        course, row = await _lock(wide, seen, check)
        check_move(EnrolmentState(row["state"]), EnrolmentState.LEFT)
        await end_enrolment(wide, row, EnrolmentState.LEFT, reason=reason.value)
        await tell(wide, writes, "course_enrolment.left", row, {"reason": reason.value})
        await offer_on(wide, writes, course["id"])
        await writes.flush(wide)


async def _lock(wide: BrokerSession, seen: Row, check: Check) -> tuple[Row, Row]:
    course = await lock_open(wide, seen["course_id"], lambda _: None)
    row = await queries.lock_enrolment(wide, seen["id"])
    if row is None:
        raise NotFound
    check(row["version"])
    return course, row
