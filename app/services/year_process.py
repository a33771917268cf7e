"""One play of a year, in a process of its own: what is asked on standard input, the answer on standard output.

It takes up to a minute of one processor, which a thread would take from every request of the service.
"""

import asyncio
import os
import pickle  # nosec B403
import sys
from pathlib import Path
from typing import Any, Final

import orjson

import app
from app.domain.allocation.year import otherwise
from app.domain.allocation.year_figures import World, compared
from app.queries.last_year import year_of
from app.services.last_year import YearAsked, is_otherwise

_BEHIND_REQUESTS: Final = 10


class PlayFailedError(Exception):
    """The process ended without an answer."""


async def play_in_a_process(year: YearAsked, *, longest_seconds: float) -> dict[str, Any]:
    """The content of a run. Raises TimeoutError, and PlayFailedError with the kind of the fault."""
    root = str(Path(app.__file__).parents[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.services.year_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # It needs no secret of the service's.
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("HALFTERM_")},
            "PYTHONPATH": root,
        },
    )
    try:
        async with asyncio.timeout(longest_seconds):
            answer, said = await process.communicate(pickle.dumps(year))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        # Of the fault its kind alone: the rest may hold what it was about.
        raise PlayFailedError(said.decode(errors="replace").strip().rsplit("\n", 1)[-1].partition(":")[0])
    content: dict[str, Any] = orjson.loads(answer)
    return content


def content_of(asked: YearAsked) -> dict[str, Any]:
    """Play what is asked."""
    year = year_of(asked.found)
    other = World(*otherwise(year, asked.policy, asked.asked)) if is_otherwise(asked.asked) else None
    found = asked.found
    content = compared(World(year, asked.in_force), other, asked.changes)
    groups = [content["as_it_was"], content["otherwise"] or {}]
    told = {key for each in groups for name in ("by_area", "by_school", "by_lot") for key in each.get(name, ())}
    return {
        "starts_on": found.starts_on.isoformat(),
        "ends_on": found.ends_on.isoformat(),
        **content,
        "names": {key: name for each, name in sorted(found.names.items()) if (key := str(each)) in told},
    }


def main() -> None:
    """Read, play, write."""
    if hasattr(os, "nice"):
        os.nice(_BEHIND_REQUESTS)
    # Written by `play_in_a_process` of the service itself; nothing that a caller sent is unpickled as such.
    asked: YearAsked = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  # nosec B301
    sys.stdout.buffer.write(orjson.dumps(content_of(asked)))


if __name__ == "__main__":
    main()
