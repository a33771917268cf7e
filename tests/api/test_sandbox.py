"""`POST /v1/sandbox/advance`: forward only, in a sandbox only, by an officer only."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app import clock
from app.access import Principal, Scope
from app.db import Database
from app.queries import due
from app.settings import Settings
from tests.factories.authority import Town, build_town
from tests.factories.falling_due import busy_town, what_is_left
from tests.factories.http import Api, make_api
from tests.factories.referrals import key, referral_body

PATH = "/v1/sandbox/advance"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def move(api: Api, who: Principal, to: datetime) -> httpx.Response:
    return await api.as_(who).post(PATH, {"to": to.isoformat()})


async def business_time(database: Database, town: Town) -> datetime:
    async with database.read(town.officer) as session:
        return session.now


async def test_time_moves_forward_and_goes_on_from_there(api: Api, town: Town, lane: Database) -> None:
    to = clock.real_now() + timedelta(days=3)
    answer = await move(api, town.officer, to)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert timedelta() <= moment(body["now"]) - to < timedelta(minutes=1)
    assert set(body["ran"].values()) == {0}
    assert await business_time(lane, town) >= moment(body["now"])
    sent = await api.as_(town.school).post("/v1/referrals", referral_body(), headers=key())
    assert moment(sent.json()["received_at"]) >= to


async def test_what_falls_due_on_the_way_is_run_at_its_moment(real_api: Api, clone: Database) -> None:
    town = await busy_town(real_api, clone, "Advance (made up)")
    async with clone.write(town.officer) as session:
        # The sandbox stands where its clock does.
        await session.run(
            "UPDATE authority SET clock_offset = $2::timestamptz - $3::timestamptz WHERE id = $1",
            session.authority_id,
            datetime(2026, 11, 20, 18, tzinfo=UTC),
            clock.real_now(),
        )
    answer = await move(real_api, town.officer, datetime(2027, 1, 25, 12, tzinfo=UTC))
    assert answer.status_code == 200, answer.text
    ran = answer.json()["ran"]
    # No contract of the town comes near its end.
    idle = {"offers_made", "offers_lapsed", "cases_handed_over", "contract_ends_told"}
    assert all(ran[name] > 0 for name in ran.keys() - idle), ran
    left = await what_is_left(clone, town)
    assert sum(offer[2] == "expired" for offer in left["offers"]) == ran["offers_expired"]
    assert all(offer[6] == offer[7] for offer in left["offers"] if offer[2] == "expired")
    times = [event[3] for event in left["events"]]
    assert times == sorted(times)
    page = (await real_api.as_(town.officer).get("/v1/events?limit=200&type=obligation.overdue")).json()
    assert len(page["data"]) == ran["obligations_overdue"]
    occurred = [event["occurred_at"] for event in page["data"]]
    assert occurred == sorted(occurred)


async def test_time_never_moves_back_and_not_too_far_at_once(api: Api, town: Town, lane: Database) -> None:
    await move(api, town.officer, clock.real_now() + timedelta(days=10))
    before = await business_time(lane, town)
    for to, code in ((before - timedelta(seconds=1), "not_ahead"), (before + timedelta(days=401), "too_far")):
        refused = await move(api, town.officer, to)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
        assert refused.json()["errors"][0]["pointer"] == "/to"
    assert await business_time(lane, town) - before < timedelta(minutes=1)


@pytest.mark.parametrize(
    "body", [{}, {"to": 0}, {"to": "tomorrow"}, {"to": "2027-01-01T00:00:00"}, {"to": "2027-01-01T00:00:00Z", "by": 1}]
)
async def test_a_malformed_wish_is_refused(api: Api, town: Town, lane: Database, body: dict[str, Any]) -> None:
    before = await business_time(lane, town)
    assert (await api.as_(town.officer).post(PATH, body)).status_code == 422
    assert await business_time(lane, town) - before < timedelta(minutes=1)


async def test_only_an_officer_with_the_scope_may(api: Api, town: Town, lane: Database) -> None:
    before, to = await business_time(lane, town), clock.real_now() + timedelta(days=5)
    for who in (town.school, town.provider):
        assert (await move(api, who, to)).status_code == 403
    unscoped = api.as_(town.officer, scopes=frozenset({Scope.REFERRALS_WRITE}))
    assert (await unscoped.post(PATH, {"to": to.isoformat()})).status_code == 403
    assert (await api.client.post(PATH, json={"to": to.isoformat()})).status_code == 401
    assert await business_time(lane, town) - before < timedelta(minutes=1)


async def test_one_authoritys_time_is_its_own(api: Api, town: Town, lane: Database) -> None:
    neighbour = await build_town(lane, name="Neighbourshire (made up)")
    before = await business_time(lane, neighbour)
    await move(api, town.officer, clock.real_now() + timedelta(days=30))
    assert await business_time(lane, neighbour) - before < timedelta(minutes=1)


async def test_a_real_authority_in_a_sandbox_service_keeps_its_time(api: Api, town: Town, lane: Database) -> None:
    async with lane.write(town.officer) as session:
        await session.run("UPDATE authority SET sandbox = false WHERE id = $1", session.authority_id)
    refused = await move(api, town.officer, clock.real_now() + timedelta(days=1))
    assert (refused.status_code, refused.json()["code"]) == (403, "sandbox_only")
    assert abs(await business_time(lane, town) - clock.real_now()) < timedelta(minutes=1)


async def test_the_route_is_absent_where_the_service_is_no_sandbox(
    settings: Settings, lane: Database, town: Town
) -> None:
    async with make_api(settings.model_copy(update={"sandbox": False}), lane) as api:
        answer = await move(api, town.officer, clock.real_now() + timedelta(days=1))
        assert answer.status_code == 404
        assert PATH not in api.app.openapi()["paths"]


async def test_two_advances_at_once_end_at_the_later_and_run_everything_once(real_api: Api, clone: Database) -> None:
    town = await busy_town(real_api, clone, "Twice (made up)")
    now = await business_time(clone, town)
    answers = await asyncio.gather(*(move(real_api, town.officer, now + timedelta(days=days)) for days in (20, 40)))
    assert {answer.status_code for answer in answers} == {200}
    assert await business_time(clone, town) - now >= timedelta(days=40)
    left = await what_is_left(clone, town)
    flagged = [row for row in left["obligations"] if row[6] is not None]
    told = [event for event in left["events"] if event[0] == "obligation.overdue"]
    assert len(told) == len(flagged) == sum(answer.json()["ran"]["obligations_overdue"] for answer in answers)


async def test_an_advance_gives_up_on_a_busy_clock_and_can_be_sent_again(
    real_api: Api, real_town: Town, clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.business_clock._PATIENCE_SECONDS", 0.2)
    to = await business_time(clone, real_town) + timedelta(days=2)
    async with clone.write(replace(real_town.officer, at=None)) as other:
        assert await due.take_turn(other) is not None
        refused = await move(real_api, real_town.officer, to)
        assert (refused.status_code, refused.json()["code"]) == (409, "request_in_progress")
        assert refused.headers["Retry-After"]
    assert (await move(real_api, real_town.officer, to)).status_code == 200
