"""The plan and its goals: read whole, put whole."""

from typing import Any
from uuid import UUID

from app.db import ReadSession, WriteSession
from app.domain.goals import check_due, late_warnings
from app.domain.interventions import check_day_of_work, check_open
from app.errors import FieldFault, Invalid
from app.ids import new_id
from app.models.casework import goal as goal_table
from app.models.casework import plan as plan_table
from app.queries import plans
from app.queries.writes import Writes
from app.services import obligations
from app.services.interventions.case import Check, Row, case_of, change, find_case, lock_case, tell


def _no_plan_yet(intervention_id: UUID) -> Row:
    return {
        "intervention_id": intervention_id,
        "agreed_on": None,
        "review_on": None,
        "family_words": None,
        "version": 0,
        "goals": [],
        "warnings": [],
    }


async def get_plan(session: ReadSession, intervention_id: UUID) -> Row:
    """The plan with its goals; version 0 and empty while none was agreed. Raises NotFound."""
    row = await find_case(session, intervention_id)
    found = await plans.find_plan(session, intervention_id)
    if found is None:
        return _no_plan_yet(intervention_id)
    goals = await plans.goals_of(session, intervention_id)
    return {
        **found,
        "goals": goals,
        "warnings": late_warnings(row["planned_end_on"], [goal["due_on"] for goal in goals]),
    }


async def put_plan(
    session: WriteSession, writes: Writes, intervention_id: UUID, content: dict[str, Any], check: Check
) -> Row:
    """Put a plan in place of the one before; the plan. `check` judges the plan's version, 0 before the first.

    A goal that keeps its id is the same goal; one without is new; one left out is gone. Raises NotFound,
    ActionNotAvailable, Invalid and what `check` raises.
    """
    row = await lock_case(session, intervention_id, _any_version)
    before = await get_plan(session, intervention_id)
    check(before["version"])
    case = case_of(row)
    check_open(case)
    check_day_of_work(case, content["agreed_on"], session.today, "/agreed_on")
    check_due(content["agreed_on"], [goal["due_on"] for goal in content["goals"]])
    goals = _goals(content["goals"], {goal["id"] for goal in before["goals"]})
    version = before["version"] + 1
    if before["version"] == 0:
        writes.add(
            plan_table,
            intervention_id=intervention_id,
            provider_id=row["provider_id"],
            agreed_on=content["agreed_on"],
            review_on=content["review_on"],
            family_words=content["family_words"],
            version=version,
        )
    else:
        await session.run(
            "UPDATE plan SET agreed_on = $3, review_on = $4, family_words = $5, version = $6"
            " WHERE authority_id = $1 AND intervention_id = $2",
            session.authority_id,
            intervention_id,
            content["agreed_on"],
            content["review_on"],
            content["family_words"],
            version,
        )
        await plans.delete_goals(session, intervention_id)
    for position, goal in enumerate(goals, start=1):
        writes.add(
            goal_table,
            intervention_id=intervention_id,
            provider_id=row["provider_id"],
            position=position,
            **goal,
        )
    await change(session, row)
    await tell(session, writes, "intervention.plan_changed", row, data={"plan_version": version})
    await obligations.meet(session, "plan", intervention_id)
    await writes.flush(session)
    return await get_plan(session, intervention_id)


def _goals(wanted: list[dict[str, Any]], known: set[UUID]) -> list[dict[str, Any]]:
    """The goals as they are to be written, each with its id. Raises Invalid for an id of no goal, or a repeated one."""
    faults: list[FieldFault] = []
    taken: set[UUID] = set()
    goals: list[dict[str, Any]] = []
    for index, goal in enumerate(wanted):
        goal_id = goal["id"]
        if goal_id is None:
            goal_id = new_id()
        elif goal_id not in known or goal_id in taken:
            faults.append(
                FieldFault(f"/goals/{index}/id", "unknown_goal", "The plan has no such goal, or has it twice.")
            )
        taken.add(goal_id)
        goals.append({**goal, "id": goal_id})
    if faults:
        raise Invalid(errors=faults)
    return goals


def _any_version(_: int) -> None:
    """The plan has a version of its own: that one is judged, not the intervention's."""
