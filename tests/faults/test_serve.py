"""`halfterm serve` as people start it: a process of its own, on a port of its own, with data of its own."""

import asyncio
import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from app import schema

PROJECT = Path(__file__).parents[2]
READY_WITHIN_SECONDS = 120


@dataclass
class Served:
    """A running service and what it printed."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def children(self) -> list[int]:
        """Every process below the service's own, PostgreSQL's and the workers' included."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        below: dict[int, list[int]] = {}
        for line in listed.splitlines():
            pid, parent = map(int, line.split())
            below.setdefault(parent, []).append(pid)
        found, pending = [], [self.process.pid]
        while pending:
            for child in below.get(pending.pop(), []):
                found.append(child)
                pending.append(child)
        return found

    def end(self, signal_number: signal.Signals) -> int:
        self.process.send_signal(signal_number)
        return self.process.wait(30)

    def command(self, part: str) -> list[str]:
        """The printed command that has this part, as a shell would read it."""
        line = next(line for line in self.printed.splitlines() if part in line and line.startswith("curl "))
        return shlex.split(line)

    def run(self, command: list[str], token: str = "") -> dict:
        words = [word.replace("$TOKEN", token) for word in command]
        done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=PROJECT)
        return json.loads(done.stdout)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user can pass to: root's PostgreSQL runs as another user."""
    base = Path(tempfile.mkdtemp(prefix="hts"))
    base.chmod(0o711)
    yield base
    shutil.rmtree(base, ignore_errors=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HALFTERM_")}
    given = {f"HALFTERM_{name.upper()}": value for name, value in settings.items()}
    return {**kept, "HALFTERM_DATA_DIR": str(data_dir), "PYTHONDONTWRITEBYTECODE": "1", **given}


@contextlib.contextmanager
def served(data_dir: Path, *, port: int | None = None, **settings: str) -> Iterator[Served]:
    """Run the service until the end of the block; it answers 200 when the block begins."""
    number = port or free_port()
    log = data_dir.parent / f"serve-{number}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=PROJECT,
            env=environment(data_dir, port=str(number), **settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    running = Served(process, f"http://127.0.0.1:{number}", log)
    try:
        wait_until_ready(running)
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        process.kill()
        process.wait()


def wait_until_ready(running: Served) -> None:
    limit = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < limit:
        if running.process.poll() is not None:
            break
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{running.url}/health/ready", timeout=5).status_code == 200:
                return
        time.sleep(0.05)
    pytest.fail(f"It did not start:\n{running.printed[-3000:]}")


def run_command(data_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=PROJECT,
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def gone_within(seconds: float, process_ids: list[int]) -> bool:
    """Whether all of these processes end in time; a zombie nobody has collected yet has ended."""
    limit = time.monotonic() + seconds
    while any(alive(process_id) for process_id in process_ids):
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def alive(process_id: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.strip().startswith("Z")


def query(url: str, sql: str) -> list[asyncpg.Record]:
    async def ask() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_printed_commands_work_and_what_they_did_survives_a_restart(folder: Path) -> None:
    data = folder / "data"
    with served(data) as first:
        token = first.run(first.command("/oauth/token"))["access_token"]
        ready_token = re.search(r"^TOKEN=(\S+)$", first.printed, re.MULTILINE)
        assert ready_token is not None
        referral = first.run(first.command("/v1/referrals"), token)
        assert referral["reference"].startswith("R-"), referral
        again = first.run(first.command("/v1/referrals"), ready_token[1])
        assert again["id"] == referral["id"], "the same key and body are one referral"
        for page in ("/docs", "/openapi.json", "/.well-known/jwks.json"):
            assert httpx.get(f"{first.url}{page}").status_code == 200, page
        processes = first.children()
        assert first.end(signal.SIGTERM) == 0
        assert gone_within(10, processes)
    assert stat.S_IMODE((data / "demo-clients.json").stat().st_mode) == 0o600

    with served(data) as second:
        assert second.command("/oauth/token")[:4] == first.command("/oauth/token")[:4], "the demo client is kept"
        token = second.run(second.command("/oauth/token"))["access_token"]
        read = httpx.get(f"{second.url}/v1/referrals/{referral['id']}", headers={"Authorization": f"Bearer {token}"})
        assert read.status_code == 200
        assert read.json()["reference"] == referral["reference"]


def test_kill_9_leaves_no_process_and_no_lock(folder: Path) -> None:
    port = free_port()
    with served(folder / "data", port=port, workers="2") as running:
        processes = running.children()
        assert len(processes) >= 3, "two workers and PostgreSQL"
        running.process.kill()
        running.process.wait()
        assert gone_within(10, processes)
    with served(folder / "data", port=port) as running:
        assert running.run(running.command("/oauth/token"))["token_type"] == "Bearer"
        processes = running.children()
        running.process.kill()
        running.process.wait()
        assert gone_within(10, processes)


def test_ctrl_c_with_workers_ends_all_at_once(folder: Path) -> None:
    with served(folder / "data", workers="2") as running:
        processes = running.children()
        token = running.run(running.command("/oauth/token"))["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answers = {httpx.get(f"{running.url}/v1/referrals", headers=headers).status_code for _ in range(8)}
        assert answers == {200}, "each worker takes the other's tokens"
        started = time.monotonic()
        assert running.end(signal.SIGINT) == 0
        assert time.monotonic() - started < 10
        assert gone_within(10, processes)


def test_two_copies_live_side_by_side_and_what_is_taken_is_told_in_a_sentence(folder: Path) -> None:
    with served(folder / "one") as one, served(folder / "two") as two:
        first, second = one.command("/oauth/token"), two.command("/oauth/token")
        assert one.run(first)["token_type"] == two.run(second)["token_type"] == "Bearer"
        stranger = [*first[:-1], f"{two.url}/oauth/token"]
        assert two.run(stranger)["error"] == "invalid_client"

        port = one.url.rpartition(":")[2]
        busy = run_command(folder / "other", "serve", port=port)
        assert busy.returncode == 1
        assert f"Port {port} on 127.0.0.1 is in use" in busy.stderr
        assert "HALFTERM_PORT" in busy.stderr
        assert "Traceback" not in busy.stderr
        assert not (folder / "other" / "postgres").exists(), "nothing is started for a port that cannot be had"

        owned = run_command(folder / "one", "serve", port=str(free_port()))
        assert owned.returncode == 1
        assert f"in use by another Halfterm, pid {one.process.pid}" in owned.stderr
        assert "Traceback" not in owned.stderr

        made = run_command(folder / "one", "client", "create", "--authority", "999", "--scopes", "supply.read")
        assert made.returncode == 0, made.stderr
        words = dict(line.split(maxsplit=1) for line in made.stdout.splitlines() if line.startswith("client_"))
        answer = httpx.post(
            f"{one.url}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(words["client_id"], words["client_secret"]),
        )
        assert answer.json()["scope"] == "supply.read", "a command reaches the database of a running service"


def test_settings_that_are_not_right_are_named(folder: Path) -> None:
    wrong = run_command(folder / "data", "serve", port="eighty")
    assert wrong.returncode == 1
    assert "HALFTERM_PORT" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    nowhere = run_command(
        folder / "data", "serve", port=str(free_port()), database_url=f"postgresql://me@127.0.0.1:{free_port()}/x"
    )
    assert nowhere.returncode == 1
    assert "cannot be reached" in nowhere.stderr
    assert "Traceback" not in nowhere.stderr


@dataclass
class Server:
    """A scratch database name on a PostgreSQL server, with what is needed to remove it."""

    admin_url: str
    database: str


@pytest.fixture
def server(server_url: str) -> Iterator[Server]:
    scratch = Server(server_url, f"serve_{secrets.token_hex(4)}")
    yield scratch
    roles = [
        f"{scratch.database}_{suffix}" for suffix in ("application", "application_worker", "app", "app_worker", "owner")
    ]
    for sql in (
        f'DROP DATABASE IF EXISTS "{scratch.database}" WITH (FORCE)',
        *(f'DROP ROLE IF EXISTS "{role}"' for role in roles),
    ):
        query(server_url, sql)


def test_administrators_url_serves_as_an_unprivileged_role_of_its_own(folder: Path, server: Server) -> None:
    url = schema.with_parts(server.admin_url, database=server.database)
    with served(folder / "data", database_url=url) as running:
        assert f"{server.database}_application serves" in running.printed
        assert "curl" not in running.printed, "no sandbox unless asked for"
        rows = query(
            url,
            "SELECT DISTINCT usename, rolsuper, rolbypassrls, rolcreaterole FROM pg_stat_activity"
            " JOIN pg_roles ON rolname = usename WHERE datname = current_database()"
            " AND application_name LIKE 'halfterm%'",
        )
        assert [tuple(row) for row in rows] == [(f"{server.database}_application", False, False, False)]
        assert httpx.post(f"{running.url}/v1/sandbox/advance", json={}).status_code == 404
    again = run_command(folder / "data", "authority", "create", "926", database_url=url)
    assert again.returncode == 0, again.stderr
    kept = folder / "data" / "roles.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not (folder / "data" / "postgres").exists()


def test_application_url_needs_a_migrated_schema_and_migrate_makes_it(folder: Path, server: Server) -> None:
    password = 'it\'s \\ a "word" % with/every: @sign'
    owner_url = schema.with_parts(server.admin_url, database=server.database)
    url = schema.with_parts(owner_url, user=f"{server.database}_app", password=password)
    query(server.admin_url, f'CREATE DATABASE "{server.database}"')
    query(server.admin_url, f'CREATE ROLE "{server.database}_app" LOGIN')
    behind = run_command(folder / "data", "serve", port=str(free_port()), database_url=url)
    assert behind.returncode == 1
    assert "halfterm migrate" in behind.stderr
    assert "Traceback" not in behind.stderr

    migrated = run_command(folder / "data", "migrate", database_url=url, owner_database_url=owner_url)
    assert migrated.returncode == 0, migrated.stderr
    digest = query(server.admin_url, f"SELECT rolpassword FROM pg_authid WHERE rolname = '{server.database}_app'")
    assert digest[0]["rolpassword"].startswith("SCRAM-SHA-256$"), "the password of the URL is the role's"
    with served(folder / "data", database_url=url, sandbox="true") as running:
        assert running.run(running.command("/oauth/token"))["token_type"] == "Bearer"


def test_migrate_makes_the_application_role_and_the_database_on_a_new_server(folder: Path, server: Server) -> None:
    owner_url = schema.with_parts(server.admin_url, database=server.database)
    url = schema.with_parts(owner_url, user=f"{server.database}_app", password="made-up")
    migrated = run_command(folder / "data", "migrate", database_url=url, owner_database_url=owner_url)
    assert migrated.returncode == 0, migrated.stderr
    founded = run_command(folder / "data", "authority", "create", "926", database_url=url)
    assert founded.returncode == 0, founded.stderr


def test_a_role_that_owns_the_tables_is_refused(folder: Path, server: Server) -> None:
    owner = f"{server.database}_owner"
    query(server.admin_url, f"CREATE ROLE \"{owner}\" LOGIN PASSWORD 'made-up'")
    query(server.admin_url, f'CREATE DATABASE "{server.database}" OWNER "{owner}"')
    admin_url = schema.with_parts(server.admin_url, database=server.database)
    asyncio.run(
        schema.provision(admin_url, owner=owner, roles=schema.roles_for(f"{server.database}_app"), password="made-up")
    )
    owner_url = schema.with_parts(admin_url, user=owner, password="made-up")
    app_url = schema.with_parts(admin_url, user=f"{server.database}_app", password="made-up")
    migrated = run_command(folder / "data", "migrate", database_url=app_url, owner_database_url=owner_url)
    assert migrated.returncode == 0, migrated.stderr
    refused = run_command(folder / "data", "serve", port=str(free_port()), database_url=owner_url)
    assert refused.returncode == 1
    assert "privileged" in refused.stderr
