"""Many clients race for few places: never one too many, never one left free, and every loser waits in order."""

import asyncio
import random
from collections import Counter
from uuid import UUID

import asyncpg
import pytest

from tests.factories.authority import Town, add_block, build_town
from tests.factories.http import Api
from tests.factories.referrals import key, referral_body

CLIENTS = 64
PLACES = 5
ROUNDS = 20
STORMS = 5

pytestmark = pytest.mark.slow


async def five_places(api: Api, name: str) -> Town:
    """An authority whose two providers have three and two places, open to every school."""
    town = await build_town(api.runtime.database, name=name, places=3)
    await add_block(api.runtime.database, town, town.providers[1], places=2)
    return town


async def post(api: Api, town: Town, number: int) -> int:
    """One referral by one of two schools, of a band of its own; the status of the answer."""
    school = api.as_(town.schools[number % 2])
    body = referral_body(band=f"P{number % 4 + 1}")
    answer = await school.post("/v1/referrals", body, headers=key())
    return answer.status_code


_BROKEN = {
    "places held beyond those there are": """
        SELECT place_id FROM booking WHERE authority_id = $1 AND state <> 'released' GROUP BY 1 HAVING count(*) > 1""",
    "an offered referral without its one offer and booking": """
        SELECT r.id FROM referral r WHERE r.authority_id = $1 AND r.state = 'offered' AND 1 <> (
          SELECT count(*) FROM offer o JOIN booking b ON b.authority_id = o.authority_id AND b.id = o.booking_id
          WHERE o.authority_id = r.authority_id AND o.referral_id = r.id AND o.state = 'pending'
            AND b.state = 'offered' AND b.household_id = r.household_id)""",
    "a live offer of a referral that is not offered": """
        SELECT o.id FROM offer o JOIN referral r ON r.authority_id = o.authority_id AND r.id = o.referral_id
        WHERE o.authority_id = $1 AND o.state IN ('pending', 'proposed') AND r.state <> 'offered'""",
    "an accepted referral without its case and booking": """
        SELECT r.id FROM referral r WHERE r.authority_id = $1 AND r.state = 'accepted' AND NOT EXISTS (
          SELECT FROM intervention i JOIN booking b ON b.authority_id = i.authority_id AND b.id = i.booking_id
          WHERE i.authority_id = r.authority_id AND i.id = r.intervention_id AND i.state = 'planned'
            AND b.state = 'accepted' AND i.provider_id = r.case_provider_id)""",
    "a waiting or closed referral that holds a place": """
        SELECT r.id FROM referral r JOIN booking b ON b.authority_id = r.authority_id
          AND b.household_id = r.household_id AND b.state <> 'released'
        WHERE r.authority_id = $1 AND r.state IN ('waiting', 'closed')""",
    "a free place while somebody waits": """
        SELECT p.id FROM place p WHERE p.authority_id = $1 AND NOT EXISTS (
          SELECT FROM booking b WHERE b.authority_id = p.authority_id AND b.place_id = p.id AND b.state <> 'released')
        AND EXISTS (
          SELECT FROM referral r JOIN lot l ON l.authority_id = r.authority_id AND l.id = p.lot_id
          WHERE r.authority_id = p.authority_id AND r.state = 'waiting' AND NOT EXISTS (
            SELECT FROM offer o WHERE o.authority_id = r.authority_id AND o.referral_id = r.id
              AND o.provider_id = l.provider_id AND o.state IN ('declined', 'expired')))""",
    "a state without its history": """
        SELECT r.id FROM referral r WHERE r.authority_id = $1 AND r.state IS DISTINCT FROM (
          SELECT h.to_state FROM status_history h WHERE h.authority_id = r.authority_id AND h.referral_id = r.id
          ORDER BY h.sequence DESC LIMIT 1)""",
    "a move without its event": """
        SELECT h.referral_id FROM status_history h WHERE h.authority_id = $1 AND NOT EXISTS (
          SELECT FROM event e JOIN event_audience a ON a.authority_id = e.authority_id AND a.event_id = e.id
          WHERE e.authority_id = h.authority_id AND e.id = h.event_id AND e.type = h.event_type)""",
    "a decision missing": """
        SELECT o.id FROM offer o WHERE o.authority_id = $1 AND NOT EXISTS (
          SELECT FROM decision d WHERE d.authority_id = o.authority_id AND d.id = o.decision_id
            AND d.outcome = 'offered' AND d.referral_id = o.referral_id)""",
}


async def assert_sound(owner: asyncpg.Connection, authority_id: UUID) -> None:
    for fault, sql in _BROKEN.items():
        assert not await owner.fetch(sql, authority_id), fault


async def states(owner: asyncpg.Connection, authority_id: UUID) -> Counter[str]:
    rows = await owner.fetch("SELECT state FROM referral WHERE authority_id = $1", authority_id)
    return Counter(row["state"] for row in rows)


