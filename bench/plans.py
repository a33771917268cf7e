"""The plan of every statement behind every list, as the application role with a caller's own context.

The routes themselves are asked, in process, over a door that explains each SELECT before it runs it: so what is
explained is what is served. The plan is the one for the values at hand; EXPLAIN gives no times of a generic one.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Database
from app.main import create_app
from app.settings import Settings
from bench import posting
from bench.asked import Asked, every_list
from bench.ground import Ground
from bench.people import People

MANY_ROWS = 1000
"""Rows thrown away by one node, beyond which a plan is marked."""


_HEAD = "| request | statement | ms | ms, as owner | pages | marks |\n|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement of one request."""

    label: str
    sql: str
    plan: str
    as_owner: str
    """The same without row policy: the owner's is `true`."""

    @property
    def marks(self) -> list[str]:
        """What is wrong with the plans: whole tables read, many rows read for nothing, many pages."""
        found = {
            f"seq scan of {table}"
            for table, rows in re.findall(r"Seq Scan on (\w+)[^\n]*actual time=\S+ rows=(\d+)", self.plan)
            if int(rows) >= MANY_ROWS
        }
        thrown = max((int(n) for n in re.findall(r"Rows Removed by [\w ]+: (\d+)", self.plan)), default=0)
        if thrown >= MANY_ROWS:
            found.add(f"{thrown} rows thrown away")
        return sorted(found)

    def line(self, number: int) -> str:
        """A row of the summary."""
        return (
            f"| {self.label} | {number} | {milliseconds(self.plan):.2f} |"
            f" {milliseconds(self.as_owner):.2f} | {pages(self.plan)} | {'; '.join(self.marks)} |"
        )


def milliseconds(plan: str) -> float:
    """Planning is left out: it is paid once per connection."""
    return float(re.search(r"Execution Time: ([\d.]+) ms", plan).group(1))  # type: ignore[union-attr]


def pages(plan: str) -> int:
    """Pages of 8 KB that the whole statement touched."""
    first = re.search(r"Buffers: shared([^\n]*)", plan)
    return sum(int(n) for n in re.findall(r"(?:hit|read)=(\d+)", first.group(1))) if first else 0


class _ExplainingDriver:
    """A connection that explains what it reads, before it reads it."""

    def __init__(
        self, driver: asyncpg.Connection, owner: asyncpg.Connection, plans: list[tuple[str, str, str]]
    ) -> None:
        self._driver = driver
        self._owner = owner
        self._plans = plans

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    async def fetch(self, sql: str, *arguments: object) -> Any:
        await self._explain(sql, arguments)
        return await self._driver.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: object) -> Any:
        await self._explain(sql, arguments)
        return await self._driver.fetchrow(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: object) -> Any:
        await self._explain(sql, arguments)
        return await self._driver.fetchval(sql, *arguments)

    async def _explain(self, sql: str, arguments: tuple[object, ...]) -> None:
        if not re.match(r"\s*(SELECT|WITH)\b", sql) or "set_config" in sql or "INSERT INTO" in sql:
            return
        explain = f"EXPLAIN (ANALYZE, BUFFERS) {sql}"
        texts = []
        for connection in (self._driver, self._owner):
            # Twice: the first fills the server's cache.
            await connection.fetch(explain, *arguments)
            texts.append("\n".join(row[0] for row in await connection.fetch(explain, *arguments)))
        self._plans.append((sql, texts[0], texts[1]))


class ExplainingDatabase(Database):
    """The door, with every connection explaining."""

    def __init__(self, url: str, settings: Settings, owner: asyncpg.Connection) -> None:
        """`url` is the application role's; `owner` is a connection without row policy to compare with."""
        super().__init__(url, settings)
        self._owner = owner
        self.plans: list[tuple[str, str, str]] = []

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        async with super()._connect() as (connection, driver):
            yield connection, cast("asyncpg.Connection", _ExplainingDriver(driver, self._owner, self.plans))


async def explain_all(ground: Ground, people: People, keys: Path) -> str:
    """The plans of every statement behind every list, as Markdown: a summary, and each of them whole."""
    settings = Settings(
        database_url=ground.application_url, signing_keys_file=keys, public_url="http://bench", log_level="WARNING",
        rate_limit_per_minute=1_000_000, statement_timeout_seconds=120,
    )  # fmt: skip
    owner = await asyncpg.connect(ground.owner_url)
    database = ExplainingDatabase(ground.application_url, settings, owner)
    plans: list[Plan] = []
    transport = httpx.ASGITransport(app=create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=120) as client:
        for asked in every_list(people):
            plans += await _plans_of(client, database, asked)
        plans += await _plans_of_post(client, database, people, ground)
    await database.dispose()
    await owner.close()
    return f"{_summary(plans)}\n\n" + "\n\n".join(
        f"## {plan.label}\n\n{plan.sql.strip()}\n\n{plan.plan}" for plan in plans
    )


def _summary(plans: list[Plan]) -> str:
    lines, number, before = [_HEAD], 0, ""
    for plan in plans:
        number = number + 1 if plan.label == before else 1
        before = plan.label
        lines.append(plan.line(number))
    return "\n".join(lines)


async def _plans_of(client: httpx.AsyncClient, database: ExplainingDatabase, asked: Asked) -> list[Plan]:
    content = orjson.dumps(asked.body) if asked.body is not None else None
    headers = {"Authorization": f"Bearer {asked.person.token}", "Content-Type": "application/json"}
    database.plans.clear()
    answer = await client.request(asked.method, asked.path, content=content, headers=headers)
    if answer.status_code != 200 or '"errors"' in answer.text:
        print(f"{asked.label}: {answer.status_code} {answer.text[:300]}")
    return [Plan(asked.label, *each) for each in database.plans]


async def _plans_of_post(
    client: httpx.AsyncClient, database: ExplainingDatabase, people: People, ground: Ground
) -> list[Plan]:
    """The reads of a post that is offered a place."""
    content = posting.requests(people, 1, "explain")[0].partition(b"\r\n\r\n")[2]
    headers = {"Authorization": f"Bearer {people.schools[0].token}", "Content-Type": "application/json"}
    database.plans.clear()
    answer = await client.post("/v1/referrals", content=content, headers={**headers, "Idempotency-Key": "explain-0"})
    if answer.status_code != 201:
        print(f"post: {answer.status_code} {answer.text[:300]}")
    connection = await asyncpg.connect(ground.admin_url)
    answered = cast("Any", type("Answered", (), {"status": answer.status_code, "body": answer.content}))
    await posting.Written(connection, people, "explain", [answered]).delete()
    await connection.close()
    return [Plan("POST referral (its reads)", *each) for each in database.plans]
