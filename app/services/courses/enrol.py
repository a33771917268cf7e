"""Enrolling an adult or a child of a referral on a course: a seat is held, or they wait in the order of asking."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.db import WriteSession, broker
from app.domain.courses import Audience, EnrolmentState, Who, audience_fault, check_open, person_id
from app.domain.courses import CourseState as State
from app.errors import AlreadyExists, CapacityRefused, FieldFault, NotFound
from app.ids import new_id
from app.models.courses import course_enrolment, course_participant
from app.queries import course_enrolments as queries
from app.queries import courses, formats
from app.queries.writes import Writes
from app.services.courses.course_row import Row, lock_open, meetings_of
from app.services.courses.enrolment_row import hold_seat, tell
from app.services.faults import refuse
from app.services.formats import check_serves, check_volume, check_workable, referral_to_act_on


@dataclass(frozen=True, slots=True)
class Enrolling:
    """Whom to enrol. A child without a name is the referral's pupil."""

    referral_id: UUID
    who: Who
    name: str | None
    may_wait: bool


async def enrol(session: WriteSession, writes: Writes, course_id: UUID, wanted: Enrolling) -> UUID:
    """Enrol somebody; the enrolment's id. A seat is held for them, or they wait for one if they may.

    Casework goes on beside it. Raises NotFound; ActionNotAvailable when nobody can join the course, or nobody works
    with the family; Invalid for whom it is not; AlreadyExists when they are on it; CapacityRefused without a seat.
    """
    if await courses.get_course(session, course_id) is None:
        raise NotFound
    seen = await referral_to_act_on(session, wanted.referral_id)
    async with broker(session) as wide:
        course = await lock_open(wide, course_id, lambda _: None)
        referral = await formats.referral_of(wide, wanted.referral_id) or seen
        meetings = await meetings_of(wide, course_id)
        check_open(State(course["state"]), meetings[-1].starts_at, wide.now)
        check_workable(referral, course["provider_id"])
        refuse(_faults(course, referral, wanted))
        await check_serves(wide, course["lot_id"], referral)
        name = wanted.name or referral["pupil_name"]
        person = person_id(wanted.who, referral["pupil_id"], referral["household_id"], name)
        if await queries.is_enrolled(wide, course_id, person):
            raise AlreadyExists("That person is on the course, or waits for it, already.")
        await check_volume(wide, course["lot_id"])
        row: Row = {
            "id": new_id(),
            "course_id": course_id,
            "lot_id": course["lot_id"],
            "provider_id": course["provider_id"],
            "referral_id": referral["id"],
            "pupil_id": referral["pupil_id"],
            "household_id": referral["household_id"],
            "enrolled_by_id": wide.organisation_id,
            "referring_organisation_id": referral["referring_organisation_id"],
            "school_id": referral["school_id"],
            "who": wanted.who.value,
            "person_id": person,
            "language": referral["language"],
            "interpreter_needed": referral["interpreter_needed"],
            "enrolled_at": wide.now,
            "updated_at": wide.now,
            "version": 1,
        }
        seat = await hold_seat(wide, writes, row)
        if seat is None and not wanted.may_wait:
            raise CapacityRefused("The course has no seat left: ask for its waiting list.")
        row |= seat or {"booking_id": None, "seat_number": None}
        row["state"] = (EnrolmentState.OFFERED if seat else EnrolmentState.WAITING).value
        writes.add(course_enrolment, **row)
        writes.add(
            course_participant,
            enrolment_id=row["id"],
            name=name,
            **{party: row[party] for party in ("provider_id", "enrolled_by_id", "referring_organisation_id")},
            school_id=row["school_id"],
        )
        event_type = "course_enrolment.offered" if seat else "course_enrolment.waiting"
        await tell(wide, writes, event_type, row)
        await writes.flush(wide)
    return row["id"]  # type: ignore[no-any-return]  # made above


def _faults(course: Row, referral: asyncpg.Record, wanted: Enrolling) -> list[FieldFault]:
    fault = audience_fault(Audience(course["audience"]), course["key_stages"], wanted.who, referral["key_stage"])
    faults = [fault] if fault else []
    if wanted.who is Who.ADULT and not wanted.name:
        faults.append(FieldFault("/name", "required", "An adult is enrolled by name."))
    return faults
