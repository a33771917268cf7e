"""A child who moves out of the authority: the work ends or is finished here, and an officer sees that the other knows.

Nothing crosses to another authority by itself. An officer takes a summary out, of what the family agreed to, and
confirms that the receiving authority has it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from app.db import ReadSession, WriteSession, broker
from app.domain.clocks import due_at
from app.domain.local_authorities import is_known_la_code
from app.domain.transfer_summary import transfer_summary
from app.domain.vocabulary import ClosureOutcome, ClosureReason
from app.errors import ActionNotAvailable, FieldFault, Invalid, NotFound
from app.ids import new_id
from app.models.demand import pupil as pupil_table
from app.models.household import transfer as transfer_table
from app.queries import referrals
from app.queries import transfers as queries
from app.queries.parties import authority_organisation, calendar_of
from app.queries.schools import la_code_of
from app.queries.writes import Writes, change
from app.services import audit, events
from app.services.allocation import allocate_waiting
from app.services.obligations import cancel, meet, owe
from app.services.policies import policy_today
from app.services.referrals.acting import Officer, lock_open, open_to, parties, update
from app.services.referrals.closing import end_referral

_WORKING_DAY_ENDS = 17

Plan = Literal["end", "finish_here"]


@dataclass(frozen=True, slots=True)
class Move:
    """Where a child went, since when, whether the work ends with it, and whether the family agrees to a summary."""

    la_code: str
    moved_on: date
    plan: Plan
    consent: Literal["given", "refused"]
    note: str
    officer: Officer


async def transfer_referral(session: WriteSession, writes: Writes, referral_id: UUID, move: Move) -> None:
    """Note that a child has another home authority, and end its referral as `transferred` unless it is finished here.

    An officer owes the receiving authority word of it. Raises NotFound, ActionNotAvailable, Invalid.
    """
    await _check(session, move)
    await open_to(session, referral_id, "transfer")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "transfer")
        await change(wide, pupil_table, {"id": referral["pupil_id"]}, {"home_la_code": move.la_code})
        writes.add(
            transfer_table,
            id=new_id(),
            referral_id=referral_id,
            to_la_code=move.la_code,
            moved_on=move.moved_on,
            plan=move.plan,
            consent=move.consent,
            recorded_at=wide.now,
            officer=move.officer.plain(),
            note=move.note,
        )
        await update(wide, referral, {})
        events.tell(
            writes,
            wide,
            "referral.transferred",
            subject=("referral", referral_id, referral["version"]),
            audience=await parties(wide, referral),
            referral_id=referral_id,
            data={"to_la_code": move.la_code, "moved_on": move.moved_on, "plan": move.plan},
        )
        calendar, policy = await calendar_of(wide), await policy_today(wide)
        await cancel(wide, referral_id, ["transfer_check"])
        owe(
            writes, wide, "transfer_check", await authority_organisation(wide),
            subject=("referral", referral_id), clock="working_day",
            due_at=due_at("working_day", calendar, wide.now, policy.transfer_working_days),
        )  # fmt: skip
        await writes.flush(wide)
        if move.plan == "end":
            ending = (ClosureOutcome.TRANSFERRED, ClosureReason.MOVED_AWAY)
            await end_referral(wide, writes, referral, ending, move.note)
            await allocate_waiting(wide, writes, "transferred")
        await writes.flush(wide)


async def _check(session: ReadSession, move: Move) -> None:
    faults = []
    if move.la_code == await la_code_of(session):
        faults.append(FieldFault("/home_la_code", "same_authority", "That is this authority: use change-school."))
    elif not is_known_la_code(move.la_code):
        faults.append(FieldFault("/home_la_code", "unknown", "No English authority has this code."))
    if move.moved_on > session.today:
        faults.append(FieldFault("/moved_on", "in_the_future", "A move is recorded once it has happened."))
    if faults:
        raise Invalid(errors=faults)


async def confirm_transfer(
    session: WriteSession, writes: Writes, referral_id: UUID, received_by: str, officer: Officer
) -> None:
    """Record that the receiving authority has what it needs; `received_by` is who there has it.

    Raises NotFound, and ActionNotAvailable where nothing is to be confirmed.
    """
    async with broker(session) as wide:
        referral = await referrals.lock(wide, referral_id)
        if referral is None:
            raise NotFound
        if not await meet(wide, "transfer_check", referral_id):
            raise ActionNotAvailable("No transfer of this referral is to be confirmed.")
        await queries.confirm(wide, referral_id, {**officer.plain(), "received_by": received_by})
        await update(wide, referral, {})
        events.tell(
            writes,
            wide,
            "referral.transfer_confirmed",
            subject=("referral", referral_id, referral["version"]),
            audience=[await authority_organisation(wide)],
            referral_id=referral_id,
        )
        await writes.flush(wide)


async def summary_of(session: WriteSession, writes: Writes, referral_id: UUID) -> dict[str, Any]:
    """The summary of a transferred referral for the receiving authority; that it was taken out is logged.

    Raises NotFound where there is no transfer, and ActionNotAvailable where the family does not agree to one.
    """
    row = await queries.latest(session, referral_id)
    whole = await referrals.whole(session, referral_id)
    if row is None or whole is None:
        raise NotFound
    if row["consent"] != "given":
        raise ActionNotAvailable("The family has not agreed that anything is passed on.")
    audit.note(writes, session.principal, "read_transfer_summary", "referral", referral_id, ["identity", "needs"])
    return transfer_summary(dict(row), whole, await queries.work_of(session, referral_id), made_on=session.today)
