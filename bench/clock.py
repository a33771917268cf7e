"""What the clock costs with many open cases: one midnight, one busy moment, one idle look, and new debts planned.

    python -m bench.clock                      100,000 open cases of one authority
    python -m bench.clock --cases 10000

Each is run by the service's own clock, as its own role. Every statement is explained before it is run, and that is not
counted; a sequential scan of many rows is marked. The ratio is to a bare UPDATE of the same rows, by the owner of the
tables, in the same run and rolled back: what PostgreSQL must do at the least.
"""

import argparse
import asyncio
import os
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import asyncpg

from app import clock
from app.access import Principal
from app.db import Database
from app.queries import due
from app.services import business_clock
from app.services.authority import officer_of
from app.settings import Settings
from bench.ground import Ground, open_ground
from bench.seed import filled, loader

MANY_ROWS: Final = 1000


@dataclass(slots=True)
class Told:
    """What was seen of one statement."""

    count: int = 0
    seconds: float = 0.0
    rows: int = 0
    plan: str = ""
    """Of its first run."""


@dataclass(slots=True)
class Record:
    """Every statement of what was run."""

    statements: dict[str, Told] = field(default_factory=lambda: defaultdict(Told))
    explaining_seconds: float = 0.0


class _Recording:
    """A connection that explains each statement once and times it."""

    def __init__(self, driver: asyncpg.Connection, record: Record) -> None:
        self._driver = driver
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    async def _run(self, how: Callable[..., Awaitable[Any]], sql: str, *arguments: object) -> Any:
        told = self._record.statements[re.sub(r"\$\d+", "$", sql)[:400]]
        if not told.plan and sql.lstrip().startswith(("SELECT", "WITH", "UPDATE", "INSERT", "DELETE")):
            began = time.perf_counter()
            lines = await self._driver.fetch(f"EXPLAIN {sql}", *arguments)
            told.plan = "\n".join(line[0] for line in lines)
            self._record.explaining_seconds += time.perf_counter() - began
        began = time.perf_counter()
        answer = await how(sql, *arguments)
        told.seconds += time.perf_counter() - began
        told.count += 1
        if isinstance(answer, list):
            told.rows += len(answer)
        elif isinstance(answer, str) and answer.rpartition(" ")[2].isdigit():
            told.rows += int(answer.rpartition(" ")[2])
        return answer

    async def fetch(self, sql: str, *arguments: object) -> Any:
        return await self._run(self._driver.fetch, sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: object) -> Any:
        return await self._run(self._driver.fetchrow, sql, *arguments)

    async def fetchval(self, sql: str, *arguments: object) -> Any:
        return await self._run(self._driver.fetchval, sql, *arguments)

    async def execute(self, sql: str, *arguments: object) -> Any:
        return await self._run(self._driver.execute, sql, *arguments)


class RecordingDatabase(Database):
    """The service's door, with every statement recorded."""

    record = Record()

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[Any]:
        async with super()._connect() as driver:
            yield _Recording(driver, self.record)


async def _bare(owner: asyncpg.Connection, sql: str, *arguments: object) -> tuple[float, int]:
    """Seconds of a bare UPDATE, and its rows: the median of three, each rolled back."""
    found = []
    for _ in range(3):
        transaction = owner.transaction()
        await transaction.start()
        began = time.perf_counter()
        status = await owner.execute(sql, *arguments)
        found.append((time.perf_counter() - began, int(status.rpartition(" ")[2])))
        await transaction.rollback()
    return sorted(found)[1]


_DUE: Final = (
    "UPDATE obligation SET overdue_at = $2, version = version + 1 WHERE authority_id = $1 AND due_at <= $2"
    " AND overdue_at IS NULL AND met_at IS NULL AND cancelled_at IS NULL"
)
_OVERRUN: Final = (
    "UPDATE booking SET ends_on = ends_on + 1 WHERE authority_id = $1 AND state <> 'released' AND ends_on <= $2"
)
_NEW: Final = (
    "UPDATE obligation SET planned_for = due_at, remind_at = due_at - interval '1 day' WHERE authority_id = $1"
    " AND planned_for IS NULL"
)


@dataclass(frozen=True, slots=True)
class Trial:
    """Something that the clock does, and the bare UPDATE to hold it to."""

    name: str
    ran_to: datetime
    until: datetime
    bare: str | None
    argument: datetime | date | None


