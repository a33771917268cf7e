"""A child who changes school while its referral is open: the case goes on, and the new school has it from its day."""

from datetime import timedelta
from typing import Any

import pytest

from app.access import Principal
from app.db import Database
from tests.api.test_deemed_acceptance import advance, read
from tests.api.test_household_case import accept, meet, shared
from tests.api.test_siblings_claims import send, state_of
from tests.factories.authority import Town
from tests.factories.casework import ACCEPTED_AT, LATER, at
from tests.factories.events import told_of
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body


async def today(api: Api, town: Town, days: int = 0) -> str:
    """Business today, or some days later."""
    async with api.runtime.database.read(town.officer) as session:
        return (session.today + timedelta(days=days)).isoformat()


async def move(caller: Caller, referral: dict[str, Any], to: Principal, starts_on: str, **more: Any) -> Any:
    body = {"school_id": str(to.organisation_id), "starts_on": starts_on, **more}
    return await caller.post(f"/v1/referrals/{referral['id']}/change-school", body)


async def test_the_new_school_has_the_case_and_the_old_one_its_past(api: Api, town: Town, lane: Database) -> None:
    old, new = api.as_(town.school), api.as_(town.schools[1])
    referral = await send(old)
    case = await accept(api, town, referral)
    await meet(api, town, case)
    done = await move(old, referral, town.schools[1], await today(api, town), mis_id="N-1")
    assert done.status_code == 204, done.text
    assert await told_of(lane, town, "referral.school_changed") == {
        "officer": 1, "school": 1, "other school": 1, "provider": 1,
    }  # fmt: skip
    theirs = await read(new, f"/v1/referrals/{referral['id']}")
    assert (theirs["school_id"], theirs["mis_id"], theirs["state"]) == (
        str(town.schools[1].organisation_id), "N-1", "in_progress",
    )  # fmt: skip
    assert theirs["pupil"]["given_name"] == referral["pupil"]["given_name"]
    assert "change-school" in theirs["available_actions"]
    assert "amend" in theirs["available_actions"]
    assert len((await read(new, f"/v1/interventions/{case}/contacts"))["data"]) == 1
    # The old school keeps what it knew on the day.
    await meet(api, town, case)
    amended = await new.patch(
        f"/v1/referrals/{referral['id']}",
        {"reason": "x", "child_view": "Told at the new school"},
        headers={"If-Match": "*"},
    )
    assert amended.status_code == 200, amended.text
    past = await old.get(f"/v1/referrals/{referral['id']}")
    kept = past.json()
    assert (past.status_code, kept["moved_on"], kept["available_actions"]) == (200, await today(api, town), [])
    assert (kept["school_id"], kept["child_view"]) == (referral["school_id"], referral["child_view"])
    assert kept["pupil"]["given_name"] == referral["pupil"]["given_name"]
    assert (await old.get(f"/v1/interventions/{case}")).status_code == 404
    assert (await read(old, "/v1/referrals"))["data"] == []
    assert (await read(old, "/v1/interventions"))["data"] == []
    assert (await move(old, referral, town.school, await today(api, town))).status_code == 404
    provider = await read(api.as_(town.provider), f"/v1/interventions/{case}")
    assert (provider["state"], provider["school_id"]) == ("active", theirs["school_id"])


async def test_a_later_day_takes_effect_at_its_midnight(api: Api, town: Town, lane: Database) -> None:
    old, new = api.as_(town.school), api.as_(town.schools[1])
    referral = await send(old)
    said = await move(old, referral, town.schools[1], await today(api, town, 2))
    assert (said.status_code, said.json()["school_id"]) == (200, referral["school_id"]), said.text
    assert (await new.get(f"/v1/referrals/{referral['id']}")).status_code == 404
    assert await told_of(lane, town, "referral.school_change_planned") == {"officer": 1, "school": 1}
    await advance(api, town, days=1)
    assert (await new.get(f"/v1/referrals/{referral['id']}")).status_code == 404
    await advance(api, town, days=2)
    assert (await read(new, f"/v1/referrals/{referral['id']}"))["state"] in ("offered", "waiting")
    async with lane.read(town.officer) as session:
        rolls = await session.rows("SELECT school_id, starts_on, ends_on FROM enrolment ORDER BY starts_on")
    assert [(row["school_id"], row["ends_on"] is None) for row in rolls] == [
        (town.school.organisation_id, False),
        (town.schools[1].organisation_id, True),
    ]
    assert rolls[0]["ends_on"] + timedelta(days=1) == rolls[1]["starts_on"]


async def test_what_was_said_can_be_said_anew_or_taken_back(api: Api, town: Town, lane: Database) -> None:
    old = api.as_(town.school)
    referral = await send(old)
    await move(old, referral, town.schools[1], await today(api, town, 2))
    await move(old, referral, town.schools[1], await today(api, town, 9))
    await advance(api, town, days=4)
    assert (await api.as_(town.schools[1]).get(f"/v1/referrals/{referral['id']}")).status_code == 404
    taken_back = await move(old, referral, town.school, await today(api, town))
    assert taken_back.status_code == 200
    assert await told_of(lane, town, "referral.school_change_cancelled") == {"officer": 2, "school": 2}
    await advance(api, town, days=8)
    assert (await read(old, f"/v1/referrals/{referral['id']}"))["moved_on"] is None


