"""Closing a case: summary and letters kept, the place given back and offered on, the referral closed, all at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.db import WriteSession, broker
from app.domain.allocation import Hold
from app.domain.interventions import GoalResult, InterventionState, check_closing, ending_faults
from app.domain.obligations import OF_AN_INTERVENTION
from app.domain.referral import State
from app.domain.vocabulary import ClosureOutcome, ClosureReason
from app.errors import ActionNotAvailable, FieldFault, Invalid
from app.queries import interventions, plans
from app.queries.writes import Writes
from app.services import history, obligations
from app.services.allocation import allocate_waiting
from app.services.bookings import release_booking
from app.services.household_cases import close_members, others_in, take_back_offers
from app.services.interventions.case import Check, Row, case_of, change, find_case, lock_case_and_allocation, tell
from app.services.interventions.letters import make_letters
from app.services.interventions.owed import dues, owe_at
from app.services.interventions.signposts import keep_those_of_the_closure


@dataclass(frozen=True, slots=True)
class Closing:
    """How a case is to be closed. `goals` pairs each goal's id with its result, in the order they were sent."""

    outcome: ClosureOutcome
    reason: ClosureReason
    goals: tuple[tuple[UUID, GoalResult], ...]
    summary: dict[str, Any]
    note: str | None = None
    children: Mapping[UUID, tuple[ClosureOutcome, ClosureReason]] = field(default_factory=dict)
    """By referral, of a case that several children share: how it ended for one, where that is not as for the case."""


async def close_intervention(
    session: WriteSession, writes: Writes, intervention_id: UUID, closing: Closing, check: Check
) -> Row:
    """Close an intervention, its booking and its referral, and offer the place to who waits; the intervention.

    Without an attended contact no volume was used; completed work is followed up a term later. Raises NotFound,
    ActionNotAvailable when it is closed, and Invalid.
    """
    await find_case(session, intervention_id)
    async with broker(session) as wide:
        row = await lock_case_and_allocation(wide, intervention_id, check)
        goals = await plans.goals_of(wide, intervention_id)
        check_closing(
            case_of(row),
            outcome=closing.outcome,
            reason=closing.reason,
            goal_ids=[goal["id"] for goal in goals],
            results=[goal_id for goal_id, _ in closing.goals],
            what_changed=closing.summary["what_changed"],
            today=wide.today,
        )
        referral = await interventions.lock_referral(wide, row["referral_id"])
        others = await others_in(wide, row)
        if any(Hold.AGREEMENT_WITHDRAWN in one["holds"] for one in (referral, *others)):
            raise ActionNotAvailable("The family took its agreement back: an officer's safeguarding check comes first.")
        endings = _endings(row, closing, [referral, *others])
        own_outcome, own_reason = endings[referral["id"]]
        await take_back_offers(wide, writes, row)
        await release_booking(wide, row["booking_id"], "closed")
        results = dict(closing.goals)
        await plans.set_goal_results(wide, intervention_id, {key: result.value for key, result in results.items()})
        await change(
            wide,
            row,
            state=InterventionState.CLOSED.value,
            closed_on=wide.today,
            outcome=closing.outcome.value,
            close_reason=closing.reason.value,
            closure_summary=closing.summary,
        )
        await make_letters(
            wide,
            writes,
            row,
            goals=[(goal["title"], results[goal["id"]]) for goal in goals],
            summary=closing.summary,
            signposts=await keep_those_of_the_closure(wide, writes, intervention_id, closing.summary["signposted"]),
        )
        event_id = await tell(
            wide,
            writes,
            "intervention.closed",
            row,
            moves_referral=True,
            data={
                "outcome": closing.outcome,
                "reason": closing.reason,
                "referral_version": history.next_version(referral),
            },
        )
        await history.move(
            wide,
            writes,
            referral,
            State.CLOSED,
            event_id=event_id,
            event_type="intervention.closed",
            reason=own_reason,
            outcome=own_outcome,
            close_reason=own_reason,
            close_note=closing.note,
            closed_at=wide.now,
        )
        await close_members(wide, writes, row, others, endings)
        await obligations.meet(wide, "closure", intervention_id)
        await obligations.cancel(wide, intervention_id, OF_AN_INTERVENTION)
        if closing.outcome is ClosureOutcome.COMPLETED:
            owe_at(writes, wide, row, "follow_up", (await dues(wide, row))["follow_up"])
        await obligations.cancel(wide, referral["id"], ["initial_contact"])
        await allocate_waiting(wide, writes, "intervention.closed")
    return row


def _endings(row: Row, closing: Closing, referrals: Sequence[Row]) -> dict[UUID, tuple[str, str]]:
    """How each child's referral ends: as the case does, unless it was said otherwise."""
    endings = {one["id"]: (closing.outcome.value, closing.reason.value) for one in referrals}
    faults: list[FieldFault] = []
    for index, (referral_id, (outcome, reason)) in enumerate(closing.children.items()):
        if referral_id not in endings:
            sentence = "No open referral of this case has this id."
            faults.append(FieldFault(f"/children/{index}/referral_id", "unknown", sentence))
        faults += ending_faults(outcome, reason, started=row["started_on"] is not None, pointer=f"/children/{index}")
        endings[referral_id] = (outcome.value, reason.value)
    if faults:
        raise Invalid(errors=faults)
    return endings
