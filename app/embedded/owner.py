"""One owner per data folder, by a lock the operating system lets go of when the owner dies."""

import fcntl
import os
from pathlib import Path

from app.embedded.place import EmbeddedPostgresError

# A record lock does not hold against its own process, and closing any descriptor of the file would drop it.
_held_here: set[Path] = set()


class OwnerLock:
    """The lock on a data folder: who owns it, and the socket folder outside it that the owner made, if any.

    A record lock (lockf), not flock: a child the owner forked does not inherit it, so it ends with the owner itself.
    The file stays when the lock goes, because removing it would let two starters lock two different files.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            EmbeddedPostgresError: another process, named by its id, or this one owns it, or it cannot be written.

        """
        self.path = path
        if path in _held_here:
            raise EmbeddedPostgresError(f"This process (pid {os.getpid()}) already runs the database in {path.parent}.")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"{path} cannot be opened for writing: the data folder belongs to another user. "
                "Start as that user, or choose another folder with HALFTERM_DATA_DIR."
            ) from error
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = self._read()[0] or "unknown"
            os.close(self._file)
            raise EmbeddedPostgresError(
                f"The database in {path.parent} is in use by another Halfterm, pid {pid}. "
                "Stop that one, or choose another folder with HALFTERM_DATA_DIR."
            ) from error
        _held_here.add(path)
        leftover = self._read()[1]
        self.leftover_socket_dir = Path(leftover) if leftover else None
        self._write(leftover)

    def record_socket_dir(self, directory: Path | None) -> None:
        """Note the socket folder made outside the data folder, so that the next owner can remove it after a kill."""
        self._write("" if directory is None else str(directory))

    def release(self) -> None:
        """Let the folder go."""
        _held_here.discard(self.path)
        os.close(self._file)

    def _read(self) -> tuple[str, str]:
        lines = os.pread(self._file, 4096, 0).decode(errors="replace").split("\n")
        return lines[0], lines[1] if len(lines) > 1 else ""

    def _write(self, socket_dir: str) -> None:
        content = f"{os.getpid()}\n{socket_dir}\n".encode()
        os.pwrite(self._file, content, 0)
        os.ftruncate(self._file, len(content))
