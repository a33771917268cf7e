"""How goals go: dated entries that stay, and the bounds of a plan's goals."""

from datetime import timedelta
from typing import Any

import pytest

from app.db import Database
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import CaseIds, accepted_case, closing, facts, plan, started, worker
from tests.factories.http import Api
from tests.factories.referrals import key

FIRST = {"If-Match": '"0"'}


def note(**changes: Any) -> dict[str, Any]:
    return {"said_on": "2026-11-12", "said_by": "parent_or_carer", "words": "Four mornings of five.", **changes}


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


@pytest.fixture
async def goals(api: Api, town: Town, case: CaseIds) -> list[dict[str, Any]]:
    answer = await worker(api, town).put(f"{case.path}/plan", plan(), headers=FIRST)
    assert answer.status_code == 200, answer.text
    return answer.json()["goals"]


async def test_entries_are_kept_by_day_and_told(
    api: Api, town: Town, case: CaseIds, goals: list[dict[str, Any]], lane: Database
) -> None:
    path = f"{case.path}/goals/{goals[0]['id']}/progress"
    later = await worker(api, town).post(path, note(said_on="2026-11-19", words="All five."))
    assert later.status_code == 201, later.text
    assert (await worker(api, town).post(path, note())).status_code == 201
    await worker(api, town).post(f"{case.path}/goals/{goals[1]['id']}/progress", note(words="Another goal."))
    for reader in (town.provider, town.school, town.officer):
        data = (await api.as_(reader).get(path)).json()["data"]
        assert [(entry["said_on"], entry["words"]) for entry in data] == [
            ("2026-11-12", "Four mornings of five."),
            ("2026-11-19", "All five."),
        ]
        assert {entry["goal_title"] for entry in data} == {"In school by the bell"}
    assert (await facts(lane, town, case))["told"][-3:] == ["intervention.goal_progress_recorded"] * 3
    for stranger in (town.providers[1], town.schools[1]):
        assert (await api.as_(stranger).get(path)).status_code == 404


async def test_pages_follow_one_another(api: Api, town: Town, case: CaseIds, goals: list[dict[str, Any]]) -> None:
    path = f"{case.path}/goals/{goals[0]['id']}/progress"
    for number in range(3):
        await worker(api, town).post(path, note(words=f"Entry {number}"))
    first = (await api.as_(town.school).get(f"{path}?limit=2")).json()
    rest = (await api.as_(town.school).get(f"{path}?limit=2&cursor={first['next_cursor']}")).json()
    assert [entry["words"] for entry in [*first["data"], *rest["data"]]] == ["Entry 0", "Entry 1", "Entry 2"]
    assert rest["next_cursor"] is None
    other = f"{case.path}/goals/{goals[1]['id']}/progress?cursor={first['next_cursor']}"
    assert (await api.as_(town.school).get(other)).status_code == 400


async def test_what_was_said_stays_when_the_plan_drops_the_goal(
    api: Api, town: Town, case: CaseIds, goals: list[dict[str, Any]]
) -> None:
    path = f"{case.path}/goals/{goals[0]['id']}/progress"
    await worker(api, town).post(path, note())
    kept = [{"id": goals[1]["id"], "title": "Another", "owner": "child"}]
    answer = await worker(api, town).put(f"{case.path}/plan", plan(goals=kept), headers={"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert len((await api.as_(town.officer).get(path)).json()["data"]) == 1
    assert (await worker(api, town).post(path, note())).status_code == 404


async def test_a_retry_adds_no_second_entry(api: Api, town: Town, case: CaseIds, goals: list[dict[str, Any]]) -> None:
    path = f"{case.path}/goals/{goals[0]['id']}/progress"
    headers = key()
    first = await worker(api, town).post(path, note(), headers=headers)
    again = await worker(api, town).post(path, note(), headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len((await worker(api, town).get(path)).json()["data"]) == 1
    other = await worker(api, town).post(f"{case.path}/goals/{goals[1]['id']}/progress", note(), headers=headers)
    assert other.status_code == 422, "the same key for another goal is another request"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"said_on": "2026-11-21"}, "/said_on"),
        ({"said_on": "2026-11-01"}, "/said_on"),
        ({"said_by": "Robin"}, "/said_by"),
        ({"words": " "}, "/words"),
        ({"words": "x" * 5001}, "/words"),
        ({"score": 4}, "/score"),
    ],
)
async def test_what_does_not_fit_is_refused_by_field(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, case: CaseIds, goals: list[dict[str, Any]]
) -> None:
    path = f"{case.path}/goals/{goals[0]['id']}/progress"
    answer = await worker(api, town).post(path, note(**changes))
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await worker(api, town).get(path)).json()["data"] == []


async def test_unknown_goals_and_closed_cases_are_refused(
    api: Api, town: Town, case: CaseIds, goals: list[dict[str, Any]]
) -> None:
    assert (await worker(api, town).post(f"{case.path}/goals/{new_id()}/progress", note())).status_code == 404
    await started(api, town, case)
    results = [{"goal_id": goal["id"], "result": "partly"} for goal in goals]
    closed = await worker(api, town).post(f"{case.path}/close", closing(goals=results))
    assert closed.status_code == 200, closed.text
    path = f"{case.path}/goals/{goals[0]['id']}/progress"
    answer = await worker(api, town).post(path, note())
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")


@pytest.mark.parametrize(
    ("due_on", "code"), [("2026-11-04", "before_the_plan"), ("2027-11-07", "too_late"), ("2026-11-05", None)]
)
async def test_a_goal_is_due_from_the_day_of_the_plan_and_within_a_year(
    due_on: str, code: str | None, api: Api, town: Town, case: CaseIds
) -> None:
    goal = {"title": "In school by the bell", "owner": "family", "due_on": due_on}
    answer = await worker(api, town).put(f"{case.path}/plan", plan(goals=[goal]), headers=FIRST)
    if code is None:
        assert answer.status_code == 200, answer.text
        assert answer.json()["warnings"] == []
    else:
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/goals/0/due_on", code)]


async def test_a_goal_due_after_the_planned_end_is_taken_with_a_warning(api: Api, town: Town, case: CaseIds) -> None:
    inside, outside = case.planned_end_on - timedelta(days=1), case.planned_end_on
    goals = [{"title": "x", "owner": "family", "due_on": day.isoformat()} for day in (inside, outside)]
    put = await worker(api, town).put(f"{case.path}/plan", plan(goals=goals), headers=FIRST)
    assert put.status_code == 200, put.text
    read = (await api.as_(town.school).get(f"{case.path}/plan")).json()
    assert read["warnings"] == put.json()["warnings"]
    assert [(each["pointer"], each["code"]) for each in read["warnings"]] == [
        ("/goals/1/due_on", "after_the_planned_end")
    ]


async def test_a_plan_is_never_emptied(api: Api, town: Town, case: CaseIds, goals: list[dict[str, Any]]) -> None:
    answer = await worker(api, town).put(f"{case.path}/plan", plan(goals=[]), headers={"If-Match": '"1"'})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/goals"]
    assert len((await worker(api, town).get(f"{case.path}/plan")).json()["goals"]) == 2
