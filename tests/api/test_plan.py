from typing import Any

import pytest

from app.db import Database
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import CaseIds, accepted_case, closing, facts, plan, started, worker
from tests.factories.http import Api

FIRST = {"If-Match": '"0"'}


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def test_before_the_first_plan_there_is_an_empty_one(api: Api, town: Town, case: CaseIds) -> None:
    answer = await worker(api, town).get(f"{case.path}/plan")
    assert answer.headers["etag"] == '"0"'
    assert answer.json()["goals"] == []
    assert answer.json()["agreed_on"] is None


async def test_a_plan_is_put_and_read_back(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    put = await worker(api, town).put(f"{case.path}/plan", plan(), headers=FIRST)
    assert put.status_code == 200, put.text
    assert put.headers["etag"] == '"1"'
    read = await worker(api, town).get(f"{case.path}/plan")
    assert read.json() == put.json()
    assert [goal["title"] for goal in read.json()["goals"]] == ["In school by the bell", "A calm morning"]
    assert (await facts(lane, town, case))["told"] == ["intervention.plan_changed"]


async def test_goals_keep_their_ids_change_places_and_go(api: Api, town: Town, case: CaseIds) -> None:
    path = f"{case.path}/plan"
    first, second = (await worker(api, town).put(path, plan(), headers=FIRST)).json()["goals"]
    kept = {key: first[key] for key in ("id", "title", "owner")}
    body = plan(goals=[{"title": "Homework together", "owner": "child"}, {**kept, "progress": "Four days of five."}])
    answer = await worker(api, town).put(path, body, headers={"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    goals = answer.json()["goals"]
    assert [goal["title"] for goal in goals] == ["Homework together", "In school by the bell"]
    assert goals[1]["id"] == first["id"]
    assert goals[1]["progress"] == "Four days of five."
    assert second["id"] not in {goal["id"] for goal in goals}


async def test_a_plan_needs_the_version_that_was_read(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    path = f"{case.path}/plan"
    assert (await worker(api, town).put(path, plan())).status_code == 428
    assert (await worker(api, town).put(path, plan(), headers={"If-Match": '"1"'})).status_code == 412
    assert (await facts(lane, town, case))["goals"] == 0
    assert (await worker(api, town).put(path, plan(), headers=FIRST)).status_code == 200
    assert (await worker(api, town).put(path, plan(goals=plan()["goals"][:1]), headers=FIRST)).status_code == 412
    assert (await facts(lane, town, case))["goals"] == 2


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"goals": []}, "/goals"),
        ({"goals": [{"title": "x", "owner": "Robin"}]}, "/goals/0/owner"),
        ({"goals": [{"title": "x", "owner": "family", "need_code": "magic"}]}, "/goals/0/need_code"),
        ({"goals": [{"title": "x", "owner": "family", "result": "achieved"}]}, "/goals/0/result"),
        ({"goals": [{"id": str(new_id()), "title": "x", "owner": "family"}]}, "/goals/0/id"),
        ({"agreed_on": "2026-10-30"}, "/agreed_on"),
        ({"agreed_on": "2026-11-21", "review_on": None}, "/agreed_on"),
        ({"agreed_on": "5 November"}, "/agreed_on"),
        ({"review_on": "2026-11-04"}, ""),
        ({"surprise": 1}, "/surprise"),
    ],
)
async def test_a_plan_that_does_not_fit_is_refused_by_field(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, case: CaseIds
) -> None:
    answer = await worker(api, town).put(f"{case.path}/plan", plan(**changes), headers=FIRST)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await worker(api, town).get(f"{case.path}/plan")).json()["version"] == 0


async def test_the_school_sees_the_goals_and_not_the_familys_words_to_the_worker(
    api: Api, town: Town, case: CaseIds
) -> None:
    await worker(api, town).put(f"{case.path}/plan", plan(family_words="We are tired."), headers=FIRST)
    school = (await api.as_(town.school).get(f"{case.path}/plan")).json()
    assert len(school["goals"]) == 2
    assert "family_words" not in school
    assert (await api.as_(town.officer).get(f"{case.path}/plan")).json()["family_words"] == "We are tired."
    for stranger in (town.providers[1], town.schools[1]):
        assert (await api.as_(stranger).get(f"{case.path}/plan")).status_code == 404


async def test_the_plan_of_a_closed_case_stands(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    await started(api, town, case)
    path = f"{case.path}/plan"
    goals = (await worker(api, town).put(path, plan(), headers=FIRST)).json()["goals"]
    results = [{"goal_id": goal["id"], "result": "achieved"} for goal in goals]
    assert (await worker(api, town).post(f"{case.path}/close", closing(goals=results))).status_code == 200
    answer = await worker(api, town).put(path, plan(), headers={"If-Match": '"1"'})
    assert answer.status_code == 409
    assert [goal["result"] for goal in (await worker(api, town).get(path)).json()["goals"]] == ["achieved"] * 2
