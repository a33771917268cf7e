"""The embedded PostgreSQL through starts, kills and hostile places.

Each test runs a real server. "Gone" is asked of the process table, for the server and for every process it had.
"""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.embedded import EmbeddedPostgres, EmbeddedPostgresError, place
from app.embedded.cluster import is_ready
from app.schema import sqlalchemy_url

ROOT = os.geteuid() == 0
FAST: dict[str, str | int | bool] = {"fsync": "off", "max_wal_senders": 0, "shared_buffers": "16MB"}
PROJECT = Path(__file__).parents[2]
needs_root = pytest.mark.skipif(not ROOT, reason="gives up root's privileges, so needs them")

OWNER = """
import sys
from pathlib import Path
from app.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), {"fsync": "off"}, death_signal=sys.argv[2] == "kernel")
server.start()
print(server.process_id, server.admin_url, flush=True)
sys.stdin.readline()
"""


@dataclass
class Owner:
    """An application in another process, with its server."""

    process: subprocess.Popen[str]
    server_id: int
    url: str


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder that any user can pass to: pytest's own are closed to others."""
    base = Path(tempfile.mkdtemp(prefix="ht"))
    base.chmod(0o711)
    yield base / "data"
    shutil.rmtree(base)


@contextlib.contextmanager
def owner(
    data_dir: Path, tie: str = "kernel", user: int | None = None, python: str = sys.executable
) -> Iterator[Owner]:
    """Run an application in another process until the end of the block."""
    packages = str(Path(asyncpg.__file__).parents[1])
    process = subprocess.Popen(
        [python, "-c", OWNER, str(data_dir), tie],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join((str(PROJECT), packages)), "PYTHONDONTWRITEBYTECODE": "1"},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        assert len(line) == 2, "the application ended instead of starting its database"
        yield Owner(process, int(line[0]), line[1])
    finally:
        process.kill()
        process.communicate()


