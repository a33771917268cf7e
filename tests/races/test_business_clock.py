"""The business clock with real commits: late as on time, several at once, killed anywhere; and its round."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app import clock
from app.access import Kind
from app.db import Database, WriteSession
from app.domain.duties import DUTIES
from app.domain.obligations import ObligationKind
from app.jobs.clock import forget_old_answers, go_round
from app.queries import due
from app.queries.writes import Writes
from app.schema import database_of
from app.services import business_clock, obligations
from app.services.business_clock import Ran, run_due
from tests.conftest import Template
from tests.factories.authority import Town, build_town
from tests.factories.falling_due import STARTS_AT, busy_town, what_is_left
from tests.factories.http import Api

ENDS_AT = datetime(2027, 1, 25, 12, 0, tzinfo=UTC)


async def run_to(database: Database, town: Town, moment: datetime) -> Ran:
    return await run_due(database, replace(town.officer, at=moment))


async def punctual(database: Database, town: Town) -> Counter[str]:
    """Run the clock every few hours, as it would have."""
    total: Counter[str] = Counter()
    moment = STARTS_AT
    while moment < ENDS_AT:
        moment = min(moment + timedelta(hours=5), ENDS_AT)
        total.update((await run_to(database, town, moment)).counts())
    return total


async def test_late_leaves_what_on_time_leaves(real_api: Api, clone: Database) -> None:
    one, other = [await busy_town(real_api, clone, f"{name} (made up)") for name in ("Ontime", "Late")]
    counted = await punctual(clone, one)
    # Every kind of thing happened, or the comparison says nothing.
    # No contract of the town comes near its end.
    idle = {"offers_made", "offers_lapsed", "cases_handed_over", "contract_ends_told", "hearings_watched",
            "schools_changed"}  # fmt: skip
    assert all(counted[name] > 0 for name in Ran().counts().keys() - idle), counted
    at_once = await run_to(clone, other, ENDS_AT)
    assert at_once.counts() == counted
    left, expected = await what_is_left(clone, other), await what_is_left(clone, one)
    for kind, rows in expected.items():
        assert left[kind] == rows, kind
    assert (await run_to(clone, other, ENDS_AT)).counts() == Ran().counts()
    assert await what_is_left(clone, other) == expected


async def test_each_thing_is_run_at_its_own_moment(real_api: Api, clone: Database) -> None:
    town = await busy_town(real_api, clone, "Moments (made up)")
    await run_to(clone, town, ENDS_AT)
    left = await what_is_left(clone, town)
    expired = [offer for offer in left["offers"] if offer[2] == "expired"]
    assert expired
    assert all(updated_at == answer_due_at for *_, answer_due_at, updated_at in expired)
    deemed = [offer for offer in left["offers"] if offer[4] is not None]
    assert [(offer[2], offer[4] == offer[6] == offer[7]) for offer in deemed] == [("accepted", True)]
    for _, _, _, due_at, _, _, overdue_at, *_ in left["obligations"]:
        # What was due before the clock's first moment is found at that moment, a midnight.
        assert overdue_at in (None, due_at if due_at > STARTS_AT else clock.london_moment(date(2026, 11, 21)))
    told = Counter(event[0] for event in left["events"])
    assert told["obligation.overdue"] == sum(row[6] is not None for row in left["obligations"])
    for row in left["obligations"]:
        _, remind_at, reminded_at, escalate_at, escalated_at = row[-5:]
        assert reminded_at in (None, remind_at)
        assert escalated_at in (None, escalate_at, clock.london_moment(date(2026, 11, 21)))
    for name, place in (("obligation.due_soon", -3), ("obligation.escalated", -1)):
        assert told[name] == sum(row[place] is not None for row in left["obligations"]) > 0
    # The half-term ended on a Friday (18 December): its return opened at the midnight after.
    opened = [row for row in left["returns"] if row[1] == "2026/27-2"]
    assert opened
    assert all(row[3] == clock.london_moment(date(2026, 12, 19)) for row in opened)


async def test_a_weekend_without_a_worker_leaves_what_a_punctual_one_leaves(real_api: Api, clone: Database) -> None:
    """Duties due on the Friday evening and met on the Saturday, with the clock down from Friday to Monday."""
    punctual, down = [await busy_town(real_api, clone, f"{name} (made up)") for name in ("Ontime", "Down")]
    friday, saturday, monday = (
        datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((27, 12), (28, 10), (30, 9))
    )
    for town in (punctual, down):
        await run_to(clone, town, friday)
        async with clone.write(replace(town.officer, at=friday)) as session:
            # Five of the provider's duties fall due, escalate or are called to mind in these days.
            await _owe_around_the_weekend(session, town)
    await run_to(clone, punctual, saturday)
    for town in (punctual, down):
        async with clone.write(replace(town.officer, at=saturday)) as session:
            for kind in ("plan", "review"):
                assert await obligations.meet(session, kind, town.lots[0])
    await run_to(clone, punctual, monday)
    ran = await run_to(clone, down, monday)
    assert min(ran.obligations_overdue, ran.obligations_reminded, ran.obligations_escalated) > 0
    left, expected = await what_is_left(clone, down), await what_is_left(clone, punctual)
    # An act that came before the clock has the lower version: the order of an event's subject is that of the commits.
    for each in (left, expected):
        each["events"] = sorted((type_, subject, at) for type_, subject, _, at in each["events"])
    for kind, rows in expected.items():
        assert left[kind] == rows, kind
    met_late = [(row[6] is not None, row[-1]) for row in expected["obligations"] if row[0] == "plan"]
    assert (True, None) in met_late, "overdue on Friday, met before it escalated"


async def _owe_around_the_weekend(session: WriteSession, town: Town) -> None:
    writes = Writes()
    moments: dict[ObligationKind, datetime] = {
        "plan": datetime(2026, 11, 27, 17, tzinfo=UTC),
        "review": datetime(2026, 12, 1, 17, tzinfo=UTC),
        "follow_up": datetime(2026, 11, 30, 17, tzinfo=UTC),
        "pause_end": datetime(2026, 11, 26, 17, tzinfo=UTC),
        "concern_action": datetime(2026, 11, 28, 3, tzinfo=UTC),
    }
    for kind, moment in moments.items():
        obligations.owe(
            writes, session, kind, town.provider.organisation_id,
            subject=("intervention", town.lots[0]), clock=DUTIES[kind].clock, due_at=moment,
        )  # fmt: skip
    await writes.flush(session)


async def test_a_place_never_looks_free_while_its_case_runs(real_api: Api, clone: Database) -> None:
    town = await busy_town(real_api, clone, "Overrun (made up)")
    for days in range(2, 66, 7):
        moment = STARTS_AT + timedelta(days=days)
        await run_to(clone, town, moment)
        async with clone.read(replace(town.officer, at=moment)) as session:
            ends_on = await session.value(
                "SELECT ends_on FROM booking WHERE authority_id = $1 AND place_id = $2 AND state = 'accepted'",
                town.officer.authority_id,
                town.places[0],
            )
            assert ends_on > session.today
    assert ends_on == session.today + timedelta(days=1)


async def test_identity_ends_so_many_days_after_closure(real_api: Api, clone: Database) -> None:
    town = await busy_town(real_api, clone, "Identity (made up)")

    async def known_to_provider() -> int:
        async with clone.read(town.provider) as session:
            return await session.value("SELECT count(*) FROM referral WHERE state = 'closed'")

    # Closed on 20 November at 17:00; thirty days.
    await run_to(clone, town, datetime(2026, 12, 20, 12, tzinfo=UTC))
    assert await known_to_provider() == 1
    await run_to(clone, town, datetime(2026, 12, 21, 0, tzinfo=UTC))
    assert await known_to_provider() == 0


async def test_a_place_that_opens_at_midnight_is_offered_then(real_api: Api, clone: Database) -> None:
    town = await busy_town(real_api, clone, "Midnight (made up)")
    async with clone.write(town.officer) as session:
        await session.run("UPDATE offer SET answer_due_at = '2030-01-01' WHERE authority_id = $1", session.authority_id)
        place_id = await session.value(
            "INSERT INTO place (authority_id, id, lot_id, provider_id, number, practitioner_id, available_from)"
            " SELECT authority_id, gen_random_uuid(), lot_id, provider_id, 9, practitioner_id, '2026-11-24'"
            " FROM place WHERE authority_id = $1 AND number = 1 RETURNING id",
            session.authority_id,
        )
    assert (await run_to(clone, town, clock.london_moment(date(2026, 11, 23)))).offers_made == 0
    assert (await run_to(clone, town, clock.london_moment(date(2026, 11, 24)))).offers_made == 1
    async with clone.read(town.officer) as session:
        offered_at = await session.value("SELECT offered_at FROM offer WHERE place_id = $1", place_id)
    assert offered_at == clock.london_moment(date(2026, 11, 24))


async def test_clocks_of_several_processes_take_turns(real_api: Api, clone: Database) -> None:
    alone, shared = [await busy_town(real_api, clone, f"{name} (made up)") for name in ("Alone", "Shared")]
    await run_to(clone, alone, ENDS_AT)

    async def process() -> Counter[str]:
        total: Counter[str] = Counter()
        for _ in range(2000):
            total.update((await run_to(clone, shared, ENDS_AT)).counts())
            if await ran_to(clone, shared) >= end:
                return total
            await asyncio.sleep(0)
        raise AssertionError("The clock did not come to an end.")

    end = await ran_to(clone, alone)
    counts = await asyncio.gather(*(process() for _ in range(4)))
    assert sum(bool(sum(count.values())) for count in counts) > 1, "only one of them ever had a turn"
    left, expected = await what_is_left(clone, shared), await what_is_left(clone, alone)
    for kind, rows in expected.items():
        assert left[kind] == rows, kind


async def ran_to(database: Database, town: Town) -> datetime:
    async with database.read(town.officer) as session:
        standing = await due.standing(session)
    assert standing is not None
    assert standing.ran_to is not None
    return standing.ran_to


class Killed(BaseException):
    """What no code catches."""


async def test_killed_anywhere_and_run_again_leaves_the_same(
    real_api: Api, clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, killed = [await busy_town(real_api, clone, f"{name} (made up)") for name in ("Whole", "Killed")]
    await run_to(clone, whole, ENDS_AT)
    true_step = business_clock._step
    draw = random.Random(7)

    async def killing_step(database: Database, officer: Any, expected: datetime, step: business_clock.Step) -> int:
        async def dying(wide: Any, writes: Any) -> int:
            await step(wide, writes)
            raise Killed

        fate = draw.random()
        if fate < 0.2:
            return await true_step(database, officer, expected, dying)
        count = await true_step(database, officer, expected, step)
        if fate < 0.4:
            raise Killed
        return count

    monkeypatch.setattr(business_clock, "_step", killing_step)
    deaths = 0
    while True:
        try:
            await run_to(clone, killed, ENDS_AT)
            break
        except Killed:
            deaths += 1
    assert deaths > 50
    left, expected = await what_is_left(clone, killed), await what_is_left(clone, whole)
    for kind, rows in expected.items():
        assert left[kind] == rows, kind


async def test_an_idle_year_takes_little_time(clone: Database) -> None:
    town = await build_town(clone)
    start = await ran_to(clone, town)
    began = time.perf_counter()
    await run_to(clone, town, start + timedelta(days=365))
    per_day = (time.perf_counter() - began) / 365 * 1000
    print(f"\nan idle day of the clock takes {per_day:.1f} ms")  # noqa: T201 - a figure for whoever asks with -s
    assert per_day < 50
    assert await ran_to(clone, town) > start + timedelta(days=363)


async def test_the_round_serves_every_authority_and_one_failure_holds_up_no_other(
    real_api: Api, clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    towns = [await build_town(clone, name=f"Town {number} (made up)") for number in range(3)]
    week_ago = clock.real_now() - timedelta(days=7)
    for town in towns:
        async with clone.write(town.officer) as session:
            await due.set_ran_to(session, week_ago)
    true_run = business_clock._run_moment

    async def failing(database: Database, officer: Any, *rest: Any) -> None:
        if officer.authority_id == towns[0].officer.authority_id:
            raise asyncpg.DataError("made up")
        await true_run(database, officer, *rest)

    monkeypatch.setattr(business_clock, "_run_moment", failing)
    with pytest.raises(asyncpg.DataError):
        await go_round(clone, real_api.runtime.worker)
    assert await ran_to(clone, towns[0]) == week_ago
    for town in towns[1:]:
        assert clock.real_now() - await ran_to(clone, town) < timedelta(days=1)


async def test_an_authority_without_a_past_starts_at_its_present(clone: Database) -> None:
    town = await build_town(clone)
    async with clone.write(town.officer) as session:
        await session.run("UPDATE authority SET clock_ran_to = NULL WHERE id = $1", session.authority_id)
    await run_due(clone, town.officer)
    assert abs(clock.real_now() - await ran_to(clone, town)) < timedelta(minutes=1)


async def test_answers_kept_for_retries_are_forgotten_after_a_week(
    real_api: Api, real_town: Town, clone: Database, template: Template
) -> None:
    assert real_town.school.kind is Kind.SCHOOL
    owner = await asyncpg.connect(template.url(template.owner, database_of(clone.url)))
    try:
        for days in (0, 6.9, 7.1, 7.2, 40):
            await owner.execute(
                "INSERT INTO idempotency_record (authority_id, client_id, operation, idempotency_key, body_digest,"
                " status, headers, body, created_at) VALUES ($1, $2, 'create_referral', $3, '', 201, '{}', '', $4)",
                real_town.officer.authority_id,
                UUID(int=1),
                str(days),
                clock.real_now() - timedelta(days=days),
            )
        assert await forget_old_answers(real_api.runtime.worker) == 3
        kept = await owner.fetch("SELECT idempotency_key FROM idempotency_record ORDER BY created_at DESC")
    finally:
        await owner.close()
    assert [row[0] for row in kept] == ["0", "6.9"]
