"""Recording the review of a case half-way."""

from typing import Any
from uuid import UUID

from app.db import WriteSession
from app.domain.reviews import check_review
from app.ids import new_id
from app.models.casework import intervention_review
from app.queries import plans
from app.queries.writes import Writes
from app.services import obligations
from app.services.interventions.case import Check, Row, case_of, change, check_agreed, lock_case, tell


async def record_review(
    session: WriteSession, writes: Writes, intervention_id: UUID, values: dict[str, Any], check: Check
) -> Row:
    """Record a review of an intervention, one a day; the review.

    `values` are its columns: held_on, present, agencies, going_well, worries, goals (of the plan, each with its
    progress on that day), plan_changes, proposal. The goals keep their titles as they are now. Raises NotFound,
    ActionNotAvailable, AlreadyExists, Invalid.
    """
    row = await lock_case(session, intervention_id, check)
    await check_agreed(session, row)
    titles = {goal["id"]: goal["title"] for goal in await plans.goals_of(session, intervention_id)}
    asked = [goal["goal_id"] for goal in values["goals"]]
    check_review(case_of(row), held_on=values["held_on"], goals=asked, plan=titles, today=session.today)
    recorded = {
        **values,
        "goals": [
            {**goal, "goal_id": str(goal["goal_id"]), "title": titles[goal["goal_id"]]} for goal in values["goals"]
        ],
        "id": new_id(),
        "intervention_id": row["id"],
        "practitioner_id": row["practitioner_id"],
        "recorded_at": session.now,
    }
    writes.add(intervention_review, provider_id=row["provider_id"], **recorded)
    await change(session, row)
    told: dict[str, object] = {
        "review_id": str(recorded["id"]),
        "proposal": values["proposal"],
        "plan_changes": values["plan_changes"],
    }
    await tell(session, writes, "intervention.reviewed", row, data=told)
    await obligations.meet(session, "review", intervention_id)
    return recorded
