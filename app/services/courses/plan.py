"""Planning a course: its sessions, and its seats on places of the lot that are free on all its days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import BrokerSession, ReadSession, WriteSession, broker
from app.domain.clocks import due_at
from app.domain.courses import Audience, CourseState, contract_faults, session_faults
from app.domain.courses import Session as Meeting
from app.errors import ActionNotAvailable, CapacityRefused, FieldFault, Forbidden, NotFound
from app.ids import new_id
from app.models.courses import course, course_seat, course_session
from app.queries import lots, places, services
from app.queries.contract_terms import terms_on
from app.queries.parties import calendar_of
from app.queries.writes import Writes
from app.services import obligations
from app.services.courses import course_row
from app.services.faults import outside, refuse
from app.services.policies import policy_today


@dataclass(frozen=True, slots=True)
class NewCourse:
    """A course that is to be planned. None stands for the lot's key stages and the service's languages."""

    title: str
    venue: str | None
    audience: Audience
    sessions: Sequence[Meeting]
    seats: int
    key_stages: Sequence[str] | None = None
    languages: Sequence[str] | None = None


async def plan_course(session: WriteSession, writes: Writes, lot_id: UUID, new: NewCourse) -> UUID:
    """Plan a course of a lot; its id.

    Raises NotFound; Forbidden for the prime of another's lot; ActionNotAvailable when the lot's service is no course;
    Invalid naming each thing that does not fit; CapacityRefused when too few places are free on all its days.
    """
    lot = await workable_lot(session, lot_id, "course")
    async with broker(session) as wide:
        service = await services.get_service(wide, lot["service_id"])
        if service is None:
            raise NotFound
        key_stages = lot["key_stages"] if new.key_stages is None else new.key_stages
        languages = service["languages"] if new.languages is None else new.languages
        faults = session_faults(new.sessions, wide.now)
        first_on, last_on = new.sessions[0].held_on, new.sessions[-1].held_on
        terms = (await terms_on(wide, max(first_on, wide.today), [lot["contract_id"]]))[lot["contract_id"]]
        faults += contract_faults(new.sessions, terms.starts_on, terms.ends_on)
        if lot_id not in terms.volumes:
            faults.append(FieldFault("/sessions/0/starts_at", "lot_to_come", "The lot joins its contract later."))
        faults += outside("/key_stages", key_stages, lot["key_stages"], "the lot")
        faults += outside("/languages", languages, service["languages"], "the service")
        refuse(faults)
        ends_on = last_on + timedelta(days=1)
        spots = await places.free_on_days(wide, lot_id, first_on, ends_on)
        if len(spots) < new.seats:
            raise CapacityRefused(f"The lot has {len(spots)} places free on all those days, for {new.seats} seats.")
        course_id = new_id()
        row = {
            "id": course_id,
            "lot_id": lot_id,
            "service_id": lot["service_id"],
            "provider_id": lot["provider_id"],
            "title": new.title,
            "venue": new.venue,
            "audience": new.audience.value,
            "key_stages": list(key_stages),
            "languages": list(languages),
            "seats": new.seats,
            "first_on": first_on,
            "last_on": last_on,
            "state": CourseState.PLANNED.value,
            "created_at": wide.now,
        }
        writes.add(course, **row)
        _add_parts(writes, course_id, lot["provider_id"], new.sessions, spots[: new.seats])
        await owe_register(wide, writes, course_id, lot["provider_id"], new.sessions[0])
        await course_row.tell(wide, writes, "course.planned", {**row, "version": 1})
        await writes.flush(wide)
    return course_id


async def workable_lot(session: ReadSession, lot_id: UUID, wanted: str) -> asyncpg.Record:
    """A lot of a format that the caller may speak for.

    Raises NotFound, Forbidden for the prime of another's lot, and ActionNotAvailable for a lot of another format.
    """
    lot = await lots.get_lot(session, lot_id)
    if lot is None:
        raise NotFound
    if session.kind is not Kind.AUTHORITY and lot["provider_id"] != session.organisation_id:
        raise Forbidden("Only the provider that delivers a lot, or the authority, may do that.")
    if lot["service_format"] != wanted:
        raise ActionNotAvailable(f"The lot's service is {lot['service_format']}, and not {wanted}.")
    return lot


async def owe_register(
    wide: BrokerSession, writes: Writes, course_id: UUID, provider_id: UUID, meeting: Meeting
) -> None:
    """Queue what the provider owes once a session is over: its register, in so many working days."""
    days = (await policy_today(wide)).register_working_days
    obligations.owe(
        writes,
        wide,
        "course_attendance",
        provider_id,
        subject=("course", course_id),
        clock="working_day",
        due_at=due_at("working_day", await calendar_of(wide), meeting.ends_at, days),
    )


def _add_parts(
    writes: Writes, course_id: UUID, provider_id: UUID, sessions: Sequence[Meeting], places: Sequence[UUID]
) -> None:
    for number, one in enumerate(sessions, start=1):
        writes.add(
            course_session,
            course_id=course_id,
            provider_id=provider_id,
            number=number,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
        )
    for number, place_id in enumerate(places, start=1):
        writes.add(
            course_seat,
            course_id=course_id,
            provider_id=provider_id,
            number=number,
            place_id=place_id,
            starts_on=sessions[0].held_on,
            ends_on=sessions[-1].held_on + timedelta(days=1),
        )
