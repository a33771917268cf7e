"""Courses over HTTP: planned, filled seat by seat, registered, finished and cancelled."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.access import Principal
from app.db import Database
from tests.factories.authority import Town
from tests.factories.casework import at
from tests.factories.formats import (
    LAST_AT,
    PLANNED_AT,
    STARTED_AT,
    add_lot,
    course_body,
    enrolled,
    planned_course,
    register,
    sent_referral,
)
from tests.factories.http import Api, Caller
from tests.factories.referrals import key


@pytest.fixture
async def lot(lane: Database, town: Town) -> UUID:
    return await add_lot(lane, town, "course")


def school_at(api: Api, town: Town, moment: datetime = PLANNED_AT) -> Caller:
    return at(api.as_(town.school), moment)


def portal_at(api: Api, town: Town, moment: datetime = PLANNED_AT) -> Caller:
    return at(api.as_(town.provider), moment)


async def figures(api: Api, town: Town, lot: UUID, moment: datetime) -> dict[str, Any]:
    found: dict[str, Any] = (await at(api.as_(town.officer), moment).get(f"/v1/lots/{lot}")).json()["figures"]
    return found


async def told(lane: Database, who: Principal) -> list[str]:
    """What an organisation is told of courses, past the feed's horizon."""
    async with lane.read(who) as session:
        rows = await session.rows("SELECT type FROM event WHERE type LIKE 'course%' ORDER BY id")
    return [row["type"] for row in rows]


async def obligation(lane: Database, town: Town, course_id: str) -> list[tuple[str, date]]:
    async with lane.read(town.officer) as session:
        rows = await session.rows(
            "SELECT CASE WHEN met_at IS NOT NULL THEN 'met' WHEN cancelled_at IS NOT NULL THEN 'cancelled'"
            " ELSE 'open' END AS state, due_at::date AS due_on FROM obligation WHERE authority_id = $1"
            " AND subject_kind = 'course' AND subject_id = $2 ORDER BY due_at",
            town.officer.authority_id,
            UUID(course_id),
        )
    return [(row["state"], row["due_on"]) for row in rows]


async def test_a_course_is_planned_and_told_to_everyone_with_its_free_seats(api: Api, town: Town, lot: UUID) -> None:
    planned = await planned_course(api, town, lot)
    assert (planned["state"], planned["seats_free"], planned["first_on"]) == ("planned", 2, "2026-11-10")
    assert [one["number"] for one in planned["sessions"]] == [1, 2, 3]
    for who in (town.schools[1], town.providers[1]):
        read = await at(api.as_(who), PLANNED_AT).get(f"/v1/courses/{planned['id']}")
        assert read.json() == planned
    listed = (await school_at(api, town).get("/v1/courses")).json()["data"]
    assert [one["id"] for one in listed] == [planned["id"]]
    service = (await school_at(api, town).get(f"/v1/services/{planned['service_id']}")).json()
    assert (service["capacity_status"], service["next_courses"][0]["seats_free"]) == ("places_free", 2)
    # Once it has begun it is no course to come.
    service = await school_at(api, town, STARTED_AT + timedelta(days=1)).get(f"/v1/services/{planned['service_id']}")
    assert (service.json()["capacity_status"], service.json()["next_courses"]) == ("waiting", [])


