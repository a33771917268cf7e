"""The place of a paused case: promised to nobody meanwhile, and given up to nobody when the pause lasts longer."""

from datetime import date

import pytest

from app.db import Database
from tests.api.test_offers_ahead import Stage, running_case
from tests.conftest import Template
from tests.factories.authority import build_town
from tests.factories.http import Api
from tests.factories.sound import breaches_of
from tests.factories.turns import pause


@pytest.fixture
async def stage(api: Api, lane: Database) -> Stage:
    return Stage(api, await build_town(lane, places=1), lane)


async def paused(stage: Stage, path: str, starts_on: str, expected_last_on: str) -> dict[str, str]:
    answer = await stage.provider.post(f"{path}/pause", pause(starts_on, expected_last_on))
    assert answer.status_code == 200, answer.text
    body: dict[str, str] = answer.json()
    return body


async def test_a_place_whose_case_is_paused_is_offered_ahead_to_nobody(stage: Stage) -> None:
    path = await running_case(stage)
    waiting = await stage.send(band="P2")
    await stage.advance(date(2026, 12, 1))
    end = (await paused(stage, path, "2026-12-01", "2026-12-02"))["planned_end_on"]
    assert end == "2026-12-16"
    await stage.advance(date(2026, 12, 10))
    assert (await stage.referral(waiting))["state"] == "waiting"
    resumed = await stage.provider.post(f"{path}/resume", {"resumed_on": "2026-12-03"})
    assert resumed.json()["planned_end_on"] == "2026-12-16"
    await stage.advance(date(2026, 12, 11))
    found = await stage.referral(waiting)
    assert (found["state"], found["allocation"]["starts_on"]) == ("offered", "2026-12-16")


async def test_a_place_that_is_promised_on_is_not_held_for_longer_by_a_pause(stage: Stage) -> None:
    path = await running_case(stage)
    await stage.send(band="P2")
    await stage.advance(date(2026, 12, 7))
    answer = await stage.provider.post(f"{path}/pause", pause("2026-12-07", "2026-12-09"))
    assert (answer.status_code, answer.json()["code"]) == (409, "place_taken")


async def test_who_was_promised_the_place_is_moved_on_when_a_pause_lasts_longer(stage: Stage) -> None:
    """Over a weekend no school day is missed, so the promise stands; the family comes back two days late."""
    path = await running_case(stage, date(2026, 11, 4))
    waiting = await stage.send(band="P2")
    await stage.advance(date(2026, 12, 11))
    assert (await stage.referral(waiting))["allocation"]["starts_on"] == "2026-12-16"
    next_case = await stage.accept(waiting)
    assert (await paused(stage, path, "2026-12-12", "2026-12-13"))["planned_end_on"] == "2026-12-16"
    await stage.advance(date(2026, 12, 15))
    answer = await stage.provider.post(f"{path}/resume", {})
    assert answer.json()["planned_end_on"] == "2026-12-17"
    assert [booking[1:] for booking in await stage.bookings()] == [
        (date(2026, 11, 4), date(2026, 12, 17)),
        (date(2026, 12, 17), date(2027, 2, 11)),
    ]
    assert (await stage.provider.get(next_case)).json()["planned_start_on"] == "2026-12-17"
    told = await stage.told(stage.town.school, "allocation.start_moved")
    assert [data["starts_on"] for _, data in told] == ["2026-12-17"]


async def test_a_pause_that_nobody_ends_keeps_the_place_a_day_at_a_time(
    real_api: Api, clone: Database, template: Template
) -> None:
    stage = Stage(real_api, await build_town(clone, places=1), clone)
    path = await running_case(stage)
    await stage.send(band="P2")
    await stage.advance(date(2026, 12, 1))
    await paused(stage, path, "2026-12-01", "2026-12-02")
    await stage.advance(date(2027, 1, 11))
    (booking,) = await stage.bookings()
    assert booking == ("active", date(2026, 11, 2), date(2027, 1, 12))
    assert await breaches_of(template, clone.url) == []
    resumed = await stage.provider.post(f"{path}/resume", {})
    # 1 to 18 December and 4 to 8 January were missed, of nineteen school days nine had been left to work.
    assert resumed.json()["pauses"][0]["school_days"] == 19
    assert resumed.json()["planned_end_on"] == "2027-01-22"
    (booking,) = await stage.bookings()
    assert booking[2] == date(2027, 1, 22)
    assert await breaches_of(template, clone.url) == []
    await stage.advance(date(2027, 1, 15))
    assert len(await stage.bookings()) == 2, "it can be promised again"
