"""What is found half-way is a record of its own."""

from typing import Any

import orjson
import pytest

from app.db import Database
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import (
    CaseIds,
    accepted_case,
    acknowledged,
    closing,
    contact,
    facts,
    plan,
    started,
    worker,
)
from tests.factories.http import Api
from tests.factories.officers import told
from tests.factories.turns import on, paused, resumed, review


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    ids = await accepted_case(api, town)
    await started(api, town, ids)
    return ids


async def test_a_review_speaks_of_the_goals_as_they_were_and_meets_what_was_owed(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    portal = worker(api, town)
    goals = (await portal.put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})).json()["goals"]
    spoken = [{"goal_id": goals[0]["id"], "progress": "nearly_there", "words": "Four days of five."}]
    answer = await portal.post(f"{case.path}/reviews", review(goals=spoken, proposal="extend", plan_changes=True))
    assert answer.status_code == 201, answer.text
    recorded = answer.json()
    assert recorded["goals"] == [{**spoken[0], "title": goals[0]["title"]}]
    after = await facts(lane, town, case)
    assert orjson.loads(after["owed"])["review"] == "met"
    assert after["told"][-1] == "intervention.reviewed"
    # The plan changes, and the goal leaves it: the review stays as it was.
    changed = plan(goals=[{"title": "Another goal", "owner": "family"}])
    assert (await portal.put(f"{case.path}/plan", changed, headers={"If-Match": '"1"'})).status_code == 200
    assert (await portal.get(f"{case.path}/reviews")).json()["data"] == [recorded]
    for reader in (town.school, town.provider, town.officer):
        kind, data = next(
            event for event in await told(api, reader, {"id": str(case.referral_id)}) if "reviewed" in event[0]
        )
        assert (kind, data["proposal"], data["plan_changes"]) == ("intervention.reviewed", "extend", True)


async def test_a_meeting_alone_is_no_review(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    met = contact(kind="review", held_at="2026-11-18T15:00:00Z")
    assert (await worker(api, town).post(f"{case.path}/contacts", met)).status_code == 201
    assert orjson.loads((await facts(lane, town, case))["owed"])["review"] == "open"


async def test_a_school_reads_goals_and_proposal_and_not_what_was_said(api: Api, town: Town, case: CaseIds) -> None:
    portal = worker(api, town)
    goals = (await portal.put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})).json()["goals"]
    spoken = [{"goal_id": goals[0]["id"], "progress": "no_change", "words": "Said in confidence."}]
    await portal.post(f"{case.path}/reviews", review(goals=spoken))
    seen = {}
    for reader in (town.school, town.provider, town.officer):
        (seen[reader.kind.value],) = (await api.as_(reader).get(f"{case.path}/reviews")).json()["data"]
    assert seen["provider"] == seen["authority"]
    assert seen["provider"]["worries"] == "Mondays."
    assert seen["school"]["proposal"] == "continue"
    assert seen["school"]["goals"] == [{"goal_id": goals[0]["id"], "title": goals[0]["title"], "progress": "no_change"}]
    assert not {"going_well", "worries", "present", "agencies"} & set(seen["school"])
    for stranger in (town.providers[1], town.schools[1]):
        assert (await api.as_(stranger).get(f"{case.path}/reviews")).status_code == 404
    asked = (
        "{ interventions(first: 1) { nodes { reviews { heldOn worries proposal planChanges"
        " goals { title progress words } } } } }"
    )
    for reader in (town.school, town.provider):
        graph = (await api.as_(reader).graphql(asked))["data"]["interventions"]["nodes"][0]["reviews"][0]
        assert (graph["heldOn"], graph["proposal"], graph["planChanges"]) == ("2026-11-18", "continue", False)
        confided = reader is town.provider
        assert graph["worries"] == ("Mondays." if confided else None)
        assert graph["goals"][0]["words"] == ("Said in confidence." if confided else None)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"held_on": "2026-11-21"}, "/held_on", "in_the_future"),
        ({"held_on": "2026-11-02"}, "/held_on", "before_the_start"),
        ({"held_on": "2026-10-30"}, "/held_on", "before_acceptance"),
        ({"goals": [{"goal_id": str(new_id()), "progress": "achieved"}]}, "/goals/0/goal_id", "unknown_goal"),
        ({"goals": [{"goal_id": str(new_id()), "progress": "splendid"}]}, "/goals/0/progress", None),
        ({"goals": [{"goal_id": str(new_id()), "progress": "achieved"}] * 21}, "/goals", None),
        ({"proposal": "wait"}, "/proposal", None),
        ({"plan_changes": "no"}, "/plan_changes", None),
        ({"present": ["Robin Sampleton"]}, "/present/0", None),
        ({"agencies": ["x"] * 21}, "/agencies", None),
        ({"worries": "x" * 5001}, "/worries", None),
        ({"score": 3}, "/score", None),
    ],
)
async def test_a_review_that_does_not_fit_changes_nothing(
    body: dict[str, Any], pointer: str, code: str | None, api: Api, town: Town, lane: Database
) -> None:
    case = await accepted_case(api, town)
    await started(api, town, case)
    before = await facts(lane, town, case)
    answer = await worker(api, town).post(f"{case.path}/reviews", review(**body))
    assert answer.status_code == 422, answer.text
    error = answer.json()["errors"][0]
    assert error["pointer"] == pointer
    assert code in (None, error["code"])
    assert await facts(lane, town, case) == before