async def test_a_seat_goes_from_offer_to_completion_and_uses_volume_once(
    api: Api, town: Town, lot: UUID, lane: Database
) -> None:
    planned = await planned_course(api, town, lot)
    path = f"/v1/courses/{planned['id']}"
    school, referral = school_at(api, town), await sent_referral(api, town)
    one = await enrolled(school, planned["id"], referral["id"])
    adult = await enrolled(school, planned["id"], referral["id"], who="adult", name="Ottilie Example")
    assert (one["state"], one["seat_number"], adult["seat_number"]) == ("offered", 1, 2)
    counted = await figures(api, town, lot, PLANNED_AT)
    # Two seats of one family are one of the volume; the places are promised, and held from the first session on.
    assert (counted["promised_count"], counted["held_count"], counted["volume_committed_count"]) == (2, 0, 1)
    assert (await school.get(path)).json()["state"] == "full"
    for enrolment in (one, adult):
        taken = await school.post(f"/v1/course-enrolments/{enrolment['id']}/take")
        assert taken.json()["state"] == "taken", taken.text
    portal = portal_at(api, town, STARTED_AT)
    lines = register((one["id"], "attended"), (adult["id"], "absent"))
    put = await portal.put(f"{path}/sessions/1/register", lines, headers={"If-Match": "*"})
    assert put.status_code == 200, put.text
    assert put.json()["register"] == [
        {"enrolment_id": one["id"], "result": "attended", "reason": None},
        {"enrolment_id": adult["id"], "result": "absent", "reason": "illness"},
    ]
    counted = await figures(api, town, lot, STARTED_AT)
    assert (counted["held_count"], counted["volume_used_count"], counted["volume_committed_count"]) == (2, 1, 0)
    read = (await school.get(f"/v1/course-enrolments/{one['id']}")).json()
    assert read["attendance"] == [{"session_number": 1, "result": "attended", "reason": None}]
    assert read["first_attended_on"] == "2026-11-10"
    assert await obligation(lane, town, planned["id"]) == [("met", date(2026, 11, 12)), ("open", date(2026, 11, 19))]
    late = portal_at(api, town, LAST_AT)
    early = await late.post(f"{path}/finish")
    assert (early.status_code, early.json()["code"]) == (409, "action_not_available")
    for number in (2, 3):
        put = await late.put(f"{path}/sessions/{number}/register", lines, headers={"If-Match": "*"})
        assert put.status_code == 200, put.text
    finished = await late.post(f"{path}/finish")
    assert finished.json()["state"] == "finished", finished.text
    rows = (await school.get(f"/v1/course-enrolments?course_id={planned['id']}")).json()["data"]
    assert [(row["who"], row["state"], row["reason"]) for row in rows] == [
        ("child", "completed", None),
        ("adult", "left", "never_came"),
    ]
    counted = await figures(api, town, lot, LAST_AT)
    assert (counted["held_count"], counted["promised_count"], counted["volume_used_count"]) == (0, 0, 1)
    assert [state for state, _ in await obligation(lane, town, planned["id"])] == ["met", "met", "met"]


async def test_a_seat_refused_before_the_start_goes_to_who_waited_longest(
    api: Api, town: Town, lot: UUID, lane: Database
) -> None:
    planned = await planned_course(api, town, lot, seats=1)
    school = school_at(api, town)
    referrals = [await sent_referral(api, town) for _ in range(3)]
    first = await enrolled(school, planned["id"], referrals[0]["id"])
    full = await school.post(
        f"/v1/courses/{planned['id']}/enrolments", {"referral_id": referrals[1]["id"], "who": "child"}, headers=key()
    )
    assert (full.status_code, full.json()["code"]) == (409, "capacity_refused")
    second, third = [
        await enrolled(school_at(api, town, PLANNED_AT + timedelta(hours=hour)), planned["id"], referral["id"],
                       waiting_list=True)
        for hour, referral in enumerate(referrals[1:], start=1)
    ]  # fmt: skip
    assert (second["state"], third["state"]) == ("waiting", "waiting")
    refused = await school.post(f"/v1/course-enrolments/{first['id']}/refuse", {"reason": "childcare"})
    assert (refused.json()["state"], refused.json()["reason"]) == ("refused", "childcare")
    states = [(await school.get(f"/v1/course-enrolments/{one['id']}")).json()["state"] for one in (second, third)]
    assert states == ["offered", "waiting"]
    # After the start a seat that is left stays empty: half a course is nobody's.
    await school.post(f"/v1/course-enrolments/{second['id']}/take")
    running = school_at(api, town, STARTED_AT)
    left = await running.post(f"/v1/course-enrolments/{second['id']}/leave", {"reason": "work"})
    assert left.json()["state"] == "left"
    assert (await school.get(f"/v1/course-enrolments/{third['id']}")).json()["state"] == "waiting"
    assert await told(lane, town.school) == [
        "course_enrolment.offered", "course_enrolment.waiting", "course_enrolment.waiting", "course_enrolment.refused",
        "course_enrolment.offered", "course_enrolment.taken", "course_enrolment.left",
    ]  # fmt: skip


async def test_casework_and_a_course_stand_beside_each_other(api: Api, town: Town, lot: UUID) -> None:
    """A seat takes no casework place from the household, and casework is never offered on a course's place."""
    planned = await planned_course(api, town, lot)
    referral = await sent_referral(api, town)
    assert referral["state"] == "offered"
    await enrolled(school_at(api, town), planned["id"], referral["id"])
    accepted = await portal_at(api, town).post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    # The town's two casework places are all that casework gets: the course's lot has two more, which stay its own.
    assert (await sent_referral(api, town))["state"] == "offered"
    assert (await sent_referral(api, town))["state"] == "waiting"