async def held(owner: asyncpg.Connection, authority_id: UUID) -> int:
    return await owner.fetchval(
        "SELECT count(*) FROM booking WHERE authority_id = $1 AND state <> 'released'", authority_id
    )


async def waiting_line(api: Api, town: Town) -> list[str]:
    answer = await api.as_(town.officer).get("/v1/waiting-list?limit=200")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


async def test_64_clients_race_for_5_places(crowd: Api, owner: asyncpg.Connection) -> None:
    for number in range(ROUNDS):
        town = await five_places(crowd, f"Raceshire {number} (made up)")
        authority_id = town.officer.authority_id
        answers = await asyncio.gather(*(post(crowd, town, client) for client in range(CLIENTS)))
        assert set(answers) == {201}
        assert await states(owner, authority_id) == {"offered": PLACES, "waiting": CLIENTS - PLACES}
        assert await held(owner, authority_id) == PLACES
        by_provider = await owner.fetch(
            "SELECT provider_id, count(*) FROM offer WHERE authority_id = $1 AND state = 'pending' GROUP BY 1",
            authority_id,
        )
        assert sorted(row["count"] for row in by_provider) == [2, 3]
        await assert_sound(owner, authority_id)
        line = await waiting_line(crowd, town)
        in_order = await owner.fetch(
            "SELECT id FROM referral WHERE authority_id = $1 AND state = 'waiting'"
            " ORDER BY band, banded_on, received_at, id",
            authority_id,
        )
        assert line == [str(row["id"]) for row in in_order]
        await _free_one(crowd, owner, town, line)


async def _free_one(api: Api, owner: asyncpg.Connection, town: Town, line: list[str]) -> None:
    """A place that comes free goes to the head of the line, and the others move up."""
    authority_id = town.officer.authority_id
    offer = await owner.fetchrow(
        "SELECT r.id, r.referring_organisation_id FROM referral r WHERE r.authority_id = $1 AND r.state = 'offered'"
        " ORDER BY r.id LIMIT 1",
        authority_id,
    )
    sender = next(school for school in town.schools if school.organisation_id == offer["referring_organisation_id"])
    answer = await api.as_(sender).post(
        f"/v1/referrals/{offer['id']}/withdraw", {"reason": "moved_away"}, headers=key()
    )
    assert answer.status_code == 200, answer.text
    first = await owner.fetchval(
        "SELECT state FROM referral WHERE authority_id = $1 AND id = $2", authority_id, UUID(line[0])
    )
    assert first == "offered"
    assert await waiting_line(api, town) == line[1:]


async def test_answers_withdrawals_and_arrivals_in_one_storm(crowd: Api, owner: asyncpg.Connection) -> None:
    """Every live offer is accepted, declined and withdrawn at the same moment, while new referrals arrive."""
    draw = random.Random(7)
    for number in range(STORMS):
        town = await five_places(crowd, f"Stormshire {number} (made up)")
        authority_id = town.officer.authority_id
        assert set(await asyncio.gather(*(post(crowd, town, client) for client in range(20)))) == {201}
        seen: Counter[int] = Counter()
        for _ in range(4):
            offers = await owner.fetch(
                "SELECT o.id, o.referral_id, o.provider_id, o.referring_organisation_id FROM offer o"
                " WHERE o.authority_id = $1 AND o.state = 'pending'",
                authority_id,
            )
            acts = [post(crowd, town, draw.randrange(CLIENTS)) for _ in range(8)]
            for offer in offers:
                provider = crowd.as_(_of(town.providers, offer["provider_id"]))
                school = crowd.as_(_of(town.schools, offer["referring_organisation_id"]))
                path = f"/v1/allocations/{offer['id']}"
                acts += [
                    _status(provider.post(f"{path}/accept")),
                    _status(provider.post(f"{path}/decline", {"reason": "no_capacity"})),
                    _status(
                        school.post(
                            f"/v1/referrals/{offer['referral_id']}/withdraw", {"reason": "moved_away"}, headers=key()
                        )
                    ),
                ]
            draw.shuffle(acts)
            seen.update(await asyncio.gather(*acts))
            assert await held(owner, authority_id) <= PLACES
            await assert_sound(owner, authority_id)
        assert set(seen) <= {200, 201, 409}, seen
        # Of three that fight over one offer, one or two are served (a withdrawal may follow an answer).
        assert seen[200] > 0
        assert seen[409] > 0


async def _status(answer: object) -> int:
    return (await answer).status_code  # type: ignore[misc, attr-defined]


def _of(principals: list, organisation_id: UUID):  # type: ignore[no-untyped-def]
    return next(one for one in principals if one.organisation_id == organisation_id)
