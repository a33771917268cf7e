"""Handing the running cases of a contract over to the one that follows: previewed, recorded, and done on its day.

A preview writes nothing. What an officer records is what the preview showed, which its hash tells; on the day itself
the cases are planned again, because some will have closed and others begun. Each case that moves keeps its intervention
with all its history: its booking is cut on the day and goes on at a place of the next contract. Work that has begun has
used its volume, in the old contract, and uses no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.db import BrokerSession, ReadSession, WriteSession, broker
from app.domain.hand_over import Ground, HandOverPlan, Move, NextSupply, RunningCase, plan_hand_over
from app.domain.interventions import moved_end
from app.domain.policy import Policy, policy_from
from app.domain.vocabulary import WITHHELD
from app.errors import ActionNotAvailable, Conflict, FieldFault, InvariantBroken, NotFound
from app.ids import new_id, new_reference
from app.models.allocation import offer as offer_table
from app.models.hand_over import hand_over, hand_over_case
from app.models.supply import booking
from app.queries import contracts, snapshot, who_waits
from app.queries import hand_over as queries
from app.queries.contract_terms import terms_on
from app.queries.parties import authority_organisation, calendar_of
from app.queries.writes import Writes, to_json
from app.services.allocation import allocate_waiting
from app.services.bookings import release_booking
from app.services.events import tell
from app.services.faults import refuse
from app.services.followers import plan_anew
from app.services.obligations import cancel as call_off
from app.services.obligations import meet


@dataclass(frozen=True, slots=True)
class Asked:
    """A hand-over as an officer asks for it: `lots` pairs lots of the old contract with those that follow them."""

    successor_id: UUID
    effective_on: date
    lots: Sequence[tuple[UUID, UUID]]
    ground: Ground
    note: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of each case, the row of each by intervention, and the hash of all that it was made from."""

    plan: HandOverPlan
    rows: Mapping[UUID, asyncpg.Record]
    to_provider: Mapping[UUID, UUID]
    """By lot of the next contract: who delivers it."""
    snapshot_hash: str
    policy: Policy


async def preview(session: ReadSession, contract_id: UUID, asked: Asked) -> Planned:
    """What a hand-over would do, as things stand; it writes nothing. Raises NotFound, and Invalid for what is unfit."""
    if await contracts.get_contract(session, contract_id) is None:
        raise NotFound
    await _check(session, contract_id, asked)
    return await _plan(session, contract_id, asked)


async def record(session: WriteSession, writes: Writes, contract_id: UUID, asked: Asked, snapshot_hash: str) -> UUID:
    """Record a hand-over as it was previewed, and do it if its day is today; its id.

    Raises NotFound; Invalid; Conflict when anything that the preview was made from has changed since; and
    ActionNotAvailable while another hand-over of the contract is to come.
    """
    if await contracts.lock_contract(session, contract_id) is None:
        raise NotFound
    await _check(session, contract_id, asked)
    async with broker(session) as wide:
        if await queries.planned(wide, contract_id) is not None:
            raise ActionNotAvailable("A hand-over of this contract is recorded already: cancel that one first.")
        if (await _plan(wide, contract_id, asked)).snapshot_hash != snapshot_hash:
            raise Conflict("The cases, the places or the policy have changed since the preview: make a new one.")
        hand_over_id = new_id()
        writes.add(
            hand_over,
            id=hand_over_id,
            contract_id=contract_id,
            successor_id=asked.successor_id,
            effective_on=asked.effective_on,
            lots=[{"from_lot_id": old, "to_lot_id": new} for old, new in asked.lots],
            ground=asked.ground.value,
            note=asked.note,
            state="planned",
            snapshot_hash=snapshot_hash,
            recorded_at=wide.now,
            recorded_by_client_id=wide.principal.client_id,
        )
        await _tell(wide, writes, "hand_over.planned", hand_over_id, 1, contract_id, asked)
        await meet(wide, "contract_ending", contract_id)
        await writes.flush(wide)
        if asked.effective_on == wide.today:
            await _carry_out(wide, writes, hand_over_id, contract_id, asked)
            await allocate_waiting(wide, writes, "hand_over")
    return hand_over_id


