from typing import Any

import pytest

from app.db import Database
from app.domain.measures import measures
from app.graphql.ids import to_global
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
    assert {row["key"]: len(row["areas"]) for row in answer["data"]} == {
        "family_engagement_audit": 7,
        "family_journey": 8,
        "goal_progress": 0,
        "parent_survey": 7,
        "pupil_survey": 6,
        "school_survey": 6,
    }
    assert next(row for row in answer["data"] if row["areas_are_goals"])["key"] == "goal_progress"
    assert all(row["reading_age"] for row in answer["data"] if row["kind"] == "survey")


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


async def test_a_survey_lets_statements_be_skipped_and_is_asked_of_the_school(
    api: Api, town: Town, case: CaseIds
) -> None:
    path = f"{case.path}/readings"
    body = reading(measure="school_survey", respondent="school", completed_with="alone", scores={"arrives_ready": 4})
    answer = await worker(api, town).post(path, body)
    assert answer.status_code == 201, answer.text
    nobody = await worker(api, town).post(path, body | {"respondent": "parent", "taken_on": "2026-11-05"})
    assert [error["pointer"] for error in nobody.json()["errors"]] == ["/respondent"]
    # An audit is of a school's or a service's practice, not of a case.
    audit = reading(measure="family_engagement_audit", respondent="school")
    assert (await worker(api, town).post(path, audit)).json()["errors"][0]["pointer"] == "/measure"


async def test_the_first_reading_is_the_baseline_unless_said(api: Api, town: Town, case: CaseIds) -> None:
    path = f"{case.path}/readings"
    bodies = (
        reading(),
        reading(taken_on="2026-11-12"),
        reading(taken_on="2026-11-12", respondent="worker"),
        reading(taken_on="2026-11-19", purpose="closing"),
    )
    purposes = [(await worker(api, town).post(path, body)).json()["purpose"] for body in bodies]
    assert purposes == ["baseline", "review", "baseline", "closing"]
    wrong = await worker(api, town).post(path, reading(taken_on="2026-11-20", purpose="again"))
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/purpose"]


async def test_a_wrong_reading_is_corrected_once_and_counts_no_more(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    path = f"{case.path}/readings"
    wrong = (await worker(api, town).post(path, reading())).json()
    correction = reading(
        scores=SCORES | {"food_and_sleep": 2}, supersedes_id=wrong["id"], correction_reason="Typed wrongly."
    )
    first = await worker(api, town).post(path, correction)
    assert first.status_code == 201, first.text
    assert (first.json()["supersedes_id"], first.json()["purpose"]) == (wrong["id"], "baseline")
    again = await worker(api, town).post(path, correction | {"taken_on": "2026-11-05"})
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    listed = (await worker(api, town).get(path)).json()["data"]
    assert [(row["id"], row["superseded_at"] is None) for row in listed] == [
        (wrong["id"], False),
        (first.json()["id"], True),
    ]
    (chart,) = (await worker(api, town).get(f"{path}/chart")).json()["data"]
    line = next(line for line in chart["areas"] if line["area"] == "food_and_sleep")
    assert ([point["score"] for point in line["points"]], line["change"]) == ([2], None)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"supersedes_id": "019a0000-0000-7000-8000-000000000000", "correction_reason": "x"}, "/supersedes_id"),
        ({"supersedes_id": "019a0000-0000-7000-8000-000000000000"}, ""),
        ({"correction_reason": "x"}, ""),
    ],
)
async def test_a_correction_names_a_reading_of_the_case_and_says_why(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, case: CaseIds
) -> None:
    answer = await worker(api, town).post(f"{case.path}/readings", reading(**changes))
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_another_cases_reading_cannot_be_corrected(api: Api, town: Town, case: CaseIds) -> None:
    other = await accepted_case(api, town)
    elsewhere = (await worker(api, town).post(f"{other.path}/readings", reading())).json()
    body = reading(supersedes_id=elsewhere["id"], correction_reason="x")
    assert (await worker(api, town).post(f"{case.path}/readings", body)).status_code == 422
    (kept,) = (await worker(api, town).get(f"{other.path}/readings")).json()["data"]
    assert kept["superseded_at"] is None


CHART = """query ($id: ID!) { node(id: $id) { ... on Intervention { readingsChart {
  measure measureVersion source name respondent lowest highest steps { lowest highest label }
  areas { area label first last change points { readingId takenOn purpose score step } } } } } }"""


def snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): snake(one) for key, one in value.items()}
    return [snake(one) for one in value] if isinstance(value, list) else value


async def test_charts_are_alike_by_rest_and_graphql(api: Api, town: Town, case: CaseIds) -> None:
    path = f"{case.path}/readings"
    goals = (await worker(api, town).put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})).json()["goals"]
    for body in (
        reading(taken_on="2026-11-12", scores=SCORES | {"days_in_school": 9}),
        reading(),
        reading(respondent="child", taken_on="2026-11-06"),
        reading(measure="goal_progress", scores={goals[1]["id"]: 3}),
        reading(measure="goal_progress", scores={goals[1]["id"]: 10, goals[0]["id"]: 1}, taken_on="2026-11-19"),
    ):
        assert (await worker(api, town).post(path, body)).status_code == 201
    charts = (await worker(api, town).get(f"{path}/chart")).json()["data"]
    assert [(chart["measure"], chart["respondent"]) for chart in charts] == [
        ("family_journey", "child"),
        ("family_journey", "parent"),
        ("goal_progress", "parent"),
    ]
    line = next(line for line in charts[1]["areas"] if line["area"] == "days_in_school")
    assert (line["first"], line["last"], line["change"]) == (5, 9, 4)
    assert [(point["taken_on"], point["step"]) for point in line["points"]] == [
        ("2026-11-04", "Some good days, some hard ones"),
        ("2026-11-12", "Fine, and steady"),
    ]
    assert [(line["label"], line["first"], line["change"]) for line in charts[2]["areas"]] == [
        ("In school by the bell", 1, None),
        ("A calm morning", 3, 7),
    ]
    for principal in (town.provider, town.officer):
        answer = await api.as_(principal).graphql(CHART, id=to_global("Intervention", case.intervention_id))
        assert snake(answer["data"]["node"]["readingsChart"]) == charts
    assert (await api.as_(town.school).get(f"{path}/chart")).status_code == 403
    assert (await api.as_(town.providers[1]).get(f"{path}/chart")).status_code == 404
    answer = await api.as_(town.school).graphql(CHART, id=to_global("Intervention", case.intervention_id))
    assert answer["data"]["node"]["readingsChart"] is None


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
    refused = await worker(api, town).post(f"{case.path}/readings", reading())
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "before_the_follow_up")
