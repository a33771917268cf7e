"""Asking a unit for a placement: a place is held for its dates from then on."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from app.db import BrokerSession, WriteSession, broker
from app.domain.placements import Asked, Basis, PlacementState, request_faults
from app.errors import ActionNotAvailable, CapacityRefused, Conflict, FieldFault, NotFound
from app.ids import new_id
from app.models.placements import placement, placement_pupil
from app.models.supply import booking
from app.queries import formats, places, schools, services
from app.queries import placements as queries
from app.queries.contract_terms import terms_on
from app.queries.parties import calendar_of
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services.faults import refuse
from app.services.formats import check_volume, check_workable, referral_to_act_on
from app.services.placements.row import Row, tell


@dataclass(frozen=True, slots=True)
class NewPlacement:
    """A placement that is asked for. Without a day, it is reviewed half way."""

    service_id: UUID
    referral_id: UUID
    basis: Basis
    starts_on: date
    weeks: int
    parents_told_on: date | None = None
    review_on: date | None = None
    registered_school_id: UUID | None = None


async def ask_for_placement(session: WriteSession, writes: Writes, new: NewPlacement) -> UUID:
    """Ask for a placement of a referral's pupil, on a place that is free on all its days; its id.

    Raises NotFound; ActionNotAvailable when nobody works with the family, or the service is another format; Invalid
    naming what does not fit; Conflict when the pupil is placed on some of the days; CapacityRefused without a place.
    """
    seen = await referral_to_act_on(session, new.referral_id)
    service = await services.get_service(session, new.service_id)
    if service is None:
        raise NotFound
    if service["format"] != "placement":
        raise ActionNotAvailable(f"The service is {service['format']}, and not placement.")
    async with broker(session) as wide:
        referral = await formats.referral_of(wide, new.referral_id) or seen
        check_workable(referral, service["provider_id"])
        if referral["school_id"] is None:
            raise ActionNotAvailable("A placement is of a pupil on a school's roll, and the referral names no school.")
        ends_on = (await calendar_of(wide)).planned_end(new.starts_on, new.weeks)
        lot = await _lot_for(wide, new, referral, ends_on)
        if await queries.is_placed(wide, referral["pupil_id"], new.starts_on, ends_on):
            raise Conflict("The pupil has a placement on some of those days.")
        await check_volume(wide, lot["id"])
        spots = await places.free_on_days(wide, lot["id"], new.starts_on, ends_on)
        if not spots:
            raise CapacityRefused("No place is free on all of those days.")
        row = _row(wide, new, referral, lot, ends_on)
        writes.add(
            booking,
            id=row["booking_id"],
            place_id=spots[0],
            lot_id=lot["id"],
            provider_id=lot["provider_id"],
            household_id=referral["household_id"],
            format="placement",
            state="offered",
            starts_on=new.starts_on,
            ends_on=ends_on,
            cause="offered",
        )
        writes.add(placement, **row)
        writes.add(
            placement_pupil,
            placement_id=row["id"],
            name=referral["pupil_name"],
            **{party: row[party] for party in ("provider_id", "referring_organisation_id", "school_id")},
        )
        await tell(wide, writes, "placement.requested", row, {"basis": new.basis.value})
        await writes.flush(wide)
    placement_id: UUID = row["id"]
    return placement_id


async def _lot_for(wide: BrokerSession, new: NewPlacement, referral: asyncpg.Record, ends_on: date) -> asyncpg.Record:
    """The lot of the service that serves the pupil's school on those days. Raises Invalid when there is none."""
    lots = await formats.lots_of_service(wide, new.service_id)
    serving = [lot for lot in lots if _serves(lot, referral)]
    if not serving:
        refuse([FieldFault("/service_id", "school_not_served", "The service does not serve the pupil's school.")])
    faults: list[FieldFault] = []
    if new.registered_school_id is not None:
        known = await schools.known_schools(wide, [new.registered_school_id])
        if not known or new.registered_school_id == referral["school_id"]:
            sentence = "There is no other school of this id in the authority."
            faults.append(FieldFault("/registered_school_id", "unknown_school", sentence))
    calendar = await calendar_of_school(wide, referral["school_id"])
    terms = await terms_on(wide, max(new.starts_on, wide.today), [lot["contract_id"] for lot in serving])
    review_on = new.review_on or _half_way(new, ends_on)
    asked = Asked(new.basis, new.starts_on, ends_on, new.parents_told_on, review_on)
    for lot in serving:
        contract = terms[lot["contract_id"]]
        judged = request_faults(asked, calendar, wide.today, (contract.starts_on, contract.ends_on))
        if not judged and lot["id"] in contract.volumes and not faults:
            return lot
    refuse([*faults, *judged])
    raise ActionNotAvailable("The lot of this service joins its contract later.")


def _half_way(new: NewPlacement, ends_on: date) -> date:
    return new.starts_on + (ends_on - new.starts_on) / 2


def _serves(lot: asyncpg.Record, referral: asyncpg.Record) -> bool:
    anywhere = not (lot["area_ids"] or lot["school_ids"])
    nearby = referral["area_id"] in lot["area_ids"] or referral["school_id"] in lot["school_ids"]
    return (anywhere or nearby) and referral["key_stage"] in lot["key_stages"]


def _row(wide: BrokerSession, new: NewPlacement, referral: asyncpg.Record, lot: asyncpg.Record, ends_on: date) -> Row:
    return {
        "id": new_id(),
        "lot_id": lot["id"],
        "provider_id": lot["provider_id"],
        "booking_id": new_id(),
        "referral_id": referral["id"],
        "pupil_id": referral["pupil_id"],
        "referring_organisation_id": referral["referring_organisation_id"],
        "school_id": referral["school_id"],
        "state": PlacementState.REQUESTED.value,
        "basis": new.basis.value,
        "starts_on": new.starts_on,
        "ends_on": ends_on,
        "weeks": new.weeks,
        "parents_told_on": new.parents_told_on,
        "review_on": new.review_on or _half_way(new, ends_on),
        "registered_school_id": new.registered_school_id,
        "requested_at": wide.now,
        "updated_at": wide.now,
        "version": 1,
    }
