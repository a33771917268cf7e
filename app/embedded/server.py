"""EmbeddedPostgres: the server as a child of this process, from start to stop."""

import atexit
import os
import signal
import subprocess  # nosec B404
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from app.embedded import launch
from app.embedded.cluster import (
    INITDB_TIMEOUT_SECONDS,
    POLL_SECONDS,
    end_previous_server,
    is_ready,
    open_cluster,
    running_socket_dir,
)
from app.embedded.owner import OwnerLock
from app.embedded.place import (
    EmbeddedPostgresError,
    ServerUser,
    find_programs,
    make_socket_dir,
    remove_socket_dir,
    server_user,
)

START_TIMEOUT_SECONDS = 60.0
FAST_STOP_SECONDS = 10.0
IMMEDIATE_STOP_SECONDS = 5.0
PORT = 5432

# The log of the embedded server carries no statement, value or key of a row: rows hold personal data.
DEFAULT_SETTINGS: Mapping[str, str | int | bool] = {
    "cluster_name": "halfterm",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


def _url(socket_dir: Path, role: str, database: str) -> str:
    host = quote(str(socket_dir), safe="/")
    return f"postgresql://{quote(role, safe='')}@/{quote(database, safe='')}?host={host}&port={PORT}"


def running_url(data_dir: Path, role: str, database: str) -> str | None:
    """The URL of a role in the database server that another process runs in a data folder; None without one.

    Raises:
        EmbeddedPostgresError: the data belongs to another user.

    """
    try:
        socket_dir = running_socket_dir((data_dir / "postgres").resolve())
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"The data folder {data_dir} belongs to another user: run this as that user or as root."
        ) from error
    return None if socket_dir is None else _url(socket_dir, role, database)


