"""The register of a session: who came, late or not, and why not. It can be put again to correct it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.db import WriteSession, broker
from app.domain.courses import AbsenceReason, CourseState, RegisterResult, check_register, register_faults
from app.domain.courses import Session as Meeting
from app.errors import NotFound
from app.models.courses import course_attendance
from app.queries import course_enrolments as queries
from app.queries import courses
from app.queries.writes import Writes
from app.services import obligations
from app.services.courses import course_row
from app.services.courses.course_row import Check, check_own, lock_open
from app.services.courses.plan import owe_register
from app.services.faults import refuse


@dataclass(frozen=True, slots=True)
class Line:
    """How one person came to a session."""

    enrolment_id: UUID
    result: RegisterResult
    reason: AbsenceReason | None


async def put_register(
    session: WriteSession, writes: Writes, course_id: UUID, number: int, lines: Sequence[Line], check: Check
) -> None:
    """Fill the register of a session, or put it anew. The first one starts the course.

    Volume is used from the first session that somebody came to. Raises NotFound; ActionNotAvailable before the session
    and after the course is finished; Invalid when somebody with a seat is missing, or has none.
    """
    await check_own(session, course_id)
    async with broker(session) as wide:
        course = await lock_open(wide, course_id, check)
        rows = (await courses.sessions_of(wide, [course_id]))[course_id]
        if not 1 <= number <= len(rows):
            raise NotFound
        meeting = _meeting(rows[number - 1])
        check_register(meeting, wide.now)
        enrolled = await queries.lock_register(wide, course_id, number, meeting.held_on)
        refuse(register_faults([row["id"] for row in enrolled], [line.enrolment_id for line in lines]))
        earliest = next((row["number"] for row in rows if row["registered_at"] is None), None)
        await queries.clear_register(wide, course_id, number)
        by_id = {row["id"]: row for row in enrolled}
        for line in lines:
            row = by_id[line.enrolment_id]
            writes.add(
                course_attendance,
                course_id=course_id,
                number=number,
                enrolment_id=row["id"],
                provider_id=row["provider_id"],
                enrolled_by_id=row["enrolled_by_id"],
                referring_organisation_id=row["referring_organisation_id"],
                school_id=row["school_id"],
                result=line.result.value,
                reason=line.reason.value if line.reason else None,
            )
        await courses.set_registered(wide, course_id, number)
        await course_row.change(wide, course, state=CourseState.RUNNING.value)
        await course_row.tell(
            wide, writes, "course.register_recorded", course, enrolled=enrolled, data={"session_number": number}
        )
        if earliest == number:
            await obligations.meet(wide, "course_attendance", course_id)
            later = next((row for row in rows[number:] if row["registered_at"] is None), None)
            if later is not None:
                await owe_register(wide, writes, course_id, course["provider_id"], _meeting(later))
        await writes.flush(wide)
        await queries.count_use(wide, course_id)


def _meeting(row: asyncpg.Record) -> Meeting:
    return Meeting(row["starts_at"], row["ends_at"])
