"""Noting how a goal goes: dated entries, each kept as it was said."""

from typing import Any
from uuid import UUID

from app.db import WriteSession
from app.domain.interventions import check_day_of_case, check_open
from app.errors import NotFound
from app.ids import new_id
from app.models.closing import goal_progress
from app.queries import plans
from app.queries.writes import Writes
from app.services.interventions.case import Check, Row, case_of, change, check_agreed, lock_case, tell


async def record_progress(
    session: WriteSession, writes: Writes, intervention_id: UUID, goal_id: UUID, values: dict[str, Any], check: Check
) -> Row:
    """Record what somebody said of a goal on a day; the entry. `values`: said_on, said_by, words.

    How near a goal is in figures is a reading of `goal_progress`. Raises NotFound, also for a goal that the plan does
    not have (any more), ActionNotAvailable, Invalid.
    """
    row = await lock_case(session, intervention_id, check)
    goal = next((goal for goal in await plans.goals_of(session, intervention_id) if goal["id"] == goal_id), None)
    if goal is None:
        raise NotFound
    case = case_of(row)
    check_open(case)
    check_day_of_case(case, values["said_on"], session.today, "/said_on")
    await check_agreed(session, row)
    recorded = {
        **values,
        "id": new_id(),
        "intervention_id": intervention_id,
        "goal_id": goal_id,
        "goal_title": goal["title"],
        "recorded_at": session.now,
    }
    writes.add(goal_progress, **recorded)
    await change(session, row)
    data: dict[str, object] = {"goal_id": str(goal_id), "goal_progress_id": str(recorded["id"])}
    await tell(session, writes, "intervention.goal_progress_recorded", row, data=data)
    return recorded