def alive(process_id: int) -> bool:
    """Whether a process runs; one that ended and was not yet collected does not."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = Path(f"/proc/{process_id}/stat")
    try:
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone_within(seconds: float, process_ids: list[int]) -> bool:
    """Whether all of these processes end in time."""
    for _ in range(int(seconds / 0.01)):
        if not any(alive(process_id) for process_id in process_ids):
            return True
        time.sleep(0.01)
    return False


def query(url: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
    """Run one statement in a connection of its own and commit it."""

    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
            return rows
        finally:
            await connection.close()

    return asyncio.run(run())


def server_processes(server_id: int, url: str) -> list[int]:
    """The server and its children: writers and background workers."""
    children = [row["pid"] for row in query(url, "select pid from pg_stat_activity")]
    assert len(children) >= 3
    return [server_id, *children]


def note(url: str, value: int) -> None:
    """Commit one row."""
    query(url, "create table if not exists notes (value int)")
    query(url, "insert into notes values ($1)", value)


def noted(url: str) -> list[int]:
    """The rows that are there."""
    return [row["value"] for row in query(url, "select value from notes order by value")]


def test_first_start_makes_a_private_utf8_server(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    with EmbeddedPostgres(data_dir, FAST) as server:
        (row,) = query(
            server.admin_url,
            """select pg_encoding_to_char(encoding) as encoding, datlocale, lower('ÄÉ') as lowered,
                      current_user as role, current_setting('listen_addresses') as addresses,
                      current_setting('fsync') as fsync
               from pg_database where datname = current_database()""",
        )
        assert dict(row) == {
            "encoding": "UTF8",
            "datlocale": "C.UTF-8",
            "lowered": "äé",
            "role": "postgres",
            "addresses": "",
            "fsync": "off",
        }
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        assert asyncio.run(one_by_sqlalchemy(server.admin_url)) == 1


async def one_by_sqlalchemy(url: str) -> object:
    """What SQLAlchemy reads through the same URL."""
    engine = create_async_engine(sqlalchemy_url(url))
    async with engine.connect() as session:
        value: object = (await session.execute(text("select 1"))).scalar_one()
    await engine.dispose()
    return value


def test_data_survives_a_stop_and_nothing_runs_after_it(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, FAST)
    with server:
        note(server.admin_url, 1)
        processes = server_processes(server.process_id, server.admin_url)
    assert not any(alive(process_id) for process_id in processes)
    with pytest.raises(EmbeddedPostgresError, match="not running"):
        _ = server.admin_url
    server.stop()
    with server:
        assert noted(server.admin_url) == [1]


@pytest.mark.parametrize("tie", ["kernel", "pipe"])
def test_killed_owner_takes_the_server_with_it_and_the_data_recovers(data_dir: Path, tie: str) -> None:
    if tie == "kernel" and not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends a child with its parent")
    with owner(data_dir, tie) as application, asyncio.Runner() as session:
        note(application.url, 1)
        connection = session.run(asyncpg.connect(application.url))
        session.run(connection.execute("begin; insert into notes values (2)"))
        processes = server_processes(application.server_id, application.url)
        application.process.kill()
        assert gone_within(20, processes)
        connection.terminate()
    with EmbeddedPostgres(data_dir, FAST) as server:
        assert noted(server.admin_url) == [1]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, None], ids=["SIGTERM", "SIGINT", "return"])
def test_server_ends_with_its_owner_however_that_ends(data_dir: Path, end: signal.Signals | None) -> None:
    with owner(data_dir) as application:
        processes = server_processes(application.server_id, application.url)
        if end is None:
            application.process.communicate("\n")
        else:
            application.process.send_signal(end)
        assert gone_within(20, [*processes, application.process.pid])


def test_data_folder_has_one_owner_at_a_time(data_dir: Path) -> None:
    with owner(data_dir) as application:
        with pytest.raises(EmbeddedPostgresError, match=f"pid {application.process.pid}"):
            EmbeddedPostgres(data_dir, FAST).start()
        note(application.url, 1)
        assert noted(application.url) == [1]
    with EmbeddedPostgres(data_dir, FAST) as server:
        with pytest.raises(EmbeddedPostgresError, match=f"pid {os.getpid()}"):
            EmbeddedPostgres(data_dir, FAST).start()
        assert noted(server.admin_url) == [1]


def test_path_too_long_for_a_socket_gets_a_short_private_folder(data_dir: Path) -> None:
    deep = data_dir / ("long, " * 20) / "data"
    with owner(deep) as application:
        note(application.url, 1)
        left_behind = Path((deep / "postgres.lock").read_text().splitlines()[1])
        application.process.kill()
        assert gone_within(20, [application.server_id])
    assert left_behind.exists()
    with EmbeddedPostgres(deep, FAST) as server:
        assert not left_behind.exists()
        used = server.socket_dir
        assert stat.S_IMODE(used.stat().st_mode) == 0o700
        assert not used.is_relative_to(deep)
        assert noted(server.admin_url) == [1]
    assert not used.exists()


def test_reused_process_id_in_a_left_over_file_does_not_stop_the_start(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, FAST) as server:
        note(server.admin_url, 1)
    owner_of_data = (data_dir / "postgres").stat()
    stranger = subprocess.Popen(["sleep", "60"], user=owner_of_data.st_uid if ROOT else None)
    try:
        (data_dir / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{data_dir}\n0\n5432\n\n\n\nready\n")
        with EmbeddedPostgres(data_dir, FAST) as server:
            assert noted(server.admin_url) == [1]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_server_left_running_is_ended_before_a_new_start(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, FAST) as server:
        note(server.admin_url, 1)
    cluster = data_dir / "postgres"
    programs = place.find_programs(place.server_user(cluster))
    orphan = subprocess.Popen(
        [programs.directory / "postgres", "-D", cluster, "-c", "listen_addresses=", "-k", data_dir / "run"],
        stderr=subprocess.DEVNULL,
        user=cluster.stat().st_uid if ROOT else None,
    )
    try:
        for _ in range(500):
            if is_ready(cluster, orphan.pid):
                break
            time.sleep(0.01)
        with EmbeddedPostgres(data_dir, FAST) as server:
            assert orphan.wait(2) == 0
            assert noted(server.admin_url) == [1]
    finally:
        orphan.kill()
        orphan.wait()


def test_killed_server_recovers_at_the_next_start(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, FAST)
    with server:
        note(server.admin_url, 1)
        os.kill(server.process_id, signal.SIGKILL)
    with server:
        assert noted(server.admin_url) == [1]


def test_temporary_server_leaves_nothing_behind() -> None:
    with EmbeddedPostgres.temporary(FAST) as server:
        note(server.admin_url, 1)
        process_id, folder = server.process_id, server.data_dir
        assert (folder / "postgres" / "PG_VERSION").resolve().is_relative_to(folder)
    assert not alive(process_id)
    assert not folder.exists()


def test_data_of_another_major_version_is_refused_untouched(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, FAST):
        pass
    version = data_dir / "postgres" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(EmbeddedPostgresError, match="made by PostgreSQL 17, and this Halfterm brings PostgreSQL 18"):
        EmbeddedPostgres(data_dir, FAST).start()
    version.write_text("18\n")
    with EmbeddedPostgres(data_dir, FAST):
        pass


def test_server_that_does_not_come_up_says_why_and_lets_go(data_dir: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match='unrecognized configuration parameter "no_such_setting"'):
        EmbeddedPostgres(data_dir, {"no_such_setting": 1}).start()
    with EmbeddedPostgres(data_dir, FAST):
        pass


def test_missing_wheel_names_both_ways_out(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EmbeddedPostgresError, match=r"requirements/local\.txt.*HALFTERM_DATABASE_URL"):
        EmbeddedPostgres(data_dir, FAST).start()


@needs_root
def test_root_runs_it_as_an_ordinary_user_and_opens_no_other_folder(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, FAST) as server:
        assert server.user_name == "nobody"
        assert Path(f"/proc/{server.process_id}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert data_dir.stat().st_uid == 0
        assert stat.S_IMODE(data_dir.parent.stat().st_mode) == 0o711
        assert stat.S_IMODE((data_dir / "postgres").stat().st_mode) == 0o700
        note(server.admin_url, 1)


@needs_root
def test_root_keeps_data_and_programs_elsewhere_when_they_are_out_of_the_users_reach(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelter = data_dir.parent / "shelter"
    monkeypatch.setattr(place, "SHELTER", shelter)
    monkeypatch.setattr(place, "_usable", lambda _package, _user: False)
    closed = data_dir / "closed"
    closed.mkdir(parents=True, mode=0o700)
    server = EmbeddedPostgres(closed / "data", FAST)
    for _ in range(2):
        with server:
            note(server.admin_url, 1)
            assert Path(f"/proc/{server.process_id}/exe").readlink().is_relative_to(shelter)
    with server:
        assert noted(server.admin_url) == [1, 1]
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert (closed / "data" / "postgres").resolve().parent == shelter
    assert len(list(shelter.glob("data-*"))) == 1

    shutil.rmtree((closed / "data" / "postgres").resolve())
    with pytest.raises(EmbeddedPostgresError, match="which is gone"):
        server.start()


@needs_root
def test_ordinary_user_runs_it_as_himself_and_root_can_take_over(data_dir: Path) -> None:
    nobody = place.ServerUser("nobody", pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    found = [path for path in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3") if usable(path, nobody)]
    if not found:
        pytest.skip("no Python of version 3.11 or later that an ordinary user can run")
    data_dir.mkdir()
    os.chown(data_dir, nobody.user_id, nobody.group_id)
    with owner(data_dir, user=nobody.user_id, python=found[0]) as application:
        note(application.url, 1)
        assert Path(f"/proc/{application.server_id}").stat().st_uid == nobody.user_id
        application.process.kill()
        assert gone_within(20, [application.server_id])
    with EmbeddedPostgres(data_dir, FAST) as server:
        assert noted(server.admin_url) == [1]
    for path in (data_dir / "postgres", *(data_dir / "postgres").rglob("*")):
        os.chown(path, 12345, 12345)
    refused = subprocess.run(
        [found[0], "-c", OWNER, str(data_dir), "kernel"],
        env={"PYTHONPATH": os.pathsep.join((str(PROJECT), str(Path(asyncpg.__file__).parents[1])))},
        user=nobody.user_id,
        group=nobody.group_id,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "belongs to the user with id 12345" in refused.stderr


def usable(python: str, user: place.ServerUser) -> bool:
    """Whether this user can run this interpreter, and it is recent enough."""
    if not Path(python).exists() or not place.reachable(Path(python), user):
        return False
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", check], check=False).returncode == 0
