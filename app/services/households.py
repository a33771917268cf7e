"""The whole-family view: homes, whom to reach and how, the children's referrals, and the case with its goals."""

from typing import Any
from uuid import UUID

from app.db import ReadSession
from app.domain.household_case import as_member_sees
from app.errors import NotFound
from app.queries import households as queries
from app.queries import interventions


async def read_family(session: ReadSession, household_id: UUID) -> dict[str, Any]:
    """The family of a household, as far as the caller may see it.

    Raises NotFound for a household of which the caller sees no referral.
    """
    members = await queries.members(session, household_id)
    if not any(member["household_id"] == household_id for member in members):
        raise NotFound
    ids = sorted({member["household_id"] for member in members})
    cases = []
    for intervention_id in dict.fromkeys(each["intervention_id"] for each in members if each["intervention_id"]):
        case = await interventions.find_intervention(session, intervention_id)
        if case is not None:
            cases.append(case if case["part"] is None else as_member_sees(case, case["part"]))
    goals = await queries.goals(session, [case["id"] for case in cases])
    names = await queries.names_of(session, [case["provider_id"] for case in cases])
    return {
        "id": household_id,
        "homes": await queries.homes(session, ids),
        "members": members,
        "other_children": await queries.other_children(session, ids),
        "contacts": await queries.contacts(session, ids),
        "cases": [
            {
                **case,
                "intervention_id": case["id"],
                "provider_name": names[case["provider_id"]],
                "goals": goals.get(case["id"], []),
            }
            for case in cases
        ],
    }
