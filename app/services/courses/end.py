"""How a course ends: finished, when every session has its register, or cancelled, which everyone on it is told."""

from uuid import UUID

from app.access import Kind
from app.db import WriteSession, broker
from app.domain.courses import CancelReason, CourseState, EnrolmentState, LeaveReason, RefusalReason
from app.errors import ActionNotAvailable, NotFound
from app.queries import course_enrolments as queries
from app.queries import courses
from app.queries.writes import Writes
from app.services import obligations
from app.services.courses import course_row, enrolment_row
from app.services.courses.course_row import Check, check_own, lock_open
from app.services.courses.enrolment_row import end_enrolment


async def finish_course(session: WriteSession, writes: Writes, course_id: UUID, check: Check) -> None:
    """Finish a course: who came to any session has completed it, and nobody waits for it any more.

    Raises NotFound, and ActionNotAvailable while a session lacks its register.
    """
    await check_own(session, course_id)
    async with broker(session) as wide:
        course = await lock_open(wide, course_id, check)
        rows = (await courses.sessions_of(wide, [course_id]))[course_id]
        missing = [str(row["number"]) for row in rows if row["registered_at"] is None]
        if missing:
            raise ActionNotAvailable(f"Registers are missing of these sessions: {', '.join(missing)}.")
        enrolled = await queries.lock_open(wide, course_id)
        await course_row.change(wide, course, state=CourseState.FINISHED.value)
        await course_row.tell(wide, writes, "course.finished", course, enrolled=enrolled)
        for row in enrolled:
            state = EnrolmentState(row["state"])
            reason: str | None = None
            if state is EnrolmentState.WAITING:
                event_type, state = "course_enrolment.lapsed", EnrolmentState.LAPSED
            elif state is EnrolmentState.OFFERED:
                event_type, state, reason = "course_enrolment.refused", EnrolmentState.REFUSED, RefusalReason.NO_ANSWER
            elif row["used_on"] is None:
                event_type, state, reason = "course_enrolment.left", EnrolmentState.LEFT, LeaveReason.NEVER_CAME
            else:
                event_type, state = "course_enrolment.completed", EnrolmentState.COMPLETED
            await end_enrolment(wide, row, state, reason=reason)
            await enrolment_row.tell(wide, writes, event_type, row, {"reason": reason} if reason else None)
        await writes.flush(wide)


async def cancel_course(
    session: WriteSession, writes: Writes, course_id: UUID, reason: CancelReason, check: Check
) -> None:
    """Cancel a course: everyone on it, or waiting for it, is told, and its places are the lot's again.

    Raises NotFound, and ActionNotAvailable when it is over already.
    """
    if session.kind is not Kind.AUTHORITY:
        await check_own(session, course_id)
    elif await courses.get_course(session, course_id) is None:
        raise NotFound
    async with broker(session) as wide:
        course = await lock_open(wide, course_id, check)
        enrolled = await queries.lock_open(wide, course_id)
        await course_row.change(wide, course, state=CourseState.CANCELLED.value, cancel_reason=reason.value)
        await course_row.tell(
            wide, writes, "course.cancelled", course, enrolled=enrolled, data={"reason": reason.value}
        )
        for row in enrolled:
            await end_enrolment(wide, row, EnrolmentState.CANCELLED)
            await enrolment_row.tell(wide, writes, "course_enrolment.cancelled", row)
        await courses.end_seats(wide, course_id)
        await obligations.cancel(wide, course_id, ["course_attendance"])
        await writes.flush(wide)
