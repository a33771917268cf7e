from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from app.access import Principal
from tests.api.test_lots import figures, hold, today
from tests.factories.authority import Town, build_town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body


async def change(
    api: Api, principal: Principal, town: Town, places: int, on: date, *, reason: str = "Made up."
) -> httpx.Response:
    body = {"places": places, "effective_on": on.isoformat(), "reason": reason}
    return await api.as_(principal).post(f"/v1/lots/{town.lots[0]}/capacity-changes", body)


async def places_of(api: Api, town: Town) -> list[dict[str, Any]]:
    return (await api.as_(town.officer).get(f"/v1/lots/{town.lots[0]}/places")).json()["data"]


async def test_the_authority_adds_places_from_a_day_on(api: Api, town: Town) -> None:
    later = await today(api, town) + timedelta(days=10)
    answer = await change(api, town.officer, town, 4, later, reason="Recruitment.")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["places_from"], answer.json()["added_numbers"]) == (2, [3, 4])
    assert (await figures(api, town))["places_count"] == 2
    assert (await figures(api, town, as_of=later.isoformat()))["places_count"] == 4
    added = (await places_of(api, town))[2]
    assert (added["state"], added["available_from"], added["extra_reason"]) == (
        "to_come",
        later.isoformat(),
        "Recruitment.",
    )
    lot = (await api.as_(town.provider).get(f"/v1/lots/{town.lots[0]}")).json()
    assert [(one["places_from"], one["places_to"]) for one in lot["capacity_changes"]] == [(2, 4)]


async def test_a_provider_gives_places_up_and_adds_none(api: Api, town: Town) -> None:
    now = await today(api, town)
    refused = await change(api, town.provider, town, 3, now)
    assert refused.status_code == 403
    assert len(await places_of(api, town)) == 2
    answer = await change(api, town.provider, town, 1, now, reason="A practitioner leaves.")
    assert answer.status_code == 201, answer.text
    assert answer.json()["ended_numbers"] == [2]
    shown = await figures(api, town)
    assert (shown["places_count"], shown["free_count"]) == (1, 1)
    assert [place["state"] for place in await places_of(api, town)] == ["free", "ended"]


async def test_a_cut_ends_free_places_first_and_evicts_nobody(api: Api, town: Town) -> None:
    now = await today(api, town)
    ends = now + timedelta(days=42)
    await hold(api, town, town.places[1], until=ends)
    answer = await change(api, town.officer, town, 1, now)
    assert (answer.json()["ended_numbers"], answer.json()["still_held_numbers"]) == ([1], [])
    shown = await figures(api, town)
    assert (shown["places_count"], shown["held_count"], shown["free_count"]) == (1, 1, 0)
    # Below what is held: the place takes no further family, and what runs on it goes on.
    answer = await change(api, town.officer, town, 0, now)
    assert (answer.status_code, answer.json()["still_held_numbers"]) == (201, [2])
    shown = await figures(api, town)
    assert (shown["places_count"], shown["held_count"], shown["held_after_cut_count"]) == (0, 1, 1)
    held = (await places_of(api, town))[1]
    assert (held["state"], held["booked_until"]) == ("held", ends.isoformat())
    # A place that is added later gets a number of its own.
    answer = await change(api, town.officer, town, 1, now)
    assert answer.json()["added_numbers"] == [3]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"places": -1}, "/places"),
        ({"places": "3"}, "/places"),
        ({"places": 501}, "/places"),
        ({"reason": " "}, "/reason"),
        ({"effective_on": "2020-01-01"}, "/effective_on"),
        ({"effective_on": 1}, "/effective_on"),
        ({"delta": 1}, "/delta"),
    ],
)
async def test_an_unsound_change_is_refused(api: Api, town: Town, changes: dict[str, Any], pointer: str) -> None:
    body = {"places": 1, "effective_on": (await today(api, town)).isoformat(), "reason": "Made up.", **changes}
    answer = await api.as_(town.officer).post(f"/v1/lots/{town.lots[0]}/capacity-changes", body)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert (await figures(api, town))["places_count"] == 2


async def test_changes_go_forward_and_change_something(api: Api, town: Town) -> None:
    now = await today(api, town)
    same = await change(api, town.officer, town, 2, now)
    assert (same.status_code, same.json()["code"]) == (409, "capacity_refused")
    assert (await change(api, town.officer, town, 3, now + timedelta(days=9))).status_code == 201
    earlier = await change(api, town.officer, town, 1, now + timedelta(days=8))
    assert (earlier.status_code, earlier.json()["code"]) == (409, "capacity_refused")


