"""Recording readings of measures, correcting them, and what a chart of them is drawn from."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.domain.charts import Chart, charts
from app.domain.interventions import InterventionState, check_day_of_work
from app.domain.measures import Purpose, check_scores
from app.errors import AlreadyExists, FieldFault, Invalid
from app.ids import new_id
from app.models.casework import reading
from app.queries import plans
from app.queries import readings as queries
from app.queries.measures import by_version_id, measures_on
from app.queries.writes import Writes
from app.services import obligations
from app.services.interventions.case import Check, Row, case_of, change, lock_case, tell
from app.services.interventions.follow_up import check_followed_up_on


async def record_reading(
    session: WriteSession, writes: Writes, intervention_id: UUID, values: dict[str, Any], check: Check
) -> Row:
    """Record one dated set of scores; the reading.

    `values`: measure, respondent, purpose (None: the first is the baseline, each later one a review), taken_on,
    completed_with, scores, and for a correction supersedes_id and correction_reason. A measure is read once a day of
    one respondent, by its version of that day. A closed case takes one as its follow-up, in the time of that. The
    referrer is not told: readings are not its to see. Raises NotFound, ActionNotAvailable, AlreadyExists, Invalid.
    """
    row = await lock_case(session, intervention_id, check)
    case = case_of(row)
    closed = case.state is InterventionState.CLOSED
    if closed:
        await check_followed_up_on(session, row, values["taken_on"], "/taken_on")
    else:
        check_day_of_work(case, values["taken_on"], session.today, "/taken_on")
    loaded = (await measures_on(session, values["taken_on"])).get(values["measure"])
    if loaded is None or loaded.measure.of_practice:
        raise Invalid(errors=[FieldFault("/measure", "unknown_measure", "There is no such measure of a case.")])
    goals = await plans.goals_of(session, intervention_id) if loaded.measure.of_goals else []
    check_scores(loaded.measure, values["respondent"], values["scores"], [str(goal["id"]) for goal in goals])
    if values["supersedes_id"] is not None:
        await _supersede(session, intervention_id, values["supersedes_id"])
    recorded = {
        **values,
        "id": new_id(),
        "intervention_id": intervention_id,
        "purpose": "follow_up" if closed else values["purpose"] or await _purpose(session, intervention_id, values),
        "measure_version": loaded.measure.version,
        "measure_version_id": loaded.version_id,
        "recorded_at": session.now,
        "superseded_at": None,
    }
    writes.add(reading, provider_id=row["provider_id"], **recorded)
    await change(session, row)
    await tell(
        session,
        writes,
        "intervention.reading_recorded",
        row,
        to_referrer=False,
        data={
            "reading_id": str(recorded["id"]),
            "measure": loaded.measure.key,
            "purpose": recorded["purpose"],
            "supersedes_id": values["supersedes_id"] and str(values["supersedes_id"]),
        },
    )
    await obligations.meet(session, "follow_up" if closed else "baseline", intervention_id)
    return recorded


async def _supersede(session: WriteSession, intervention_id: UUID, reading_id: UUID) -> None:
    """Let a wrong reading of the case count no more. Raises Invalid for none of the case, AlreadyExists."""
    wrong = await queries.find_reading(session, intervention_id, reading_id)
    if wrong is None:
        raise Invalid(errors=[FieldFault("/supersedes_id", "unknown_reading", "The case has no such reading.")])
    if wrong["superseded_at"] is not None:
        raise AlreadyExists("That reading was already corrected by another.")
    await queries.supersede(session, reading_id)


async def _purpose(session: ReadSession, intervention_id: UUID, values: dict[str, Any]) -> Purpose:
    known = await queries.is_read(session, intervention_id, values["measure"], values["respondent"], values["taken_on"])
    return "review" if known else "baseline"


async def readings_charts(session: ReadSession, intervention_ids: Collection[UUID]) -> dict[UUID, list[Chart]]:
    """What the charts of some cases' readings are drawn from; superseded readings have no part in it."""
    rows = await queries.counting(session, intervention_ids)
    loaded = await by_version_id(session, {row["measure_version_id"] for row in rows if row["measure_version_id"]})
    goals = await plans.titles_of(session, intervention_ids)
    return {
        intervention_id: charts(
            [row for row in rows if row["intervention_id"] == intervention_id], loaded, goals.get(intervention_id, {})
        )
        for intervention_id in intervention_ids
    }
