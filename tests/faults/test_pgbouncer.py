"""Behind a real PgBouncer in transaction mode: the main path works, and no context outlives its transaction.

Many clients share few server connections here, so that every transaction gets a connection that another organisation
has just used.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from app import schema
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.settings import Settings
from tests.factories.authority import Town, build_town
from tests.factories.casework import ACCEPTED_AT, LATER, at, closing, contact
from tests.factories.http import Api, make_api
from tests.factories.referrals import key, referral_body

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = [
    pytest.mark.pgbouncer,
    pytest.mark.skipif(PROGRAM is None, reason="the program pgbouncer is not installed"),
]

ROLES = schema.roles_for("bouncer_app")
OWNER = "bouncer_owner"
SERVER_CONNECTIONS = 3
CLIENTS = 12


@dataclass
class Bouncer:
    """A running PgBouncer before a running PostgreSQL."""

    server: EmbeddedPostgres
    url: str


@pytest.fixture(scope="module")
def bouncer() -> Iterator[Bouncer]:
    with EmbeddedPostgres.temporary({"fsync": "off", "synchronous_commit": "off"}) as server:
        asyncio.run(_prepare(server))
        with tempfile.TemporaryDirectory(prefix="ht") as folder:
            port = _free_port()
            process = _start(server, Path(folder), port)
            try:
                yield Bouncer(server, f"postgresql://{ROLES.application}@127.0.0.1:{port}/bouncer")
            finally:
                process.terminate()
                process.wait(10)


async def _prepare(server: EmbeddedPostgres) -> None:
    await schema.provision(
        schema.with_parts(server.admin_url, database="bouncer"), owner=OWNER, roles=ROLES, password=None
    )
    await schema.migrate(server.url(OWNER, "bouncer"), ROLES)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _start(server: EmbeddedPostgres, folder: Path, port: int) -> subprocess.Popen[bytes]:
    folder.chmod(0o711)
    (folder / "users").write_text(f'"{ROLES.application}" ""\n')
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"""
[databases]
bouncer = host={server.socket_dir} port=5432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder / "users"}
pool_mode = transaction
default_pool_size = {SERVER_CONNECTIONS}
max_client_conn = 100
"""
    )
    for path in (settings, folder / "users"):
        path.chmod(0o644)
    # It refuses to run as root; the server's own user alone can reach the server's socket.
    become = ["--user", server.user_name] if server.user_name else []
    process = subprocess.Popen(
        [str(PROGRAM), "--quiet", *become, str(settings)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    for _ in range(100):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return process
        assert process.poll() is None, "PgBouncer did not start"
        time.sleep(0.05)
    raise AssertionError("PgBouncer does not listen")


@pytest.fixture
async def database(bouncer: Bouncer, settings: Settings) -> AsyncIterator[Database]:
    # As an operator sets it for a PgBouncer older than 1.21.
    made = Database(bouncer.url, settings.model_copy(update={"statement_cache_size": 0, "pool_size": CLIENTS}))
    yield made
    await made.dispose()


@pytest.fixture
async def api(database: Database, settings: Settings) -> AsyncIterator[Api]:
    async with make_api(settings, database) as made:
        yield made


@pytest.fixture
async def town(database: Database) -> Town:
    return await build_town(database, name="Bouncershire (made up)", places=CLIENTS)


async def server_pids(bouncer: Bouncer) -> set[int]:
    admin = await asyncpg.connect(schema.with_parts(bouncer.server.admin_url, database="bouncer"))
    try:
        rows = await admin.fetch("SELECT pid FROM pg_stat_activity WHERE usename = $1", ROLES.application)
    finally:
        await admin.close()
    return {row["pid"] for row in rows}


async def test_the_main_path_with_more_clients_than_connections(api: Api, town: Town, bouncer: Bouncer) -> None:
    async def case(number: int) -> None:
        school = at(api.as_(town.schools[number % 2]), ACCEPTED_AT)
        provider = at(api.as_(town.provider), ACCEPTED_AT)
        later = at(api.as_(town.provider), LATER)
        sent = await school.post("/v1/referrals", referral_body(), headers=key())
        assert sent.status_code == 201, sent.text
        referral = sent.json()
        assert referral["state"] == "offered"
        accepted = await provider.post(f"/v1/allocations/{referral['allocation']['id']}/accept")
        assert accepted.status_code == 200, accepted.text
        path = f"/v1/interventions/{accepted.json()['intervention_id']}"
        for step, body in (
            ("safety", {"safe_contact": True, "visit_risks": True}),
            ("contacts", contact()),
            ("close", closing()),
        ):
            answer = await later.post(f"{path}/{step}", body)
            assert answer.status_code in (200, 201), answer.text
        read = await school.get(f"/v1/referrals/{referral['id']}")
        assert (read.status_code, read.json()["state"]) == (200, "closed"), read.text

    await asyncio.gather(*(case(number) for number in range(CLIENTS)))
    assert 1 <= len(await server_pids(bouncer)) <= SERVER_CONNECTIONS
    feed = await api.as_(town.officer).get("/v1/events?limit=200")
    assert feed.status_code == 200, feed.text
    told = [event["type"] for event in feed.json()["data"]]
    for act in ("referral.submitted", "allocation.accepted", "intervention.started", "intervention.closed"):
        assert told.count(act) == CLIENTS, act
    graph = await api.as_(town.officer).graphql(
        "{ referrals(first: 100) { nodes { reference state school { name } provider { name } allocation { state } } } }"
    )
    nodes = graph["data"]["referrals"]["nodes"]
    assert [node["state"] for node in nodes] == ["closed"] * CLIENTS
    assert {node["school"]["name"] for node in nodes} == {"Fernbank Primary (made up)", "Marlow High (made up)"}


async def test_two_organisations_that_take_turns_on_a_connection_see_their_own(
    api: Api, town: Town, database: Database, bouncer: Bouncer
) -> None:
    first, second = town.schools[0], town.schools[1]
    ids = {}
    for school in (first, second):
        answer = await api.as_(school).post("/v1/referrals", referral_body(), headers=key())
        ids[school] = answer.json()["id"]
    seen_pids = set()

    async def look(number: int) -> None:
        school = first if number % 2 else second
        async with database.read(school) as session:
            rows = await session.rows("SELECT id, pg_backend_pid() AS pid FROM referral")
        # No WHERE: row policy alone keeps the other's out.
        assert [str(row["id"]) for row in rows] == [ids[school]]
        seen_pids.update(row["pid"] for row in rows)
        listed = await api.as_(school).get("/v1/referrals")
        assert [row["id"] for row in listed.json()["data"]] == [ids[school]]
        other = await api.as_(school).get(f"/v1/referrals/{ids[second if school is first else first]}")
        assert other.status_code == 404

    await asyncio.gather(*(look(number) for number in range(60)))
    assert len(seen_pids) <= SERVER_CONNECTIONS, "each organisation had connections of its own: this proves nothing"


async def test_a_reused_connection_without_context_sees_nothing(api: Api, town: Town, bouncer: Bouncer) -> None:
    await api.as_(town.school).post("/v1/referrals", referral_body(), headers=key())
    used = await server_pids(bouncer)
    bare = [await asyncpg.connect(bouncer.url, statement_cache_size=0) for _ in range(SERVER_CONNECTIONS)]
    try:
        met = set()
        for connection in bare:
            await connection.execute("BEGIN")
            met.add(await connection.fetchval("SELECT pg_backend_pid()"))
            assert await connection.fetchval("SELECT current_setting('halfterm.authority', true)") in ("", None)
            for table in ("referral", "pupil", "offer", "event", "event_audience", "organisation", "authority"):
                assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        # All of the pool's connections are held at once, the used ones among them.
        assert used <= met
    finally:
        for connection in bare:
            await connection.execute("ROLLBACK")
            await connection.close()


async def test_a_failed_and_a_cancelled_transaction_leave_no_context(database: Database, town: Town) -> None:
    async def fail() -> None:
        async with database.write(town.officer) as session:
            await session.value("SELECT 1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async def linger() -> None:
        async with database.write(town.officer) as session:
            await session.value("SELECT pg_sleep(30)")

    slow = asyncio.create_task(linger())
    await asyncio.sleep(0.2)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    for _ in range(SERVER_CONNECTIONS * 2):
        async with database.read(town.schools[2]) as session:
            assert await session.rows("SELECT id FROM referral") == []