async def measure(ground: Ground, officer: Principal, trial: Trial, owner: asyncpg.Connection) -> str:
    """Run one trial; its lines."""
    database = RecordingDatabase(ground.application_url, Settings(sandbox=False))
    arguments = () if trial.argument is None else (trial.argument,)
    bare, rows = await _bare(owner, trial.bare, officer.authority_id, *arguments) if trial.bare else (0.0, 0)
    try:
        async with database.write(officer) as session:
            await due.set_ran_to(session, trial.ran_to)
        database.record = Record()
        began = time.perf_counter()
        ran = await business_clock.run_due(database, replace(officer, at=trial.until))
        seconds = time.perf_counter() - began - database.record.explaining_seconds
    finally:
        await database.dispose()
    told = database.record.statements
    counts = ", ".join(f"{name} {count}" for name, count in ran.counts().items() if count) or "nothing"
    lines = [
        f"\n## {trial.name}\n",
        f"ran: {counts}",
        f"{seconds:.3f} s in all, {sum(each.seconds for each in told.values()):.3f} s of it in"
        f" {sum(each.count for each in told.values())} statements",
    ]
    if trial.bare:
        lines.append(f"a bare UPDATE of {rows:,} rows: {bare:.3f} s; ratio {seconds / max(bare, 1e-9):.1f}")
    lines += ["", "| ms | times | rows | statement | marks |", "|---|---|---|---|---|"]
    for sql, each in sorted(told.items(), key=lambda item: -item[1].seconds):
        scans = [
            f"seq scan of {table}"
            for table, estimate in re.findall(r"Seq Scan on (\w+)[^\n]*rows=(\d+)", each.plan)
            if int(estimate) >= MANY_ROWS
        ]
        words = " ".join(sql.replace("|", "/").split())[:100]
        lines.append(f"| {1000 * each.seconds:.1f} | {each.count} | {each.rows} | {words} | {'; '.join(scans)} |")
    for sql, each in sorted(told.items(), key=lambda item: -item[1].seconds):
        lines += ["", f"```\n{' '.join(sql.split())[:200]}\n{each.plan}\n```"] if each.plan else []
    return "\n".join(lines)


async def _run(ground: Ground, cases: int, now: datetime) -> None:
    connection = await loader(ground.admin_url)
    await connection.execute(filled("clock.sql", {"cases": str(cases), "now": f"'{now.isoformat()}'::timestamptz"}))
    await connection.execute("VACUUM (ANALYZE)")
    ids = await connection.fetchrow("SELECT bench_party(1, 0), bench_party(2, 0)")
    counted = await connection.fetchrow(
        "SELECT count(*), count(*) FILTER (WHERE met_at IS NULL) FROM obligation WHERE authority_id = $1", ids[0]
    )
    print(f"# {cases:,} open cases, {counted[0]:,} obligations, {counted[1]:,} of them open", flush=True)
    officer = officer_of(*ids)
    day = clock.london_date(now) + timedelta(days=1)
    while day.weekday() > 3:
        day += timedelta(days=1)
    midnight, five, idle = clock.london_moment(day), clock.london_moment(day, 17), clock.london_moment(day, 18)
    owner = await asyncpg.connect(ground.owner_url)
    # What fell due before the midnight is run first, and not counted.
    database = Database(ground.application_url, Settings(sandbox=False))
    async with database.write(officer) as session:
        await due.set_ran_to(session, now)
    await business_clock.run_due(database, replace(officer, at=midnight - timedelta(seconds=1)))
    await database.dispose()
    await connection.execute("VACUUM (ANALYZE) obligation, booking, event, event_audience")
    before = midnight - timedelta(seconds=1)
    trials = [
        Trial("One midnight", before, midnight, _OVERRUN, day),
        Trial("The moment at which a day's debts are due", five - timedelta(seconds=1), five, _DUE, five),
        Trial("A look when nothing is due", idle, idle + timedelta(seconds=30), None, None),
    ]
    for trial in trials:
        print(await measure(ground, officer, trial, owner), flush=True)
    await connection.execute(
        "UPDATE obligation SET planned_for = NULL WHERE authority_id = $1 AND id IN (SELECT id FROM obligation"
        " WHERE authority_id = $1 AND due_at > $2 AND met_at IS NULL ORDER BY due_at DESC LIMIT 2000)",
        officer.authority_id,
        idle + timedelta(days=3),
    )
    new = Trial("Two thousand new debts planned", idle, idle + timedelta(seconds=60), _NEW, None)
    print(await measure(ground, officer, new, owner), flush=True)
    await owner.close()
    await connection.close()


def main() -> None:
    """Seed, measure and print."""
    asked = argparse.ArgumentParser(prog="python -m bench.clock", description=__doc__.partition("\n")[0])
    asked.add_argument("--cases", type=int, default=100_000, help="open cases of the authority (100000)")
    options = asked.parse_args()
    given = os.environ.get("HALFTERM_BENCH_DATABASE_URL")
    with open_ground(1000, given, None) as ground:
        asyncio.run(_run(ground, options.cases, datetime.now(UTC)))


if __name__ == "__main__":
    main()
