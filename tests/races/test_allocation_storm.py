"""Two hundred acts at once over a few places, and afterwards every invariant of allocation from the rows alone."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import asyncpg
import orjson
import pytest

from app.domain.decision_record import decision_content, replay
from app.queries.writes import to_json
from app.simulation.invariants import breaches
from tests.factories.as_it_was import AsItWas, as_it_was
from tests.factories.authority import Town, build_town
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body
from tests.factories.storm import STARTS_AT, VOLUME, Storm, build_storm_town, start_at

ACTS = 200
WAVES = 2
ARRIVALS = 24

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [3, 17, 2026])
async def test_every_invariant_stands_after_a_storm(crowd: Api, owner: asyncpg.Connection, seed: int) -> None:
    town = await build_storm_town(crowd.runtime.database, f"Stormshire {seed} (made up)")
    storm = Storm(crowd, town, owner, random.Random(seed))
    await storm.rage(storm.arrivals(40))
    for _ in range(WAVES):
        await one_wave(storm)
    # By day too: places stand idle only for those who wait for the night.
    assert await breaches(owner, storm.acknowledged) == []
    await confirm_twice(storm)
    night = await storm.advance(await storm.now() + timedelta(days=1))
    assert night.status_code == 200, night.text
    assert await breaches(owner, storm.acknowledged) == []
    past = await as_it_was(owner, town.officer.authority_id)
    assert_kept(past)
    assert past.uncounted((await storm.now()).date()) == []
    assert past.lots[town.lots[2]]["promised"] <= VOLUME
    assert await decided_otherwise(owner) == []
    # It was a storm: all of it happened, and what lost a race was told so.
    assert {status for _, status in storm.answered} <= {200, 201, 409, 412}, storm.answered
    done = {name for name, status in storm.answered if status in (200, 201)}
    assert {"arrive", "accept", "decline", "withdraw", "refuse", "disagree", "release", "capacity", "clock"} <= done
    assert {"accept", "decline", "commit"} <= {name for name, status in storm.answered if status == 409}
    assert {"arrival", "capacity", "time_out", "decline"} <= {offer.row["trigger"] for offer in past.offers}


async def one_wave(storm: Storm) -> None:
    """Everyone acts at once, on what there is to act on, while two previews grow stale and the clock passes nights."""
    stale = [await storm.preview() for _ in range(2)]
    now = await storm.now()
    acts = [
        *await storm.answers(),
        *await storm.casework(),
        *await storm.changes_of_mind(),
        *storm.capacity(now.date()),
        *storm.runs(stale),
        ("clock", lambda: storm.advance(now + timedelta(days=2))),
    ]
    await storm.rage([*acts, *storm.arrivals(ACTS - len(acts))])


async def confirm_twice(storm: Storm) -> None:
    """Two officers confirm a plan that still holds: one of them does."""
    officer = storm.api.as_(storm.town.officer)
    run_id = await storm.preview()
    answers = await asyncio.gather(*(officer.post(f"/v1/allocation-runs/{run_id}/commit") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


def assert_kept(past: AsItWas) -> None:
    """What the rows tell of every moment, and not only of the last."""
    assert past.jumps() == []
    assert past.against_a_reason() == []
    assert past.held_twice() == []
    assert past.caseloads_exceeded() == []
    assert past.versions_out_of_turn() == []


async def decided_otherwise(owner: asyncpg.Connection) -> list[UUID]:
    """The stored decisions that do not replay to the same bytes."""
    found = []
    for row in await owner.fetch("SELECT id, record FROM decision"):
        record = orjson.loads(row["record"])
        again = orjson.loads(to_json(decision_content(replay(record))))
        kept = {name: record[name] for name in again}
        if orjson.dumps(again, option=orjson.OPT_SORT_KEYS) != orjson.dumps(kept, option=orjson.OPT_SORT_KEYS):
            found.append(row["id"])
    return found


async def test_of_many_who_arrive_while_the_last_place_falls_free_the_first_in_order_has_it(
    crowd: Api, owner: asyncpg.Connection
) -> None:
    for number in range(4):
        town = await build_town(crowd.runtime.database, name=f"Lastshire {number} (made up)", places=1)
        school = crowd.as_(town.school)
        holder = await refer(school, "P1")
        early = [await refer(school, band) for band in ("P3", "P2", "P2")]
        gone, *_ = await asyncio.gather(
            school.post(f"/v1/referrals/{holder}/withdraw", {"reason": "moved_away"}, headers=key()),
            *(refer(crowd.as_(town.schools[n % 3]), f"P{n % 4 + 1}") for n in range(ARRIVALS)),
        )
        assert gone.status_code == 200, gone.text
        (offered,) = await live_offers(owner, town)
        past = await as_it_was(owner, town.officer.authority_id)
        (offer,) = [offer for offer in past.offers if offer.ended_by is None]
        waited = [one for one in past.referrals if past.waited(one, offer.made_by)]
        assert set(map(UUID, early)) <= set(waited)
        assert offered == min(waited, key=past.order)
        assert past.jumps() == []


async def test_of_many_who_wait_for_the_night_the_first_in_order_has_the_last_place_whoever_decides(
    crowd: Api, owner: asyncpg.Connection
) -> None:
    """Officers who confirm one plan and the clock's own night meet: one of them offers the place, once."""
    for number in range(4):
        town = await build_town(crowd.runtime.database, name=f"Nightshire {number} (made up)", places=1)
        await start_at(crowd.runtime.database, town, STARTS_AT)
        storm = Storm(crowd, town, owner, random.Random(number))
        sent = await asyncio.gather(*(refer(crowd.as_(town.schools[n % 3]), f"P{n % 2 + 3}") for n in range(ARRIVALS)))
        assert await live_offers(owner, town) == [], "one place is free: it is kept for the night"
        run_id = await storm.preview()
        officer = crowd.as_(town.officer)
        tomorrow = await storm.now() + timedelta(hours=16)
        night, *answers = await asyncio.gather(
            storm.advance(tomorrow),
            *(officer.post(f"/v1/allocation-runs/{run_id}/commit") for _ in range(3)),
        )
        assert night.status_code == 200, night.text
        assert {answer.status_code for answer in answers} <= {200, 409}
        past = await as_it_was(owner, town.officer.authority_id)
        assert await live_offers(owner, town) == [min(map(UUID, sent), key=past.order)]
        assert past.jumps() == []


async def refer(school: Caller, band: str) -> str:
    """Send a referral; its id."""
    answer = await school.post("/v1/referrals", referral_body(band=band), headers=key())
    assert answer.status_code == 201, answer.text
    referral_id: str = answer.json()["id"]
    return referral_id


async def live_offers(owner: asyncpg.Connection, town: Town) -> list[UUID]:
    """Whom the authority's live offers are for."""
    rows = await owner.fetch(
        "SELECT referral_id FROM offer WHERE authority_id = $1 AND state IN ('proposed', 'pending')",
        town.officer.authority_id,
    )
    return [row["referral_id"] for row in rows]