async def cancel(session: WriteSession, writes: Writes, contract_id: UUID, hand_over_id: UUID) -> None:
    """Take back a hand-over whose day has not come. Raises NotFound, ActionNotAvailable."""
    async with broker(session) as wide:
        row = await queries.get_hand_over(wide, contract_id, hand_over_id)
        if row is None:
            raise NotFound
        if row["state"] != "planned":
            raise ActionNotAvailable(f"The hand-over is {row['state']}: it can no longer be cancelled.")
        version = await queries.end_hand_over(wide, hand_over_id, "cancelled")
        await _tell(wide, writes, "hand_over.cancelled", hand_over_id, version, contract_id, asked_of(row))
        await writes.flush(wide)


async def as_it_stands(session: ReadSession, row: Mapping[str, Any]) -> Planned:
    """What a recorded hand-over that is still to come would do now."""
    return await _plan(session, row["contract_id"], asked_of(row))


async def carry_out_due(wide: BrokerSession, writes: Writes) -> int:
    """Do the hand-overs whose day has come; how many cases moved. The clock calls it, before it offers places."""
    moved = 0
    for row in await queries.due(wide):
        moved += await _carry_out(wide, writes, row["id"], row["contract_id"], asked_of(row))
    return moved


def asked_of(row: Mapping[str, Any]) -> Asked:
    """A recorded hand-over as it was asked for."""
    return Asked(
        successor_id=row["successor_id"],
        effective_on=row["effective_on"],
        lots=[(UUID(pair["from_lot_id"]), UUID(pair["to_lot_id"])) for pair in orjson.loads(row["lots"])],
        ground=Ground(row["ground"]),
        note=row["note"],
    )


async def _check(session: ReadSession, contract_id: UUID, asked: Asked) -> None:
    """Refuse what does not fit the two contracts."""
    faults: list[FieldFault] = []
    if asked.effective_on < session.today:
        sentence = f"Cases are handed over today ({session.today}) or later."
        faults.append(FieldFault("/effective_on", "in_the_past", sentence))
    terms = (await terms_on(session, asked.effective_on, [asked.successor_id])).get(asked.successor_id)
    if terms is None or asked.successor_id == contract_id:
        sentence = "There is no other contract of this id."
        faults.append(FieldFault("/successor_id", "unknown_contract", sentence))
        refuse(faults)
        return
    if asked.effective_on >= session.today and not terms.in_force(asked.effective_on):
        sentence = f"The next contract runs from {terms.starts_on} to {terms.ends_on}, and not on that day."
        faults.append(FieldFault("/effective_on", "out_of_range", sentence))
    known = await queries.lots_of(session, contract_id), set(terms.volumes)
    for index, pair in enumerate(asked.lots):
        for name, lot_id, of_contract in zip(("from_lot_id", "to_lot_id"), pair, known, strict=True):
            if lot_id not in of_contract:
                sentence = "The contract has no lot of this id on that day."
                faults.append(FieldFault(f"/lots/{index}/{name}", "unknown_lot", sentence))
    if len({old for old, _ in asked.lots}) != len(asked.lots):
        faults.append(FieldFault("/lots", "repeated", "A lot goes to one lot of the next contract."))
    deliver = await queries.known_providers(session, [lot_id for pair in asked.lots for lot_id in pair])
    changes = any(deliver.get(old) != deliver.get(new) for old, new in asked.lots)
    if changes and asked.ground is Ground.SAME_PROVIDER:
        sentence = "Cases change provider: say on what ground the families' details may go to it."
        faults.append(FieldFault("/ground", "ground_needed", sentence))
    refuse(faults)


async def _plan(session: ReadSession, contract_id: UUID, asked: Asked) -> Planned:
    """The plan as of the day, by what the session's moment knows of it."""
    found = await snapshot.survey(session, asked.effective_on, asked.effective_on)
    if found.policy_id is None:
        raise InvariantBroken
    policy = policy_from(orjson.loads(found.policy_content))
    mapping = dict(asked.lots)
    lots = {lot.id: lot for lot in found.lots if lot.id in set(mapping.values())}
    # Only casework has places to go to.
    mapping = {old: new for old, new in mapping.items() if new in lots}
    supply = NextSupply(lots, found.free_places, found.caseloads)
    rows = {row["intervention_id"]: row for row in await queries.running_cases(session, contract_id)}
    cases = [_case(row) for row in rows.values()]
    plan = plan_hand_over(cases, mapping, supply, policy, asked.effective_on)
    parts = [
        to_json(asked),
        str(found.policy_id),
        [to_json(case) for case in cases],
        sorted(to_json(lot) for lot in lots.values()),
        sorted(to_json(place) for place in supply.places if place.lot_id in lots),
        sorted(to_json(load) for load in supply.caseloads),
    ]
    digest = sha256(orjson.dumps(parts)).hexdigest()
    return Planned(plan, rows, {lot.id: lot.provider_id for lot in lots.values()}, digest, policy)