async def test_a_cancelled_course_ends_every_enrolment_and_tells_everyone(
    api: Api, town: Town, lot: UUID, lane: Database
) -> None:
    planned = await planned_course(api, town, lot, seats=1)
    school = school_at(api, town)
    one = await enrolled(school, planned["id"], (await sent_referral(api, town))["id"])
    other = await enrolled(school, planned["id"], (await sent_referral(api, town))["id"], waiting_list=True)
    cancelled = await portal_at(api, town).post(f"/v1/courses/{planned['id']}/cancel", {"reason": "too_few"})
    assert (cancelled.json()["state"], cancelled.json()["cancel_reason"]) == ("cancelled", "too_few")
    for enrolment in (one, other):
        assert (await school.get(f"/v1/course-enrolments/{enrolment['id']}")).json()["state"] == "cancelled"
    counted = await figures(api, town, lot, PLANNED_AT)
    assert (counted["promised_count"], counted["volume_committed_count"], counted["free_count"]) == (0, 0, 2)
    assert "course.cancelled" in await told(lane, town.school)
    assert [state for state, _ in await obligation(lane, town, planned["id"])] == ["cancelled"]
    # Its places are the lot's again.
    assert (await planned_course(api, town, lot))["seats_free"] == 2


async def test_who_is_on_a_course_is_told_to_those_whom_it_concerns(api: Api, town: Town, lot: UUID) -> None:
    planned = await planned_course(api, town, lot)
    school, portal = school_at(api, town), portal_at(api, town)
    one = await enrolled(school, planned["id"], (await sent_referral(api, town))["id"])
    path = f"/v1/course-enrolments/{one['id']}"
    assert one["name"]
    # Before the seat is taken its provider reads that somebody is offered it, and not who; and never which referral.
    seen = (await portal.get(path)).json()
    assert (seen["name"], seen["referral_id"], seen["language"]) == (None, None, one["language"])
    await school.post(f"{path}/take")
    assert (await portal.get(path)).json()["name"] == one["name"]
    for stranger in (town.schools[1], town.providers[1]):
        assert (await api.as_(stranger).get(path)).status_code == 404
        assert (await api.as_(stranger).get("/v1/course-enrolments")).json()["data"] == []
    await school.post(f"{path}/leave", {"reason": "moved_away"})
    assert (await portal.get(path)).json()["name"] == one["name"]
    audited = (await api.as_(town.officer).get("/v1/audit?limit=200")).json()["data"]
    assert any(line["subject_kind"] == "course_enrolment" for line in audited)


async def test_a_provider_enrols_from_its_own_case_and_from_no_other(api: Api, town: Town, lane: Database) -> None:
    lot = await add_lot(lane, town, "course", provider=town.providers[1])
    planned = (
        await at(api.as_(town.providers[1]), PLANNED_AT).post(f"/v1/lots/{lot}/courses", course_body(), headers=key())
    ).json()
    referral = await sent_referral(api, town)
    body = {"referral_id": referral["id"], "who": "child"}
    path = f"/v1/courses/{planned['id']}/enrolments"
    assert (await portal_at(api, town).post(path, body, headers=key())).status_code == 404
    await portal_at(api, town).post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    answer = await portal_at(api, town).post(path, body, headers=key())
    assert answer.status_code == 201, answer.text
    assert (await at(api.as_(town.schools[1]), PLANNED_AT).post(path, body, headers=key())).status_code == 404
    again = await at(api.as_(town.officer), PLANNED_AT).post(path, body, headers=key())
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


def sessions(*times: tuple[str, str]) -> dict[str, Any]:
    return {"sessions": [{"starts_at": f"{start}:00Z", "ends_at": f"{end}:00Z"} for start, end in times]}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        (sessions(("2026-11-01T18:00", "2026-11-01T19:00")), "/sessions/0/starts_at"),
        (sessions(("2036-11-10T18:00", "2036-11-10T19:00")), "/sessions/0/starts_at"),
        (sessions(("2026-11-10T18:00", "2026-11-10T17:00")), "/sessions/0/ends_at"),
        (sessions(("2026-11-10T22:00", "2026-11-11T02:00")), "/sessions/0/ends_at"),
        (
            sessions(("2026-11-17T18:00", "2026-11-17T19:00"), ("2026-11-10T18:00", "2026-11-10T19:00")),
            "/sessions/1/starts_at",
        ),
        ({"sessions": []}, "/sessions"),
        ({"seats": 0}, "/seats"),
        ({"languages": ["URD"]}, "/languages/0"),
        ({"key_stages": ["KS5"]}, "/key_stages/0"),
    ],
)
async def test_a_course_that_cannot_be_held_is_refused_by_field(
    api: Api, town: Town, lot: UUID, changes: dict[str, Any], pointer: str
) -> None:
    answer = await portal_at(api, town).post(f"/v1/lots/{lot}/courses", course_body(**changes), headers=key())
    assert answer.status_code == 422, answer.text
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]
    assert (await portal_at(api, town).get(f"/v1/lots/{lot}/courses")).json()["data"] == []


