"""`python -m bench.killed_worker`: kill the clock's process at random through a term; it ends as one never killed.

Two copies of one database go through the same term: the schools and providers do the same in both, at stated times, and
between their acts the business clock runs in a process of its own. In one copy that process is killed (SIGKILL) at
random moments and started again. Then every row of both is compared, with ids replaced by what they stand for.
"""

import argparse
import asyncio
import json
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
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.access import Kind, Principal, Scope
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.queries import due, obligation_clock
from app.services import business_clock
from app.services.business_clock import run_due
from app.settings import Settings
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
_ROOT: Final = Path(__file__).resolve().parents[1]


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


async def run_clock(url: str, authority_id: UUID, organisation_id: UUID, until: datetime) -> None:
    """What the process does: run the clock until nothing is left before a moment. Prints when it begins and ends."""
    database = Database(url, Settings(sandbox=True, pool_size=2))
    officer = Principal(UUID(int=0), organisation_id, authority_id, Kind.AUTHORITY, frozenset(Scope), at=until)
    print("begun", flush=True)
    while await _left(database, officer):
        # Whoever was killed may hold the turn until PostgreSQL has noticed: then nothing is run this time.
        await run_due(database, officer)
    await database.dispose()


async def _left(database: Database, officer: Principal) -> bool:
    """Whether anything is left to be run by the officer's present."""
    async with database.read(officer) as session:
        standing = await due.standing(session)
        assert standing is not None
        assert standing.ran_to is not None
        moment = await business_clock._next_moment(session, standing.ran_to, session.now)  # noqa: SLF001 - the same question
        return moment is not None or await obligation_clock.some_unplanned(session)


async def _process(term: Term, until: datetime) -> asyncio.subprocess.Process:
    officer = term.town.officer
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.killed_worker", "--run", term.database.url,
        str(officer.authority_id), str(officer.organisation_id), until.isoformat(),
        stdout=asyncio.subprocess.PIPE, cwd=_ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    assert (await process.stdout.readline()).strip() == b"begun"
    return process


async def run_whole(term: Term, until: datetime) -> None:
    """Run the clock in one process, never killed."""
    process = await _process(term, until)
    assert await process.wait() == 0
    term.runs += 1


async def run_killed(term: Term, until: datetime, kills: int, draw: random.Random, watch: asyncpg.Connection) -> None:
    """Run the clock in processes that are killed at random moments, so many times, and then once to the end."""
    while kills:
        process = await _process(term, until)
        term.runs += 1
        try:
            await asyncio.wait_for(process.wait(), draw.uniform(_SOONEST_SECONDS, _LATEST_SECONDS))
        except TimeoutError:
            doing = await watch.fetchval(
                "SELECT coalesce(max(left(query, 24)) FILTER (WHERE state <> 'idle'), 'between statements')"
                " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND application_name = 'halfterm'"
            )
            process.send_signal(signal.SIGKILL)
            await process.wait()
            term.kills += 1
            term.killed_while[doing.partition(" ")[0]] += 1
            kills -= 1
        else:
            break
    await run_whole(term, until)


_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TABLES: Final = (
    "obligation", "offer", "booking", "referral", "status_history", "intervention", "intervention_contact",
    "return_record", "place", "event_audience", "event",
)  # fmt: skip
_OF_THE_MOMENT: Final = frozenset({"xid", "seq", "changed_xid", "recorded_at", "reference", "stamp"})
"""Columns that tell of real time, of transactions, or are drawn at random."""
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


async def dump(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """Every row that the clock can touch, as text without ids; and each subject's events in the order of the feed."""
    labels = {str(row[0]): row[1] for row in await connection.fetch(_LABELS) if row[0] is not None}

    def plain(text: str) -> str:
        return _UUID.sub(lambda found: labels.get(found.group(), "?"), text)

    found: dict[str, list[str]] = {}
    for table in _TABLES:
        rows = await connection.fetch(f'SELECT to_jsonb(t)::text FROM "{table}" t')
        found[table] = sorted(
            plain(json.dumps({k: v for k, v in json.loads(row[0]).items() if k not in _OF_THE_MOMENT})) for row in rows
        )
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
    asked.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.run:
        url, authority_id, organisation_id, until = options.run
        asyncio.run(run_clock(url, UUID(authority_id), UUID(organisation_id), datetime.fromisoformat(until)))
        return 0
    return asyncio.run(_main(options.kills, options.seed))


if __name__ == "__main__":
    sys.exit(main())
