"""Panels and their sittings: made in term time, chaired in turn, moved, cancelled, circulated, held."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.http import Api
from tests.factories.officers import OFFICER, owed, send
from tests.factories.panels import (
    EARLY,
    before_panel,
    done,
    held,
    items,
    listed,
    open_hall,
    panel_body,
    posted,
    refused,
)


async def test_sittings_are_made_for_the_term_with_the_chair_in_turn(api: Api, town: Town) -> None:
    hall = await open_hall(api, town, until="2027-01-31")
    sittings = await hall.sittings()
    # Every second Wednesday; 30 December lies in the holidays and is left out.
    assert [one["sits_on"] for one in sittings] == [
        "2026-11-04", "2026-11-18", "2026-12-02", "2026-12-16", "2027-01-13", "2027-01-27",
    ]  # fmt: skip
    order = [str(one.organisation_id) for one in (hall.nurse, hall.welfare, town.schools[1])]
    assert [one["chair_id"] for one in sittings] == [*order, *order]
    assert sittings[0]["sits_at"] == "2026-11-04T09:30:00Z"
    # Asked again, nothing is made twice; the rotation goes on where it was.
    again = await posted(hall.officer(), f"{hall.path}/sittings", {"until": "2027-02-12"})
    assert [(one["sits_on"], one["chair_id"]) for one in again["data"]] == [("2027-02-10", order[0])]
    debts = [
        row for row in await listed(hall.officer(), "/v1/obligations?limit=200") if row["kind"] == "panel_circulation"
    ]
    assert len(debts) == 7
    assert {row["subject_kind"] for row in debts} == {"panel"}
    # Five working days before Wednesday 18 November, at the end of the day.
    due = {row["subject_id"]: row["due_at"] for row in debts}
    assert due[sittings[1]["id"]] == "2026-11-11T17:00:00Z"
    # Made at two days' notice, it is due today.
    assert due[sittings[0]["id"]] == "2026-11-02T17:00:00Z"


async def test_summer_time_moves_the_moment_and_not_the_clock_on_the_wall(api: Api, town: Town) -> None:
    hall = await open_hall(api, town, until="2027-05-26")
    times = {one["sits_on"]: one["sits_at"] for one in await hall.sittings()}
    assert times["2027-03-24"].endswith("T09:30:00Z")
    assert times["2027-04-21"].endswith("T08:30:00Z")


@pytest.mark.parametrize(
    ("on", "code"),
    [
        ("2026-12-25", "bank_holiday"),
        ("2026-12-29", "holiday"),
        ("2026-11-14", "weekend"),
        ("2027-08-31", "holiday"),
        ("2026-10-05", "out_of_range"),
        ("2028-11-08", "out_of_range"),
    ],
)
async def test_no_sitting_on_a_day_on_which_nobody_meets(api: Api, town: Town, on: str, code: str) -> None:
    hall = await open_hall(api, town, until="2026-11-04")
    answer = await hall.officer().post(f"{hall.path}/sittings", {"on": on})
    assert answer.status_code == 422, answer.text
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [("/on", code)]
    moved = await hall.officer().post(f"{await hall.sitting()}/move", {"on": on, "reason": "x"})
    assert moved.status_code == 422, moved.text
    assert moved.json()["errors"][0]["code"] == code


async def test_the_last_night_of_august_is_the_new_years(api: Api, town: Town) -> None:
    """At a quarter to midnight UTC it is 1 September in London: a sitting of that day can still be made."""
    hall = await open_hall(api, town, until="")
    late = datetime(2027, 8, 31, 23, 45, tzinfo=UTC)
    refusal = await hall.officer(late).post(f"{hall.path}/sittings", {"until": "2027-09-01"})
    assert refusal.json()["errors"][0]["code"] == "out_of_range"
    made = await posted(hall.officer(late), f"{hall.path}/sittings", {"until": "2027-09-15"})
    assert [one["sits_on"] for one in made["data"]] == ["2027-09-08"]


async def test_one_day_has_one_sitting(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    officer = hall.officer()
    assert await refused(officer, f"{hall.path}/sittings", {"on": "2026-11-18"}) == (409, "already_exists")
    extra = await posted(officer, f"{hall.path}/sittings", {"on": "2026-11-24", "starts_at": "14:00"})
    assert extra["data"][0]["sits_at"] == "2026-11-24T14:00:00Z"
    move = {"on": "2026-11-24", "reason": "The room is taken."}
    assert await refused(officer, f"{await hall.sitting()}/move", move) == (409, "already_exists")
    body = {"until": "2026-12-18", "on": "2026-12-01"}
    assert (await officer.post(f"{hall.path}/sittings", body)).status_code == 422


async def test_a_sitting_is_moved_with_a_reason_and_is_not_made_again(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    path = await hall.sitting(1)
    moved = await posted(hall.officer(), f"{path}/move", {"on": "2026-11-26", "reason": "The room is taken."})
    assert (moved["planned_on"], moved["sits_on"]) == ("2026-11-18", "2026-11-26")
    assert [(one["what"], one["reason"]) for one in moved["changes"]] == [("moved", "The room is taken.")]
    assert (await posted(hall.officer(), f"{hall.path}/sittings", {"until": "2026-12-18"}))["data"] == []
    debt = (await owed(hall.officer(), moved["id"]))["panel_circulation"]
    assert debt["due_at"] == "2026-11-19T17:00:00Z"


async def test_a_chair_is_chosen_by_hand_and_the_rotation_goes_on(api: Api, town: Town) -> None:
    hall = await open_hall(api, town, until="2026-11-18")
    path = await hall.sitting(1)
    authority = str(town.officer.organisation_id)
    changed = await posted(hall.officer(), f"{path}/chair", {"chair_id": authority, "reason": "Both are away."})
    assert (changed["turn_id"], changed["chair_id"]) == (str(hall.welfare.organisation_id), authority)
    stranger = {"chair_id": str(town.provider.organisation_id), "reason": "x"}
    assert (await hall.officer().post(f"{path}/chair", stranger)).status_code == 422
    (after,) = (await posted(hall.officer(), f"{hall.path}/sittings", {"until": "2026-12-02"}))["data"]
    assert after["chair_id"] == str(town.schools[1].organisation_id)


async def test_new_members_come_to_the_sittings_whose_agenda_is_open(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    await before_panel(hall)
    await done(await hall.officer().post(f"{await hall.sitting()}/circulate"))
    members = [str(hall.welfare.organisation_id), str(town.schools[2].organisation_id)]
    panel = (await hall.officer().get(hall.path)).json()
    change = {"member_ids": members, "chair_order": members}
    stale = await hall.officer().patch(hall.path, change, headers={"If-Match": '"77"'})
    assert stale.status_code == 412
    assert (await hall.officer().patch(hall.path, change)).status_code == 428
    answer = await hall.officer().patch(hall.path, change, headers={"If-Match": f'"{panel["version"]}"'})
    assert answer.status_code == 200, answer.text
    first, *others = await hall.sittings()
    assert len(first["member_ids"]) == 3
    assert {tuple(one["member_ids"]) for one in others} == {tuple(members)}
    # The nurse, whose turn it was, has left: the turn begins with the first of the new order.
    assert [one["chair_id"] for one in others] == [members[0], members[1], members[0]]
    assert (await hall.member(hall.nurse).get(hall.path)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"member_ids": ["provider"]}, "/member_ids/0"),
        ({"member_ids": ["unknown"]}, "/member_ids/0"),
        ({"chair_order": ["provider"]}, "/chair_order/0"),
        ({"area_id": "unknown"}, "/area_id"),
        ({"weekday": 6}, "/weekday"),
        ({"every_weeks": 0}, "/every_weeks"),
        ({"starts_at": "25:00"}, "/starts_at"),
        ({"member_ids": []}, "/member_ids"),
        ({"first_on": 0}, "/first_on"),
    ],
)
async def test_a_panel_that_is_not_right_is_refused_by_field(
    api: Api, town: Town, changes: dict[str, Any], pointer: str
) -> None:
    named = {"provider": str(town.provider.organisation_id), "unknown": "019a0000-0000-7000-8000-00000000dead"}
    changes = {
        name: [named[one] for one in value] if isinstance(value, list) else named.get(str(value), value)
        for name, value in changes.items()
    }
    body = panel_body(town.schools[0], **changes)
    answer = await api.as_(town.officer).post("/v1/panels", body)
    assert answer.status_code == 422, answer.text
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]


async def test_two_panels_do_not_bear_one_name(api: Api, town: Town) -> None:
    await open_hall(api, town)
    body = panel_body(town.schools[0], name="HOT CLINIC (made up)")
    assert await refused(api.as_(town.officer), "/v1/panels", body) == (409, "already_exists")


async def test_a_cancelled_sitting_hands_its_items_on(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    await before_panel(hall)
    first, second = await hall.sitting(0), await hall.sitting(1)
    await done(await hall.officer().post(f"{first}/circulate"))
    assert len(await items(hall.member(hall.nurse), first)) == 1
    cancelled = await posted(hall.officer(), f"{first}/cancel", {"reason": "Snow."})
    assert cancelled["state"] == "cancelled"
    assert await items(hall.member(hall.nurse), first) == []
    (item,) = await items(hall.officer(), second)
    assert (item["state"], item["content"]) == ("listed", None)
    assert "panel_circulation" not in await owed(hall.officer(), cancelled["id"])
    assert await refused(hall.officer(), f"{first}/cancel", {"reason": "x"}) == (409, "action_not_available")
    assert await refused(hall.officer(), f"{first}/circulate") == (409, "action_not_available")


async def test_what_is_sent_before_there_is_a_sitting_waits_for_one(api: Api, town: Town) -> None:
    hall = await open_hall(api, town, until="")
    await before_panel(hall)
    await posted(hall.officer(), f"{hall.path}/sittings", {"until": "2026-12-18"})
    assert [len(await items(hall.officer(), await hall.sitting(number))) for number in range(4)] == [1, 0, 0, 0]


async def test_an_agenda_is_circulated_before_the_sitting_and_not_empty(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    path = await hall.sitting()
    assert await refused(hall.officer(), f"{path}/circulate") == (409, "action_not_available")
    await before_panel(hall)
    late = datetime(2026, 11, 4, 9, 30, tzinfo=UTC)
    answer = await hall.officer(late).post(f"{path}/circulate")
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")
    assert "time has come" in answer.json()["detail"]
    assert await items(hall.member(hall.nurse, late), path) == []
    stale = await hall.officer().post(f"{path}/circulate", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    done_ = await posted(hall.officer(), f"{path}/circulate")
    assert (done_["state"], done_["access_until"]) == ("circulated", "2026-11-14")
    assert "panel_circulation" not in await owed(hall.officer(), done_["id"])
    assert await refused(hall.officer(), f"{path}/circulate") == (409, "action_not_available")


async def test_a_sitting_is_held_on_its_day_and_its_attendance_corrected(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    await before_panel(hall)
    path = await hall.sitting()
    body: dict[str, Any] = {"attendance": [], "quorate": False, "quorum_note": "Two short."}
    on_the_day = datetime(2026, 11, 4, 9, 30, tzinfo=UTC)
    assert await refused(hall.officer(on_the_day), f"{path}/held", body) == (409, "action_not_available")
    await done(await hall.officer().post(f"{path}/circulate"))
    before = on_the_day - timedelta(days=1)
    assert await refused(hall.officer(before), f"{path}/held", body) == (409, "action_not_available")
    sitting = await posted(hall.officer(on_the_day), f"{path}/held", body)
    assert (sitting["state"], sitting["quorate"]) == ("held", False)
    stranger = {"organisation_id": str(town.provider.organisation_id), "name": "x", "state": "present"}
    etag = {"If-Match": f'"{sitting["version"]}"'}
    refusal = await hall.officer(on_the_day).put(
        f"{path}/attendance", {"attendance": [stranger], "quorate": True}, headers=etag
    )
    assert refusal.status_code == 422
    nurse = {"organisation_id": str(hall.nurse.organisation_id), "name": "N. Nurse", "state": "present"}
    corrected = await hall.officer(on_the_day).put(
        f"{path}/attendance", {"attendance": [nurse], "quorate": True}, headers=etag
    )
    assert corrected.status_code == 200, corrected.text
    assert corrected.json()["attendance"][0]["name"] == "N. Nurse"
    again = await hall.officer(on_the_day).put(
        f"{path}/attendance", {"attendance": [nurse], "quorate": True}, headers=etag
    )
    assert again.status_code == 412


async def test_a_retry_makes_no_second_panel(api: Api, town: Town) -> None:
    officer = api.as_(town.officer)
    body = panel_body(town.schools[0])
    answers = [await officer.post("/v1/panels", body, headers={"Idempotency-Key": "panel-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(await listed(officer, "/v1/panels")) == 1


async def test_nothing_is_sent_to_a_panel_that_meets_no_more(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    version = (await hall.officer().get(hall.path)).json()["version"]
    stopped = await hall.officer().patch(hall.path, {"active": False}, headers={"If-Match": f'"{version}"'})
    assert stopped.status_code == 200, stopped.text
    assert await refused(hall.officer(), f"{hall.path}/sittings", {"on": "2026-11-25"}) == (
        409, "action_not_available",
    )  # fmt: skip
    referral = await send(at(api.as_(town.school), EARLY), needs=[{"code": "housing"}])
    for panel_id in (hall.panel_id, None):
        body = {"panel_id": panel_id, "reason": "x", "officer": OFFICER}
        answer = await hall.officer().post(f"/v1/referrals/{referral['id']}/to-panel", body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/panel_id")


async def test_a_day_far_ahead_is_refused(api: Api, town: Town) -> None:
    hall = await open_hall(api, town, until="")
    far = (EARLY.date() + timedelta(days=401)).isoformat()
    assert (await hall.officer().post(f"{hall.path}/sittings", {"until": far})).status_code == 422
    assert date.fromisoformat(far) > EARLY.date()
    assert await hall.sittings() == []


async def test_the_sitting_says_nothing_of_any_family(api: Api, town: Town) -> None:
    hall = await open_hall(api, town)
    referral = await before_panel(hall)
    path = await hall.sitting()
    await held(hall, path)
    text = (await hall.member(hall.nurse).get(path)).text
    assert referral["id"] not in text
    assert referral["reference"] not in text