def _case(row: asyncpg.Record) -> RunningCase:
    return RunningCase(
        intervention_id=row["intervention_id"],
        want=who_waits.want_of(row, None),
        lot_id=row["lot_id"],
        provider_id=row["provider_id"],
        practitioner_id=row["practitioner_id"],
        caseload_of=row["caseload_of"],
        place_id=row["place_id"],
        place_bookings=row["place_bookings"],
        started=row["started_on"] is not None,
        withheld=row["agreement_status"] in WITHHELD,
    )


async def _carry_out(wide: BrokerSession, writes: Writes, hand_over_id: UUID, contract_id: UUID, asked: Asked) -> int:
    """Move what can be moved, and record what stays and why; how many cases moved."""
    await queries.lock_cases(wide, contract_id)
    planned = await _plan(wide, contract_id, asked)
    for move in planned.plan.moves:
        await _move(wide, writes, hand_over_id, move, planned)
    for stay in planned.plan.stays:
        row = planned.rows[stay.case.intervention_id]
        _keep(wide, writes, hand_over_id, row, outcome="stays", reason=stay.reason)
    version = await queries.end_hand_over(wide, hand_over_id, "done")
    counts = {"moved_count": len(planned.plan.moves), "stays_count": len(planned.plan.stays)}
    await _tell(wide, writes, "hand_over.done", hand_over_id, version, contract_id, asked, counts)
    await writes.flush(wide)
    return len(planned.plan.moves)


async def _move(wide: BrokerSession, writes: Writes, hand_over_id: UUID, move: Move, planned: Planned) -> None:
    """Take one case to its new place."""
    case, place = move.case, move.place
    row = planned.rows[case.intervention_id]
    provider_id = planned.to_provider[place.lot_id]
    booking_id = new_id()
    ends_on, version = row["ends_on"], row["intervention_version"] + 1
    if row["started_on"] is None and row["planned_start_on"] > wide.today:
        # It was promised its old place for a later day; its new one is free now.
        calendar = await calendar_of(wide)
        ends_on = moved_end(calendar, row["planned_start_on"], row["planned_end_on"], wide.today)
        days = (wide.today, ends_on)
        await plan_anew(wide, case.intervention_id, row["referral_school_id"], days, calendar, planned.policy)
        version += 1
    await release_booking(wide, row["booking_id"], "handed_over")
    writes.add(
        booking,
        id=booking_id,
        place_id=place.id,
        lot_id=place.lot_id,
        provider_id=provider_id,
        household_id=row["household_id"],
        state=row["booking_state"],
        starts_on=wide.today,
        ends_on=max(ends_on, wide.today + timedelta(days=1)),
        cause="handed_over",
    )
    await writes.flush(wide)
    offer_id: UUID = row["offer_id"]
    others = await queries.offers_of_the_others(wide, case.intervention_id)
    if provider_id == case.provider_id:
        for each in (offer_id, *(row["id"] for row in others)):
            await queries.move_offer(wide, each, place_id=place.id, booking_id=booking_id, lot_id=place.lot_id)
        await queries.move_booking(wide, case.intervention_id, booking_id, place.lot_id)
    else:
        offer_id = await _new_allocation(wide, writes, move, offer_id, booking_id, provider_id)
        for other in others:
            await _new_allocation(wide, writes, move, other["id"], None, provider_id)
        await queries.move_booking(wide, case.intervention_id, booking_id, place.lot_id)
        changed = await queries.change_provider(
            wide,
            case.intervention_id,
            provider_id=provider_id,
            practitioner_id=place.practitioner_id,
            until=wide.today + timedelta(days=planned.policy.identity_days_after_closure),
        )
        for referral in changed:
            tell(
                writes,
                wide,
                "referral.provider_changed",
                subject=("referral", referral["id"], referral["version"]),
                audience=[
                    await authority_organisation(wide),
                    referral["referring_organisation_id"],
                    referral["school_id"],
                    provider_id,
                ],
                referral_id=referral["id"],
            )
    line_id = _keep(
        wide, writes, hand_over_id, row,
        outcome="moved", to_provider_id=provider_id, to_lot_id=place.lot_id, to_booking_id=booking_id,
        to_offer_id=offer_id,
    )  # fmt: skip
    tell(
        writes,
        wide,
        "intervention.handed_over",
        subject=("intervention", case.intervention_id, version),
        audience=[
            await authority_organisation(wide),
            row["referring_organisation_id"],
            row["referral_school_id"],
            case.provider_id,
            provider_id,
        ],
        referral_id=row["id"],
        data={
            "hand_over_case_id": str(line_id),
            "allocation_id": str(offer_id),
            "from_provider_id": str(case.provider_id),
            "to_provider_id": str(provider_id),
        },
    )