class EmbeddedPostgres:
    """A PostgreSQL server that lives in a data folder and no longer than this process.

    Its data is in `data_dir/postgres`, its log in `data_dir/postgres.log`. It listens on a Unix socket only, in a
    folder that its own user and root alone can open; whoever can open it may connect as any role, without a password.

    Args:
        data_dir: made if missing; one process owns it at a time.
        settings: server settings over the defaults, for example `{"fsync": "off"}`. Where it listens is fixed.
        death_signal: whether the kernel ends the server with this process. Elsewhere than on Linux, a watcher does.

    """

    def __init__(
        self,
        data_dir: Path,
        settings: Mapping[str, str | int | bool] | None = None,
        *,
        death_signal: bool = sys.platform.startswith("linux"),
    ) -> None:
        self.data_dir = data_dir
        self.settings = {**DEFAULT_SETTINGS, **(settings or {})}
        self._death_signal = death_signal
        self._socket_dir: Path | None = None
        self._lock: OwnerLock | None = None
        self._user: ServerUser | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._started_by = 0

    @classmethod
    @contextmanager
    def temporary(cls, settings: Mapping[str, str | int | bool] | None = None) -> Iterator[Self]:
        """A running server whose data goes when it stops, in a folder that any user can pass to: for tests."""
        with tempfile.TemporaryDirectory(prefix="halfterm-data-") as folder:
            Path(folder).chmod(0o711)
            with cls(Path(folder), settings) as server:
                yield server

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket. Raises EmbeddedPostgresError when the server is not running."""
        if self._socket_dir is None:
            raise EmbeddedPostgresError("The embedded PostgreSQL is not running.")
        return self._socket_dir

    @property
    def admin_url(self) -> str:
        """The superuser's URL of the database `postgres`, for asyncpg and psql."""
        return self.url("postgres", "postgres")

    def url(self, role: str, database: str) -> str:
        """The URL of a role in a database of this server. Raises EmbeddedPostgresError when it is not running."""
        return _url(self.socket_dir, role, database)

    @property
    def process_id(self) -> int:
        """The server's process id. Raises EmbeddedPostgresError when it is not running."""
        if self._process is None:
            raise EmbeddedPostgresError("The embedded PostgreSQL is not running.")
        return self._process.pid

    @property
    def user_name(self) -> str | None:
        """The user the server runs as when the application is root; None when it runs as ourselves."""
        return self._user.name if self._user else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it accepts connections; makes its data folder on first use.

        Raises:
            EmbeddedPostgresError: another process owns the folder, its data is of another version, or it fails.

        """
        if self._lock is not None:
            raise EmbeddedPostgresError("The embedded PostgreSQL is already running.")
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedPostgresError(f"The data folder {self.data_dir} cannot be made: {error}.") from error
        data_dir = self.data_dir.resolve()
        self._started_by = os.getpid()
        self._lock = OwnerLock(data_dir / "postgres.lock")
        atexit.register(self.stop)
        try:
            self._start_owned(data_dir, self._lock)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and let its data folder go: fast first, at once if that takes too long.

        Harmless when stopped already. Does nothing in a process that was forked from the owner.
        """
        if self._lock is None or os.getpid() != self._started_by:
            return
        if self._process is not None and self._keeper is not None:
            for signal_number, seconds in (
                (signal.SIGINT, FAST_STOP_SECONDS),
                (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS),
                (signal.SIGKILL, None),
            ):
                self._process.send_signal(signal_number)
                self._keeper.join(seconds)
                if not self._keeper.is_alive():
                    break
            if self._process.stdin is not None:
                self._process.stdin.close()
        if self._socket_dir is not None:
            remove_socket_dir(self._socket_dir, self._user)
        self._lock.record_socket_dir(None)
        self._lock.release()
        self._lock = self._process = self._keeper = self._socket_dir = None
        atexit.unregister(self.stop)

    def _start_owned(self, data_dir: Path, lock: OwnerLock) -> None:
        cluster = data_dir / "postgres"
        self._user = server_user(cluster)
        programs = find_programs(self._user)
        durable = self.settings.get("fsync") not in ("off", False)
        cluster = open_cluster(data_dir, programs, self._user, self._run, durable=durable)
        end_previous_server(cluster)
        if lock.leftover_socket_dir is not None:
            remove_socket_dir(lock.leftover_socket_dir, self._user)
        self._socket_dir = make_socket_dir(data_dir, self._user)
        lock.record_socket_dir(self._socket_dir if self._socket_dir.parent != data_dir else None)
        log = data_dir / "postgres.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        command = [str(programs.directory / "postgres"), "-D", str(cluster), *self._options()]
        started: Future[subprocess.Popen[bytes]] = Future()
        # The kernel's "parent" is the thread that forked: one thread of our own lives exactly as long as the server.
        self._keeper = threading.Thread(
            target=self._keep, args=(command, log, started), name="embedded-postgres", daemon=True
        )
        self._keeper.start()
        self._process = started.result()
        self._wait_until_ready(cluster, log)

    def _options(self) -> list[str]:
        fixed = {
            "listen_addresses": "",
            "port": PORT,
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
        }
        options: list[str] = []
        for name, value in {**self.settings, **fixed}.items():
            text = ("on" if value else "off") if isinstance(value, bool) else str(value)
            options += ["-c", f"{name}={text}"]
        return options

    def _keep(self, command: list[str], log: Path, started: "Future[subprocess.Popen[bytes]]") -> None:
        """Start the server and wait for its end: the work of the keeper thread."""
        try:
            with log.open("wb") as output:
                process = self._launch(command, signal.SIGQUIT, output)
        except BaseException as error:  # noqa: BLE001  (raised in the thread that waits for the start)
            started.set_exception(error)
            return
        started.set_result(process)
        process.wait()

    def _wait_until_ready(self, cluster: Path, log: Path) -> None:
        if self._keeper is None:
            return
        for _ in range(int(START_TIMEOUT_SECONDS / POLL_SECONDS)):
            if is_ready(cluster, self.process_id):
                return
            if not self._keeper.is_alive():
                break
            time.sleep(POLL_SECONDS)
        tail = log.read_text(errors="replace")[-2000:].strip()
        raise EmbeddedPostgresError(f"PostgreSQL did not start. Its log, {log}, ends:\n{tail}")

    def _run(self, command: list[str]) -> tuple[int, str]:
        """Run a program to its end as the server's user; returns its exit status and output."""
        with tempfile.TemporaryFile() as output:
            process = self._launch(command, signal.SIGKILL, output)
            try:
                process.wait(INITDB_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
            output.seek(0)
            return process.returncode, output.read().decode(errors="replace")

    def _launch(self, command: list[str], death: signal.Signals, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a program that ends with this process, in a session of its own: Ctrl-C must reach only us."""
        user, group = (str(self._user.user_id), str(self._user.group_id)) if self._user else ("-", "-")
        tie = "kernel" if self._death_signal else "pipe"
        launcher = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(death)), user, group, tie]
        return subprocess.Popen(  # noqa: S603  # nosec B603
            [*launcher, *command],
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL if self._death_signal else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
        )
