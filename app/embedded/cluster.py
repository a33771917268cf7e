"""The folder `initdb` makes: creating it whole or not at all, checking it, clearing what a killed server left."""

import os
import shutil
import signal
import subprocess  # nosec B404
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.embedded.place import (
    EmbeddedPostgresError,
    Programs,
    ServerUser,
    give,
    reachable,
    shelter,
)

POLL_SECONDS = 0.01
INITDB_TIMEOUT_SECONDS = 120
PREVIOUS_SERVER_TIMEOUT_SECONDS = 10
# C.UTF-8 from PostgreSQL's own provider sorts alike on every system; the C library of some has no such locale.
INITDB_OPTIONS = (
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth-local=trust",
    "--auth-host=reject",
    "--no-instructions",
)
# postmaster.pid, line by line: process id, data folder, start time, port, socket folder, address, memory key, status.
PID_LINE, SOCKET_LINE, STATUS_LINE = 0, 4, 7

Run = Callable[[list[str]], tuple[int, str]]


def open_cluster(data_dir: Path, programs: Programs, user: ServerUser | None, run: Run, *, durable: bool) -> Path:
    """The cluster of a data folder, made on first use.

    Args:
        data_dir: the application's data folder.
        programs: the programs to make it with, and their version.
        user: whom the server runs as, when not as ourselves.
        run: runs a program as the server's user; returns its exit status and output.
        durable: whether new files are written through to disk.

    Raises:
        EmbeddedPostgresError: it is of another major version, out of reach, missing, or cannot be made.

    """
    link = data_dir / "postgres"
    if not link.exists():
        if link.is_symlink():
            raise EmbeddedPostgresError(
                f"The database of {data_dir} was kept in {link.readlink()}, which is gone. "
                f"Remove {link} to start an empty one."
            )
        return _create(link, programs, user, run, durable=durable)
    cluster = link.resolve()
    if user is not None and not reachable(cluster, user):
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and the user {user.name} cannot reach {cluster}. "
            "Move the data folder to where that user can pass, or choose another with HALFTERM_DATA_DIR."
        )
    _check_version(cluster, programs)
    return cluster


def is_ready(cluster: Path, process_id: int) -> bool:
    """Whether this server process accepts connections, as it says itself in postmaster.pid."""
    lines = _postmaster_lines(cluster)
    return len(lines) > STATUS_LINE and lines[PID_LINE] == str(process_id) and lines[STATUS_LINE].strip() == "ready"


def running_socket_dir(cluster: Path) -> Path | None:
    """The folder of the socket of the server that runs on a cluster now, whoever started it; None without one."""
    lines = _postmaster_lines(cluster)
    if len(lines) <= STATUS_LINE or lines[STATUS_LINE].strip() != "ready" or not lines[PID_LINE].isdigit():
        return None
    return Path(lines[SOCKET_LINE]) if _serves(int(lines[PID_LINE]), cluster) else None


def end_previous_server(cluster: Path) -> None:
    """End a server that a killed owner left behind, and remove a postmaster.pid that names somebody else's process.

    PostgreSQL itself clears the file of a process that is gone. It refuses to start when the id is in use again,
    which is likely in a container; our lock and PostgreSQL's own check of its shared memory make it safe to remove.

    Raises:
        EmbeddedPostgresError: the earlier server does not end.

    """
    lines = _postmaster_lines(cluster)
    if not lines or not lines[PID_LINE].isdigit():
        return
    process_id = int(lines[PID_LINE])
    if not _is_alive(process_id):
        return
    if not _serves(process_id, cluster):
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        return
    for signal_number in (signal.SIGQUIT, signal.SIGKILL):
        os.kill(process_id, signal_number)
        for _ in range(int(PREVIOUS_SERVER_TIMEOUT_SECONDS / POLL_SECONDS)):
            if not _serves(process_id, cluster):
                return
            time.sleep(POLL_SECONDS)
    raise EmbeddedPostgresError(f"An earlier PostgreSQL (pid {process_id}) still uses {cluster} and does not end.")


def _create(link: Path, programs: Programs, user: ServerUser | None, run: Run, *, durable: bool) -> Path:
    """Make the cluster under another name and rename it when it is whole, so that a kill leaves none half made."""
    for abandoned in link.parent.glob("postgres.new-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    inside = reachable(link, user)
    prefix, parent = ("postgres.new-", link.parent) if inside else ("data-", shelter())
    staging = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    give(staging, user)
    options = INITDB_OPTIONS if durable else (*INITDB_OPTIONS, "--no-sync")
    status, output = run([str(programs.directory / "initdb"), "-D", str(staging), *options])
    if status != 0:
        shutil.rmtree(staging, ignore_errors=True)
        raise EmbeddedPostgresError(f"PostgreSQL could not make its data folder:\n{output[-2000:].strip()}")
    if inside:
        staging.rename(link)
        return link
    link.symlink_to(staging)
    return staging


def _check_version(cluster: Path, programs: Programs) -> None:
    try:
        found = (cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError as error:
        raise EmbeddedPostgresError(
            f"{cluster} is not a PostgreSQL data folder. Move it away and start again."
        ) from error
    if found != str(programs.major_version):
        raise EmbeddedPostgresError(
            f"The database in {cluster} was made by PostgreSQL {found}, and this Halfterm brings PostgreSQL "
            f"{programs.major_version}. Export it with the version that made it, "
            "or choose another folder with HALFTERM_DATA_DIR."
        )


def _postmaster_lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(process_id: int, cluster: Path) -> bool:
    """Whether this process is a PostgreSQL server on this cluster."""
    if Path("/proc/self/cwd").exists():
        # A server's working folder is its data folder.
        try:
            return Path(f"/proc/{process_id}/cwd").readlink() == cluster
        except (FileNotFoundError, PermissionError):
            return False
    listed = subprocess.run(  # noqa: S603  # nosec B603
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(process_id)], capture_output=True, text=True, check=False
    )
    return f"-D {cluster} " in listed.stdout
