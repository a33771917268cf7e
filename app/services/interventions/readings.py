"""Recording readings of measures."""

from typing import Any
from uuid import UUID

from app.db import WriteSession
from app.domain.interventions import InterventionState, check_day_of_work
from app.domain.measures import check_scores, measures
from app.errors import FieldFault, Invalid
from app.ids import new_id
from app.models.casework import reading
from app.queries import plans
from app.queries.writes import Writes
from app.services import obligations
from app.services.interventions.case import Check, Row, case_of, change, lock_case, tell
from app.services.interventions.follow_up import check_followed_up_on


async def record_reading(
    session: WriteSession, writes: Writes, intervention_id: UUID, values: dict[str, Any], check: Check
) -> Row:
    """Record one dated set of scores; the reading.

    `values`: measure, respondent, taken_on, completed_with, scores. A measure is read once a day of one respondent.
    A closed case takes one as its follow-up, in the time of that. The referrer is not told: readings are not its to
    see. Raises NotFound, ActionNotAvailable, AlreadyExists, Invalid.
    """
    row = await lock_case(session, intervention_id, check)
    case = case_of(row)
    closed = case.state is InterventionState.CLOSED
    if closed:
        await check_followed_up_on(session, row, values["taken_on"], "/taken_on")
    else:
        check_day_of_work(case, values["taken_on"], session.today, "/taken_on")
    measure = measures().get(values["measure"])
    if measure is None:
        raise Invalid(errors=[FieldFault("/measure", "unknown_measure", "There is no such measure.")])
    goals = await plans.goals_of(session, intervention_id) if measure.of_goals else []
    check_scores(measure, values["respondent"], values["scores"], [str(goal["id"]) for goal in goals])
    recorded = {
        **values,
        "id": new_id(),
        "intervention_id": intervention_id,
        "measure_version": measure.version,
        "recorded_at": session.now,
    }
    writes.add(reading, provider_id=row["provider_id"], **recorded)
    await change(session, row)
    await tell(
        session,
        writes,
        "intervention.reading_recorded",
        row,
        to_referrer=False,
        data={"reading_id": str(recorded["id"]), "measure": measure.key},
    )
    await obligations.meet(session, "follow_up" if closed else "baseline", intervention_id)
    return recorded
