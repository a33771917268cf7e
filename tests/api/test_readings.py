from typing import Any

import pytest

from app.db import Database
from app.domain.measures import measures
from tests.factories.authority import Town
from tests.factories.casework import CaseIds, accepted_case, closing, facts, plan, started, worker
from tests.factories.http import Api

SCORES = {area.key: 5 for area in measures()["family_journey"].areas}


def reading(**changes: Any) -> dict[str, Any]:
    return {
        "measure": "family_journey",
        "respondent": "parent",
        "taken_on": "2026-11-04",
        "completed_with": "jointly",
        "scores": SCORES,
        **changes,
    }


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def test_the_measures_are_listed_for_everyone(api: Api, town: Town) -> None:
    answer = (await api.as_(town.school).get("/v1/measures")).json()
    assert {row["key"]: len(row["areas"]) for row in answer["data"]} == {"family_journey": 8, "goal_progress": 0}
    assert next(row for row in answer["data"] if row["areas_are_goals"])["key"] == "goal_progress"


async def test_a_reading_is_recorded_once_a_day_of_each_respondent(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    path = f"{case.path}/readings"
    first = await worker(api, town).post(path, reading())
    assert first.status_code == 201, first.text
    assert first.json()["scores"] == SCORES
    assert first.json()["measure_version"] == 1
    again = await worker(api, town).post(path, reading())
    assert again.status_code == 409
    assert again.json()["code"] == "already_exists"
    for other in (reading(respondent="child"), reading(taken_on="2026-11-05")):
        assert (await worker(api, town).post(path, other)).status_code == 201
    assert (await facts(lane, town, case))["readings"] == 3
    listed = (await worker(api, town).get(path)).json()["data"]
    assert [row["taken_on"] for row in listed] == ["2026-11-04", "2026-11-04", "2026-11-05"]


async def test_progress_is_scored_by_goal(api: Api, town: Town, case: CaseIds) -> None:
    goals = (await worker(api, town).put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})).json()["goals"]
    body = reading(measure="goal_progress", scores={goals[0]["id"]: 0})
    assert (await worker(api, town).post(f"{case.path}/readings", body)).status_code == 201
    stray = reading(measure="goal_progress", taken_on="2026-11-05", scores={"days_in_school": 3})
    assert (await worker(api, town).post(f"{case.path}/readings", stray)).status_code == 422


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"measure": "no_such_measure"}, "/measure"),
        ({"respondent": "teacher"}, "/respondent"),
        ({"completed_with": "nobody"}, "/completed_with"),
        ({"taken_on": "2026-10-30"}, "/taken_on"),
        ({"taken_on": "2026-11-21"}, "/taken_on"),
        ({"taken_on": 20261104}, "/taken_on"),
        ({"scores": {}}, "/scores"),
        ({"scores": [5]}, "/scores"),
        ({"scores": SCORES | {"days_in_school": 11}}, "/scores/days_in_school"),
        ({"scores": SCORES | {"days_in_school": 0}}, "/scores/days_in_school"),
        ({"scores": SCORES | {"days_in_school": 5.5}}, "/scores/days_in_school"),
        ({"scores": SCORES | {"days_in_school": "5"}}, "/scores/days_in_school"),
        ({"scores": SCORES | {"days_in_school": True}}, "/scores/days_in_school"),
        ({"scores": SCORES | {"risk": 5}}, "/scores/risk"),
        ({"scores": {key: 5 for key in SCORES if key != "food_and_sleep"}}, "/scores/food_and_sleep"),
    ],
)
async def test_a_reading_that_does_not_fit_is_refused_by_field(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, case: CaseIds
) -> None:
    answer = await worker(api, town).post(f"{case.path}/readings", reading(**changes))
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await worker(api, town).get(f"{case.path}/readings")).json()["data"] == []


async def test_readings_are_not_the_schools_to_see(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    await worker(api, town).post(f"{case.path}/readings", reading())
    assert (await api.as_(town.school).get(f"{case.path}/readings")).status_code == 403
    assert (await api.as_(town.providers[1]).get(f"{case.path}/readings")).status_code == 404
    assert len((await api.as_(town.officer).get(f"{case.path}/readings")).json()["data"]) == 1
    # Nor is the school told that one was taken.
    async with lane.read(town.school) as session:
        assert await session.value("SELECT count(*) FROM reading") == 0
        assert await session.value("SELECT count(*) FROM event WHERE type = 'intervention.reading_recorded'") == 0
    async with lane.read(town.officer) as session:
        assert await session.value("SELECT count(*) FROM event WHERE type = 'intervention.reading_recorded'") == 1


async def test_readings_page_through(api: Api, town: Town, case: CaseIds) -> None:
    path = f"{case.path}/readings"
    for day in ("05", "04", "06"):
        await worker(api, town).post(path, reading(taken_on=f"2026-11-{day}"))
    first = (await worker(api, town).get(f"{path}?limit=2")).json()
    second = (await worker(api, town).get(f"{path}?limit=2&cursor={first['next_cursor']}")).json()
    taken = [row["taken_on"][-2:] for row in (*first["data"], *second["data"])]
    assert (taken, second["next_cursor"]) == (["04", "05", "06"], None)


async def test_no_reading_of_a_closed_case(api: Api, town: Town, case: CaseIds) -> None:
    await started(api, town, case)
    await worker(api, town).post(f"{case.path}/close", closing())
    assert (await worker(api, town).post(f"{case.path}/readings", reading())).status_code == 409
