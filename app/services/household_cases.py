"""A case that several children of a household share: they join it, start and end with it, or leave it alone.

One referral stands for the case (`intervention.referral_id`): the first, and when that child leaves, whoever joined
next. Each child's referral moves by an event of its own, which its own school is told and no other: a school never
learns from this that another child is in the case. In broker context; the intervention is locked before referrals.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from app.clock import london_date
from app.db import BrokerSession
from app.domain.clocks import due_at
from app.domain.interventions import InterventionState
from app.domain.referral import State
from app.errors import InvariantBroken, PlaceTaken
from app.queries import household_cases as queries
from app.queries import interventions, offers, referrals
from app.queries.parties import authority_organisation
from app.queries.school_calendars import calendar_of_school
from app.queries.writes import Writes
from app.services import events, history, obligations
from app.services.bookings import release_booking
from app.services.ground import Ground
from app.services.offer_rows import audience_of, change_offer

Row = dict[str, Any]


async def family_case(wide: BrokerSession, referral: Row, offer: asyncpg.Record) -> UUID | None:
    """The running case of a brother or sister that an offer's acceptance comes down to joining; None for none.

    It is the one that the offer names, or one that began in the same lot since the place was offered: two siblings who
    were offered two places of a lot that counts families have one case once both are accepted.
    """
    if offer["joins_intervention_id"] is not None:
        named: UUID = offer["joins_intervention_id"]
        return named
    cases = await queries.cases_of_family(
        wide,
        group_id=referral["sibling_group_id"],
        household_id=referral["household_id"],
        pupil_id=referral["pupil_id"],
    )
    return next((row["intervention_id"] for row in cases if row["lot_id"] == offer["lot_id"]), None)


async def join_case(
    wide: BrokerSession,
    writes: Writes,
    ground: Ground,
    referral: Row,
    offer: asyncpg.Record,
    case_id: UUID,
    *,
    deemed: bool = False,
) -> bool:
    """Turn an offer to an accepted part in a running case; whether a place that it held came free.

    Raises PlaceTaken for a case that has ended meanwhile.
    """
    await writes.flush(wide)
    case = await interventions.lock_intervention(wide, case_id)
    place = await queries.case_and_place(wide, case_id)
    if case is None or place is None:
        raise PlaceTaken("The case that this child was to join has ended.")
    await queries.share(wide, case_id)
    await queries.take_in(wide, case_id, referral["id"], referral["referring_organisation_id"], referral["school_id"])
    await release_booking(wide, offer["booking_id"], "joined_case")
    answered = {"deemed_at": wide.now} if deemed else {"answered_at": wide.now}
    await change_offer(
        wide, offer,
        state="accepted", intervention_id=case_id, joins_intervention_id=case_id, booking_id=None,
        place_id=place["place_id"], practitioner_id=case["practitioner_id"], starts_on=wide.today, **answered,
    )  # fmt: skip
    event_id = events.tell(
        writes,
        wide,
        "allocation.accepted",
        subject=("allocation", offer["id"], offer["version"] + 1),
        audience=await audience_of(wide, referral, offer["provider_id"]),
        referral_id=referral["id"],
        data={
            "intervention_id": str(case_id),
            "referral_version": history.next_version(referral),
            "deemed": deemed,
            "starts_on": wide.today,
        },
    )
    await history.move(
        wide, writes, referral, State.ACCEPTED,
        event_id=event_id, event_type="allocation.accepted",
        case_provider_id=None if deemed else offer["provider_id"], intervention_id=case_id,
    )  # fmt: skip
    if case["started_on"] is not None:
        # What was owed on the case has been met for the others: this child is still to be met.
        school_days = await calendar_of_school(wide, referral["school_id"], ground.calendar)
        obligations.owe(
            writes, wide, "initial_contact", offer["provider_id"],
            subject=("referral", referral["id"]), clock="school_day",
            due_at=due_at("school_day", school_days, wide.now, ground.policy.first_contact_school_days),
        )  # fmt: skip
    return offer["booking_id"] is not None


async def start_members(wide: BrokerSession, writes: Writes, case: Row, held_at: datetime) -> None:
    """Turn the referrals of the children who have joined to running work, at a contact that the family attended."""
    met = [one for one in await queries.lock_members(wide, case["id"]) if one["joined_at"] <= held_at]
    for member in met:
        if member["state"] == State.ACCEPTED:
            await move_member(wide, writes, case, member, State.IN_PROGRESS, "intervention.started")
            await obligations.meet(wide, "initial_contact", member["id"])
    await queries.note_start(wide, case["id"], [one["id"] for one in met], london_date(held_at))


async def others_in(wide: BrokerSession, case: Row) -> list[Row]:
    """The open referrals of a locked case beside the one that stands for it, locked."""
    if not case["shared"]:
        return []
    return [one for one in await queries.lock_members(wide, case["id"]) if one["id"] != case["referral_id"]]


async def met_in(wide: BrokerSession, case: Row) -> set[UUID] | None:
    """The referrals of a locked case whose children the family has been met for; None where the case is one child's."""
    return await queries.met_in(wide, case["id"]) if case["shared"] else None


