"""Filling in and submitting a return, by the organisation that owes it."""

from typing import Any, Final
from uuid import UUID

from app.db import WriteSession
from app.domain.obligations import ObligationKind
from app.domain.return_rules import draft_faults, submit_faults
from app.domain.returns import PROVIDER_HALF_TERM, SCHOOL_TERM, ReturnAct, ReturnState, move
from app.errors import Invalid
from app.ids import new_id
from app.models.casework import return_submission
from app.queries import facts
from app.queries import returns as queries
from app.queries.return_templates import asked_by
from app.queries.writes import Writes
from app.services.obligations import meet
from app.services.referrals.attention import facts_changed
from app.services.returns.reading import Check, Row, act, lock

_OBLIGATIONS: Final[dict[str, ObligationKind]] = {
    PROVIDER_HALF_TERM: "provider_return",
    SCHOOL_TERM: "school_return",
}


async def fill_return(
    session: WriteSession, writes: Writes, return_id: UUID, content: dict[str, Any], check: Check
) -> Row:
    """Keep a return's content as a draft; the return.

    Raises NotFound, ActionNotAvailable once it is submitted (until it is queried), Invalid for content of the wrong
    shape: gaps are welcome in a draft.
    """
    row = await lock(session, return_id, check)
    move(ReturnState(row["state"]), ReturnAct.FILL)
    faults = draft_faults(await asked_by(session, row["template"], row["template_version"]), content, row["prefilled"])
    if faults:
        raise Invalid(errors=faults)
    return await act(session, writes, row, ReturnAct.FILL, content=content)


async def submit_return(session: WriteSession, writes: Writes, return_id: UUID, check: Check) -> Row:
    """Submit a return as it is kept; again, once the authority has queried it. The return.

    A school's figures become the facts that outcomes are measured from. Raises NotFound, ActionNotAvailable, and
    Invalid with a sentence for each thing missing or not adding up.
    """
    row = await lock(session, return_id, check)
    state, _ = move(ReturnState(row["state"]), ReturnAct.SUBMIT)
    faults = submit_faults(
        await asked_by(session, row["template"], row["template_version"]), row["content"], row["prefilled"]
    )
    if faults:
        raise Invalid("The return is not ready to be submitted.", errors=faults)
    if row["template"] == SCHOOL_TERM:
        await facts_changed(session, writes, await _keep_facts(session, row))
    writes.add(
        return_submission,
        id=new_id(),
        return_id=return_id,
        organisation_id=row["organisation_id"],
        number=await queries.next_submission(session, return_id),
        submitted_at=session.now,
        client_id=session.principal.client_id,
        reason=row["amendment_reason"],
        content=row["content"],
    )
    if state is not ReturnState.SUBMITTED:
        # Sent again: whether it was late is judged by the first time.
        return await act(session, writes, row, ReturnAct.SUBMIT, amendment_reason=None)
    await meet(session, _OBLIGATIONS[row["template"]], row["id"])
    return await act(session, writes, row, ReturnAct.SUBMIT, submitted_at=session.now)


async def amend_return(session: WriteSession, writes: Writes, return_id: UUID, reason: str, check: Check) -> Row:
    """Open an accepted return so that what was wrong is put right and submitted again; the return.

    Until then its figures count as they were accepted. Raises NotFound, or ActionNotAvailable in any other state.
    """
    row = await lock(session, return_id, check)
    return await act(session, writes, row, ReturnAct.AMEND, accepted_at=None, amendment_reason=reason)


async def _keep_facts(session: WriteSession, row: Row) -> list[UUID]:
    """Write the figures of every pupil who has some, over those of an earlier submission; the referrals told of."""
    pupils = {UUID(pupil["referral_id"]): pupil for pupil in row["content"]["pupils"]}
    pupil_ids = await facts.pupils_of(session, list(pupils))
    for table, figures in (("attendance_record", facts.ATTENDANCE), ("suspension_record", facts.SUSPENSIONS)):
        rows = [
            {
                "id": new_id(),
                "referral_id": referral_id,
                # A referral that the school no longer sees keeps its row in the return, and gives no facts.
                "pupil_id": pupil_ids[referral_id],
                "school_id": row["organisation_id"],
                "term": row["period"],
                "period_starts_on": row["period_starts_on"],
                "period_ends_on": row["period_ends_on"],
                "source": "return",
                "recorded_at": session.now,
                **{name: pupil[name] for name in figures},
            }
            for referral_id, pupil in pupils.items()
            if not pupil.get("no_figures_reason") and referral_id in pupil_ids
        ]
        await facts.put_many(session, table, rows)
        # What an earlier submission said of a pupil who, it turns out, has no figures.
        withdrawn = [referral_id for referral_id, pupil in pupils.items() if pupil.get("no_figures_reason")]
        await facts.drop_many(session, table, row["period"], withdrawn)
    return list(pupil_ids)
