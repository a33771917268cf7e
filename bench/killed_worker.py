"""`python -m bench.killed_worker`: kill the clock's process at random through a term; it ends as one never killed.

Two copies of one database go through the same term: the schools and providers do the same in both, at stated times, and
between their acts the business clock runs in a process of its own. In one copy that process is killed (SIGKILL) at
random moments and started again. Then every row of both is compared, with ids replaced by what they stand for.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import re
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

import asyncpg

from app.db import Database
from app.embedded import EmbeddedPostgres
from app.queries import due
from app.settings import Settings
from bench import clock_process
from tests.conftest import Template
from tests.factories.authority import Town
from tests.factories.casework import at, closing, contact, missed
from tests.factories.falling_due import STARTS_AT, busy_town
from tests.factories.http import Api, Caller, make_api
from tests.factories.referrals import key, referral_body

UNTIL: Final = (
    datetime(2026, 12, 9, 10, tzinfo=UTC),
    datetime(2027, 1, 13, 10, tzinfo=UTC),
    datetime(2027, 2, 3, 10, tzinfo=UTC),
    datetime(2027, 2, 26, 10, tzinfo=UTC),
)
"""The moments up to which the clock runs; at each but the last, schools and providers act."""
_SOONEST_SECONDS, _LATEST_SECONDS = 0.0, 0.12
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["__main__", "bench.clock_process"])


@dataclass
class Term:
    """One copy of the database on its way through the term."""

    database: Database
    api: Api
    town: Town
    kills: int = 0
    killed_while: Counter[str] = field(default_factory=Counter)
    runs: int = 0

    async def ran_to(self) -> datetime:
        """How far its clock has run."""
        async with self.database.read(self.town.officer) as session:
            standing = await due.standing(session)
        assert standing is not None
        assert standing.ran_to is not None
        return standing.ran_to

    async def act(self, moment: datetime, part: int) -> None:
        """What schools and providers do at a moment, the same in every copy: in the order of the senders' numbers."""
        provider = at(self.api.as_(self.town.provider), moment)
        async with self.database.read(replace(self.town.officer, at=moment)) as session:
            pending = await session.rows(
                "SELECT o.id FROM offer o JOIN referral r USING (authority_id) WHERE r.id = o.referral_id"
                " AND o.provider_id = $1 AND o.state = 'pending' ORDER BY r.sender_reference",
                self.town.provider.organisation_id,
            )
            cases = await session.rows(
                "SELECT i.id, i.started_on IS NULL AS is_new, i.planned_end_on FROM intervention i"
                " JOIN referral r USING (authority_id)"
                " WHERE r.id = i.referral_id AND i.provider_id = $1 AND i.state <> 'closed'"
                " ORDER BY r.sender_reference, i.accepted_at",
                self.town.provider.organisation_id,
            )
        for number, offer in enumerate(pending):
            if number % 3 < 2:
                await _done(provider, f"/v1/allocations/{offer['id']}/accept")
        for number, case in enumerate(cases):
            path = f"/v1/interventions/{case['id']}"
            held = (moment - timedelta(hours=2)).isoformat()
            if number % 4 == 3:
                continue
            if case["planned_end_on"] > moment.date():
                if case["is_new"]:
                    await _done(provider, f"{path}/safety", {"safe_contact": True, "visit_risks": True})
                body = missed(held_at=held) if number % 4 == 2 else contact(held_at=held)
                await _done(provider, f"{path}/contacts", body)
            if number % 4 == 0 and not case["is_new"]:
                await _done(provider, f"{path}/close", closing())
        for number in range(6):
            school = at(self.api.as_(self.town.school), moment + timedelta(minutes=number))
            band = ("P1", "P2", "P3")[number % 3]
            body = referral_body(sender_reference=f"T-{part}{number}", band=band)
            await _done(school, "/v1/referrals", body, headers=key())


async def _done(caller: Caller, path: str, body: Any = None, **options: Any) -> None:
    answer = await caller.post(path, body, **options)
    assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"


