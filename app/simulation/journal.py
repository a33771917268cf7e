"""What one client process did: every answer's time, and every write that the service acknowledged.

Acknowledged writes go to a file line by line as their answers come, before anything else is done with them, so that
the database can be held to each of them afterwards, whatever became of the process.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

ABANDONED = 0
"""The status of a request whose answer was not waited for."""
_SURPRISES_KEPT = 50


@dataclass(slots=True)
class Summary:
    """What a process reports when the play is over: it travels through a pipe."""

    name: str
    answers: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """(HTTP status, milliseconds) of every request, by operation."""
    surprises: list[str] = field(default_factory=list)
    """Answers that the play did not expect, in words."""
    surprise_count: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    figures: dict[str, object] = field(default_factory=dict)


class Journal:
    """The notes of one process. A context manager: it holds its file open."""

    def __init__(self, name: str, path: Path) -> None:
        self.summary = Summary(name)
        self._path = path

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def answered(self, operation: str, status: int, milliseconds: float) -> None:
        """Note an answer, or with ABANDONED that none was waited for."""
        self.summary.answers.setdefault(operation, []).append((status, milliseconds))

    def surprised(self, operation: str, status: int, body: str) -> None:
        """Note an answer that the play did not expect."""
        self.summary.surprise_count += 1
        if len(self.summary.surprises) < _SURPRISES_KEPT:
            self.summary.surprises.append(f"{self.summary.name}: {operation} was answered {status}: {body[:600]}")

    def acknowledged(self, kind: str, subject_id: str, *, key: str = "", organisation_id: str = "") -> None:
        """Note that the service said yes to a write, with its Idempotency-Key, or that an event was read."""
        self._file.write(orjson.dumps([kind, subject_id, key, organisation_id]) + b"\n")
        self._file.flush()

    def count(self, what: str, number: int = 1) -> None:
        """Add to one of the process's own counts."""
        self.summary.counts[what] += number


def acknowledgements(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    """(kind, id, key, organisation) of every acknowledged write in a folder of journals."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            kind, subject_id, key, organisation_id = orjson.loads(line)
            yield kind, subject_id, key, organisation_id
