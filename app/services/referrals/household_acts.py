"""Joining and leaving a household's case by hand: an officer has a child join, a provider ends one child's part."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from app.db import BrokerSession, WriteSession, broker
from app.domain.allocation import Hold
from app.domain.allocation.joining import joining_reason
from app.domain.allocation.override import STANDS
from app.domain.interventions import ending_faults
from app.domain.referral import CASE_STATES, State
from app.domain.vocabulary import ClosureOutcome, ClosureReason
from app.errors import ActionNotAvailable, FieldFault, Invalid, NotFound, OverrideRefused
from app.queries import household_cases as queries
from app.queries import referrals as referral_queries
from app.queries import who_waits
from app.queries.interventions import find_intervention
from app.queries.writes import Writes
from app.services import events, history
from app.services.allocation import allocate_waiting
from app.services.ground import lot_of, survey, wants_of
from app.services.household_cases import leave
from app.services.interventions.case import Check, Row, lock_case_and_allocation
from app.services.join_offers import joins_case, offer_case
from app.services.obligations import meet
from app.services.referrals.acting import Officer, lock_open, note, open_to, parties, update

_LIFTED: Final = Hold.POSSIBLE_DUPLICATE.value
"""What an officer settles by it: the child has another referral, and both are one case."""


async def join_case(
    session: WriteSession, writes: Writes, referral_id: UUID, intervention_id: UUID, words: str, officer: Officer
) -> None:
    """Have the provider of a running case asked whether a child who waits joins it.

    A brother or sister joins where the lot counts families; another organisation's referral of the same child anywhere,
    which settles that it is a possible duplicate. Raises NotFound, ActionNotAvailable for a referral that does not
    wait, Invalid for a case that there is not or that cannot take the child, and OverrideRefused past a hold.
    """
    await open_to(session, referral_id, "join-case")
    async with broker(session) as wide:
        referral = await lock_open(wide, referral_id, session.kind, "join-case")
        case = await queries.case_and_place(wide, intervention_id)
        if case is None:
            raise _fault("unknown", "There is no running case of this id that its provider has read.")
        same_child = await queries.is_same_child(wide, referral["pupil_id"], case["pupil_id"])
        if case["volume_unit"] != "family" and not same_child:
            raise _fault("counts_pupils", "The lot of that case counts pupils: each child has a place of its own.")
        held = [hold for hold in referral["holds"] if not (same_child and hold == _LIFTED)]
        if held:
            raise OverrideRefused(f"An officer cannot set this aside: {STANDS[held[0]]}.", extra={"rule": held[0]})
        ground = await survey(wide)
        want_row = await who_waits.want_row(wide, referral_id)
        (want,) = wants_of(ground, [want_row] if want_row else [])
        want = replace(want, holds=())
        place = queries.place_of(case)
        reason = joining_reason(want, lot_of(ground, place.lot_id), place, wide.today)
        if reason is not None:
            raise OverrideRefused(
                f"The child cannot join that case: {STANDS.get(reason.value, 'its provider has said no')}.",
                extra={"rule": reason.value},
            )
        if held != referral["holds"]:
            await _lift(wide, writes, referral, held)
        await offer_case(wide, writes, ground, joins_case(want, intervention_id, place), "join_case")
        note(wide, writes, referral_id, words, {
            "joins_case": {"from": None, "to": intervention_id}, "officer": {"from": None, "to": officer.plain()},
        })  # fmt: skip
        await meet(wide, "place_referral", referral_id)
        await writes.flush(wide)


def _fault(code: str, sentence: str) -> Invalid:
    return Invalid(errors=[FieldFault("/intervention_id", code, sentence)])


async def _lift(wide: BrokerSession, writes: Writes, referral: Row, holds: list[str]) -> None:
    """Let a possible duplicate go on: officers alone are told, for the sender knows of no other referral."""
    await update(wide, referral, {"holds": holds})
    events.tell(
        writes,
        wide,
        "referral.released",
        subject=("referral", referral["id"], referral["version"]),
        audience=(await parties(wide, referral))[:1],
        referral_id=referral["id"],
    )


async def leave_case(
    session: WriteSession,
    writes: Writes,
    intervention_id: UUID,
    referral_id: UUID,
    ending: tuple[ClosureOutcome, ClosureReason],
    words: str | None,
    check: Check,
) -> Row:
    """End one child's part in a shared case, as its provider; the case goes on with the others; the case.

    Raises NotFound, ActionNotAvailable for the last child (then the case is closed) or while an officer has to look at
    agreement that was taken back, Invalid.
    """
    outcome, reason = ending
    async with broker(session) as wide:
        case = await lock_case_and_allocation(wide, intervention_id, check)
        member = await referral_queries.lock(wide, referral_id)
        if member is None or member["intervention_id"] != intervention_id or member["state"] not in CASE_STATES:
            raise Invalid(errors=[FieldFault("/referral_id", "unknown", "No open referral of this case has this id.")])
        if Hold.AGREEMENT_WITHDRAWN in member["holds"]:
            raise ActionNotAvailable("The family took its agreement back: an officer's safeguarding check comes first.")
        if faults := ending_faults(outcome, reason, started=member["state"] != State.ACCEPTED):
            raise Invalid(errors=faults)
        told = await parties(wide, member)
        if not await leave(wide, member):
            raise ActionNotAvailable("This is the last child in the case: close the case.")
        event_id = events.tell(
            writes,
            wide,
            "referral.closed",
            subject=("referral", referral_id, history.next_version(member)),
            audience=told,
            referral_id=referral_id,
            data={"outcome": outcome.value, "reason": reason.value},
        )
        await history.move(
            wide, writes, member, State.CLOSED,
            event_id=event_id, event_type="referral.closed", reason=reason.value,
            outcome=outcome.value, close_reason=reason.value, close_note=words, closed_at=wide.now,
        )  # fmt: skip
        await allocate_waiting(wide, writes, "left_case")
        found = await find_intervention(wide, case["id"])
    if found is None:
        raise NotFound
    return found
