from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from app.db import Database
from app.domain.calendar import Calendar
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import (
    LATER,
    CaseIds,
    accepted_case,
    acknowledged,
    at,
    book_place,
    closing,
    contact,
    facts,
    plan,
    started,
    worker,
)
from tests.factories.http import Api

SAFETY = {"safe_contact": True, "visit_risks": True}


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def test_everyone_concerned_reads_the_case_and_nobody_else(api: Api, town: Town, case: CaseIds) -> None:
    for reader in (town.provider, town.school, town.officer):
        answer = await api.as_(reader).get(case.path)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "planned"
        assert answer.headers["etag"] == '"1"'
    for stranger in (town.providers[1], town.schools[1]):
        assert (await api.as_(stranger).get(case.path)).status_code == 404
        assert (await api.as_(stranger).get("/v1/interventions")).json()["data"] == []


async def test_a_case_shows_no_name(api: Api, town: Town, case: CaseIds) -> None:
    assert "Robin" not in (await api.as_(town.officer).get(case.path)).text


async def test_an_unchanged_case_is_a_304(api: Api, town: Town, case: CaseIds) -> None:
    answer = await api.as_(town.provider).get(case.path, headers={"If-None-Match": '"1"'})
    assert answer.status_code == 304
    assert answer.content == b""


async def test_the_list_pages_through_every_case_once(api: Api, town: Town, lane: Database) -> None:
    made = {str((await accepted_case(api, town)).intervention_id) for place in (0, 1)}
    first = (await api.as_(town.provider).get("/v1/interventions?limit=1")).json()
    second = (await api.as_(town.provider).get(f"/v1/interventions?limit=1&cursor={first['next_cursor']}")).json()
    assert {row["id"] for row in (*first["data"], *second["data"])} == made
    assert second["next_cursor"] is None
    stolen = await api.as_(town.school).get(f"/v1/interventions?cursor={first['next_cursor']}")
    assert stolen.status_code == 400


async def test_the_list_is_filtered_by_state_and_practitioner(api: Api, town: Town, lane: Database) -> None:
    active, _ = await accepted_case(api, town), await accepted_case(api, town)
    await started(api, town, active)
    provider = api.as_(town.provider)

    async def ids(query: str) -> list[str]:
        return [row["id"] for row in (await provider.get(f"/v1/interventions?{query}")).json()["data"]]

    assert await ids("state=active") == [str(active.intervention_id)]
    assert len(await ids(f"practitioner_id={town.practitioners[0]}")) == 2
    assert await ids(f"practitioner_id={new_id()}") == []
    assert (await provider.get("/v1/interventions?state=unknown")).status_code == 422


async def test_acknowledging_twice_counts_once(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    first = await worker(api, town).post(f"{case.path}/safety", SAFETY)
    assert first.json()["safety_acknowledged_at"] is not None
    assert "contacts" in first.json()["available_actions"]
    again = await worker(api, town).post(f"{case.path}/safety", SAFETY)
    assert again.json() == first.json()
    assert (await facts(lane, town, case))["told"] == ["intervention.safety_acknowledged"]


@pytest.mark.parametrize("body", [{}, {"safe_contact": True}, {"safe_contact": True, "visit_risks": False}])
async def test_half_an_acknowledgement_is_none(body: dict[str, Any], api: Api, town: Town, case: CaseIds) -> None:
    answer = await worker(api, town).post(f"{case.path}/safety", body)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} <= {"/safe_contact", "/visit_risks"}


