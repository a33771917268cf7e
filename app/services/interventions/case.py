"""What every act on a case begins with and ends with: the locked row, its change, and who is told.

Locks are taken in one order: the authority's allocation lock (where an act needs the broker), the allocation (where its
worklist row changes), the intervention, its referral, its booking.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.clock import london_date
from app.db import ReadSession, WriteSession
from app.domain.interventions import Case, InterventionState
from app.domain.pauses import Pause
from app.domain.vocabulary import WITHHELD
from app.errors import ActionNotAvailable, NotFound
from app.models.casework import intervention
from app.queries import household_cases, offers
from app.queries import interventions as queries
from app.queries import writes as writing
from app.queries.parties import authority_organisation
from app.queries.writes import Writes
from app.services import events

Row = dict[str, Any]
Check = Callable[[int], None]
"""Refuses a version that is not the one the caller read; passes when the caller stated none."""


async def find_case(session: ReadSession, intervention_id: UUID) -> Row:
    """An intervention that the caller may see. Raises NotFound."""
    row = await queries.find_intervention(session, intervention_id)
    if row is None:
        raise NotFound
    return row


async def lock_case_and_allocation(session: WriteSession, intervention_id: UUID, check: Check) -> Row:
    """As `lock_case`, for an act that changes what the worklist shows of the case: its allocation is marked as changed.

    The allocation goes first, as where a practitioner is assigned: the two acts then never wait for each other.
    """
    await offers.touch(session, intervention_id)
    return await lock_case(session, intervention_id, check)


async def lock_case(session: WriteSession, intervention_id: UUID, check: Check) -> Row:
    """An intervention that the caller works, locked. Raises NotFound, or what `check` raises for its version.

    The provider is compared here and not left to row policy: in the broker's reach that would show every case.
    """
    row = await queries.lock_intervention(session, intervention_id)
    if row is None or row["provider_id"] != session.organisation_id:
        raise NotFound
    check(row["version"])
    return row


async def check_agreed(session: ReadSession, row: Row) -> None:
    """Raise ActionNotAvailable when the family has taken its agreement back: work stops with it.

    In a case that several children share it goes on for those for whom the family still agrees.
    """
    if row["shared"]:
        stopped = not await household_cases.someone_agrees(session, row["id"])
    else:
        stopped = await queries.agreement_status(session, row["referral_id"]) in WITHHELD
    if stopped:
        raise ActionNotAvailable("The family has taken its agreement back: the work stops here.")


def case_of(row: Row) -> Case:
    """What the rules ask of an intervention's row."""
    return Case(
        state=InterventionState(row["state"]),
        accepted_on=london_date(row["accepted_at"]),
        safety_acknowledged=row["safety_acknowledged_at"] is not None,
        started_on=row["started_on"],
        planned_start_on=row["planned_start_on"],
        planned_end_on=row["planned_end_on"],
        pauses=tuple(
            Pause(pause["starts_on"], pause["expected_last_on"], pause["school_days"], pause["resumed_on"])
            for pause in row["pauses"]
        ),
    )


async def change(session: WriteSession, row: Row, **columns: object) -> None:
    """Write columns of a locked intervention and raise its version; `row` is kept up to date."""
    values: Row = {**columns, "version": row["version"] + 1, "updated_at": session.now}
    await writing.change(session, intervention, {"id": row["id"]}, values)
    row.update(values)


async def tell(
    session: WriteSession,
    writes: Writes,
    event_type: str,
    row: Row,
    *,
    to_referrer: bool = True,
    moves_referral: bool = False,
    data: dict[str, object] | None = None,
) -> UUID:
    """Queue the event of an act on a changed intervention; its id. What the referrer may not see it is not told of.

    Of a case that several children share, all their schools are told, without saying whose referral it is where that
    would tell one school of another's. But an event that moves a referral is that referral's alone (`moves_referral`).
    """
    referrer: set[UUID | None] = {row["referring_organisation_id"], row["school_id"]} if to_referrer else set()
    referral_id = row["referral_id"]
    if row["shared"] and to_referrer and not moves_referral:
        everyone = await household_cases.schools_of(session, row["id"])
        referral_id = referral_id if everyone <= referrer else None
        referrer |= everyone
    return events.tell(
        writes,
        session,
        event_type,
        subject=("intervention", row["id"], row["version"]),
        audience=[await authority_organisation(session), row["provider_id"], *referrer],
        referral_id=referral_id,
        data=data,
    )
