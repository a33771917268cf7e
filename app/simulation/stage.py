"""Where a play is given: a service of its own, started as a user would start it, or one that runs already."""

import os
import re
import shutil
import signal
import socket
import subprocess  # nosec B404
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import httpx

from app import clock
from app.embedded import launch, running_url
from app.simulation.calling import Credentials, PlayError

LA_CODE: Final = "998"
"""No authority in England has it, and the sandbox that `halfterm serve` makes has another."""
_START_SECONDS: Final = 90
_END_SECONDS: Final = 15
_POLL_SECONDS: Final = 0.1
_NO_LIMIT: Final = "1000000"
_LOG_TAIL: Final = 3000


@dataclass(frozen=True, slots=True)
class Stage:
    """A running service with an empty sandbox authority, and the way into its database as owner where there is one."""

    base_url: str
    officer: Credentials
    owner_url: str | None


@contextmanager
def stage(authority_name: str, starts_at: datetime, folder: Path) -> Iterator[Stage]:
    """A service for the length of the block, with an authority whose clock starts at a business moment.

    Its database is embedded and temporary, or the one of HALFTERM_DATABASE_URL, which keeps what was played. Raises
    PlayError when the service does not start.
    """
    data_dir = folder / "data"
    environment = {
        **os.environ,
        "HALFTERM_PORT": str(_free_port()),
        "HALFTERM_DATA_DIR": str(data_dir),
        "HALFTERM_SANDBOX": "true",
        "HALFTERM_RATE_LIMIT_PER_MINUTE": _NO_LIMIT,
        "HALFTERM_LOG_LEVEL": "WARNING",
        "COLUMNS": "400",
    }
    base_url = f"http://127.0.0.1:{environment['HALFTERM_PORT']}"
    with ExitStack() as ending, (folder / "service.log").open("wb") as log:
        ending.callback(_remove_cluster, data_dir)
        service = _serve(environment, log)
        ending.callback(_stop, service)
        _wait_until_ready(service, base_url, folder / "service.log")
        authority_id = _found(environment, authority_name, starts_at)
        yield Stage(base_url, _officer(environment, authority_id, base_url), _owner_url(environment, data_dir))


def running_stage(base_url: str, environment: Mapping[str, str]) -> Stage:
    """A service that runs already, with the empty sandbox authority whose officer the environment names.

    Raises PlayError when it names none.
    """
    client_id = environment.get("HALFTERM_SIMULATE_CLIENT_ID")
    secret = environment.get("HALFTERM_SIMULATE_CLIENT_SECRET")
    if not client_id or not secret:
        raise PlayError(
            "To play against a running service, found an empty sandbox authority there (halfterm authority create"
            " --sandbox --starts-at), make its client (halfterm client create), and set HALFTERM_SIMULATE_CLIENT_ID"
            " and HALFTERM_SIMULATE_CLIENT_SECRET."
        )
    officer = _with_organisation(base_url.rstrip("/"), client_id, secret)
    return Stage(base_url.rstrip("/"), officer, environment.get("HALFTERM_OWNER_DATABASE_URL"))


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="halfterm-simulate-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(environment: Mapping[str, str], log: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start `halfterm serve` so that it ends with this process, even by kill -9; Ctrl-C reaches only us."""
    kernel_tells = sys.platform.startswith("linux")
    tie = [str(os.getpid()), str(int(signal.SIGTERM)), "-", "-", "kernel" if kernel_tells else "pipe"]
    return subprocess.Popen(  # noqa: S603  # nosec B603
        [sys.executable, "-I", "-S", launch.__file__, *tie, sys.executable, "-m", "app.cli", "serve"],
        env=dict(environment),
        cwd=_root(),
        stdin=subprocess.DEVNULL if kernel_tells else subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _root() -> Path:
    return Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(service: "subprocess.Popen[bytes]", base_url: str, log: Path) -> None:
    until = clock.monotonic() + _START_SECONDS
    with httpx.Client(base_url=base_url, timeout=2) as http:
        while clock.monotonic() < until and service.poll() is None:
            try:
                if http.get("/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass  # the port is not answered yet
            try:
                service.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    raise PlayError(f"The service did not start. Its log ends:\n{log.read_text(errors='replace')[-_LOG_TAIL:]}")


def _stop(service: "subprocess.Popen[bytes]") -> None:
    if service.poll() is None:
        service.send_signal(signal.SIGTERM)
        try:
            service.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()


def _remove_cluster(data_dir: Path) -> None:
    """The data folder may only point to where the server's user keeps its files."""
    link = data_dir / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.resolve(), ignore_errors=True)


def _command(environment: Mapping[str, str], *arguments: str) -> str:
    """What a `halfterm` command prints. Raises PlayError with its words when it fails."""
    done = subprocess.run(  # noqa: S603  # nosec B603
        [sys.executable, "-m", "app.cli", *arguments],
        env=dict(environment),
        cwd=_root(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PlayError(f"halfterm {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _found(environment: Mapping[str, str], name: str, starts_at: datetime) -> str:
    said = _command(
        environment,
        *("authority", "create", LA_CODE, "--name", name, "--sandbox", "--starts-at", starts_at.isoformat()),
    )
    return _told(r"([0-9a-f]{8}-[0-9a-f-]{27})", said)


def _officer(environment: Mapping[str, str], authority_id: str, base_url: str) -> Credentials:
    said = _command(environment, "client", "create", "--authority", authority_id, "--name", "First officer")
    return _with_organisation(base_url, _told(r"client_id\s+(\S+)", said), _told(r"client_secret\s+(\S+)", said))


def _with_organisation(base_url: str, client_id: str, secret: str) -> Credentials:
    """The credentials with the organisation that they act for, as the service names it."""
    with httpx.Client(base_url=base_url, timeout=10) as http:
        token = http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret))
        if token.status_code != 200:
            raise PlayError(f"The first officer could not sign in: {token.status_code} {token.text}")
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        known = http.get(f"/v1/clients/{client_id}", headers=headers).json()
    return Credentials(known["organisation_id"], client_id, secret)


def _told(pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    if found is None:
        raise PlayError(f"A command said something else than expected:\n{said}")
    return found.group(1)


def _owner_url(environment: Mapping[str, str], data_dir: Path) -> str | None:
    given = environment.get("HALFTERM_OWNER_DATABASE_URL") or environment.get("HALFTERM_DATABASE_URL")
    return given or running_url(data_dir.resolve(), "halfterm_owner", "halfterm")