async def test_a_session_after_the_contract_of_31_august_is_refused_by_londons_midnight(
    api: Api, town: Town, lane: Database
) -> None:
    """22:30 UTC of 31 August is 23:30 in London, and half past midnight the day after would be 1 September."""
    lot = await add_lot(lane, town, "course", ends_on=date(2027, 8, 31))
    inside = [{"starts_at": "2027-08-31T21:30:00Z", "ends_at": "2027-08-31T22:30:00Z"}]
    outside = [{"starts_at": "2027-08-31T23:00:00Z", "ends_at": "2027-08-31T23:30:00Z"}]
    portal = portal_at(api, town)
    answer = await portal.post(f"/v1/lots/{lot}/courses", course_body(sessions=outside), headers=key())
    assert answer.json()["errors"][0]["code"] == "outside_contract"
    answer = await portal.post(f"/v1/lots/{lot}/courses", course_body(sessions=inside), headers=key())
    assert answer.status_code == 201, answer.text
    assert answer.json()["last_on"] == "2027-08-31"


async def test_courses_at_the_same_time_share_the_places_of_their_lot(api: Api, town: Town, lot: UUID) -> None:
    await planned_course(api, town, lot, seats=1)
    portal = portal_at(api, town)
    answer = await portal.post(f"/v1/lots/{lot}/courses", course_body(seats=2), headers=key())
    assert (answer.status_code, answer.json()["code"]) == (409, "capacity_refused")
    assert (await planned_course(api, town, lot, seats=1))["seats_free"] == 1
    later = [{"starts_at": "2026-12-01T18:00:00Z", "ends_at": "2026-12-01T19:00:00Z"}]
    assert (await planned_course(api, town, lot, seats=2, sessions=later))["seats_free"] == 2


async def test_a_casework_lot_runs_no_courses(api: Api, town: Town) -> None:
    answer = await portal_at(api, town).post(f"/v1/lots/{town.lots[0]}/courses", course_body(), headers=key())
    assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")


async def test_a_volume_that_is_used_up_takes_nobody_more(api: Api, town: Town, lane: Database) -> None:
    lot = await add_lot(lane, town, "course", volume=1, volume_unit="pupil")
    planned = await planned_course(api, town, lot)
    school = school_at(api, town)
    await enrolled(school, planned["id"], (await sent_referral(api, town))["id"])
    body = {"referral_id": (await sent_referral(api, town))["id"], "who": "child"}
    answer = await school.post(f"/v1/courses/{planned['id']}/enrolments", body, headers=key())
    assert (answer.status_code, answer.json()["code"]) == (409, "capacity_refused")


async def test_bad_enrolments_are_refused(api: Api, town: Town, lot: UUID, lane: Database) -> None:
    planned = await planned_course(api, town, lot, audience="adults")
    path = f"/v1/courses/{planned['id']}/enrolments"
    school, referral = school_at(api, town), await sent_referral(api, town)

    async def refused(caller: Caller, body: dict[str, Any], where: str = path) -> tuple[int, str]:
        answer = await caller.post(where, body, headers=key())
        return answer.status_code, answer.json()["code"]

    child = {"referral_id": referral["id"], "who": "child"}
    adult = {"referral_id": referral["id"], "who": "adult", "name": "Ottilie Example"}
    assert await refused(school, child) == (422, "invalid")
    assert await refused(school, {**adult, "name": None}) == (422, "invalid")
    assert await refused(school, {**child, "name": "Somebody Else"}) == (422, "invalid")
    assert await refused(school, {**adult, "referral_id": str(UUID(int=7))}) == (404, "not_found")
    assert await refused(school, adult, f"/v1/courses/{UUID(int=7)}/enrolments") == (404, "not_found")
    await enrolled(school, planned["id"], referral["id"], who="adult", name="Ottilie Example")
    assert await refused(school, {**adult, "name": " ottilie  EXAMPLE"}) == (409, "already_exists")
    # The last session has begun: nobody joins any more.
    over = school_at(api, town, datetime(2026, 11, 24, 18, 0, tzinfo=UTC))
    assert await refused(over, {**adult, "name": "Another Example"}) == (409, "action_not_available")
    withdrawn = await school.post(f"/v1/referrals/{referral['id']}/agreement", {"status": "withdrawn"})
    assert withdrawn.status_code == 200, withdrawn.text
    assert await refused(school, {**adult, "name": "Another Example"}) == (409, "action_not_available")
    other = await add_lot(lane, town, "course", school_ids=(town.schools[1].organisation_id,))
    elsewhere = await planned_course(api, town, other)
    body = {"referral_id": (await sent_referral(api, town))["id"], "who": "child"}
    assert await refused(school, body, f"/v1/courses/{elsewhere['id']}/enrolments") == (422, "invalid")


