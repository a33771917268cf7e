"""Places that go away while a family is being served: nobody is evicted, nothing is offered that is not there."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.access import Scope
from app.clock import real_now
from app.db import Database
from tests.conftest import Template
from tests.factories.authority import Town, build_town
from tests.factories.casework import CaseIds, accepted_case, acknowledged, at, closing, contact, facts
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body
from tests.factories.sound import breaches_of

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""Three school weeks into the case."""


def day(number: int) -> date:
    """A day counted from NOON's."""
    return NOON.date() + timedelta(days=number)


def officer(api: Api, town: Town, moment: datetime = NOON) -> Caller:
    return at(api.as_(town.officer), moment)


def provider(api: Api, town: Town, moment: datetime = NOON) -> Caller:
    return at(api.as_(town.provider), moment)


async def send(api: Api, town: Town, moment: datetime = NOON) -> dict[str, Any]:
    answer = await at(api.as_(town.school), moment).post("/v1/referrals", referral_body(), headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


async def state_of(api: Api, town: Town, referral_id: str, moment: datetime = NOON) -> str:
    return (await at(api.as_(town.school), moment).get(f"/v1/referrals/{referral_id}")).json()["state"]


async def figures(api: Api, town: Town, moment: datetime = NOON) -> dict[str, int]:
    return (await officer(api, town, moment).get(f"/v1/lots/{town.lots[0]}")).json()["figures"]


async def places(api: Api, town: Town, moment: datetime = NOON) -> dict[int, str]:
    rows = (await officer(api, town, moment).get(f"/v1/lots/{town.lots[0]}/places")).json()["data"]
    return {row["number"]: row["state"] for row in rows}


async def cut(api: Api, town: Town, to: int, on: date, moment: datetime = NOON) -> None:
    body = {"places": to, "effective_on": on.isoformat(), "reason": "Made up."}
    answer = await officer(api, town, moment).post(f"/v1/lots/{town.lots[0]}/capacity-changes", body)
    assert answer.status_code == 201, answer.text


async def take_away(api: Api, town: Town, place: int, starts: date, ends: date, who: Caller | None = None) -> Any:
    body = {"starts_on": starts.isoformat(), "ends_on": ends.isoformat(), "reason": "On leave."}
    path = f"/v1/lots/{town.lots[0]}/places/{town.places[place]}/out-of-service"
    return await (who or provider(api, town)).post(path, body)


async def close(api: Api, town: Town, case: CaseIds, moment: datetime) -> None:
    await acknowledged(api, town, case)
    worker = provider(api, town, moment)
    assert (await worker.post(f"{case.path}/contacts", contact())).status_code == 201
    answer = await worker.post(f"{case.path}/close", closing())
    assert answer.status_code == 200, answer.text


async def test_leave_that_begins_mid_case_evicts_nobody_and_keeps_the_place_from_others(api: Api, town: Town) -> None:
    case = await accepted_case(api, town)
    number = town.places.index(case.place_id)
    away = await take_away(api, town, number, day(0), day(14))
    assert away.status_code == 201, away.text
    assert (await facts(api.runtime.database, town, case))["booking"] == "accepted"
    assert (await places(api, town))[number + 1] == "held"
    shown = await figures(api, town)
    assert (shown["held_count"], shown["free_count"], shown["out_of_service_count"]) == (1, 1, 0)
    first, second = await send(api, town), await send(api, town)
    assert (first["state"], second["state"]) == ("offered", "waiting")
    # The case ends; its place is free, and away.
    await close(api, town, case, NOON + timedelta(hours=1))
    assert (await places(api, town))[number + 1] == "out_of_service"
    assert await state_of(api, town, second["id"]) == "waiting"
    # Back the next week instead: the same moment it is offered.
    (row,) = (await provider(api, town).get(f"/v1/lots/{town.lots[0]}/out-of-service")).json()["data"]
    path = f"/v1/lots/{town.lots[0]}/out-of-service/{row['id']}/end"
    back = await provider(api, town, NOON + timedelta(days=7)).post(path, {"ends_on": day(7).isoformat()})
    assert (back.status_code, back.json()["ends_on"]) == (200, day(7).isoformat()), back.text
    assert await state_of(api, town, second["id"], NOON + timedelta(days=7)) == "offered"


async def test_what_a_range_says_is_listed_by_day(api: Api, town: Town) -> None:
    for starts in (30, 10, 20):
        assert (await take_away(api, town, 0, day(starts), day(starts + 5))).status_code == 201
    path = f"/v1/lots/{town.lots[0]}/out-of-service"
    first = (await provider(api, town).get(path, params={"limit": 2})).json()
    rest = (await provider(api, town).get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    rows = first["data"] + rest["data"]
    assert [row["starts_on"] for row in rows] == [day(number).isoformat() for number in (10, 20, 30)]
    assert {(row["place_id"], row["place_number"], row["reason"]) for row in rows} == {
        (str(town.places[0]), 1, "On leave.")
    }
    # One that has not begun is as if it had never been stated.
    gone = await provider(api, town).post(f"{path}/{rows[0]['id']}/end", {"ends_on": day(5).isoformat()})
    assert (gone.json()["starts_on"], gone.json()["ends_on"]) == (day(10).isoformat(),) * 2
    assert len((await provider(api, town).get(path)).json()["data"]) == 2


@pytest.mark.parametrize(
    ("starts", "ends", "status", "code"),
    [(-1, 5, 422, "in_the_past"), (3, 3, 422, "out_of_order"), (14, 16, 409, ""), (5, 11, 409, ""), (16, 20, 201, "")],
)
async def test_a_range_has_days_to_come_and_none_twice(
    api: Api, town: Town, starts: int, ends: int, status: int, code: str
) -> None:
    assert (await take_away(api, town, 0, day(10), day(16))).status_code == 201
    answer = await take_away(api, town, 0, day(starts), day(ends))
    assert answer.status_code == status, answer.text
    if code:
        assert [fault["code"] for fault in answer.json()["errors"]] == [code]
    listed = (await provider(api, town).get(f"/v1/lots/{town.lots[0]}/out-of-service")).json()["data"]
    assert len(listed) == (2 if status == 201 else 1)


@pytest.mark.parametrize(("on", "code"), [(-1, "in_the_past"), (10, "not_earlier"), (11, "not_earlier")])
async def test_a_range_is_only_ever_ended_early(api: Api, town: Town, on: int, code: str) -> None:
    away = (await take_away(api, town, 0, day(0), day(10))).json()
    path = f"/v1/lots/{town.lots[0]}/out-of-service/{away['id']}/end"
    answer = await provider(api, town).post(path, {"ends_on": day(on).isoformat()})
    assert (answer.status_code, [fault["code"] for fault in answer.json()["errors"]]) == (422, [code])


async def test_a_stranger_neither_takes_a_place_away_nor_brings_one_back(api: Api, town: Town) -> None:
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    own = (await take_away(api, town, 0, day(5), day(10))).json()
    lot = f"/v1/lots/{town.lots[0]}"
    days = {"starts_on": "2026-12-01", "ends_on": "2026-12-02", "reason": "x"}
    acts = [
        ("POST", f"{lot}/places/{town.places[1]}/out-of-service", days),
        ("POST", f"{lot}/out-of-service/{own['id']}/end", {"ends_on": "2026-11-21"}),
        ("POST", f"{lot}/places/{town.places[1]}/practitioner", {"practitioner_id": None}),
        ("GET", f"{lot}/out-of-service", None),
    ]  # fmt: skip
    for method, path, body in acts:
        for principal, status in ((town.school, 403), (town.providers[1], 404), (elsewhere.provider, 404)):
            answer = await at(api.as_(principal), NOON).request(method, path, json=body)
            assert answer.status_code == status, f"{method} {path}: {answer.text}"
        unscoped = api.as_(town.provider, scopes=frozenset({Scope.REFERRALS_READ}))
        assert (await unscoped.request(method, path, json=body)).status_code == 403
    assert [row["id"] for row in (await provider(api, town).get(f"{lot}/out-of-service")).json()["data"]] == [own["id"]]
    # A place of another lot is not found under this one.
    theirs = f"{lot}/places/{elsewhere.places[0]}/out-of-service"
    assert (await provider(api, town).post(theirs, acts[0][2])).status_code == 404


async def test_a_cut_below_what_is_held_drains_before_anything_is_offered(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=3)
    cases = [await accepted_case(api, town) for _ in range(3)]
    await cut(api, town, 2, day(0))
    shown = await figures(api, town)
    assert [shown[name] for name in ("places_count", "held_count", "over_held_count", "free_count")] == [2, 3, 1, 0]
    assert [(await facts(lane, town, case))["booking"] for case in cases] == ["accepted"] * 3
    # A place that stands falls free first: one family too many is still served, so it is offered to nobody.
    waiting = await send(api, town)
    standing = next(case for case in cases if town.places.index(case.place_id) != 2)
    await close(api, town, standing, NOON)
    shown = await figures(api, town)
    names = ("places_count", "held_count", "over_held_count", "free_count", "withheld_count")
    assert [shown[name] for name in names] == [2, 2, 0, 0, 1]
    assert sorted((await places(api, town)).values()) == ["held", "held", "withheld"]
    assert await state_of(api, town, waiting["id"]) == "waiting"
    services = (await at(api.as_(town.school), NOON).get("/v1/services")).json()["data"]
    assert services[0]["capacity_status"] == "waiting"
    # Then the one on the place that was cut ends too, and the next family has its place the same moment.
    last = next(case for case in cases if town.places.index(case.place_id) == 2)
    await close(api, town, last, NOON)
    assert await state_of(api, town, waiting["id"]) == "offered"
    shown = await figures(api, town)
    assert [shown[name] for name in names] == [2, 2, 0, 0, 0]


async def test_the_share_held_is_never_above_one_and_the_over_holding_is_told(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=2)
    for _ in range(2):
        await accepted_case(api, town)
    await cut(api, town, 1, day(0))
    query = {"starts_on": day(-1).isoformat(), "ends_on": day(1).isoformat(), "interval": "day"}
    answer = await officer(api, town).get("/v1/outcomes/capacity", params=query)
    rows = answer.json()["data"]
    told = [
        (row["held_place_days"], row["total_place_days"], row["over_held_place_days"], row["held_share"])
        for row in rows
    ]
    assert told == [(2, 2, 0, 1.0), (2, 1, 1, 1.0), (2, 1, 1, 1.0)]


async def test_places_that_a_cut_took_come_back_with_the_next_change_and_are_offered_when_there_is_room(
    api: Api, lane: Database
) -> None:
    town = await build_town(lane, places=2)
    cases = [await accepted_case(api, town) for _ in range(2)]
    waiting = await send(api, town)
    await cut(api, town, 1, day(0))
    # Taken back the same day: two places again, and two families held, one of them on the place that was cut.
    await cut(api, town, 2, day(0))
    shown = await figures(api, town)
    assert [shown[name] for name in ("places_count", "held_count", "over_held_count", "free_count")] == [2, 2, 0, 0]
    assert await state_of(api, town, waiting["id"]) == "waiting"
    await close(api, town, cases[0], NOON)
    assert await state_of(api, town, waiting["id"]) == "offered"


async def test_a_late_answer_finds_no_place_that_is_withheld(api: Api, lane: Database) -> None:
    town = await build_town(lane, places=2)
    cases = [await accepted_case(api, town) for _ in range(2)]
    await close(api, town, cases[0], NOON - timedelta(days=1))
    offered = await send(api, town, NOON - timedelta(days=1))
    async with lane.write(town.officer) as session:
        await session.run("UPDATE offer SET state = 'expired' WHERE id = $1", offered["allocation"]["id"])
        await session.run(
            "UPDATE booking SET state = 'released', released_on = $2 WHERE id ="
            " (SELECT booking_id FROM offer WHERE id = $1)",
            offered["allocation"]["id"], NOON.date(),
        )  # fmt: skip
        await session.run("DELETE FROM place_out_of_service")
    await cut(api, town, 1, day(0))
    # The free place was cut, not the held one: cut once more, so that the held one is.
    await cut(api, town, 0, day(0))
    await cut(api, town, 1, day(0))
    answer = await provider(api, town).post(f"/v1/allocations/{offered['allocation']['id']}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "place_taken"), answer.text


async def test_a_practitioner_who_leaves_takes_nobody_new_and_no_family_along(api: Api, town: Town) -> None:
    case = await accepted_case(api, town)
    boss = provider(api, town)
    path = f"/v1/practitioners/{town.practitioners[0]}"
    left = await boss.patch(path, {"active": False}, headers={"If-Match": "*"})
    assert left.status_code == 200, left.text
    waiting = await send(api, town)
    assert waiting["state"] == "waiting"
    assert (await facts(api.runtime.database, town, case))["booking"] == "accepted"
    # The case goes to a colleague, and so does the other place, which is offered the same moment.
    body = {"name": "Robin Madeup", "caseload_limit": 1}
    colleague = (await boss.post("/v1/practitioners", body)).json()["id"]
    (offer,) = (await boss.get("/v1/allocations", params={"state": "accepted"})).json()["data"]
    moved = await boss.post(f"/v1/allocations/{offer['id']}/practitioner", {"practitioner_id": colleague})
    assert moved.status_code == 200, moved.text
    spare = next(place for place in town.places if place != case.place_id)
    lot = f"/v1/lots/{town.lots[0]}"
    gone = await boss.post(f"{lot}/places/{spare}/practitioner", {"practitioner_id": str(town.practitioners[0])})
    assert [fault["pointer"] for fault in gone.json()["errors"]] == ["/practitioner_id"]
    given = await boss.post(f"{lot}/places/{spare}/practitioner", {"practitioner_id": colleague})
    assert (given.status_code, given.json()["practitioner_id"]) == (200, colleague), given.text
    assert await state_of(api, town, waiting["id"]) == "offered"


async def test_a_place_on_nobodys_caseload_is_offered_too(api: Api, town: Town) -> None:
    boss = provider(api, town)
    await boss.patch(f"/v1/practitioners/{town.practitioners[0]}", {"active": False}, headers={"If-Match": "*"})
    waiting = await send(api, town)
    assert waiting["state"] == "waiting"
    path = f"/v1/lots/{town.lots[0]}/places/{town.places[0]}/practitioner"
    assert (await boss.post(path, {"practitioner_id": None})).status_code == 200
    assert await state_of(api, town, waiting["id"]) == "offered"


async def test_a_caseload_that_grows_is_offered_at_once(api: Api, town: Town) -> None:
    boss = provider(api, town)
    path = f"/v1/practitioners/{town.practitioners[0]}"
    await boss.patch(path, {"active": False}, headers={"If-Match": "*"})
    waiting = await send(api, town)
    back = await boss.patch(path, {"active": True}, headers={"If-Match": "*"})
    assert back.status_code == 200, back.text
    assert await state_of(api, town, waiting["id"]) == "offered"


async def test_changes_are_told_to_those_concerned(real_api: Api, real_town: Town) -> None:
    away = (await take_away(real_api, real_town, 0, day(5), day(10))).json()
    path = f"/v1/lots/{real_town.lots[0]}/out-of-service/{away['id']}/end"
    assert (await provider(real_api, real_town).post(path, {"ends_on": day(6).isoformat()})).status_code == 200
    for principal, count in ((real_town.officer, 2), (real_town.provider, 2), (real_town.providers[1], 0)):
        rows = (await real_api.as_(principal).get("/v1/events")).json()["data"]
        told = [(row["type"], row["data"]["ends_on"]) for row in rows if row["type"].startswith("capacity")]
        days = [("capacity.out_of_service", day(10)), ("capacity.back_in_service", day(6))]
        assert told == [(name, one.isoformat()) for name, one in days][:count]


async def test_the_clock_offers_at_midnight_what_comes_back_and_every_invariant_holds(
    real_api: Api, clone: Database, template: Template
) -> None:
    town = await build_town(clone, places=2)
    office = real_api.as_(town.officer)
    today = real_now().date()
    # One place away from today until the day after tomorrow, the other there from tomorrow on alone.
    for number, (starts, ends) in enumerate([(0, 2), (0, 9)]):
        answer = await take_away(
            real_api,
            town,
            number,
            today + timedelta(days=starts),
            today + timedelta(days=ends),
            real_api.as_(town.provider),
        )
        assert answer.status_code == 201, answer.text
    sent = await real_api.as_(town.school).post("/v1/referrals", referral_body(), headers=key())
    assert sent.json()["state"] == "waiting"
    path = f"/v1/referrals/{sent.json()['id']}"
    for days, state in ((1, "waiting"), (2, "offered")):
        to = datetime(today.year, today.month, today.day, 8, tzinfo=UTC) + timedelta(days=days)
        assert (await office.post("/v1/sandbox/advance", {"to": to.isoformat()})).status_code == 200
        assert (await real_api.as_(town.school).get(path)).json()["state"] == state
    assert await breaches_of(template, clone.url) == []


async def test_every_invariant_holds_while_a_cut_drains(real_api: Api, clone: Database, template: Template) -> None:
    town = await build_town(clone, places=3)
    cases = [await accepted_case(real_api, town) for _ in range(3)]
    await take_away(real_api, town, town.places.index(cases[0].place_id), day(0), day(60))
    await cut(real_api, town, 1, day(0))
    await send(real_api, town)
    for case in cases[:2]:
        await close(real_api, town, case, NOON)
        assert await breaches_of(template, clone.url) == []
