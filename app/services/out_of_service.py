"""Places that are away for a while, and whose caseload a place is on: never at the cost of a family that is served.

A place out of service is offered to nobody. A case that runs on it runs on: it is not evicted, and shows as held.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from app.access import Kind
from app.db import BrokerSession, ReadSession, WriteSession, broker
from app.errors import CapacityRefused, FieldFault, Forbidden, Invalid, NotFound
from app.ids import new_id
from app.models.supply import place as place_table
from app.models.supply import place_out_of_service
from app.queries import lots, practitioners
from app.queries import out_of_service as queries
from app.queries.parties import authority_organisation
from app.queries.writes import Writes, change
from app.services.allocation import allocate_waiting
from app.services.events import tell

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Away:
    """A range: the first day out of service, and the first day back."""

    starts_on: date
    ends_on: date
    reason: str


async def set_out_of_service(session: WriteSession, writes: Writes, lot_id: UUID, place_id: UUID, away: Away) -> UUID:
    """Take a place out of service from a day on, today or later, until another; the range's id.

    Raises NotFound; Forbidden for a prime; Invalid for days that have passed or are out of order; CapacityRefused when
    the place is out of service on some of those days already.
    """
    lot = await _workable(session, lot_id)
    spot = await queries.place_of(session, lot_id, place_id)
    if spot is None:
        raise NotFound
    if away.starts_on < session.today:
        sentence = f"A place goes out of service today ({session.today}) or later."
        raise Invalid(errors=[FieldFault("/starts_on", "in_the_past", sentence)])
    if away.ends_on <= away.starts_on:
        raise Invalid(errors=[FieldFault("/ends_on", "out_of_order", "It is back on a day after the first one away.")])
    async with broker(session) as wide:
        other = await queries.overlapping(wide, place_id, away.starts_on, away.ends_on)
        if other is not None:
            raise CapacityRefused(f"The place is out of service from {other} already: end that first.")
        range_id = new_id()
        writes.add(
            place_out_of_service,
            id=range_id,
            place_id=place_id,
            provider_id=lot["provider_id"],
            starts_on=away.starts_on,
            ends_on=away.ends_on,
            reason=away.reason,
        )
        await _tell(wide, writes, lot, spot, "capacity.out_of_service", (away.starts_on, away.ends_on))
        await writes.flush(wide)
    return range_id


async def end_out_of_service(session: WriteSession, writes: Writes, lot_id: UUID, range_id: UUID, on: date) -> Row:
    """Bring a place back on a day, today or later, before its range would end; the range, cut to the days it has left.

    A place that is back today is offered at once. Raises NotFound; Forbidden for a prime; Invalid for a day that has
    passed or is no earlier than the range's own end.
    """
    lot = await _workable(session, lot_id)
    found = await queries.get_range(session, lot_id, range_id)
    if found is None:
        raise NotFound
    if on < session.today:
        raise Invalid(
            errors=[FieldFault("/ends_on", "in_the_past", f"It comes back today ({session.today}) or later.")]
        )
    async with broker(session) as wide:
        # Read again under the lock: another request may have ended it meanwhile.
        away = await queries.get_range(wide, lot_id, range_id)
        if away is None:
            raise NotFound
        if on >= away["ends_on"]:
            sentence = f"It comes back on {away['ends_on']} as it is: state an earlier day."
            raise Invalid(errors=[FieldFault("/ends_on", "not_earlier", sentence)])
        await queries.end_range(wide, range_id, on)
        spot = {"id": away["place_id"], "number": away["place_number"]}
        await _tell(wide, writes, lot, spot, "capacity.back_in_service", (away["starts_on"], on))
        if on == wide.today and away["starts_on"] <= on:
            await allocate_waiting(wide, writes, "back_in_service")
        else:
            await writes.flush(wide)
    return {**away, "ends_on": max(on, away["starts_on"])}


async def set_practitioner(
    session: WriteSession, writes: Writes, lot_id: UUID, place_id: UUID, practitioner_id: UUID | None
) -> None:
    """Put a place on the caseload of another of the provider's practitioners, or of nobody yet.

    The case that runs on it keeps whoever works with the family: that is said of the allocation. Raises NotFound;
    Forbidden for a prime; Invalid for somebody who does not work for the provider.
    """
    lot = await _workable(session, lot_id)
    if await queries.place_of(session, lot_id, place_id) is None:
        raise NotFound
    if practitioner_id is not None:
        one = await practitioners.get_practitioner(session, practitioner_id)
        if one is None or one["provider_id"] != lot["provider_id"] or not one["active"]:
            sentence = "None of the provider's active practitioners has this id."
            raise Invalid(errors=[FieldFault("/practitioner_id", "unknown", sentence)])
    async with broker(session) as wide:
        spot = await queries.place_of(wide, lot_id, place_id)
        if spot is None:
            raise NotFound
        await change(wide, place_table, {"id": place_id}, {"practitioner_id": practitioner_id})
        await _tell(wide, writes, lot, spot, "capacity.practitioner_changed")
        await allocate_waiting(wide, writes, "practitioner")


async def _workable(session: ReadSession, lot_id: UUID) -> asyncpg.Record:
    """A lot whose places the caller may speak for. Raises NotFound, and Forbidden for the prime of another's lot."""
    row = await lots.get_lot(session, lot_id)
    if row is None:
        raise NotFound
    if session.kind is not Kind.AUTHORITY and row["provider_id"] != session.organisation_id:
        raise Forbidden("Only the provider that delivers a lot may speak for its places.")
    return row


async def _tell(
    wide: BrokerSession,
    writes: Writes,
    lot: asyncpg.Record,
    spot: asyncpg.Record | dict[str, object],
    event_type: str,
    days: tuple[date, date] | None = None,
) -> None:
    version: int = await wide.value(
        "UPDATE lot SET version = version + 1 WHERE authority_id = $1 AND id = $2 RETURNING version",
        wide.authority_id,
        lot["id"],
    )
    tell(
        writes,
        wide,
        event_type,
        subject=("lot", lot["id"], version),
        audience=[await authority_organisation(wide), lot["provider_id"], lot["prime_id"]],
        data={
            "place_id": str(spot["id"]),
            "place_number": spot["number"],
            **({} if days is None else {"starts_on": days[0], "ends_on": days[1]}),
        },
    )
