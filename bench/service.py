"""The service as it is deployed, in processes of its own, and what CPU time they use."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.naive import DATABASE_URL

_TICK = os.sysconf("SC_CLK_TCK")
_PROJECT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Running:
    """A server and its port."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """CPU time of the server's processes so far, user and system."""
        return sum(_cpu(pid) for pid in _family(self.pid))


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(descendant for child in children for descendant in _family(int(child)))]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(application_url: str, keys: Path, workers: int) -> Iterator[Running]:
    """The service on the seeded database. No sandbox; limits that a benchmark would meet are raised."""
    port = free_port()
    settings = {
        "HALFTERM_DATABASE_URL": application_url,
        "HALFTERM_SIGNING_KEYS_FILE": str(keys),
        "HALFTERM_PUBLIC_URL": "http://bench",
        "HALFTERM_RATE_LIMIT_PER_MINUTE": "100000000",
        "HALFTERM_LOG_LEVEL": "WARNING",
        # The clock's round over every authority is not what is measured.
        "HALFTERM_CLOCK_INTERVAL_SECONDS": "86400",
    }
    with _uvicorn("app.serving.processes:application", port, workers, settings, factory=True) as running:
        yield running


@contextmanager
def doing_nothing(workers: int) -> Iterator[Running]:
    """An ASGI application that answers 304 and reads nothing: what a poll is measured against."""
    with _uvicorn("bench.nothing:application", free_port(), workers, {}, factory=False) as running:
        yield running


@contextmanager
def naive(owner_url: str, workers: int) -> Iterator[Running]:
    """The GraphQL page written the common way: what the service's own is measured against."""
    settings = {DATABASE_URL: owner_url}
    with _uvicorn("bench.naive:application", free_port(), workers, settings, factory=True) as running:
        yield running


@contextmanager
def _uvicorn(target: str, port: int, workers: int, settings: dict[str, str], *, factory: bool) -> Iterator[Running]:
    command = [
        sys.executable, "-m", "uvicorn", target, *(["--factory"] if factory else []), "--host", "127.0.0.1",
        "--port", str(port), "--workers", str(workers), "--http", "httptools", "--loop", "uvloop", "--ws", "none",
        "--no-access-log", "--no-server-header", "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=_PROJECT, env={**os.environ, **settings})
    try:
        _wait_until_up(port, process)
        yield Running(port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit("The server did not start.")
        try:
            urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1).close()
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            # The other workers, too.
            time.sleep(1.0)
            return
    raise SystemExit("The server is not up after 30 seconds.")
