"""A place's present and next family, worked on from several sides at once: never both on it, and neither lost."""

import asyncio
from collections import Counter
from datetime import date
from typing import Any

import httpx
import pytest

from app import clock
from app.db import Database
from app.queries import due
from app.schema import database_of
from app.simulation.invariants import check_database
from tests.conftest import Template
from tests.factories.authority import Town, build_town
from tests.factories.casework import closing, contact
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body

PLACES = 4
MONDAY = date(2026, 11, 2)
IN_THE_WINDOW = date(2026, 12, 7)

pytestmark = pytest.mark.slow


async def sent(school: Caller, **changes: Any) -> dict[str, Any]:
    answer = await school.post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def worked(provider: Caller, referral: dict[str, Any]) -> str:
    """The path of the case of a referral that was offered: accepted and begun."""
    accepted = await provider.post(f"/v1/allocations/{referral['allocation']['id']}/accept")
    path = f"/v1/interventions/{accepted.json()['intervention_id']}"
    await provider.post(f"{path}/safety", {"safe_contact": True, "visit_risks": True})
    begun = await provider.post(f"{path}/contacts", contact(held_at="2026-11-02T08:00:00Z"))
    assert begun.status_code == 201, begun.text
    return path


async def stand_at(database: Database, town: Town, day: date) -> None:
    moment = clock.london_moment(day, 9)
    async with database.write(town.officer) as session:
        await session.run(
            "UPDATE authority SET clock_offset = $2::timestamptz - $3::timestamptz WHERE id = $1",
            session.authority_id,
            moment,
            clock.real_now(),
        )
        await due.set_ran_to(session, moment)


async def test_closing_accepting_extending_and_arriving_at_once(
    real_api: Api, clone: Database, template: Template
) -> None:
    town = await build_town(clone, places=PLACES)
    await stand_at(clone, town, MONDAY)
    school, provider = real_api.as_(town.school), real_api.as_(town.provider)
    officer = real_api.as_(town.officer)
    paths = [await worked(provider, await sent(school, band="P2")) for _ in range(PLACES)]
    for _ in range(PLACES):
        assert (await sent(school, band="P2"))["state"] == "waiting"

    async def advance(day: date) -> None:
        answer = await officer.post("/v1/sandbox/advance", {"to": clock.london_moment(day, 9).isoformat()})
        assert answer.status_code == 200, answer.text

    await advance(IN_THE_WINDOW)
    owner = template.url(template.owner, database_of(clone.url))
    assert await check_database(owner) == []
    ahead = (await provider.get("/v1/allocations?state=pending")).json()["data"]
    assert [offer["starts_on"] for offer in ahead] == ["2026-12-14"] * PLACES
    acts: list[Any] = []
    for path, offer in zip(paths, ahead, strict=True):
        acts += [
            provider.post(f"{path}/close", closing()),
            provider.post(f"{path}/extend", {"weeks": 1, "reason": "Made up."}),
            provider.post(f"/v1/allocations/{offer['id']}/accept"),
            provider.post(f"/v1/allocations/{offer['id']}/decline", {"reason": "unsuitable"}),
        ]
    acts += [school.post("/v1/referrals", referral_body(band="P1"), headers=key()) for _ in range(PLACES)]
    answers: list[httpx.Response] = await asyncio.gather(*acts)
    seen = Counter(answer.status_code for answer in answers)
    assert set(seen) <= {200, 201, 409}, seen
    assert await check_database(owner) == []
    # Nobody closes what is left: it runs over, and whoever was promised a place is moved on, never lost.
    await advance(date(2026, 12, 16))
    assert await check_database(owner) == []
    async with clone.read(town.officer) as session:
        places = await session.rows(
            "SELECT place_id, count(*) AS count FROM booking WHERE authority_id = $1 AND state <> 'released'"
            " AND starts_on <= $2 GROUP BY place_id",
            session.authority_id,
            session.today,
        )
    assert all(row["count"] == 1 for row in places)