async def close_members(
    wide: BrokerSession, writes: Writes, case: Row, members: Sequence[Row], endings: Mapping[UUID, tuple[str, str]]
) -> None:
    """Close the other children's referrals with their case, each with its (outcome, reason).

    `endings` has one for each member.
    """
    for member in members:
        outcome, reason = endings[member["id"]]
        await move_member(
            wide, writes, case, member, State.CLOSED, "intervention.closed",
            data={"outcome": outcome, "reason": reason},
            reason=reason, outcome=outcome, close_reason=reason, closed_at=wide.now,
        )  # fmt: skip
        await obligations.cancel(wide, member["id"], ["initial_contact"])


async def move_member(
    wide: BrokerSession,
    writes: Writes,
    case: Row,
    member: Row,
    target: State,
    event_type: str,
    data: dict[str, object] | None = None,
    reason: str | None = None,
    **columns: object,
) -> None:
    """Move the referral of one child of a case, told of to its own school alone."""
    event_id = events.tell(
        writes,
        wide,
        event_type,
        subject=("referral", member["id"], history.next_version(member)),
        audience=[
            await authority_organisation(wide),
            case["provider_id"],
            member["referring_organisation_id"],
            member["school_id"],
        ],
        referral_id=member["id"],
        data={"intervention_id": str(case["id"]), **(data or {})},
    )
    await history.move(wide, writes, member, target, event_id=event_id, event_type=event_type, reason=reason, **columns)


async def leave(wide: BrokerSession, referral: Row) -> bool:
    """Take a locked referral out of the case that it shares; False where it is alone there, and the case is its own.

    The referral's own closure is the caller's to write. The case goes on with the others, in its place.
    """
    case_id = referral["intervention_id"]
    case = await interventions.lock_intervention(wide, case_id)
    if case is None or not case["shared"] or case["state"] == InterventionState.CLOSED:
        return False
    others = [one for one in await queries.lock_members(wide, case_id) if one["id"] != referral["id"]]
    if not others:
        return False
    await queries.note_leaving(wide, case_id, referral["id"])
    if case["referral_id"] == referral["id"]:
        # A case under way is not to stand on a child who is only about to begin, while another has begun.
        await queries.carry_on_with(wide, case_id, min(others, key=lambda one: one["state"] == State.ACCEPTED))
    await offers.touch(wide, case_id)
    await wide.run(
        "UPDATE intervention SET version = version + 1, updated_at = $3 WHERE authority_id = $1 AND id = $2",
        wide.authority_id,
        case_id,
        wide.now,
    )
    await obligations.cancel(wide, referral["id"], ["initial_contact"])
    return True


async def take_back_offers(wide: BrokerSession, writes: Writes, case: Row) -> None:
    """Take back the offers to join a case that ends: those children wait again, with their old dates."""
    for row in await queries.offers_to_join(wide, case["id"]):
        referral = await referrals.lock(wide, row["referral_id"])
        offer = await offers.lock(wide, row["id"])
        if referral is None or offer is None:
            raise InvariantBroken
        await change_offer(wide, offer, state="withdrawn")
        await obligations.cancel(wide, offer["id"], ["answer_offer"])
        event_id = events.tell(
            writes,
            wide,
            "allocation.withdrawn",
            subject=("allocation", offer["id"], offer["version"] + 1),
            audience=await audience_of(wide, referral, offer["provider_id"]),
            referral_id=referral["id"],
            data={"cause": "case_closed"},
        )
        await history.move(wide, writes, referral, State.WAITING, event_id=event_id, event_type="allocation.withdrawn")