async def _new_allocation(
    wide: BrokerSession, writes: Writes, move: Move, old_offer_id: UUID, booking_id: UUID | None, provider_id: UUID
) -> UUID:
    """End the old provider's allocation and give the new one its own, accepted as the case is; its id.

    That of a child who joined the case has no booking. The decision stays the one by which the family came to its
    support: no rule chose the new place over others.
    """
    before = await queries.supersede_offer(wide, old_offer_id)
    # If silence accepted it: whoever hands the case over has looked at it.
    await call_off(wide, before["id"], ["deemed_acceptance_check"])
    tell(
        writes,
        wide,
        "allocation.superseded",
        subject=("allocation", before["id"], before["version"] + 1),
        audience=[await authority_organisation(wide), move.case.provider_id],
        referral_id=before["referral_id"],
        data={"cause": "handed_over"},
    )
    service_id = await wide.value(
        "SELECT service_id FROM lot WHERE authority_id = $1 AND id = $2", wide.authority_id, move.place.lot_id
    )
    offer_id = new_id()
    writes.add(
        offer_table,
        id=offer_id,
        referral_id=before["referral_id"],
        provider_id=provider_id,
        referring_organisation_id=before["referring_organisation_id"],
        school_id=before["school_id"],
        lot_id=move.place.lot_id,
        service_id=service_id,
        place_id=move.place.id,
        booking_id=booking_id,
        joins_intervention_id=None if booking_id else move.case.intervention_id,
        decision_id=before["decision_id"],
        practitioner_id=move.place.practitioner_id,
        intervention_id=move.case.intervention_id,
        reference=new_reference("A"),
        state="accepted",
        starts_on=wide.today,
        offered_at=wide.now,
        answer_due_at=wide.now,
        answered_at=wide.now,
        updated_at=wide.now,
        summary=orjson.loads(before["summary"]),
    )
    return offer_id


def _keep(
    wide: BrokerSession,
    writes: Writes,
    hand_over_id: UUID,
    row: asyncpg.Record,
    *,
    outcome: str,
    reason: str | None = None,
    to_provider_id: UUID | None = None,
    to_lot_id: UUID | None = None,
    to_booking_id: UUID | None = None,
    to_offer_id: UUID | None = None,
) -> UUID:
    """Queue the record of what became of one case; its id."""
    line_id = new_id()
    writes.add(
        hand_over_case,
        id=line_id,
        hand_over_id=hand_over_id,
        intervention_id=row["intervention_id"],
        decided_on=wide.today,
        outcome=outcome,
        reason=reason,
        from_provider_id=row["provider_id"],
        from_lot_id=row["lot_id"],
        from_booking_id=row["booking_id"],
        to_provider_id=to_provider_id,
        to_lot_id=to_lot_id,
        to_booking_id=to_booking_id,
        to_offer_id=to_offer_id,
    )
    return line_id


async def _tell(
    wide: BrokerSession,
    writes: Writes,
    event_type: str,
    hand_over_id: UUID,
    version: int,
    contract_id: UUID,
    asked: Asked,
    data: Mapping[str, object] | None = None,
) -> None:
    parties = await queries.known_providers(wide, [lot_id for pair in asked.lots for lot_id in pair])
    tell(
        writes,
        wide,
        event_type,
        subject=("hand_over", hand_over_id, version),
        audience=[await authority_organisation(wide), *parties.values()],
        data={
            "contract_id": str(contract_id),
            "successor_id": str(asked.successor_id),
            "effective_on": asked.effective_on,
            **(data or {}),
        },
    )
