"""Turns of a case, as a portal sends them, and what its provider owes by an independent look at its rows."""

from datetime import UTC, date, datetime
from typing import Any

from app import clock
from app.db import Database, broker
from app.queries.case_debts import open_debts
from app.queries.interventions import find_intervention
from app.services.interventions.owed import dues
from tests.factories.authority import Town
from tests.factories.casework import CaseIds, at
from tests.factories.http import Api, Caller


def on(api: Api, town: Town, day: str, hour: int = 9) -> Caller:
    """The provider's portal on a day of 2026 or later."""
    moment = datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)
    return at(api.as_(town.provider), moment)


def pause(starts_on: str = "2026-11-20", expected_last_on: str = "2026-12-04", **changes: Any) -> dict[str, Any]:
    """A pause as a portal sends it: two weeks from the Friday three weeks into a case."""
    return {"reason": "family_away", "starts_on": starts_on, "expected_last_on": expected_last_on, **changes}


def review(**changes: Any) -> dict[str, Any]:
    """A review as a portal sends it."""
    return {
        "held_on": "2026-11-18",
        "present": ["parent_or_carer", "school_staff"],
        "going_well": "Mornings are calmer.",
        "worries": "Mondays.",
        "plan_changes": False,
        "proposal": "continue",
        **changes,
    }


async def paused(api: Api, town: Town, ids: CaseIds, day: str = "2026-11-20", **changes: Any) -> dict[str, Any]:
    """The case once it was paused."""
    answer = await on(api, town, day).post(f"{ids.path}/pause", pause(**{"starts_on": day, **changes}))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def resumed(api: Api, town: Town, ids: CaseIds, day: str, **changes: Any) -> dict[str, Any]:
    """The case once it goes on."""
    answer = await on(api, town, day).post(f"{ids.path}/resume", changes)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def due_days(database: Database, town: Town, ids: CaseIds) -> dict[str, date]:
    """The London day on which each open thing about a case is due; held to what its dates say."""
    async with database.write(town.officer) as session, broker(session) as wide:
        row = await find_intervention(wide, ids.intervention_id)
        assert row is not None
        found = await open_debts(wide, ids.intervention_id)
        said = {kind: due for kind, due in (await dues(wide, row)).items() if kind in found}
    assert found == said
    return {kind: clock.london_date(due) for kind, due in found.items()}