async def _process(term: Term, until: datetime) -> BaseProcess:
    """A process that has begun to run the clock up to a moment."""
    receiver, sender = _FORKS.Pipe(duplex=False)
    officer = term.town.officer
    arguments = (sender, term.database.url, officer.authority_id, officer.organisation_id, until)
    process = _FORKS.Process(target=clock_process.main, args=arguments, daemon=True)
    process.start()
    sender.close()
    assert await asyncio.to_thread(receiver.recv)
    term.runs += 1
    return process


async def run_whole(term: Term, until: datetime) -> None:
    """Run the clock in one process, never killed."""
    process = await _process(term, until)
    await asyncio.to_thread(process.join)
    assert process.exitcode == 0


async def run_killed(term: Term, until: datetime, kills: int, draw: random.Random, watch: asyncpg.Connection) -> None:
    """Run the clock in processes that are killed at random moments, so many times, and then once to the end."""
    while kills:
        process = await _process(term, until)
        await asyncio.to_thread(process.join, draw.uniform(_SOONEST_SECONDS, _LATEST_SECONDS))
        if not process.is_alive():
            break
        process.kill()
        doing = await watch.fetchval(
            "SELECT max(split_part(query, ' ', 1)) FILTER (WHERE state <> 'idle') FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        await asyncio.to_thread(process.join)
        assert process.exitcode == -signal.SIGKILL
        term.kills += 1
        term.killed_while[doing or "between transactions"] += 1
        kills -= 1
    await run_whole(term, until)


_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TABLES: Final = (
    "obligation", "offer", "booking", "referral", "status_history", "intervention", "intervention_contact",
    "return_record", "place", "event_audience", "event",
)  # fmt: skip
_OF_THE_MOMENT: Final = frozenset(
    {"xid", "seq", "changed_xid", "recorded_at", "reference", "referral_reference", "stamp", "mis_id"}
)
"""Columns, and fields inside of them, that tell of real time, of transactions, or are drawn at random."""
_LABELS: Final = """
SELECT id, name FROM organisation
UNION ALL SELECT id, 'place ' || number || ' of ' || lot_id FROM place
UNION ALL SELECT id, 'referral ' || coalesce(sender_reference, '') || ' ' || received_at FROM referral
UNION ALL SELECT household_id, 'household of ' || min(concat(sender_reference, received_at)) FROM referral GROUP BY 1
UNION ALL SELECT o.id, concat('offer of ', r.sender_reference, r.received_at, ' at ', o.offered_at)
  FROM offer o JOIN referral r ON r.id = o.referral_id
UNION ALL SELECT o.booking_id, concat('booking of ', r.sender_reference, r.received_at, ' at ', o.offered_at)
  FROM offer o JOIN referral r ON r.id = o.referral_id
UNION ALL SELECT i.id, concat('case of ', r.sender_reference, r.received_at, ' at ', i.accepted_at)
  FROM intervention i JOIN referral r ON r.id = i.referral_id
UNION ALL SELECT id, 'return ' || template || period || organisation_id FROM return_record
"""


def _lasting(value: object) -> object:
    """A value without the fields that no two runs share."""
    if isinstance(value, dict):
        return {name: _lasting(each) for name, each in value.items() if name not in _OF_THE_MOMENT}
    return [_lasting(each) for each in value] if isinstance(value, list) else value


async def dump(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """Every row that the clock can touch, as text without ids; and each subject's events in the order of the feed."""
    labels = {str(row[0]): row[1] for row in await connection.fetch(_LABELS) if row[0] is not None}

    def plain(text: str) -> str:
        return _UUID.sub(lambda found: labels.get(found.group(), "?"), text)

    found: dict[str, list[str]] = {}
    for table in _TABLES:
        rows = await connection.fetch(f'SELECT to_jsonb(t)::text FROM "{table}" t')
        found[table] = sorted(plain(json.dumps(_lasting(json.loads(row[0])))) for row in rows)
    by_subject: dict[str, list[str]] = defaultdict(list)
    for row in await connection.fetch(
        "SELECT subject_kind, subject_id::text, type, subject_version, occurred_at::text FROM event"
        " JOIN (SELECT DISTINCT ON (event_id) event_id, xid, seq FROM event_audience ORDER BY event_id, xid, seq) a"
        " ON a.event_id = event.id ORDER BY a.xid, a.seq"
    ):
        by_subject[row[1]].append(f"{row[0]} {plain(row[1])}: {row[2]} {row[3]} {row[4]}")
    found["order of events"] = sorted(" > ".join(steps) for steps in by_subject.values())
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the trial showed."""

    kills: int
    killed_while: Counter[str]
    rows: dict[str, int]
    differences: list[str]
    seconds: float


async def trial(template: Template, settings: Settings, *, kills: int, seed: int) -> Outcome:
    """Take two copies of a database through the term, one with so many kills; what differs between them."""
    began = time.perf_counter()
    draw = random.Random(seed)
    ground = await template.clone()
    database = Database(template.url(template.roles.application, ground), settings)
    async with make_api(settings, database) as api:
        town = await busy_town(api, database, "Killed at random (made up)")
    await database.dispose()
    copies = [f"{ground}_{name}" for name in ("whole", "killed")]
    maintenance = await asyncpg.connect(template.url(database="postgres"))
    for name in copies:
        await maintenance.execute(f'CREATE DATABASE "{name}" TEMPLATE "{ground}" OWNER "{template.owner}"')
        template.clones.append(name)
    await maintenance.close()
    dumps, terms = [], []
    for name in copies:
        watch = await asyncpg.connect(template.url(template.owner, name))
        database = Database(template.url(template.roles.application, name), settings)
        async with make_api(settings, database) as api:
            term = Term(database, api, town)
            for part, until in enumerate(UNTIL):
                left = kills - term.kills
                share = left if part == len(UNTIL) - 1 else min(left, -(-kills // len(UNTIL)))
                await (run_killed(term, until, share, draw, watch) if name == copies[1] else run_whole(term, until))
                if until != UNTIL[-1]:
                    await term.act(until, part)
        await database.dispose()
        dumps.append(await dump(watch))
        await watch.close()
        terms.append(term)
    whole, killed = dumps
    differences = [
        f"{table}: {mark} {row[:300]}"
        for table, rows in whole.items()
        for mark, ours, theirs in (("only whole", rows, killed[table]), ("only killed", killed[table], rows))
        for row in (Counter(ours) - Counter(theirs)).elements()
    ]
    for name in (*copies, ground):
        await template.drop_clone(name)
    counted = {table: len(rows) for table, rows in whole.items()}
    return Outcome(terms[1].kills, terms[1].killed_while, counted, differences, time.perf_counter() - began)


async def _main(kills: int, seed: int) -> int:
    with EmbeddedPostgres.temporary({"max_connections": 100}) as server, tempfile.TemporaryDirectory() as folder:
        template = Template(server.admin_url, f"halfterm_killed_{secrets.token_hex(4)}")
        await template.create()
        settings = Settings(
            data_dir=Path(folder), sandbox=True, pool_size=10, log_level="WARNING", public_url="http://test"
        )
        outcome = await trial(template, settings, kills=kills, seed=seed)
        await template.drop()
    print(f"{outcome.kills} kills between {STARTS_AT:%d %B %Y} and {UNTIL[-1]:%d %B %Y}, in {outcome.seconds:.0f} s")
    print("killed while at:", ", ".join(f"{name} {count}" for name, count in outcome.killed_while.most_common()))
    print("rows compared:", ", ".join(f"{table} {count}" for table, count in outcome.rows.items()))
    for difference in outcome.differences[:20]:
        print(difference)
    print("the same state" if not outcome.differences else f"{len(outcome.differences)} differences")
    return 1 if outcome.differences or outcome.kills < kills else 0


def main() -> int:
    """Run the trial, or, as the process that is to be killed, the clock."""
    asked = argparse.ArgumentParser(prog="python -m bench.killed_worker", description=__doc__.partition("\n")[0])
    asked.add_argument("--kills", type=int, default=50, help="how often the clock's process is killed (50)")
    asked.add_argument("--seed", type=int, default=7, help="of the moments at which it is (7)")
    options = asked.parse_args()
    return asyncio.run(_main(options.kills, options.seed))


if __name__ == "__main__":
    sys.exit(main())
