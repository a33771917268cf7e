"""`python -m bench`: the four hot doors of the service, each against the same rows by bare asyncpg, in one run.

    python -m bench                                    10 thousand referrals, 1 and 2 workers
    python -m bench --rows 1000000 --data-dir DIR      a million, seeded once into DIR (some minutes)
    python -m bench --explain FILE                     the plans of every list, as the application role

HALFTERM_BENCH_DATABASE_URL names an administrator of a server to use instead of the embedded one.
"""

import argparse
import asyncio
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from bench import posting
from bench.bare import BareProcess, Work
from bench.figures import HEAD, Figures
from bench.ground import Ground, open_ground
from bench.http_client import Answered, LoadProcess, request
from bench.people import People, meet
from bench.plans import explain_all
from bench.reading import GRAPHQL, PAGE, WORKLIST, Read, naive_page
from bench.service import Running, doing_nothing, naive, serving

CLIENTS = 16


class Bench:
    """One run: the ground, the callers and the two processes that make load."""

    def __init__(self, ground: Ground, people: People, rounds: int) -> None:
        self.ground = ground
        self._people = people
        self._rounds = rounds
        self._load = LoadProcess()
        self._bare = BareProcess()

    def close(self) -> None:
        """End the processes."""
        self._load.close()
        self._bare.close()

    def posts(self, running: Running, workers: int, count: int) -> Figures:
        """POST of referrals that are offered a place."""
        figures = Figures("POST referral, allocating", workers)
        warm = posting.requests(self._people, len(self._people.schools), "warm")
        answers = self._load.send(running.port, warm, CLIENTS, keep_bodies=True).answers
        asyncio.run(self._forget("warm", answers))
        rows = 0
        for number in range(self._rounds):
            burst = f"bench-{workers}-{number}"
            made = posting.requests(self._people, count, burst)
            before = running.cpu_seconds()
            load = self._load.send(running.port, made, CLIENTS, keep_bodies=True)
            cpu = running.cpu_seconds() - before
            written, work = asyncio.run(self._take_back(burst, load.answers))
            done = self._bare.run(self.ground.owner_url, work, CLIENTS)
            rows += asyncio.run(self._compare(burst, load.answers, written))
            figures.add(load.rate, done.rate, [answer.seconds for answer in load.answers], cpu)
        figures.note = f"{rows:,} rows compared equal, {rows / self._rounds / count:.0f} each"
        return figures

    async def _forget(self, burst: str, answers: list[Answered]) -> None:
        connection = await asyncpg.connect(self.ground.admin_url)
        await posting.Written(connection, self._people, burst, answers).delete()
        await connection.close()

    async def _take_back(self, burst: str, answers: list[Answered]) -> tuple[list[posting.Rows], list[Work]]:
        connection = await asyncpg.connect(self.ground.admin_url)
        written = posting.Written(connection, self._people, burst, answers)
        rows = await written.read()
        await written.delete()
        await connection.close()
        return rows, [posting.one_statement(each) for each in rows]

    async def _compare(self, burst: str, answers: list[Answered], first: list[posting.Rows]) -> int:
        connection = await asyncpg.connect(self.ground.admin_url)
        written = posting.Written(connection, self._people, burst, answers)
        count = posting.compare(first, await written.read())
        await written.delete()
        await connection.close()
        return count

    def reads(self, running: Running, workers: int, read: Read, count: int) -> Figures:
        """Pages, each caller in turn."""
        figures = Figures(read.name, workers)
        callers = read.callers(self._people)
        asked = [read.over_http(callers[number % len(callers)]) for number in range(count)]
        work = [read.bare(callers[number % len(callers)]) for number in range(count)]
        every = len(callers)
        answers = self._load.send(running.port, asked[:every], CLIENTS, keep_bodies=True).answers
        bare = self._bare.run(self.ground.owner_url, work[:every], CLIENTS, keep_rows=True)
        compared = 0
        for answer, rows in zip(answers, bare.rows, strict=True):
            if read.of_answer(answer.body) != read.of_rows(rows):
                raise SystemExit(f"{read.name}: the rows differ. {answer.body[:300]!r}")
            compared += len(read.of_rows(rows))
        for _ in range(self._rounds):
            before = running.cpu_seconds()
            load = self._load.send(running.port, asked, CLIENTS)
            cpu = running.cpu_seconds() - before
            if {answer.status for answer in load.answers} != {200}:
                raise SystemExit(f"{read.name}: not every answer was 200.")
            done = self._bare.run(self.ground.owner_url, work, CLIENTS)
            figures.add(load.rate, done.rate, [answer.seconds for answer in load.answers], cpu)
        figures.note = f"{compared:,} rows compared equal, {compared / every:.0f} a page"
        return figures

    def pages_to_naive(self, running: Running, naive: Running, workers: int, count: int) -> Figures:
        """GraphQL pages, against the common way to write them."""
        figures = Figures(f"{GRAPHQL.name}, to naive Strawberry and ORM", workers)
        callers = GRAPHQL.callers(self._people)
        ours = [GRAPHQL.over_http(callers[number % len(callers)]) for number in range(count)]
        theirs = [naive_page(callers[number % len(callers)]) for number in range(count)]
        every = len(callers)
        answers = self._load.send(running.port, ours[:every], CLIENTS, keep_bodies=True).answers
        others = self._load.send(naive.port, theirs[:every], CLIENTS, keep_bodies=True).answers
        compared = 0
        for answer, other in zip(answers, others, strict=True):
            rows = GRAPHQL.of_answer(answer.body)
            if rows != GRAPHQL.of_answer(other.body):
                raise SystemExit(f"The naive page differs: {other.body[:300]!r}")
            compared += len(rows)
        for _ in range(self._rounds):
            before = running.cpu_seconds()
            load = self._load.send(running.port, ours, CLIENTS)
            cpu = running.cpu_seconds() - before
            other_load = self._load.send(naive.port, theirs, CLIENTS)
            if {answer.status for answer in (*load.answers, *other_load.answers)} != {200}:
                raise SystemExit("Not every page was answered 200.")
            figures.add(load.rate, other_load.rate, [answer.seconds for answer in load.answers], cpu)
        figures.note = f"{compared:,} rows compared equal"
        return figures

    def polls(self, running: Running, nothing: Running, workers: int, count: int) -> Figures:
        """304 of the worklist, against an application that does nothing."""
        figures = Figures("304 poll (to a no-op ASGI app)", workers)
        callers = self._people.providers
        path = f"/v1/allocations?limit={PAGE}"
        first = self._load.send(running.port, [request("GET", path, each.token) for each in callers], CLIENTS).answers
        asked = [
            request("GET", path, callers[n % len(callers)].token, If_None_Match=first[n % len(callers)].etag)
            for n in range(count)
        ]
        for _ in range(self._rounds):
            before = running.cpu_seconds()
            load = self._load.send(running.port, asked, CLIENTS)
            cpu = running.cpu_seconds() - before
            if {answer.status for answer in load.answers} != {304}:
                raise SystemExit("A poll was not answered 304.")
            # As often again as it is quicker: in a burst of some milliseconds nothing can be measured.
            floor = self._load.send(nothing.port, asked * 8, CLIENTS)
            figures.add(load.rate, floor.rate, [answer.seconds for answer in load.answers], cpu)
        return figures