async def test_a_goal_is_spoken_of_once(api: Api, town: Town, case: CaseIds) -> None:
    goals = (await worker(api, town).put(f"{case.path}/plan", plan(), headers={"If-Match": '"0"'})).json()["goals"]
    twice = [{"goal_id": goals[0]["id"], "progress": progress} for progress in ("achieved", "under_way")]
    answer = await worker(api, town).post(f"{case.path}/reviews", review(goals=twice))
    assert [error["code"] for error in answer.json()["errors"]] == ["repeated"]


async def test_one_review_a_day_and_a_retry_records_one(api: Api, town: Town, case: CaseIds) -> None:
    portal, key = worker(api, town), {"Idempotency-Key": "review-1"}
    first = await portal.post(f"{case.path}/reviews", review(), headers=key)
    again = await portal.post(f"{case.path}/reviews", review(), headers=key)
    assert (first.status_code, again.json()) == (201, first.json())
    other = await portal.post(f"{case.path}/reviews", review(proposal="close"))
    assert (other.status_code, other.json()["code"]) == (409, "already_exists")
    assert (await portal.post(f"{case.path}/reviews", review(held_on="2026-11-19"))).status_code == 201


async def test_no_review_before_the_work_in_a_pause_or_after_the_close(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    unbegun = await accepted_case(api, town)
    await acknowledged(api, town, unbegun)
    portal = worker(api, town)
    early = await portal.post(f"{unbegun.path}/reviews", review())
    assert (early.status_code, early.json()["code"]) == (409, "action_not_available")
    await paused(api, town, case)
    still = await on(api, town, "2026-11-25").post(f"{case.path}/reviews", review(held_on="2026-11-24"))
    assert (still.status_code, still.json()["code"]) == (409, "action_not_available")
    await resumed(api, town, case, "2026-11-26")
    over = await on(api, town, "2026-11-26").post(f"{case.path}/reviews", review(held_on="2026-11-24"))
    assert over.json()["errors"][0]["code"] == "paused"
    await on(api, town, "2026-11-26").post(f"{case.path}/close", closing())
    closed = await on(api, town, "2026-11-26").post(f"{case.path}/reviews", review())
    assert (closed.status_code, closed.json()["code"]) == (409, "action_not_available")


async def test_the_reviews_page_through(api: Api, town: Town, case: CaseIds) -> None:
    portal = worker(api, town)
    for day in ("2026-11-18", "2026-11-10", "2026-11-16"):
        assert (await portal.post(f"{case.path}/reviews", review(held_on=day))).status_code == 201
    first = (await portal.get(f"{case.path}/reviews?limit=2")).json()
    second = (await portal.get(f"{case.path}/reviews?limit=2&cursor={first['next_cursor']}")).json()
    held = [row["held_on"] for row in (*first["data"], *second["data"])]
    assert held == ["2026-11-10", "2026-11-16", "2026-11-18"]


async def test_only_its_provider_reviews_a_case(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    before = await facts(lane, town, case)
    for stranger, status in ((town.providers[1], 404), (town.school, 403), (town.officer, 403)):
        assert (await api.as_(stranger).post(f"{case.path}/reviews", review())).status_code == status
    assert await facts(lane, town, case) == before
