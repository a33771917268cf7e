import asyncio
from datetime import date
from typing import Any

import orjson
import pytest

from app.db import Database
from app.ids import new_id
from tests.factories.authority import Town
from tests.factories.casework import CaseIds, accepted_case, acknowledged, contact, facts, missed, started, worker
from tests.factories.http import Api


@pytest.fixture
async def case(api: Api, town: Town) -> CaseIds:
    return await accepted_case(api, town)


async def test_no_contact_before_the_safety_acknowledgement(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    before = await facts(lane, town, case)
    for body in (contact(), missed()):
        answer = await worker(api, town).post(f"{case.path}/contacts", body)
        assert answer.status_code == 409
        assert answer.json()["code"] == "action_not_available"
    assert await facts(lane, town, case) == before


async def test_the_first_attended_contact_starts_the_work(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    await acknowledged(api, town, case)
    for body in (missed(), missed(held_at="2026-11-04T10:00:00Z", result="no_reply")):
        assert (await worker(api, town).post(f"{case.path}/contacts", body)).status_code == 201
    waiting = await facts(lane, town, case)
    assert (waiting["state"], waiting["started_on"], waiting["booking"]) == ("planned", None, "accepted")
    answer = await worker(api, town).post(
        f"{case.path}/contacts", contact(held_at="2026-11-05T15:30:00Z", result="late")
    )
    assert answer.status_code == 201, answer.text
    after = await facts(lane, town, case)
    assert (after["state"], after["booking"], after["referral"]) == ("active", "active", "in_progress")
    assert after["started_on"] == date(2026, 11, 5)
    assert after["contacts"] == 3
    assert orjson.loads(after["owed"]) == {
        "initial_contact": "met", "baseline": "open", "plan": "open", "review": "open", "closure": "open",
    }  # fmt: skip
    assert after["told"] == [
        "intervention.safety_acknowledged",
        "intervention.contact_recorded",
        "intervention.contact_recorded",
        "intervention.started",
    ]


async def test_a_contact_in_the_evening_counts_on_its_london_day(api: Api, town: Town, lane: Database) -> None:
    case = await accepted_case(api, town)
    await acknowledged(api, town, case)
    await worker(api, town).post(f"{case.path}/contacts", contact(held_at="2026-11-04T00:30:00+01:00"))
    assert (await facts(lane, town, case))["started_on"] == date(2026, 11, 3)


async def test_an_earlier_contact_recorded_later_moves_the_start_back(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await acknowledged(api, town, case)
    for day in ("2026-11-10", "2026-11-04", "2026-11-12"):
        body = contact(kind="session", held_at=f"{day}T15:00:00Z")
        assert (await worker(api, town).post(f"{case.path}/contacts", body)).status_code == 201
    after = await facts(lane, town, case)
    assert after["started_on"] == date(2026, 11, 4)
    assert after["told"].count("intervention.started") == 1


@pytest.mark.parametrize(
    ("held_at", "code"),
    [
        ("2026-11-01T15:00:00Z", "before_acceptance"),
        ("2026-11-20T17:00:01Z", "in_the_future"),
        ("2027-03-01T15:00:00Z", "in_the_future"),
    ],
)
async def test_a_contact_lies_between_acceptance_and_now(
    held_at: str, code: str, api: Api, town: Town, case: CaseIds
) -> None:
    await acknowledged(api, town, case)
    answer = await worker(api, town).post(f"{case.path}/contacts", contact(held_at=held_at))
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/held_at", code)]
    assert (await worker(api, town).get(f"{case.path}/contacts")).json()["data"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "chat"},
        {"mode": "fax"},
        {"result": "fine"},
        {"held_at": 0},
        {"held_at": "2026-11-03"},
        {"held_at": "2026-11-03T15:30:00"},
        {"minutes": -1},
        {"minutes": 1441},
        {"minutes": "60"},
        {"present": ["child", "child"]},
        {"present": ["Robin Sampleton"]},
        {"child_seen": "yes"},
        {"reason": "x" * 5001},
        {"agencies": [""]},
        {"supersedes_id": "not-an-id"},
        {"notes": "free text has no place here"},
    ],
)
async def test_a_contact_that_is_not_well_formed_is_refused_by_field(
    changes: dict[str, Any], api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await acknowledged(api, town, case)
    answer = await worker(api, town).post(f"{case.path}/contacts", contact(**changes))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].split("/")[1] == next(iter(changes))
    assert (await facts(lane, town, case))["contacts"] == 0


async def test_the_worklist_shows_at_once_that_work_began_or_began_earlier(api: Api, town: Town, case: CaseIds) -> None:
    async def listed() -> dict[str, Any]:
        return (await worker(api, town).get("/v1/allocations")).json()["data"][0]

    before = await listed()
    await acknowledged(api, town, case)
    await worker(api, town).post(f"{case.path}/contacts", contact(held_at="2026-11-05T15:30:00Z"))
    begun = await listed()
    await worker(api, town).post(f"{case.path}/contacts", contact(kind="session", held_at="2026-11-09T15:30:00Z"))
    assert await listed() == begun
    await worker(api, town).post(f"{case.path}/contacts", contact())
    earlier = await listed()
    shown = [(row["intervention_state"], row["started_on"]) for row in (before, begun, earlier)]
    assert shown == [("planned", None), ("active", "2026-11-05"), ("active", "2026-11-03")]
    assert before["version"] < begun["version"] < earlier["version"]


async def test_a_character_that_cannot_be_stored_is_refused_and_not_a_fault(
    api: Api, town: Town, case: CaseIds
) -> None:
    await acknowledged(api, town, case)
    answer = await worker(api, town).post(f"{case.path}/contacts", contact(reason="a\x00b"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_rescheduled_contact_takes_the_place_of_the_missed_one(api: Api, town: Town, case: CaseIds) -> None:
    await acknowledged(api, town, case)
    path = f"{case.path}/contacts"
    old = (await worker(api, town).post(path, missed())).json()["id"]
    body = contact(held_at="2026-11-06T15:30:00Z", supersedes_id=old)
    new = (await worker(api, town).post(path, body)).json()
    assert new["supersedes_id"] == old
    rows = (await worker(api, town).get(path)).json()["data"]
    assert [(row["id"], row["superseded_by_id"]) for row in rows] == [(old, new["id"]), (new["id"], None)]
    again = await worker(api, town).post(path, body)
    assert again.status_code == 409


async def test_what_took_place_or_is_anothers_is_not_replaced(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    other = await accepted_case(api, town)
    for each in (case, other):
        await started(api, town, each)
    path = f"{case.path}/contacts"
    kept = (await worker(api, town).get(path)).json()["data"][0]["id"]
    assert (await worker(api, town).post(path, contact(supersedes_id=kept))).status_code == 409
    foreign = (await worker(api, town).post(f"{other.path}/contacts", missed())).json()["id"]
    for unknown in (foreign, str(new_id())):
        answer = await worker(api, town).post(path, contact(supersedes_id=unknown))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/supersedes_id"
    assert (await facts(lane, town, case))["contacts"] == 1


async def test_a_retry_with_its_key_records_one_contact(api: Api, town: Town, case: CaseIds, lane: Database) -> None:
    await acknowledged(api, town, case)
    headers = {"Idempotency-Key": "contact-1"}
    first = await worker(api, town).post(f"{case.path}/contacts", contact(), headers=headers)
    again = await worker(api, town).post(f"{case.path}/contacts", contact(), headers=headers)
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await accepted_case(api, town)
    reused = await worker(api, town).post(f"{other.path}/contacts", contact(), headers=headers)
    assert reused.status_code == 422
    after = await facts(lane, town, case)
    assert (after["contacts"], after["told"].count("intervention.started")) == (1, 1)


async def test_a_school_sees_whether_contacts_were_kept_and_not_how_they_went(
    api: Api, town: Town, case: CaseIds
) -> None:
    await started(api, town, case)
    seen = {}
    for reader in (town.school, town.provider, town.officer):
        seen[reader.kind.value] = (await api.as_(reader).get(f"{case.path}/contacts")).json()["data"][0]
    assert seen["school"]["result"] == "attended"
    assert not {"present", "agencies", "child_seen", "child_seen_alone", "reason"} & set(seen["school"])
    assert seen["provider"] == seen["authority"]
    assert seen["provider"]["present"] == ["child", "parent_or_carer"]
    for stranger in (town.providers[1], town.schools[1]):
        assert (await api.as_(stranger).get(f"{case.path}/contacts")).status_code == 404


async def test_contacts_page_through_in_the_order_they_were_held(
    api: Api, town: Town, case: CaseIds, lane: Database
) -> None:
    await acknowledged(api, town, case)
    for day in ("2026-11-12", "2026-11-04", "2026-11-10"):
        await worker(api, town).post(f"{case.path}/contacts", missed(held_at=f"{day}T15:00:00Z"))
    path = f"{case.path}/contacts?limit=2"
    first = (await worker(api, town).get(path)).json()
    second = (await worker(api, town).get(f"{path}&cursor={first['next_cursor']}")).json()
    held = [row["held_at"][:10] for row in (*first["data"], *second["data"])]
    assert held == ["2026-11-04", "2026-11-10", "2026-11-12"]
    other = await accepted_case(api, town)
    stray = await worker(api, town).get(f"{other.path}/contacts?cursor={first['next_cursor']}")
    assert stray.status_code == 400


async def test_two_clients_recording_the_first_contact_at_once_start_the_work_once(
    real_api: Api, real_town: Town, clone: Database
) -> None:
    case = await accepted_case(real_api, real_town)
    await acknowledged(real_api, real_town, case)
    answers = await asyncio.gather(
        *(
            worker(real_api, real_town).post(f"{case.path}/contacts", contact(held_at=f"2026-11-{day:02}T15:00:00Z"))
            for day in (9, 3, 5, 4, 11, 10)
        )
    )
    assert [answer.status_code for answer in answers] == [201] * 6
    after = await facts(clone, real_town, case)
    assert (after["started_on"], after["contacts"], after["state"]) == (date(2026, 11, 3), 6, "active")
    assert after["told"].count("intervention.started") == 1
    assert after["told"].count("intervention.contact_recorded") == 5
    # One version for each act, the acknowledgement included.
    assert after["version"] == 1 + 7
