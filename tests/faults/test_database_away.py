"""PostgreSQL stopped, restarted or cutting a session off in mid-request: a clear 503, nothing half done, nothing lost.

Over a server of the tests' own, because it is stopped and killed.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from app import schema
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.settings import Settings
from tests.factories.authority import Town, build_town
from tests.factories.http import Api, make_api
from tests.factories.referrals import key, referral_body

ROLES = schema.roles_for("away_app")
OWNER = "away_owner"
TABLES = ("referral", "pupil", "household", "offer", "booking", "decision", "event", "obligation", "idempotency_record")


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    # fsync is off, but the processes alone are killed here, never the machine.
    with EmbeddedPostgres.temporary({"fsync": "off", "synchronous_commit": "off"}) as running:
        asyncio.run(_prepare(running))
        yield running


async def _prepare(server: EmbeddedPostgres) -> None:
    url = schema.with_parts(server.admin_url, database="away")
    await schema.provision(url, owner=OWNER, roles=ROLES, password=None)
    await schema.migrate(server.url(OWNER, "away"), ROLES)


@pytest.fixture
async def database(server: EmbeddedPostgres, settings: Settings) -> AsyncIterator[Database]:
    made = Database(server.url(ROLES.application, "away"), settings)
    yield made
    await made.dispose()


@pytest.fixture
async def api(database: Database, settings: Settings) -> AsyncIterator[Api]:
    async with make_api(settings, database) as made:
        yield made


@pytest.fixture
async def town(database: Database) -> Town:
    return await build_town(database, name="Awayshire (made up)", places=5)


async def as_owner(server: EmbeddedPostgres) -> asyncpg.Connection:
    return await asyncpg.connect(server.url(OWNER, "away"))


async def counts(server: EmbeddedPostgres, town: Town) -> dict[str, int]:
    owner = await as_owner(server)
    try:
        return {
            table: await owner.fetchval(
                f"SELECT count(*) FROM {table} WHERE authority_id = $1", town.officer.authority_id
            )
            for table in TABLES
        }
    finally:
        await owner.close()


# Taken, offered, and found to ask for attention.
ONE_REFERRAL = dict.fromkeys(TABLES, 1) | {"event": 3}


def assert_away(answer: Any) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    problem = answer.json()
    assert problem["code"] == "unavailable"
    assert "away" not in str(problem), "the problem names the server"


async def test_a_stopped_database_is_a_clear_503_and_comes_back_by_itself(
    server: EmbeddedPostgres, api: Api, town: Town
) -> None:
    school, sent = api.as_(town.school), key("stopped")
    body = referral_body()
    assert (await school.get("/v1/referrals")).status_code == 200
    await asyncio.to_thread(server.stop)
    try:
        assert_away(await school.post("/v1/referrals", body, headers=sent))
        assert_away(await school.get("/v1/referrals"))
        assert_away(await api.as_(town.provider).get("/v1/allocations"))
        assert_away(await api.as_(town.officer).get("/v1/events?wait=1"))
        assert (await api.client.get("/health/live")).status_code == 200
        assert (await api.client.get("/health/ready")).status_code == 503
    finally:
        await asyncio.to_thread(server.start)
    # The first request that comes is served: no dead connection of before stands in its way.
    answer = await school.post("/v1/referrals", body, headers=sent)
    assert answer.status_code == 201, answer.text
    assert (await api.client.get("/health/ready")).status_code == 200
    assert await counts(server, town) == ONE_REFERRAL


async def test_connections_cut_while_idle_are_never_handed_out(server: EmbeddedPostgres, api: Api, town: Town) -> None:
    school = api.as_(town.school)
    # Several connections in the pool, all of them cut.
    await asyncio.gather(*(school.get("/v1/referrals") for _ in range(8)))
    owner = await asyncpg.connect(schema.with_parts(server.admin_url, database="away"))
    cut = await owner.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", ROLES.application
    )
    await owner.close()
    assert len(cut) > 1
    await asyncio.sleep(0.1)
    answers = await asyncio.gather(*(school.get("/v1/referrals") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_session_ended_in_mid_request_leaves_nothing_half_done(
    server: EmbeddedPostgres, api: Api, town: Town
) -> None:
    before = await counts(server, town)
    blocker = await as_owner(server)
    admin = await asyncpg.connect(schema.with_parts(server.admin_url, database="away"))
    try:
        # The authority's lock is held, so that the request stands in the middle of its transaction.
        await blocker.execute(f"SELECT pg_advisory_lock(hashtextextended('{town.officer.authority_id}', 0))")
        sent, body = key("cut"), referral_body()
        request = asyncio.create_task(api.as_(town.school).post("/v1/referrals", body, headers=sent))
        pid = None
        while pid is None:
            await asyncio.sleep(0.02)
            pid = await admin.fetchval(
                "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'", ROLES.application
            )
        assert await admin.fetchval("SELECT pg_terminate_backend($1)", pid)
        assert_away(await request)
    finally:
        await blocker.close()
        await admin.close()
    assert await counts(server, town) == before
    retry = await api.as_(town.school).post("/v1/referrals", body, headers=sent)
    assert retry.status_code == 201, retry.text
    assert await counts(server, town) == ONE_REFERRAL


@pytest.mark.slow
async def test_a_crash_under_load_loses_nothing_that_was_acknowledged(
    server: EmbeddedPostgres, api: Api, town: Town
) -> None:
    """Clients that retry with their key while the server crashes twice: each referral there is once, none is lost."""
    bodies = {f"load-{number}": referral_body() for number in range(40)}
    acknowledged: dict[str, str] = {}
    refused = 0

    async def client(name: str) -> None:
        nonlocal refused
        await asyncio.sleep(int(name.rpartition("-")[2]) * 0.05)
        for _ in range(200):
            answer = await api.as_(town.school).post("/v1/referrals", bodies[name], headers=key(name))
            if answer.status_code == 201:
                acknowledged[name] = answer.json()["id"]
                return
            # 409: the attempt that was cut off still holds its key for a moment.
            assert answer.status_code in (503, 409), answer.text
            refused += 1
            await asyncio.sleep(0.05)
        raise AssertionError(f"{name} was never served")

    async def crash() -> None:
        for _ in range(2):
            await asyncio.sleep(0.6)
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(server.start)

    await asyncio.gather(crash(), *(client(name) for name in bodies))
    assert refused > 0, "nothing met the outage"
    owner = await as_owner(server)
    rows = await owner.fetch("SELECT id, state FROM referral WHERE authority_id = $1", town.officer.authority_id)
    held = await owner.fetchval(
        "SELECT count(*) FROM booking WHERE authority_id = $1 AND state <> 'released'", town.officer.authority_id
    )
    await owner.close()
    assert {str(row["id"]) for row in rows} == set(acknowledged.values())
    assert len(rows) == len(bodies)
    assert held == sum(row["state"] == "offered" for row in rows) == 5
