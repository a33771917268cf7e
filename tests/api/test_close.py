import asyncio
from typing import Any

import orjson
import pytest

from app.db import Database
from app.errors import PlaceTaken
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
    missed,
    plan,
    started,
    worker,
)
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body

EARLY = {"outcome": "ended_early", "reason": "did_not_engage", "summary": {}}


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def test_a_close_gives_everything_back_at_once(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    await started(api, town, case)
    goals = (await worker(api, town).put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})).json()["goals"]
    body = closing(
        goals=[
            {"goal_id": goal["id"], "result": result} for goal, result in zip(goals, ("achieved", "not"), strict=True)
        ]
    )
    body["summary"]["family_words"] = {"text": "We are calmer.", "consent": True}
    answer = await worker(api, town).post(f"{case.path}/close", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["available_actions"] == []
    after = await facts(lane, town, case)
    today = LATER.date()
    assert (after["state"], after["outcome"], after["closed_on"]) == ("closed", "completed", today)
    assert (after["booking"], after["ends_on"], after["released_on"]) == ("released", today, today)
    assert (after["referral"], after["referral_outcome"]) == ("closed", "completed")
    assert orjson.loads(after["owed"]) == {
        "initial_contact": "met", "baseline": "cancelled", "plan": "met", "review": "cancelled", "closure": "met",
        "follow_up": "open",
    }  # fmt: skip
    assert after["told"][-1] == "intervention.closed"
    for reader in (town.school, town.officer, town.provider):
        read = (await api.as_(reader).get(case.path)).json()
        assert read["closure"] == {
            "what_changed": "Mornings have a routine.",
            "signposted": [{"name": "Family club (made up)", "url": None}],
            "family_words": "We are calmer.",
        }
    results = (await api.as_(town.school).get(f"{case.path}/plan")).json()["goals"]
    assert [goal["result"] for goal in results] == ["achieved", "not"]


async def test_the_place_can_be_another_familys_from_the_day_of_the_close(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await started(api, town, case)
    with pytest.raises(PlaceTaken):
        await book_place(lane, town, case.place_id, LATER.date())
    await worker(api, town).post(f"{case.path}/close", closing())
    await book_place(lane, town, case.place_id, LATER.date())


async def test_the_freed_place_is_offered_to_who_waits_in_the_same_act(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await started(api, town, case)
    await accepted_case(api, town)
    school = at(api.as_(town.school), LATER)
    third = (await school.post("/v1/referrals", referral_body(), headers=key())).json()
    assert third["state"] == "waiting"
    await worker(api, town).post(f"{case.path}/close", closing())
    read = (await school.get(f"/v1/referrals/{third['id']}")).json()
    assert (read["state"], read["allocation"]["state"]) == ("offered", "pending")


@pytest.mark.parametrize("attempts", [0, 2])
async def test_a_case_that_never_began_closes_early_and_uses_no_volume(
    attempts: int, api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await acknowledged(api, town, case)
    for _ in range(attempts):
        await worker(api, town).post(f"{case.path}/contacts", missed())
    refused = await worker(api, town).post(f"{case.path}/close", closing())
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/outcome"
    answer = await worker(api, town).post(f"{case.path}/close", EARLY)
    assert answer.status_code == 200, answer.text
    after = await facts(lane, town, case)
    assert (after["started_on"], after["booking"], after["referral_outcome"]) == (None, "released", "ended_early")
    assert orjson.loads(after["owed"]) == {"initial_contact": "cancelled"}


async def test_closing_twice_is_refused_and_a_retry_is_not(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    await started(api, town, case)
    headers = {"Idempotency-Key": "close-1"}
    first = await worker(api, town).post(f"{case.path}/close", closing(), headers=headers)
    closed = await facts(lane, town, case)
    again = await worker(api, town).post(f"{case.path}/close", closing(), headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    second = await worker(api, town).post(f"{case.path}/close", EARLY)
    assert second.status_code == 409
    assert second.json()["code"] == "action_not_available"
    assert await facts(lane, town, case) == closed


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("contacts", contact()),
        ("safety", {"safe_contact": True, "visit_risks": True}),
        ("extend", {"weeks": 1, "reason": "More."}),
    ],
)
async def test_a_closed_case_takes_nothing_more(
    act: str, body: dict[str, Any], api: Api, town: Town, case: CaseIds
) -> None:
    await started(api, town, case)
    await worker(api, town).post(f"{case.path}/close", closing())
    assert (await worker(api, town).post(f"{case.path}/{act}", body)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"outcome": "transferred", "reason": "other"}, "/outcome"),
        ({"outcome": "fine"}, "/outcome"),
        ({"reason": "moved_away"}, "/reason"),
        ({"summary": {}}, "/summary/what_changed"),
        ({"goals": [{"goal_id": str(new_id()), "result": "achieved"}]}, "/goals/0/goal_id"),
        ({"goals": [{"goal_id": str(new_id()), "result": "unknown"}]}, "/goals/0/result"),
        ({"summary": {"what_changed": "x", "family_words": {"text": "x"}}}, "/summary/family_words/consent"),
        (
            {"summary": {"what_changed": "x", "family_words": {"text": "x", "consent": False}}},
            "/summary/family_words/consent",
        ),
        (
            {"summary": {"what_changed": "x", "signposted": [{"name": "x", "url": "javascript:x"}]}},
            "/summary/signposted/0/url",
        ),
        ({"notes": "x"}, "/notes"),
    ],
)
async def test_a_close_that_does_not_fit_changes_nothing(
    changes: dict[str, Any], pointer: str, api: Api, town: Town, lane: Database
) -> None:
    case = await accepted_case(api, town)
    await started(api, town, case)
    before = await facts(lane, town, case)
    answer = await worker(api, town).post(f"{case.path}/close", closing(**changes))
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert await facts(lane, town, case) == before


async def test_every_goal_needs_its_result(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    await started(api, town, case)
    goals = (await worker(api, town).put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})).json()["goals"]
    body = closing(goals=[{"goal_id": goals[0]["id"], "result": "achieved"}])
    answer = await worker(api, town).post(f"{case.path}/close", body)
    assert [error["code"] for error in answer.json()["errors"]] == ["missing_result"]
    assert (await facts(lane, town, case))["state"] == "active"


async def test_two_clients_closing_at_once_close_it_once(real_api: Api, real_town: Town, clone: Database) -> None:
    case = await accepted_case(real_api, real_town)
    await started(real_api, real_town, case)
    answers = await asyncio.gather(
        *(worker(real_api, real_town).post(f"{case.path}/close", closing()) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await facts(clone, real_town, case))["told"].count("intervention.closed") == 1


async def test_a_close_and_a_first_contact_that_meet_leave_one_story(
    real_api: Api, real_town: Town, clone: Database
) -> None:
    case = await accepted_case(real_api, real_town)
    await acknowledged(real_api, real_town, case)
    recorded, closed = await asyncio.gather(
        worker(real_api, real_town).post(f"{case.path}/contacts", contact()),
        worker(real_api, real_town).post(
            f"{case.path}/close", {**EARLY, "summary": {"what_changed": "It ended before it began."}}
        ),
    )
    assert closed.status_code == 200
    assert recorded.status_code in (201, 409)
    after = await facts(clone, real_town, case)
    assert (after["state"], after["referral"], after["booking"]) == ("closed", "closed", "released")
    assert (after["started_on"] is not None) == (recorded.status_code == 201)
    assert orjson.loads(after["owed"])["initial_contact"] == ("met" if after["started_on"] else "cancelled")
