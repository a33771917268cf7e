"""A contract's end: seen coming, lapsed offers, work that runs on; and terms that change at midnight."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app import clock
from app.db import Database
from tests.conftest import Template
from tests.factories.authority import Town, add_block, build_town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body
from tests.factories.sound import breaches_of

START = datetime(2027, 8, 20, 9, 0, tzinfo=UTC)
"""A Friday in the summer holidays; the contract ends on 31 August."""
LAST_DAY = date(2027, 8, 31)


@pytest.fixture
async def ending_town(clone: Database) -> Town:
    """An authority at START whose only contract ends on 31 August."""
    town = await build_town(clone, places=0)
    async with clone.write(town.officer) as session:
        await session.run("UPDATE contract SET ends_on = $1", date(2027, 8, 19))
        await session.run(
            "UPDATE authority SET clock_offset = $2::timestamptz - $3::timestamptz, clock_ran_to = $2 WHERE id = $1",
            session.authority_id, START, clock.real_now(),
        )  # fmt: skip
    await add_block(clone, town, town.provider, places=2, ends_on=LAST_DAY)
    return town


async def advance(api: Api, town: Town, to: str) -> dict[str, int]:
    answer = await api.as_(town.officer).post("/v1/sandbox/advance", {"to": to})
    assert answer.status_code == 200, answer.text
    return answer.json()["ran"]


async def send(api: Api, town: Town, **changes: Any) -> dict[str, Any]:
    answer = await api.as_(town.school).post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    return answer.json()


async def state_of(api: Api, town: Town, referral: dict[str, Any]) -> str:
    return (await api.as_(town.school).get(f"/v1/referrals/{referral['id']}")).json()["state"]


async def vary(api: Api, town: Town, contract: int, **body: Any) -> None:
    answer = await api.as_(town.officer).post(f"/v1/contracts/{town.contracts[contract]}/variations", body)
    assert answer.status_code == 201, answer.text


async def test_offers_lapse_with_the_contract_and_work_that_was_accepted_runs_on(
    real_api: Api, ending_town: Town, clone: Database, template: Template
) -> None:
    town, api = ending_town, real_api
    kept, _ = await send(api, town), await advance(api, town, "2027-08-31T08:00:00Z")
    # Offered before and let run out, or offered on the last day: both places are offered until then.
    lapsing = await send(api, town)
    assert lapsing["state"] == "offered"
    accepted = await api.as_(town.provider).post(f"/v1/allocations/{kept['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    ran = await advance(api, town, "2027-09-01T08:00:00Z")
    assert ran["offers_lapsed"] == 1
    shown = (await api.as_(town.school).get(f"/v1/referrals/{lapsing['id']}")).json()
    assert (shown["state"], shown["received_at"]) == ("waiting", lapsing["received_at"])
    (row,) = [
        one
        for one in (await api.as_(town.provider).get("/v1/allocations")).json()["data"]
        if one["id"] == lapsing["allocation"]["id"]
    ]
    assert row["state"] == "withdrawn"
    events = (await api.as_(town.provider).get("/v1/events?limit=200")).json()["data"]
    (told,) = [event for event in events if event["type"] == "allocation.withdrawn"]
    assert (told["data"]["cause"], told["occurred_at"][:10]) == ("contract_ended", "2027-08-31")
    late = await api.as_(town.provider).post(f"/v1/allocations/{lapsing['allocation']['id']}/accept")
    assert late.status_code == 409
    assert await state_of(api, town, kept) == "accepted"
    assert await breaches_of(template, clone.url) == []
    # The next contract of the same provider takes the family: it declined nothing.
    await add_block(clone, town, town.provider, places=1, starts_on=date(2027, 9, 2))
    await advance(api, town, "2027-09-02T08:00:00Z")
    assert await state_of(api, town, lapsing) == "offered"
    assert await breaches_of(template, clone.url) == []


async def test_officers_are_told_before_the_end_what_would_be_open(real_api: Api, clone: Database) -> None:
    api, town = real_api, await build_town(clone, places=0)
    async with clone.write(town.officer) as session:
        await session.run(
            "UPDATE authority SET clock_offset = $2::timestamptz - $3::timestamptz, clock_ran_to = $2 WHERE id = $1",
            session.authority_id, datetime(2027, 6, 1, 9, tzinfo=UTC), clock.real_now(),
        )  # fmt: skip
    await add_block(clone, town, town.provider, places=2, ends_on=LAST_DAY, volume=7)
    contract = town.contracts[1]
    office = api.as_(town.officer)
    case, offer = await send(api, town), await send(api, town)
    waiting = await send(api, town)
    assert waiting["state"] == "waiting"
    accepted = await api.as_(town.provider).post(f"/v1/allocations/{case['allocation']['id']}/accept")
    assert accepted.status_code == 200, accepted.text
    shown = (await office.get(f"/v1/contracts/{contract}/ending")).json()
    assert (shown["ends_on"], shown["school_days_left"] > 30) == ("2027-08-31", True)
    (lot,) = shown["lots"]
    counts = ("open_offer_count", "not_begun_count", "running_count", "past_end_count", "volume", "volume_left")
    assert [lot[name] for name in counts] == [1, 1, 0, 0, 7, 5]
    # The town's first contract runs on, but has no places: the family could be served nowhere else.
    assert (lot["waiting_count"], lot["waiting_here_alone_count"]) == (1, 1)

    async def owed() -> list[tuple[Any, ...]]:
        rows = (await office.get("/v1/obligations?limit=200")).json()["data"]
        return [
            (row["subject_kind"], row["subject_id"], row["due_at"][:10], row["state"])
            for row in rows
            if row["kind"] == "contract_ending"
        ]

    assert await owed() == []
    told = sum(
        [(await advance(api, town, f"2027-06-{day:02}T09:00:00Z"))["contract_ends_told"] for day in range(2, 28)]
    )
    assert told == 1
    assert await owed() == [("contract", str(contract), "2027-08-31", "open")]
    for principal, count in ((town.officer, 1), (town.provider, 1), (town.school, 0), (town.providers[1], 0)):
        events = (await api.as_(principal).get("/v1/events?limit=200&type=contract.ending")).json()["data"]
        assert len(events) == count
    # An extension puts it off: the notice for the old end is over, and the new one comes in its time.
    await vary(
        api, town, 1, kind="extension", effective_on="2027-07-01", ends_on="2028-08-31", reason="The first option."
    )
    assert [row[3] for row in await owed()] == ["cancelled"]
    ran = await advance(api, town, "2027-09-10T09:00:00Z")
    assert (ran["contract_ends_told"], ran["offers_lapsed"]) == (0, 0)
    assert offer["state"] == "offered"


async def test_an_extension_that_holds_in_time_keeps_the_offers(
    real_api: Api, ending_town: Town, clone: Database, template: Template
) -> None:
    town, api = ending_town, real_api
    await vary(api, town, 1, kind="extension", effective_on="2027-09-01", ends_on="2028-08-31", reason="An option.")
    await advance(api, town, "2027-08-31T08:00:00Z")
    sent = await send(api, town)
    ran = await advance(api, town, "2027-09-01T08:00:00Z")
    assert ran["offers_lapsed"] == 0
    assert await state_of(api, town, sent) == "offered"
    figures = (await api.as_(town.officer).get(f"/v1/lots/{town.lots[1]}")).json()["figures"]
    assert (figures["in_force"], figures["ends_on"]) == (True, "2028-08-31")
    assert await breaches_of(template, clone.url) == []


async def test_an_extension_after_the_end_opens_the_places_the_same_moment(
    real_api: Api, ending_town: Town, clone: Database, template: Template
) -> None:
    town, api = ending_town, real_api
    await advance(api, town, "2027-09-01T08:00:00Z")
    sent = await send(api, town)
    assert sent["state"] == "waiting"
    await vary(api, town, 1, kind="extension", effective_on="2027-09-01", ends_on="2028-08-31", reason="Signed late.")
    assert await state_of(api, town, sent) == "offered"
    assert await breaches_of(template, clone.url) == []


async def test_a_lot_that_a_variation_adds_is_offered_on_its_very_day(
    real_api: Api, ending_town: Town, clone: Database, template: Template
) -> None:
    town, api = ending_town, real_api
    async with clone.write(town.officer) as session:
        # The first lot's places are gone: only the lot to come could serve anybody.
        await session.run("UPDATE place SET available_until = available_from")
    await vary(api, town, 1, kind="extension", effective_on="2027-08-20", ends_on="2028-08-31", reason="An option.")
    body = {"service_id": str(town.services[1]), "name": "Two", "volume": 5, "places": 1}
    path = f"/v1/contracts/{town.contracts[1]}/lots"
    lot = (await api.as_(town.officer).post(path, {**body, "places_from": "2027-09-01"})).json()["id"]
    await vary(api, town, 1, kind="lots", effective_on="2027-09-01", lot_ids=[lot], reason="A second lot.")
    sent = await send(api, town)
    assert sent["state"] == "waiting"
    await advance(api, town, "2027-08-31T22:59:00Z")
    assert await state_of(api, town, sent) == "waiting"
    ran = await advance(api, town, "2027-08-31T23:00:00Z")
    assert ran["offers_made"] == 1
    assert await state_of(api, town, sent) == "offered"
    figures = (await api.as_(town.officer).get(f"/v1/lots/{lot}")).json()["figures"]
    assert (figures["in_force"], figures["held_count"], figures["free_count"]) == (True, 1, 0)
    assert await breaches_of(template, clone.url) == []


async def test_a_lot_without_places_answers_and_is_offered_once_it_has_one(
    real_api: Api, ending_town: Town, clone: Database, template: Template
) -> None:
    town, api = ending_town, real_api
    async with clone.write(town.officer) as session:
        await session.run("UPDATE place SET available_until = available_from")
    await vary(api, town, 1, kind="extension", effective_on="2027-08-20", ends_on="2028-08-31", reason="An option.")
    body = {"service_id": str(town.services[1]), "name": "Empty", "volume": 5, "places": 0}
    lot = (await api.as_(town.officer).post(f"/v1/contracts/{town.contracts[1]}/lots", body)).json()["id"]
    sent = await send(api, town)
    assert sent["state"] == "waiting"
    assert (await api.as_(town.school).get(f"/v1/referrals/{sent['id']}")).json()["state"] == "waiting"
    shown = (await api.as_(town.officer).get(f"/v1/lots/{lot}")).json()["figures"]
    assert [shown[name] for name in ("places_count", "held_count", "over_held_count", "free_count")] == [0, 0, 0, 0]
    change = {"places": 1, "effective_on": "2027-09-01", "reason": "Recruitment."}
    assert (await api.as_(town.officer).post(f"/v1/lots/{lot}/capacity-changes", change)).status_code == 201
    assert await state_of(api, town, sent) == "waiting"
    assert (await advance(api, town, "2027-08-31T23:00:00Z"))["offers_made"] == 1
    assert await state_of(api, town, sent) == "offered"
    assert await breaches_of(template, clone.url) == []


async def test_a_cut_to_come_takes_effect_at_its_midnight(
    real_api: Api, ending_town: Town, clone: Database, template: Template
) -> None:
    town, api = ending_town, real_api
    await vary(api, town, 1, kind="extension", effective_on="2027-08-20", ends_on="2028-08-31", reason="An option.")
    change = {"places": 1, "effective_on": "2027-09-01", "reason": "Somebody leaves."}
    path = f"/v1/lots/{town.lots[1]}/capacity-changes"
    assert (await api.as_(town.provider).post(path, change)).status_code == 201
    await advance(api, town, "2027-08-31T09:00:00Z")
    assert [(await send(api, town))["state"] for _ in range(2)] == ["offered", "offered"]
    await advance(api, town, "2027-09-01T09:00:00Z")
    figures = (await api.as_(town.officer).get(f"/v1/lots/{town.lots[1]}")).json()["figures"]
    names = ("places_count", "held_count", "over_held_count", "held_after_cut_count")
    assert [figures[name] for name in names] == [1, 2, 1, 1]
    assert await breaches_of(template, clone.url) == []
