"""Recording contacts. The first attended one starts the work, and from then on the contract's volume is used."""

from typing import Any
from uuid import UUID

from app.clock import london_date
from app.db import BrokerSession, WriteSession, broker
from app.domain.contacts import (
    ContactKind,
    NewContact,
    check_contact,
    check_followed_up,
    check_replacement,
    settles_follow_up,
)
from app.domain.interventions import InterventionState, check_state_move, first_day_of_work
from app.domain.referral import State
from app.domain.vocabulary import ContactResult
from app.errors import ActionNotAvailable, FieldFault, Invalid
from app.ids import new_id
from app.models.casework import intervention_contact
from app.queries import contacts as queries
from app.queries import interventions
from app.queries.writes import Writes
from app.services import history, obligations
from app.services.household_cases import start_members
from app.services.interventions.case import (
    Check,
    Row,
    case_of,
    change,
    check_agreed,
    find_case,
    lock_case,
    lock_case_and_allocation,
    tell,
)
from app.services.interventions.follow_up import check_followed_up_on
from app.services.interventions.owed import keep_due, owe_the_work


async def record_contact(
    session: WriteSession, writes: Writes, intervention_id: UUID, values: dict[str, Any], check: Check
) -> Row:
    """Record one contact of an intervention; the contact.

    `values` are its columns: kind, mode, held_at, minutes, minutes_late, present, agencies, child_seen,
    child_seen_alone, announced, result, reason, supersedes_id. One act, one event: `intervention.started` for the
    contact that starts the work, and `intervention.contact_recorded` for every other. Raises NotFound,
    ActionNotAvailable, Conflict and Invalid.
    """
    contact = _contact_of(values)
    # Read without a lock to learn which locks must come first. Work that has started never un-starts, and its first
    # day only moves back, so what this contact changes can only become less until the rows are locked.
    seen = await find_case(session, intervention_id)
    begins = seen["started_on"] is None or contact.held_on < seen["started_on"] or seen["shared"]
    if contact.attended and begins and contact.kind is not ContactKind.FOLLOW_UP:
        async with broker(session) as wide:
            row = await lock_case_and_allocation(wide, intervention_id, check)
            await _check(wide, row, contact, values["supersedes_id"])
            recorded, told = _written(wide, writes, row, contact, values)
            await _begin(wide, writes, row, contact, told)
            if row["shared"]:
                await start_members(wide, writes, row, contact.held_at)
            return recorded
    row = await lock_case(session, intervention_id, check)
    await _check(session, row, contact, values["supersedes_id"])
    recorded, told = _written(session, writes, row, contact, values)
    await change(session, row)
    await tell(session, writes, "intervention.contact_recorded", row, data=told)
    if contact.kind is ContactKind.FOLLOW_UP and settles_follow_up(contact):
        await obligations.meet(session, "follow_up", row["id"])
    return recorded


async def _check(session: WriteSession, row: Row, contact: NewContact, supersedes_id: UUID | None) -> None:
    if row["state"] == InterventionState.CLOSED:
        check_followed_up(contact, session.now)
        await check_followed_up_on(session, row, contact.held_on, "/held_at")
    else:
        check_contact(case_of(row), contact, session.now, session.today)
    await check_agreed(session, row)
    if supersedes_id is not None:
        await _check_replaced(session, row["id"], supersedes_id)


def _written(
    session: WriteSession, writes: Writes, row: Row, contact: NewContact, values: dict[str, Any]
) -> tuple[Row, dict[str, object]]:
    """Queue the contact; it, and what is told of it."""
    recorded = {
        **values,
        "id": new_id(),
        "intervention_id": row["id"],
        "practitioner_id": row["practitioner_id"],
        "recorded_at": session.now,
    }
    writes.add(intervention_contact, provider_id=row["provider_id"], **recorded)
    told: dict[str, object] = {"contact_id": str(recorded["id"]), "kind": contact.kind, "result": contact.result}
    return {**recorded, "superseded_by_id": None}, told


async def _begin(wide: BrokerSession, writes: Writes, row: Row, contact: NewContact, told: dict[str, object]) -> None:
    """Let the work begin with a contact, or have begun with it, where a later one was recorded first."""
    if row["started_on"] is None:
        await _start(wide, writes, row, contact, told)
        return
    moved = first_day_of_work(row["started_on"], contact.held_on)
    await change(wide, row, started_on=moved)
    await tell(wide, writes, "intervention.contact_recorded", row, data=told)
    await keep_due(wide, row)


async def _start(
    session: BrokerSession, writes: Writes, row: Row, contact: NewContact, told: dict[str, object]
) -> None:
    """Turn intervention, booking and referral to running work."""
    check_state_move(InterventionState(row["state"]), InterventionState.ACTIVE)
    referral = await interventions.lock_referral(session, row["referral_id"])
    booking = await interventions.lock_booking(session, row["booking_id"])
    if booking["follows_another"]:
        raise ActionNotAvailable("The case before this one on the place has not been closed: the place is not free.")
    await change(session, row, state=InterventionState.ACTIVE.value, started_on=contact.held_on)
    await session.run(
        "UPDATE booking SET state = 'active' WHERE authority_id = $1 AND id = $2", session.authority_id, booking["id"]
    )
    event_id = await tell(
        session,
        writes,
        "intervention.started",
        row,
        moves_referral=True,
        data={**told, "referral_version": history.next_version(referral)},
    )
    await history.move(
        session, writes, referral, State.IN_PROGRESS, event_id=event_id, event_type="intervention.started"
    )
    await obligations.meet(session, "initial_contact", row["id"])
    await owe_the_work(session, writes, row)


async def _check_replaced(session: WriteSession, intervention_id: UUID, contact_id: UUID) -> None:
    old = await queries.find_contact(session, intervention_id, contact_id)
    if old is None:
        raise Invalid(
            errors=[FieldFault("/supersedes_id", "unknown_contact", "This intervention has no such contact.")]
        )
    check_replacement(ContactResult(old["result"]), already_replaced=old["superseded_by_id"] is not None)


def _contact_of(values: dict[str, Any]) -> NewContact:
    return NewContact(
        kind=ContactKind(values["kind"]),
        result=ContactResult(values["result"]),
        held_at=values["held_at"],
        held_on=london_date(values["held_at"]),
        child_seen=values["child_seen"],
        child_seen_alone=values["child_seen_alone"],
        agencies=tuple(values["agencies"]),
        reason=values["reason"],
        minutes_late=values["minutes_late"],
    )
