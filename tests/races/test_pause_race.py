"""A case turned from several sides at once: one story is left of it, and its place is never two families'."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from app.db import Database
from app.schema import database_of
from app.simulation.invariants import check_database
from tests.conftest import Template
from tests.factories.authority import Town, build_town
from tests.factories.casework import CaseIds, accepted_case, closing, contact, facts, started
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body
from tests.factories.turns import due_days, on, pause, paused, review
from tests.races.test_offers_ahead_race import IN_THE_WINDOW, MONDAY, PLACES, sent, stand_at, worked

pytestmark = pytest.mark.slow


async def test_two_clients_pausing_at_once_pause_once(real_api: Api, real_town: Town, clone: Database) -> None:
    case = await accepted_case(real_api, real_town)
    await started(real_api, real_town, case)
    portal = on(real_api, real_town, "2026-11-20")
    answers = await asyncio.gather(*(portal.post(f"{case.path}/pause", pause()) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    answers = await asyncio.gather(
        *(on(real_api, real_town, "2026-11-24").post(f"{case.path}/resume", {}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    held = await facts(clone, real_town, case)
    assert held["told"][-2:] == ["intervention.paused", "intervention.resumed"]


async def one_story(api: Api, town: Town, database: Database, case: CaseIds) -> None:
    held = await facts(database, town, case)
    stands = (held["state"], held["referral"], held["booking"])
    assert stands in {
        ("active", "in_progress", "active"),
        ("paused", "on_hold", "active"),
        ("closed", "closed", "released"),
    }
    if held["state"] != "closed":
        assert held["planned_end_on"] == held["ends_on"]
    await due_days(database, town, case)


@pytest.mark.parametrize("seed", range(3))
async def test_pausing_extending_closing_meeting_and_reviewing_at_once(
    seed: int, real_api: Api, real_town: Town, clone: Database
) -> None:
    case = await accepted_case(real_api, real_town)
    await started(real_api, real_town, case)
    portal = on(real_api, real_town, "2026-11-20", 16)
    acts: list[tuple[str, dict[str, Any]]] = [
        ("pause", pause()),
        ("extend", {"weeks": 1, "reason": "Made up."}),
        ("contacts", contact(kind="session", held_at="2026-11-20T15:00:00Z")),
        ("reviews", review(held_on="2026-11-20")),
        ("resume", {}),
        ("close", closing()),
    ]
    acts = acts[seed:] + acts[:seed]
    answers = await asyncio.gather(*(portal.post(f"{case.path}/{act}", body) for act, body in acts))
    codes = {act: answer.status_code for (act, _), answer in zip(acts, answers, strict=True)}
    assert set(codes.values()) <= {200, 201, 409, 422}, codes
    assert codes["close"] == 200
    await one_story(real_api, real_town, clone, case)
    # A contact of the first day of a pause and the pause never both stand, unless that ended on the day as well.
    assert (codes["pause"], codes["contacts"]) != (200, 201) or codes["resume"] == 200


async def test_pausing_while_the_place_is_offered_ahead_promises_no_day_twice(
    real_api: Api, clone: Database, template: Template
) -> None:
    """The night looks for places to promise while the portal pauses, extends and closes the cases that hold them."""
    town = await build_town(clone, places=PLACES)
    await stand_at(clone, town, MONDAY)
    school, provider, officer = real_api.as_(town.school), real_api.as_(town.provider), real_api.as_(town.officer)
    paths = [await worked(provider, await sent(school, band="P2")) for _ in range(PLACES)]
    for _ in range(PLACES):
        await sent(school, band="P2")
    before = await officer.post("/v1/sandbox/advance", {"to": "2026-12-04T12:00:00Z"})
    assert before.status_code == 200, before.text
    acts: list[Any] = [officer.post("/v1/sandbox/advance", {"to": f"{IN_THE_WINDOW}T09:00:00Z"})]
    body = pause("2026-12-04", "2026-12-11")
    for path in paths:
        acts += [
            provider.post(f"{path}/pause", body),
            provider.post(f"{path}/extend", {"weeks": 1, "reason": "Made up."}),
            provider.post(f"{path}/close", closing()),
        ]
    acts += [school.post("/v1/referrals", referral_body(band="P1"), headers=key()) for _ in range(PLACES)]
    answers: list[httpx.Response] = await asyncio.gather(*acts)
    seen = Counter(answer.status_code for answer in answers)
    assert set(seen) <= {200, 201, 409, 422}, seen
    owner = template.url(template.owner, database_of(clone.url))
    assert await check_database(owner) == []
    for path in paths:
        await provider.post(f"{path}/resume", {})
    after = await officer.post("/v1/sandbox/advance", {"to": "2027-01-08T12:00:00Z"})
    assert after.status_code == 200, after.text
    assert await check_database(owner) == []


async def test_pausing_races_the_offer_of_its_place(real_api: Api, clone: Database, template: Template) -> None:
    """In the window: an arrival is offered the place ahead, or the pause moves its end; never both of the same days."""
    town = await build_town(clone, places=1)
    await stand_at(clone, town, MONDAY)
    school, provider, officer = real_api.as_(town.school), real_api.as_(town.provider), real_api.as_(town.officer)
    path = await worked(provider, await sent(school, band="P2"))
    assert (await officer.post("/v1/sandbox/advance", {"to": "2026-12-08T09:00:00Z"})).status_code == 200
    arrivals = [sent(school, band="P1") for _ in range(3)]
    turned, *_ = await asyncio.gather(
        provider.post(f"{path}/pause", pause("2026-12-08", "2026-12-10")),
        *arrivals,
    )
    assert turned.status_code in (200, 409)
    async with clone.read(town.officer) as session:
        ends = await session.rows(
            "SELECT starts_on, ends_on FROM booking WHERE authority_id = $1 AND state <> 'released' ORDER BY 1",
            session.authority_id,
        )
    if turned.status_code == 200:
        assert [tuple(row) for row in ends] == [(MONDAY, date(2026, 12, 17))]
    else:
        assert turned.json()["code"] == "place_taken"
        assert [row["starts_on"] for row in ends] == [MONDAY, date(2026, 12, 14)]
    assert await check_database(template.url(template.owner, database_of(clone.url))) == []


async def test_the_database_itself_lets_no_two_pauses_overlap(
    real_api: Api, real_town: Town, owner: asyncpg.Connection
) -> None:
    case = await accepted_case(real_api, real_town)
    await started(real_api, real_town, case)
    await paused(real_api, real_town, case)
    again = (
        "INSERT INTO intervention_pause SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),"
        " 'starts_on', $1::date, 'expected_last_on', $1::date, 'resumed_on', $2::date,"
        " 'resumed_at', $3::timestamptz))).* FROM intervention_pause p"
    )
    with pytest.raises(asyncpg.ExclusionViolationError):
        await owner.execute(again, date(2026, 12, 1), date(2026, 12, 2), datetime(2026, 12, 2, tzinfo=UTC))
    with pytest.raises(asyncpg.ExclusionViolationError):
        await owner.execute(again, date(2026, 11, 2), None, None)