def main() -> None:
    """Run what was asked for and print it."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    asked.add_argument("--rows", type=int, default=10_000, help="referrals to seed (10000)")
    asked.add_argument("--data-dir", type=Path, help="keep the embedded database here and use it again")
    asked.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each measure (5)")
    asked.add_argument("--count", type=int, default=1500, help="requests of a round (1500); posts: 3600 at most")
    asked.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="server processes, one run each (1 2)")
    asked.add_argument("--only", choices=["post", "worklist", "poll", "graphql"], nargs="+", help="these measures only")
    asked.add_argument("--explain", type=Path, help="write the plans of every list into this file, and measure nothing")
    options = asked.parse_args()
    given = os.environ.get("HALFTERM_BENCH_DATABASE_URL")
    with open_ground(options.rows, given, options.data_dir) as ground, tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys.json"
        people = asyncio.run(meet(ground.admin_url, keys))
        if options.explain:
            text = asyncio.run(explain_all(ground, people, keys))
            options.explain.write_text(text)
            print(text.partition("\n\n")[0])
            return
        print(
            f"\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores ({platform.machine()}), Python"
            f" {platform.python_version()}, {asyncio.run(_server(ground))}; {options.rows:,} referrals in"
            f" {len(people.officers)} authorities; {CLIENTS} clients, {options.rounds} rounds of"
            f" {options.count}.\n\n{HEAD}",
            flush=True,
        )
        bench = Bench(ground, people, options.rounds)
        try:
            for workers in options.workers:
                _measure(bench, ground, keys, workers, options)
        finally:
            bench.close()


def _measure(bench: Bench, ground: Ground, keys: Path, workers: int, options: argparse.Namespace) -> None:
    wanted = options.only or ["post", "worklist", "poll", "graphql"]
    with serving(ground.application_url, keys, workers) as running, doing_nothing(workers) as nothing:
        if "post" in wanted:
            print(bench.posts(running, workers, min(options.count, 3600)).line(), flush=True)
        if "worklist" in wanted:
            print(bench.reads(running, workers, WORKLIST, options.count).line(), flush=True)
        if "poll" in wanted:
            print(bench.polls(running, nothing, workers, options.count * 2).line(), flush=True)
        if "graphql" in wanted:
            print(bench.reads(running, workers, GRAPHQL, options.count // 2).line(), flush=True)
            with naive(bench.ground.owner_url, workers) as other:
                print(bench.pages_to_naive(running, other, workers, options.count // 4).line(), flush=True)


async def _server(ground: Ground) -> str:
    connection = await asyncpg.connect(ground.admin_url)
    try:
        version = await connection.fetchval("SHOW server_version")
        durable = [await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
    finally:
        await connection.close()
    return f"PostgreSQL {version} (fsync {durable[0]}, synchronous_commit {durable[1]})"


if __name__ == "__main__":
    main()