async def test_a_stale_version_stops_an_act(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    answer = await worker(api, town).post(f"{case.path}/safety", SAFETY, headers={"If-Match": '"7"'})
    assert answer.status_code == 412
    assert (await facts(lane, town, case))["version"] == 1


async def test_an_extension_moves_the_place_with_the_end(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    await started(api, town, case)
    answer = await worker(api, town).post(f"{case.path}/extend", {"weeks": 2, "reason": "Two visits missed."})
    assert answer.status_code == 200, answer.text
    after = await facts(lane, town, case)
    assert answer.json()["planned_end_on"] == after["planned_end_on"].isoformat()
    assert after["planned_end_on"] == after["ends_on"] > case.planned_end_on
    assert after["told"][-1] == "intervention.extended"
    owed = (await api.as_(town.provider).get("/v1/obligations?state=open")).json()["data"]
    assert [row["due_at"][:10] for row in owed if row["kind"] == "closure"] == [after["ends_on"].isoformat()]


async def test_policy_bounds_all_extensions_together(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    body = {"weeks": 4, "reason": "More time."}
    assert (await worker(api, town).post(f"{case.path}/extend", body)).status_code == 200
    refused = await worker(api, town).post(f"{case.path}/extend", body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "beyond_policy"
    assert (await facts(lane, town, case))["told"] == ["intervention.extended"]


async def test_an_extension_after_the_planned_end_comes_too_late(api: Api, town: Town, case: CaseIds) -> None:
    moment = datetime.combine(case.planned_end_on, datetime.min.time(), UTC).replace(hour=9)
    answer = await at(api.as_(town.provider), moment).post(f"{case.path}/extend", {"weeks": 1, "reason": "Late."})
    assert answer.status_code == 409
    assert answer.json()["code"] == "action_not_available"


async def test_an_extension_over_another_familys_booking_is_refused(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await book_place(lane, town, case.place_id, case.planned_end_on)
    answer = await worker(api, town).post(f"{case.path}/extend", {"weeks": 1, "reason": "More time."})
    assert answer.status_code == 409
    assert answer.json()["code"] == "place_taken"
    after = await facts(lane, town, case)
    assert (after["planned_end_on"], after["ends_on"], after["told"]) == (case.planned_end_on, case.planned_end_on, [])


async def test_an_extension_ends_with_the_place_itself(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    async def leaves_the_block(on: date) -> None:
        async with lane.write(town.officer) as session:
            await session.run("UPDATE place SET available_until = $1 WHERE id = $2", on, case.place_id)

    new_end = Calendar().planned_end(case.planned_end_on, 1)
    await leaves_the_block(new_end - timedelta(days=1))
    answer = await worker(api, town).post(f"{case.path}/extend", {"weeks": 1, "reason": "More time."})
    assert answer.status_code == 409
    assert answer.json()["code"] == "capacity_refused"
    await leaves_the_block(new_end)
    answer = await worker(api, town).post(f"{case.path}/extend", {"weeks": 1, "reason": "More time."})
    assert (answer.status_code, answer.json()["planned_end_on"]) == (200, new_end.isoformat())


@pytest.mark.parametrize("weeks", [0, -1, 53, "2", 1.5, True, None])
async def test_weeks_are_a_whole_number(weeks: object, api: Api, town: Town, case: CaseIds) -> None:
    answer = await worker(api, town).post(f"{case.path}/extend", {"weeks": weeks, "reason": "More time."})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/weeks"


ACTS: dict[str, tuple[str, str, Callable[[], dict[str, Any]]]] = {
    "acknowledge_safety": ("POST", "safety", lambda: SAFETY),
    "record_contact": ("POST", "contacts", contact),
    "put_plan": ("PUT", "plan", plan),
    "record_reading": (
        "POST",
        "readings",
        lambda: {
            "measure": "family_journey",
            "respondent": "parent",
            "taken_on": "2026-11-04",
            "completed_with": "jointly",
            "scores": {"days_in_school": 4},
        },
    ),
    "extend_intervention": ("POST", "extend", lambda: {"weeks": 1, "reason": "More time."}),
    "close_intervention": ("POST", "close", closing),
}


@pytest.mark.parametrize("operation", ACTS)
async def test_nobody_but_its_provider_works_a_case(
    operation: str, api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    """Also once the first contact has opened every act, and in the reach of the broker that some acts need."""
    await acknowledged(api, town, case)
    before = await facts(lane, town, case)
    method, act, body = ACTS[operation]
    headers = {"If-Match": '"0"'} if method == "PUT" else {}
    outcomes = {}
    for stranger in (town.providers[1], town.school, town.officer, town.schools[1]):
        answer = await at(api.as_(stranger), LATER).request(method, f"{case.path}/{act}", json=body(), headers=headers)
        outcomes[stranger.organisation_id] = answer.status_code
        assert "state" not in answer.json()
    assert list(outcomes.values()) == [404, 403, 403, 403]
    assert await facts(lane, town, case) == before


@pytest.mark.parametrize("operation", ACTS)
async def test_an_act_on_no_case_is_a_404(operation: str, api: Api, town: Town) -> None:
    method, act, body = ACTS[operation]
    answer = await worker(api, town).request(
        method,
        f"/v1/interventions/{new_id()}/{act}",
        json=body(),
        headers={"If-Match": '"0"'} if method == "PUT" else {},
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("operation", ACTS)
async def test_a_token_without_the_scope_may_not_act(operation: str, api: Api, town: Town, case: CaseIds) -> None:
    method, act, body = ACTS[operation]
    answer = await api.as_(town.provider, scopes=frozenset()).request(method, f"{case.path}/{act}", json=body())
    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"


async def test_obligations_are_each_organisations_own(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    provider = at(api.as_(town.provider), LATER)
    overdue = (await provider.get("/v1/obligations?state=overdue")).json()["data"]
    assert [(row["kind"], row["overdue"], row["state"]) for row in overdue] == [("initial_contact", True, "open")]
    assert (await at(api.as_(town.providers[1]), LATER).get("/v1/obligations")).json()["data"] == []
    assert (await at(api.as_(town.school), LATER).get("/v1/obligations")).json()["data"] == []
    officer = at(api.as_(town.officer), LATER)
    theirs = await officer.get(f"/v1/obligations?state=open&owed_by_id={town.provider.organisation_id}")
    assert [row["kind"] for row in theirs.json()["data"]] == ["initial_contact"]
    assert (await officer.get(f"/v1/obligations?owed_by_id={town.officer.organisation_id}")).json()["data"] == []
    await started(api, town, case)
    met = (await provider.get("/v1/obligations?state=met")).json()["data"]
    assert [(row["kind"], row["state"]) for row in met] == [("answer_offer", "met"), ("initial_contact", "met")]
    # Met days late: late is told by its times and is no state.
    assert met[1]["met_at"] > met[1]["due_at"]
    assert orjson.loads((await facts(lane, town, case))["owed"]) == {
        "initial_contact": "met", "baseline": "open", "plan": "open", "review": "open", "closure": "open",
    }  # fmt: skip


async def test_the_obligations_page_through(api: Api, town: Town, lane: Database) -> None:
    cases = [await accepted_case(api, town), await accepted_case(api, town)]
    path = "/v1/obligations?state=open&limit=1"
    first = (await api.as_(town.provider).get(path)).json()
    second = (await api.as_(town.provider).get(f"{path}&cursor={first['next_cursor']}")).json()
    subjects = {row["subject_id"] for row in (*first["data"], *second["data"])}
    assert subjects == {str(case.intervention_id) for case in cases}
    assert second["next_cursor"] is None
