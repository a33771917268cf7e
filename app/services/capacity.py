"""Changes of how many places a lot has: dated, with a reason, and never at a family's cost."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import BrokerSession, WriteSession, broker
from app.domain.capacity import CapacityPlan, StandingPlace, plan_capacity
from app.errors import CapacityRefused, FieldFault, Forbidden, Invalid, NotFound
from app.ids import new_id
from app.models.supply import capacity_change, place
from app.queries import lots, places
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services.allocation import allocate_waiting
from app.services.events import tell


@dataclass(frozen=True, slots=True)
class CapacityChange:
    """A recorded change: places before and after, from a date on, and what it did to numbered places."""

    id: UUID
    lot_id: UUID
    effective_on: date
    places_from: int
    places_to: int
    plan: CapacityPlan


async def change_capacity(
    session: WriteSession, writes: Writes, lot_id: UUID, *, target: int, effective_on: date, reason: str
) -> CapacityChange:
    """Bring a lot to `target` places from a date on. The provider that delivers it may cut; only the authority adds.

    Places that are there from today on are offered to the waiting list at once; later ones on their own day.
    Raises NotFound; Forbidden; Invalid for a day that has passed; CapacityRefused when nothing would change or a later
    change is recorded already.
    """
    row = await lots.get_lot(session, lot_id)
    if row is None:
        raise NotFound
    if session.kind is not Kind.AUTHORITY and row["provider_id"] != session.organisation_id:
        raise Forbidden("Only the provider that delivers a lot may give up places of it.")
    if effective_on < session.today:
        sentence = f"A change takes effect today ({session.today}) or later."
        raise Invalid(errors=[FieldFault("/effective_on", "in_the_past", sentence)])
    # The allocation lock: a place that is found free here cannot be offered before this change is done.
    async with broker(session) as wide:
        change = await _change(wide, writes, row, target=target, effective_on=effective_on, reason=reason)
        if change.plan.added and effective_on <= session.today:
            await allocate_waiting(wide, writes, "capacity")
        else:
            await writes.flush(wide)
    return change


async def _change(
    wide: BrokerSession, writes: Writes, row: asyncpg.Record, *, target: int, effective_on: date, reason: str
) -> CapacityChange:
    lot_id: UUID = row["id"]
    latest = await places.last_change_on(wide, lot_id)
    if latest is not None and latest > effective_on:
        raise CapacityRefused(f"A change from {latest} on is recorded already: state one from then or later.")
    known = await places.places_from(wide, lot_id, effective_on)
    standing = [StandingPlace(one["id"], one["number"], one["held"]) for one in known if one["stands"]]
    if len(standing) == target:
        raise CapacityRefused(f"The lot has {target} places from {effective_on} on already.")
    if target > len(standing) and wide.kind is not Kind.AUTHORITY:
        raise Forbidden("Only the authority may add places. A provider may give places up.")
    plan = plan_capacity(standing, [one["number"] for one in known], target)
    if plan.ended:
        await places.end_places(wide, [spot.id for spot in plan.ended], effective_on)
    for number in plan.added:
        writes.add(
            place,
            id=new_id(),
            lot_id=lot_id,
            provider_id=row["provider_id"],
            number=number,
            available_from=effective_on,
            extra_reason=reason,
        )
    change = CapacityChange(new_id(), lot_id, effective_on, len(standing), target, plan)
    await _record(wide, writes, row, change, reason)
    return change


async def _record(
    wide: BrokerSession, writes: Writes, row: asyncpg.Record, change: CapacityChange, reason: str
) -> None:
    writes.add(
        capacity_change,
        id=change.id,
        lot_id=change.lot_id,
        provider_id=row["provider_id"],
        effective_on=change.effective_on,
        places_from=change.places_from,
        places_to=change.places_to,
        reason=reason,
        recorded_at=wide.now,
        recorded_by_id=wide.organisation_id,
    )
    version: int = await wide.value(
        "UPDATE lot SET version = version + 1 WHERE authority_id = $1 AND id = $2 RETURNING version",
        wide.authority_id,
        change.lot_id,
    )
    tell(
        writes,
        wide,
        "capacity.changed",
        subject=("lot", change.lot_id, version),
        audience=[await authority_organisation(wide), row["provider_id"], row["prime_id"]],
        data={
            "effective_on": change.effective_on,
            "places_from": change.places_from,
            "places_to": change.places_to,
        },
    )
