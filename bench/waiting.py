"""A long waiting list: a page, an explanation, what the rest of the service feels meanwhile, and the nightly run.

    python -m bench.waiting                              500, 5,000 and 20,000 waiting in one authority
    python -m bench.waiting --waiting 5000 --rows 100000

*Cold* is the first answer after a change, *warm* one while nothing has changed. *Held up* is the longest that a call
which does nothing waited while a cold page was worked out, in the same process. The steps of the nightly run are timed
from taking the authority's lock to giving it back, and rolled back.
"""

import argparse
import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import asyncpg

from app import clock
from app.db import BrokerSession, Database, broker
from app.queries.writes import Writes
from app.services.authority import officer_of
from app.services.falling_due import judge_waiting, offer_places
from app.settings import Settings
from bench.ground import Ground, open_ground
from bench.people import Person, meet
from bench.seed import filled, loader
from bench.service import Running, serving

_TIMES = 9


class _RollBackError(Exception):
    """Ends a transaction that is only timed."""


@dataclass(frozen=True, slots=True)
class Asking:
    """An officer on a kept-open connection."""

    running: Running
    officer: Person

    def times(self, path: str, count: int, before_each: Callable[[], None] | None = None) -> list[float]:
        """Milliseconds of so many answers."""
        connection = HTTPConnection("127.0.0.1", self.running.port, timeout=60)
        found = []
        for _ in range(count):
            if before_each is not None:
                before_each()
            began = time.perf_counter()
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.officer.token}"})
            answer = connection.getresponse()
            body = answer.read()
            found.append(1000 * (time.perf_counter() - began))
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
        return found

    def held_up(self, work: Callable[[], object]) -> float:
        """The longest milliseconds of a call that does nothing while some work is done."""
        done = threading.Event()
        longest: list[float] = [0.0]

        def ping() -> None:
            connection = HTTPConnection("127.0.0.1", self.running.port, timeout=60)
            while not done.is_set():
                began = time.perf_counter()
                connection.request("GET", "/health/live")
                connection.getresponse().read()
                longest[0] = max(longest[0], 1000 * (time.perf_counter() - began))

        pinging = threading.Thread(target=ping)
        pinging.start()
        work()
        done.set()
        pinging.join()
        return longest[0]


async def _fill(ground: Ground, count: int) -> str:
    """Give the first authority a list so long; the id of one in the middle of it."""
    connection = await loader(ground.admin_url)
    try:
        await connection.execute(
            filled("waiting.sql", {"count": str(count), "now": f"'{clock.real_now().isoformat()}'::timestamptz"})
        )
        await connection.execute("VACUUM (ANALYZE) referral")
        return str(
            await connection.fetchval(
                "SELECT id FROM referral WHERE authority_id = bench_party(1, 0) AND state = 'waiting' AND band = 'P3'"
                " AND NOT unplaceable ORDER BY banded_on OFFSET 50 LIMIT 1"
            )
        )
    finally:
        await connection.close()


async def _change(ground: Ground) -> None:
    """Change a referral that waits, as a new wish of its family would."""
    connection = await asyncpg.connect(ground.admin_url)
    try:
        await connection.execute(
            "UPDATE referral SET preferred_mode = CASE WHEN preferred_mode = 'home' THEN 'school' ELSE 'home' END"
            " WHERE authority_id = bench_party(1, 0) AND id = (SELECT id FROM referral"
            " WHERE authority_id = bench_party(1, 0) AND state = 'waiting' LIMIT 1)"
        )
    finally:
        await connection.close()


async def _nightly(ground: Ground, officer: Person, step: Callable[[BrokerSession, Writes], Awaitable[int]]) -> float:
    """Milliseconds that a step of the night holds the authority's lock."""
    database = Database(ground.application_url, Settings(sandbox=False))
    principal = replace(officer_of(officer.authority_id, officer.organisation_id), at=clock.real_now())
    found = []
    try:
        for _ in range(3):
            try:
                async with database.write(principal) as session:
                    began = time.perf_counter()
                    async with broker(session) as wide:
                        writes = Writes()
                        await step(wide, writes)
                        await writes.flush(wide)
                    found.append(1000 * (time.perf_counter() - began))
                    raise _RollBackError  # noqa: TRY301 - the door rolls back what ends by an error
            except _RollBackError:
                pass
    finally:
        await database.dispose()
    return median(found)


def _measure(ground: Ground, keys: Path, officer: Person, count: int) -> str:
    referral_id = asyncio.run(_fill(ground, count))
    with serving(ground.application_url, keys, 1) as running:
        asking = Asking(running, officer)
        page, one = "/v1/waiting-list?limit=50", f"/v1/referrals/{referral_id}/explanation"

        def change() -> None:
            asyncio.run(_change(ground))

        asking.times(page, 2)
        cold = median(asking.times(page, _TIMES, change))
        warm = median(asking.times(page, _TIMES))
        explained = median(asking.times(one, _TIMES))
        cold_one = median(asking.times(one, _TIMES, change))
        still = asking.held_up(lambda: time.sleep(1))
        held_up = asking.held_up(lambda: asking.times(page, _TIMES, change))
        held_up_warm = asking.held_up(lambda: asking.times(page, 5 * _TIMES))
    locked = [asyncio.run(_nightly(ground, officer, step)) for step in (judge_waiting, offer_places)]
    return (
        f"| {count:,} | {cold:.0f} | {warm:.0f} | {cold_one:.0f} | {explained:.0f} | {still:.0f} | {held_up:.0f} |"
        f" {held_up_warm:.0f} | {locked[0]:.0f} | {locked[1]:.0f} |"
    )


def main() -> None:
    """Measure and print a table."""
    asked = argparse.ArgumentParser(prog="python -m bench.waiting", description=__doc__.partition("\n")[0])
    asked.add_argument("--rows", type=int, default=10_000, help="referrals to seed beside the list (10000)")
    asked.add_argument("--waiting", type=int, nargs="+", default=[500, 5000, 20000], help="lengths of the list")
    options = asked.parse_args()
    given = os.environ.get("HALFTERM_BENCH_DATABASE_URL")
    with open_ground(options.rows, given, None) as ground, tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys.json"
        officer = asyncio.run(meet(ground.admin_url, keys)).officers[0]
        print(
            "| waiting | page, cold ms | page, warm | explanation, cold | warm | a call at rest | held up, cold"
            " | warm | judging, in the lock | offering, in the lock |\n|---|---|---|---|---|---|---|---|---|---|"
        )
        for count in options.waiting:
            print(_measure(ground, keys, officer, count), flush=True)


if __name__ == "__main__":
    main()