async def test_nobody_else_changes_a_lots_capacity(api: Api, town: Town) -> None:
    now = await today(api, town)
    elsewhere = await build_town(api.runtime.database, name="Elsewhere (made up)")
    for principal, status in ((town.school, 403), (town.providers[1], 404), (elsewhere.officer, 404)):
        assert (await change(api, principal, town, 0, now)).status_code == status
    shown = await figures(api, town)
    assert shown["places_count"] == 2
    lot = (await api.as_(town.officer).get(f"/v1/lots/{town.lots[0]}")).json()
    assert lot["capacity_changes"] == []


async def test_a_retried_change_is_made_once(api: Api, town: Town) -> None:
    body = {"places": 5, "effective_on": (await today(api, town)).isoformat(), "reason": "Recruitment."}
    path, key = f"/v1/lots/{town.lots[0]}/capacity-changes", {"Idempotency-Key": "raise-1"}
    officer = api.as_(town.officer)
    first, again = [await officer.post(path, body, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert (await figures(api, town))["places_count"] == 5


async def test_a_change_is_told_to_those_concerned(real_api: Api, real_town: Town) -> None:
    now = await today(real_api, real_town)
    assert (await change(real_api, real_town.provider, real_town, 1, now)).status_code == 201
    for principal in (real_town.officer, real_town.provider):
        events = (await real_api.as_(principal).get("/v1/events")).json()["data"]
        told = [event for event in events if event["type"] == "capacity.changed"]
        assert [event["data"]["places_to"] for event in told] == [1]
    for principal in (real_town.school, real_town.providers[1]):
        events = (await real_api.as_(principal).get("/v1/events")).json()["data"]
        assert not [event for event in events if event["type"] == "capacity.changed"]


async def test_added_places_are_offered_to_the_waiting_list_at_once(api: Api, town: Town) -> None:
    now, school = await today(api, town), api.as_(town.school)
    assert (await change(api, town.officer, town, 0, now)).status_code == 201
    sent = await school.post("/v1/referrals", referral_body(), headers=key())
    assert (sent.status_code, sent.json()["state"]) == (201, "waiting"), sent.text
    path = f"/v1/referrals/{sent.json()['id']}"
    assert (await change(api, town.officer, town, 1, now)).status_code == 201
    assert (await school.get(path)).json()["state"] == "offered"
    shown = await figures(api, town)
    assert (shown["places_count"], shown["held_count"], shown["free_count"]) == (1, 1, 0)


async def test_what_is_held_beyond_a_cut_drains_and_nobody_takes_its_place(api: Api, town: Town) -> None:
    now, school = await today(api, town), api.as_(town.school)
    sent = [(await school.post("/v1/referrals", referral_body(), headers=key())).json() for _ in range(2)]
    numbers = {
        row["id"]: row["place_number"] for row in (await api.as_(town.provider).get("/v1/allocations")).json()["data"]
    }
    by_number = {numbers[referral["allocation"]["id"]]: referral["id"] for referral in sent}
    cut = await change(api, town.officer, town, 1, now)
    (still_held,) = cut.json()["still_held_numbers"]
    waiting = (await school.post("/v1/referrals", referral_body(band="P1"), headers=key())).json()
    assert waiting["state"] == "waiting"

    async def shown() -> tuple[int, int, int]:
        lot = await figures(api, town)
        return lot["places_count"], lot["held_count"], lot["held_after_cut_count"]

    async def withdraw(referral_id: str) -> None:
        gone = await school.post(f"/v1/referrals/{referral_id}/withdraw", {"reason": "other"}, headers=key())
        assert gone.status_code == 200, gone.text

    assert await shown() == (1, 2, 1)
    assert (await school.get(f"/v1/referrals/{by_number[still_held]}")).json()["state"] == "offered", "not evicted"
    await withdraw(by_number.pop(still_held))
    assert await shown() == (1, 1, 0)
    assert (await school.get(f"/v1/referrals/{waiting['id']}")).json()["state"] == "waiting"
    await withdraw(*by_number.values())
    assert await shown() == (1, 1, 0)
    assert (await school.get(f"/v1/referrals/{waiting['id']}")).json()["state"] == "offered"