async def test_a_register_is_whole_and_never_before_its_session(api: Api, town: Town, lot: UUID) -> None:
    planned = await planned_course(api, town, lot)
    school = school_at(api, town)
    one = await enrolled(school, planned["id"], (await sent_referral(api, town))["id"])
    other = await enrolled(school, planned["id"], (await sent_referral(api, town))["id"])
    await school.post(f"/v1/course-enrolments/{one['id']}/take")
    path = f"/v1/courses/{planned['id']}/sessions/1/register"

    async def put(moment: datetime, body: dict[str, Any], **headers: str) -> tuple[int, str | None]:
        answer = await portal_at(api, town, moment).put(path, body, headers={"If-Match": "*", **headers})
        return answer.status_code, answer.json().get("code")

    sound = register((one["id"], "late"))
    assert await put(STARTED_AT - timedelta(hours=1), sound) == (409, "action_not_available")
    assert await put(STARTED_AT, register()) == (422, "invalid")
    # Who was offered a seat and has not taken it is not on the register.
    assert await put(STARTED_AT, register((one["id"], "late"), (other["id"], "attended"))) == (422, "invalid")
    assert await put(STARTED_AT, register((one["id"], "late"), (one["id"], "late"))) == (422, "invalid")
    assert await put(STARTED_AT, {"register": [{"enrolment_id": one["id"], "result": "absent"}]}) == (422, "invalid")
    assert await put(STARTED_AT, sound, **{"If-Match": '"9"'}) == (412, "precondition_failed")
    assert await put(STARTED_AT, sound) == (200, None)
    # Put again it corrects what it said: nobody came, and no volume is used.
    assert await put(STARTED_AT, register((one["id"], "absent"))) == (200, None)
    counted = await figures(api, town, lot, STARTED_AT)
    assert (counted["volume_used_count"], counted["volume_committed_count"]) == (0, 2)
    missing = await portal_at(api, town, STARTED_AT).put(path.replace("/1/", "/4/"), sound, headers={"If-Match": "*"})
    assert missing.status_code == 404
    stranger = await at(api.as_(town.providers[1]), STARTED_AT).put(path, sound, headers={"If-Match": "*"})
    assert stranger.status_code == 404


async def test_nothing_more_is_done_on_a_course_that_is_over(api: Api, town: Town, lot: UUID) -> None:
    planned = await planned_course(api, town, lot)
    school, portal = school_at(api, town), portal_at(api, town, LAST_AT)
    offered = await enrolled(school, planned["id"], (await sent_referral(api, town))["id"])
    for number in (1, 2, 3):
        path = f"/v1/courses/{planned['id']}/sessions/{number}/register"
        assert (await portal.put(path, register(), headers={"If-Match": "*"})).status_code == 200
    assert (await portal.post(f"/v1/courses/{planned['id']}/finish")).status_code == 200
    assert (await school.get(f"/v1/course-enrolments/{offered['id']}")).json()["reason"] == "no_answer"
    body = {"referral_id": (await sent_referral(api, town))["id"], "who": "child"}
    for answer in (
        await school.post(f"/v1/courses/{planned['id']}/enrolments", body, headers=key()),
        await school.post(f"/v1/course-enrolments/{offered['id']}/take"),
        await portal.post(f"/v1/courses/{planned['id']}/cancel", {"reason": "staff"}),
        await portal.put(path, register(), headers={"If-Match": "*"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "action_not_available")


async def test_a_retry_enrols_once(api: Api, town: Town, lot: UUID) -> None:
    planned = await planned_course(api, town, lot)
    body = {"referral_id": (await sent_referral(api, town))["id"], "who": "child"}
    again, school = key("enrol once"), school_at(api, town)
    path = f"/v1/courses/{planned['id']}/enrolments"
    first, second = [await school.post(path, body, headers=again) for _ in range(2)]
    assert (first.json(), second.headers["Idempotency-Replayed"]) == (second.json(), "true")
    assert (await school.get(f"/v1/courses/{planned['id']}")).json()["seats_free"] == 1