async def test_who_waits_keeps_its_place_and_is_judged_for_the_new_area(api: Api, town: Town, lane: Database) -> None:
    async with lane.write(town.officer) as session:
        await session.run(
            "UPDATE lot SET area_ids = ARRAY[(SELECT area_id FROM school WHERE organisation_id = $1)]",
            town.school.organisation_id,
        )
        await session.run(
            "UPDATE school SET area_id = (SELECT id FROM area WHERE id <> (SELECT area_id FROM school"
            " WHERE organisation_id = $1) LIMIT 1) WHERE organisation_id = $2",
            town.school.organisation_id,
            town.schools[1].organisation_id,
        )
    there = api.as_(town.schools[1])
    referral = await send(there)
    assert (referral["state"], referral["unplaceable"]) == ("waiting", True)
    await move(there, referral, town.school, await today(api, town))
    found = await read(api.as_(town.school), f"/v1/referrals/{referral['id']}")
    assert (found["state"], found["unplaceable"], found["received_at"]) == ("offered", False, referral["received_at"])
    fillers = [await send(api.as_(town.school), band="P1") for _ in range(2)]
    assert [one["state"] for one in fillers] == ["offered", "waiting"]
    await move(api.as_(town.school), fillers[1], town.schools[1], await today(api, town))
    gone = await read(there, f"/v1/referrals/{fillers[1]['id']}")
    assert (gone["state"], gone["unplaceable"]) == ("waiting", True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"school_id": "019a0000-0000-7000-8000-000000000000"}, "unknown"),
        ({"urn": "999998"}, "unknown"),
        ({"starts_on": "2020-01-01"}, "before_the_referral"),
        ({"starts_on": "2031-01-01"}, "too_far"),
        ({"urn": "900002", "school_id": "019a0000-0000-7000-8000-000000000000"}, "one_school"),
    ],
)
async def test_what_cannot_be_is_refused(api: Api, town: Town, body: dict[str, str], code: str) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    asked = {"starts_on": await today(api, town), **body}
    if not {"school_id", "urn"} & set(body):
        asked["school_id"] = str(town.schools[1].organisation_id)
    answer = await school.post(f"/v1/referrals/{referral['id']}/change-school", asked)
    assert (answer.status_code, [fault["code"] for fault in answer.json()["errors"]]) == (422, [code]), answer.text
    assert (await read(school, f"/v1/referrals/{referral['id']}"))["version"] == referral["version"]


async def test_who_may_say_it(api: Api, town: Town) -> None:
    referral = await send(api.as_(town.school))
    day = await today(api, town)
    for who, status in ((town.schools[1], 404), (town.provider, 403)):
        assert (await move(api.as_(who), referral, town.schools[1], day)).status_code == status
    assert (await move(api.as_(town.officer), referral, town.schools[1], day)).status_code == 200
    await api.as_(town.schools[1]).post(f"/v1/referrals/{referral['id']}/withdraw", {"reason": "other"})
    closed = await move(api.as_(town.schools[1]), referral, town.school, day)
    assert closed.json()["code"] == "action_not_available"


async def test_a_closed_referral_is_not_moved_by_the_clock(api: Api, town: Town, lane: Database) -> None:
    school = api.as_(town.school)
    referral = await send(school)
    await move(school, referral, town.schools[1], await today(api, town, 2))
    await school.post(f"/v1/referrals/{referral['id']}/withdraw", {"reason": "other"})
    await advance(api, town, days=4)
    assert (await read(school, f"/v1/referrals/{referral['id']}"))["school_id"] == referral["school_id"]
    async with lane.read(town.officer) as session:
        assert await session.value("SELECT state FROM school_change") == "cancelled"


async def test_the_terms_figures_so_far_go_with_the_child(api: Api, town: Town) -> None:
    old, new = at(api.as_(town.school), LATER), at(api.as_(town.schools[1]), LATER)
    referral = await send(at(api.as_(town.school), ACCEPTED_AT))
    figures = {"sessions_possible": 20, "sessions_attended": 10, "sessions_authorised": 5, "sessions_unauthorised": 5}
    path = f"/v1/referrals/{referral['id']}/attendance/2026/27-autumn"
    assert (await old.put(path, figures)).status_code == 201
    await move(old, referral, town.schools[1], LATER.date().isoformat())
    assert (await new.put(path, {**figures, "sessions_possible": 22, "sessions_attended": 12})).status_code == 200
    assert (await old.put(path, figures)).status_code == 404


async def test_a_child_of_a_shared_case_moves_alone(api: Api, town: Town) -> None:
    first, second, case = await shared(api, town)
    moved = await move(api.as_(town.school), second, town.schools[1], await today(api, town))
    assert moved.status_code == 204
    await meet(api, town, case)
    assert await state_of(api, town, second) == "in_progress"
    theirs = await read(api.as_(town.schools[1]), f"/v1/interventions/{case}")
    assert (theirs["referral_id"], theirs["referral_ids"]) == (second["id"], [second["id"]])
    mine = await read(api.as_(town.school), f"/v1/interventions/{case}")
    assert (mine["referral_id"], mine["referral_ids"]) == (first["id"], [first["id"]])


async def test_the_new_school_cannot_have_two(api: Api, town: Town, lane: Database) -> None:
    """A school that refers the child itself is not given a second referral of the same record."""
    old, new = api.as_(town.school), api.as_(town.schools[1])
    body = referral_body()
    referral = (await old.post("/v1/referrals", body, headers=key())).json()
    own = await send(new)
    async with lane.write(town.officer) as session:
        await session.run(
            "UPDATE referral SET pupil_id = $1 WHERE reference = $2", referral["pupil"]["id"], own["reference"]
        )
    refused = await move(old, referral, town.schools[1], await today(api, town))
    assert [fault["code"] for fault in refused.json()["errors"]] == ["has_its_own"]
