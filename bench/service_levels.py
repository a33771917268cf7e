"""`python -m bench.service_levels`: service levels and worklists over a million obligations of one authority.

Each is asked as the application role, under row policy, and explained. The ratio is to a bare count of the same rows by
the owner of the tables, in the same run.
"""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.access import Kind, Principal
from app.clock import london_moment
from app.db import Database, ReadSession
from app.domain.service_levels import LevelsBy
from app.queries.obligations import Wanted, list_obligations
from app.queries.service_levels import service_levels
from app.services.authority import officer_of
from app.settings import Settings
from bench.ground import Ground, open_ground
from bench.seed import loader

# Three years of debts of four providers and the officers: a tenth cancelled, a seventh late, the newest open.
_FILL: Final = """
INSERT INTO obligation (authority_id, id, kind, owed_by_id, subject_kind, subject_id, clock, created_at, due_at, met_at,
  cancelled_at, planned_for)
SELECT bench_party(1, 0), bench_id(due_at, 80, n), k.kind,
  CASE WHEN k.clock = 'calendar_hour' THEN bench_party(2, 0) ELSE bench_party(5, n % 4) END, 'intervention',
  bench_id(due_at, 81, n), k.clock, due_at - interval '9 days', due_at,
  CASE WHEN n % 10 > 0 AND due_at < $2 - interval '5 days' THEN due_at + interval '1 hour' * (n % 7 * 24 - 120) END,
  CASE WHEN n % 10 = 0 THEN due_at - interval '1 day' END, due_at
FROM (SELECT n, date_trunc('hour', $2 - interval '1095 days' + interval '1109 days' * (n::float8 / $1)) AS due_at
      FROM generate_series(1, $1::int) n) o
JOIN LATERAL (SELECT (ARRAY['initial_contact', 'plan', 'answer_offer', 'place_referral'])[1 + n % 4] AS kind,
  (ARRAY['school_day', 'school_day', 'working_day', 'calendar_hour'])[1 + n % 4] AS clock) k ON true
"""


class _Explaining:
    """A connection that keeps the plan of the last long SELECT."""

    def __init__(self, driver: asyncpg.Connection, plans: list[str]) -> None:
        self._driver = driver
        self._plans = plans

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    async def fetch(self, sql: str, *arguments: object) -> Any:
        if "FROM obligation" in sql:
            lines = await self._driver.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", *arguments)
            self._plans.append("\n".join(line[0] for line in lines))
        return await self._driver.fetch(sql, *arguments)


class _ExplainingDatabase(Database):
    plans: list[str]

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[Any]:
        async with super()._connect() as driver:
            yield _Explaining(driver, self.plans)


async def _run(ground: Ground, rows: int) -> None:
    now = datetime.now(UTC)
    connection = await loader(ground.admin_url)
    await connection.execute(_FILL.replace("$1", str(rows)).replace("$2", f"'{now.isoformat()}'::timestamptz"))
    await connection.execute("VACUUM (ANALYZE) obligation")
    ids = await connection.fetchrow("SELECT bench_party(1, 0), bench_party(2, 0), bench_party(5, 0), bench_party(3, 1)")
    await connection.close()
    officer = officer_of(ids[0], ids[1])
    provider = replace(officer, organisation_id=ids[2], kind=Kind.PROVIDER)
    owner = await asyncpg.connect(ground.owner_url)
    print(f"# {rows:,} obligations of one authority\n\n| question | ms | bare count, ms | ratio |\n|---|---|---|---|")
    plans: list[tuple[str, str]] = []
    today = now.date()

    def levels(days: int, by: LevelsBy) -> Callable[[ReadSession], Awaitable[Any]]:
        return lambda session: service_levels(session, (today - timedelta(days=days - 1), today), by)

    def listed(**wanted: Any) -> Callable[[ReadSession], Awaitable[Any]]:
        return lambda session: list_obligations(session, Wanted(**wanted), limit=50)

    for name, who, ask, days in (
        ("levels of 28 days, officers", officer, levels(28, LevelsBy.KIND), 28),
        ("levels of 365 days, officers, by organisation", officer, levels(365, LevelsBy.ORGANISATION), 365),
        ("levels of 365 days, a provider", provider, levels(365, LevelsBy.KIND), 365),
        ("open, officers", officer, listed(state="open"), 0),
        ("overdue of one kind, officers", officer, listed(state="overdue", kind="plan"), 0),
        ("open of an area, officers", officer, listed(state="open", area_id=ids[3]), 0),
        ("open, a provider", provider, listed(state="open"), 0),
        ("of one referral, officers", officer, listed(referral_id=UUID(int=1)), 0),
    ):
        found, bare = await _asked(ground, who, ask, plans, name), 0.0
        if days:
            bare = await _bare(owner, who, london_moment(today - timedelta(days=days - 1)), now)
        ratio = f"{found / bare:.1f}" if bare else "-"
        print(f"| {name} | {found:.1f} | {bare:.1f} | {ratio} |", flush=True)
    for name, plan in plans:
        print(f"\n## {name}\n\n```\n{plan}\n```")
    await owner.close()


async def _asked(
    ground: Ground,
    who: Principal,
    ask: Callable[[ReadSession], Awaitable[Any]],
    plans: list[tuple[str, str]],
    name: str,
) -> float:
    """Milliseconds of a question: the median of five; its plan is added to `plans`."""
    explaining = _ExplainingDatabase(ground.application_url, Settings(sandbox=False))
    explaining.plans = []
    async with explaining.read(who) as session:
        await ask(session)
    await explaining.dispose()
    plans.append((name, explaining.plans[-1]))
    database = Database(ground.application_url, Settings(sandbox=False))
    times = []
    for _ in range(6):
        async with database.read(who) as session:
            began = time.perf_counter()
            await ask(session)
            times.append(1000 * (time.perf_counter() - began))
    await database.dispose()
    return median(times[1:])


async def _bare(owner: asyncpg.Connection, who: Principal, first: datetime, last: datetime) -> float:
    """Milliseconds of counting the rows of the period, as the owner: the median of five."""
    own = " AND owed_by_id = $4" if who.kind is Kind.PROVIDER else ""
    arguments = [who.authority_id, first, last, *([who.organisation_id] if own else [])]
    times = []
    for _ in range(6):
        began = time.perf_counter()
        await owner.fetchval(
            "SELECT count(*) FROM obligation WHERE authority_id = $1 AND due_at >= $2 AND due_at < $3" + own, *arguments
        )
        times.append(1000 * (time.perf_counter() - began))
    return median(times[1:])


def main() -> None:
    """Seed, measure and print."""
    asked = argparse.ArgumentParser(prog="python -m bench.service_levels", description=__doc__.partition("\n")[0])
    asked.add_argument("--rows", type=int, default=1_000_000, help="obligations of the authority (1000000)")
    options = asked.parse_args()
    with open_ground(1000, os.environ.get("HALFTERM_BENCH_DATABASE_URL"), None) as ground:
        asyncio.run(_run(ground, options.rows))


if __name__ == "__main__":
    main()
