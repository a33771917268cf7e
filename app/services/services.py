"""Services: what providers offer, and whether there is room for one more family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import ReadSession, WriteSession, whole_authority
from app.errors import Conflict, FieldFault, Forbidden, NotFound
from app.ids import new_id
from app.models.supply import service
from app.queries import courses, lots, providers, schools, services
from app.queries.contract_terms import terms_on
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services.events import tell
from app.services.faults import refuse

NEXT_COURSES: Final = 10
"""How many courses of a service are told beside it."""

PROVIDERS_WORDS: Final = frozenset({"name", "summary", "pamphlet", "pamphlet_url", "languages", "modes"})
"""What a provider may change of its own service. What was commissioned (needs, key stages ...) is the authority's."""


class CapacityStatus(StrEnum):
    """Whether a family could start now."""

    PLACES_FREE = "places_free"
    WAITING = "waiting"
    NOT_AVAILABLE = "not_available"
    """No contract in force offers the service to the caller."""


async def create_service(session: WriteSession, writes: Writes, values: Mapping[str, object]) -> UUID:
    """Queue a provider's service; its id. Raises Invalid when there is no such provider."""
    provider_id = values["provider_id"]
    if not isinstance(provider_id, UUID) or not await providers.is_provider(session, provider_id):
        refuse([FieldFault("/provider_id", "unknown_provider", "There is no provider of this id that fits here.")])
    service_id = new_id()
    writes.add(service, id=service_id, **values)
    await _tell(session, writes, "service.created", (service_id, 1), values["provider_id"])
    return service_id


async def lock_service(session: WriteSession, service_id: UUID) -> asyncpg.Record:
    """Lock a service that the caller may change. Raises NotFound for any other."""
    row = await services.lock_service(session, service_id)
    if row is None:
        raise NotFound
    return row


async def update_service(
    session: WriteSession, writes: Writes, locked: asyncpg.Record, changes: Mapping[str, object]
) -> None:
    """Change a locked service.

    Raises Forbidden when a provider would change what was commissioned, Conflict when lots stand on what would change.
    """
    if session.kind is not Kind.AUTHORITY and not PROVIDERS_WORDS.issuperset(changes):
        named = ", ".join(sorted(set(changes) - PROVIDERS_WORDS))
        raise Forbidden(f"Only the authority may change what was commissioned: {named}.")
    fixed = {name for name in ("format", "standard_weeks") if name in changes and changes[name] != locked[name]}
    if fixed and await services.lots_of_services(session, [locked["id"]]):
        raise Conflict(f"Lots were booked for this service as it is: {', '.join(sorted(fixed))} can no longer change.")
    version = locked["version"] + 1
    await change(session, service, {"id": locked["id"]}, {**changes, "version": version})
    await _tell(session, writes, "service.changed", (locked["id"], version), locked["provider_id"])


@dataclass(frozen=True, slots=True)
class NextCourse:
    """A course of a service that has still to begin."""

    id: UUID
    lot_id: UUID
    title: str
    audience: str
    first_on: date
    last_on: date
    seats_free: int


async def next_courses(session: ReadSession, service_ids: Sequence[UUID]) -> dict[UUID, list[NextCourse]]:
    """The next courses of services, by service; for a school, of the lots that serve it."""
    result: dict[UUID, list[NextCourse]] = {service_id: [] for service_id in service_ids}
    rows = await courses.next_by_service(session, service_ids, NEXT_COURSES)
    if not rows:
        return result
    member = await schools.get_school(session, session.organisation_id) if session.kind is Kind.SCHOOL else None
    async with whole_authority(session):
        serving = {lot["id"] for lot in await services.lots_of_services(session, service_ids) if _serves(lot, member)}
        free = await courses.seats_free(session, [row["id"] for row in rows])
    for row in rows:
        if row["lot_id"] in serving:
            shown = {name: row[name] for name in ("id", "lot_id", "title", "audience", "first_on", "last_on")}
            result[row["service_id"]].append(NextCourse(**shown, seats_free=free[row["id"]]))
    return result


async def capacity_statuses(
    session: ReadSession, planned: Mapping[UUID, Sequence[NextCourse]]
) -> dict[UUID, CapacityStatus]:
    """Whether a family could start with each service today, or has a seat on one of its next courses.

    For a school, on the lots that serve it. `planned` is what `next_courses` says of the services asked about.
    """
    service_ids = list(planned)
    with_seats = {one.lot_id for courses_of in planned.values() for one in courses_of if one.seats_free > 0}
    member = await schools.get_school(session, session.organisation_id) if session.kind is Kind.SCHOOL else None
    async with whole_authority(session):
        offered = await services.lots_of_services(session, service_ids)
        terms = await terms_on(session, session.today, list({row["contract_id"] for row in offered}))
        figures = await lots.figures_on(session, [row["id"] for row in offered], session.today)
    result = dict.fromkeys(service_ids, CapacityStatus.NOT_AVAILABLE)
    for lot in offered:
        contract, counted = terms[lot["contract_id"]], figures[lot["id"]]
        volume = contract.volumes.get(lot["id"])
        if volume is None or not contract.in_force(session.today) or not _serves(lot, member):
            continue
        volume_left = volume - counted["volume_used_count"] - counted["volume_committed_count"]
        free = lot["id"] in with_seats if lot["format"] == "course" else counted["free_count"] > 0
        if free and volume_left > 0:
            result[lot["service_id"]] = CapacityStatus.PLACES_FREE
        elif result[lot["service_id"]] is CapacityStatus.NOT_AVAILABLE:
            result[lot["service_id"]] = CapacityStatus.WAITING
    return result


def _serves(lot: asyncpg.Record, member: asyncpg.Record | None) -> bool:
    """Whether a lot serves a school; any caller that is none sees the whole of it."""
    if member is None or not (lot["area_ids"] or lot["school_ids"]):
        return True
    return member["area_id"] in lot["area_ids"] or member["id"] in lot["school_ids"]


async def _tell(
    session: WriteSession, writes: Writes, event_type: str, subject: tuple[UUID, int], provider_id: object
) -> None:
    service_id, version = subject
    tell(
        writes,
        session,
        event_type,
        subject=("service", service_id, version),
        audience=[await authority_organisation(session), provider_id if isinstance(provider_id, UUID) else None],
    )
