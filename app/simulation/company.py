"""The client processes of a play, each a separate system with its own tokens, and the barrier between their days.

Within a day they run at once, against the service and against each other. A process that fails says why and ends the
play; one whose parent has gone ends by itself.
"""

import asyncio
import multiprocessing
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import httpx

from app.simulation.calling import Caller, Credentials, PlayError
from app.simulation.dashboard import Dashboard
from app.simulation.journal import Journal, Summary
from app.simulation.mis import SchoolSystems
from app.simulation.portal import Portal
from app.simulation.world import World

PATIENCE_SECONDS: Final = 300
"""How long a day may take before the play is given up."""
_ENDING_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 60
_CONNECTIONS: Final = 40


@dataclass(frozen=True, slots=True)
class Part:
    """What one process needs to know. `plays` says of which kind it is: `schools`, a provider's key or `authority`."""

    name: str
    plays: str
    base_url: str
    world: tuple[int, int, int]
    """Seed, schools and places: every process builds the same world of it."""
    starts_on: date
    folder: Path
    credentials: Mapping[str, Credentials]
    """By school URN, by provider key, or of the `authority`."""


class _Actor(Protocol):
    async def play_day(self, today: date) -> None: ...

    async def drain(self, today: date) -> None: ...


class Company:
    """All client processes. A context manager: at its end none is left."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = parts
        self._pipes: list[Connection] = []
        self._processes: list[SpawnProcess] = []

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        try:
            for part in self._parts:
                ours, theirs = context.Pipe()
                process = context.Process(target=_perform, args=(part, theirs), name=part.name, daemon=True)
                process.start()
                theirs.close()
                self._pipes.append(ours)
                self._processes.append(process)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def play_day(self, today: date) -> None:
        """Let every process act on a day, and wait for all of them. Raises PlayError when one fails."""
        self._all("day", today)

    def drain(self, today: date) -> None:
        """Let every process read what is left. Raises PlayError when one fails."""
        self._all("drain", today)

    def finish(self) -> list[Summary]:
        """End the processes; what each reports. Raises PlayError when one fails."""
        return self._all("finish", None)

    def _all(self, what: str, day: date | None) -> list[Any]:
        for pipe in self._pipes:
            try:
                pipe.send((what, day))
            except OSError as error:
                raise PlayError("A client process ended before the play did.") from error
        answers: dict[int, Any] = {}
        waiting = dict(enumerate(self._pipes))
        while waiting:
            ready = wait(list(waiting.values()), timeout=PATIENCE_SECONDS)
            if not ready:
                late = ", ".join(self._parts[index].name for index in waiting)
                raise PlayError(f"Still at work after {PATIENCE_SECONDS} seconds: {late}.")
            for index in [index for index, pipe in waiting.items() if pipe in ready]:
                answers[index] = self._answer(index)
                del waiting[index]
        return [answers[index] for index in sorted(answers)]

    def _answer(self, index: int) -> Any:
        name = self._parts[index].name
        try:
            kind, content = self._pipes[index].recv()
        except EOFError as error:
            raise PlayError(f"{name} ended before the play did.") from error
        if kind == "failed":
            raise PlayError(f"{name} failed:\n{content}")
        return content

    def _end(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(_ENDING_SECONDS)
            if process.is_alive():
                process.terminate()
                process.join(_ENDING_SECONDS)


def _perform(part: Part, pipe: Connection) -> None:
    """The life of one client process."""
    try:
        asyncio.run(_act(part, pipe))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return  # the play is over
    except PlayError as error:
        pipe.send(("failed", str(error)))
    except Exception:  # noqa: BLE001 - told to the parent, which ends the play with it
        pipe.send(("failed", traceback.format_exc(limit=-6)))


async def _act(part: Part, pipe: Connection) -> None:
    seed, school_count, place_count = part.world
    world = World(seed, school_count, place_count)
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    async with httpx.AsyncClient(base_url=part.base_url, timeout=_ANSWER_SECONDS, limits=limits) as http:
        with Journal(part.name, part.folder / f"{part.name}.jsonl") as journal:
            actor = _actor(part, world, http, journal)
            while True:
                what, day = await asyncio.to_thread(pipe.recv)
                if what == "finish":
                    pipe.send(("done", journal.summary))
                    return
                await (actor.play_day(day) if what == "day" else actor.drain(day))
                pipe.send(("done", None))


def _actor(part: Part, world: World, http: httpx.AsyncClient, journal: Journal) -> _Actor:
    callers = {key: Caller(http, credentials, journal) for key, credentials in part.credentials.items()}
    if part.plays == "schools":
        return SchoolSystems(world, callers)
    if part.plays == "authority":
        return Dashboard(world, callers[part.plays], part.starts_on)
    return Portal(world, world.supply.provider(part.plays), callers[part.plays])
