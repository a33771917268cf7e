"""Schools joining an authority: known by URN to the national register, or stated in full."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import WriteSession
from app.domain.identifiers import laestab_warning
from app.errors import AlreadyExists, FieldFault
from app.ids import new_id
from app.models.parties import organisation, school
from app.queries import areas, schools
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.events import tell
from app.services.faults import refuse


@dataclass(frozen=True, slots=True)
class SchoolFacts:
    """What is stated of a school that joins. None leaves a fact to the register. `member_until` is the last day."""

    urn: str
    area_id: UUID
    member_from: date
    member_until: date | None = None
    name: str | None = None
    laestab: str | None = None
    phase: str | None = None
    low_age: int | None = None
    high_age: int | None = None
    pupils_on_roll: int | None = None
    ukprn: str | None = None
    holiday_contact: dict[str, Any] | None = None


async def create_school(session: WriteSession, writes: Writes, stated: SchoolFacts) -> tuple[UUID, list[str]]:
    """Queue a school's membership and its organisation; its id, and sentences about what looks odd.

    Raises Invalid naming the fields that neither the register nor the request states or that do not agree, and
    AlreadyExists for a school that is or was a member.
    """
    if await schools.is_member(session, stated.urn):
        raise AlreadyExists("A school of that URN is already a member of the authority.")
    registered = await schools.registered(session, stated.urn)
    facts = _completed(stated, registered)
    faults = _faults(facts, in_register=registered is not None)
    if not await areas.known_areas(session, [facts.area_id]):
        faults.append(FieldFault("/area_id", "unknown_area", "There is no area of this id that fits here."))
    refuse(faults)
    school_id = new_id()
    writes.add(organisation, id=school_id, kind=Kind.SCHOOL.value, name=facts.name, ukprn=facts.ukprn)
    writes.add(
        school,
        organisation_id=school_id,
        urn=facts.urn,
        laestab=facts.laestab,
        phase=facts.phase,
        low_age=facts.low_age,
        high_age=facts.high_age,
        pupils_on_roll=facts.pupils_on_roll,
        area_id=facts.area_id,
        holiday_contact=facts.holiday_contact or {},
        member_from=facts.member_from,
        member_until=facts.member_until,
    )
    tell(
        writes,
        session,
        "school.joined",
        subject=("school", school_id, 1),
        audience=[await authority_organisation(session), school_id],
    )
    return school_id, _warnings(facts, registered, await schools.la_code_of(session))


def _completed(stated: SchoolFacts, registered: asyncpg.Record | None) -> SchoolFacts:
    """What is stated, and where nothing is, what the register says."""
    if registered is None:
        return stated
    fields = ("name", "laestab", "phase", "low_age", "high_age", "pupils_on_roll", "ukprn")
    return replace(stated, **{name: registered[name] for name in fields if getattr(stated, name) is None})


def _faults(facts: SchoolFacts, *, in_register: bool) -> list[FieldFault]:
    faults: list[FieldFault] = []
    for name in ("name", "phase"):
        if getattr(facts, name) is None:
            known = "does not state it" if in_register else "does not have this URN"
            faults.append(FieldFault(f"/{name}", "required", f"{name} is required: the national register {known}."))
    if facts.low_age is not None and facts.high_age is not None and facts.low_age > facts.high_age:
        faults.append(FieldFault("/high_age", "out_of_order", "The highest age is below the lowest."))
    if facts.member_until is not None and facts.member_until < facts.member_from:
        faults.append(FieldFault("/member_until", "out_of_order", "The membership ends before it starts."))
    return faults


def _warnings(facts: SchoolFacts, registered: asyncpg.Record | None, la_code: str) -> list[str]:
    warnings = []
    if registered is None:
        warnings.append("The national register does not have this URN: everything is as you stated it.")
    elif registered["status"] == "closed":
        warnings.append("The national register lists this school as closed.")
    if registered is not None and registered["la_code"] != la_code:
        warnings.append(f"The national register lists this school in {registered['la_name']}.")
    if facts.laestab is not None and facts.laestab[:3] != la_code:
        warning = laestab_warning(facts.laestab)
        if warning is not None:
            warnings.append(warning)
    return warnings
