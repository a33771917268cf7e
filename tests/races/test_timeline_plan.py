"""A page of a timeline is one range of an index, however many events there are."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.access import Kind, Principal
from app.db import Database, context_sql, own_reach
from app.ids import new_id
from app.queries.timeline import page
from tests.conftest import Template
from tests.factories.authority import build_town

EVENTS, REFERRALS = 200_000, 1000
MIDDLE = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


class Recorder:
    """A session that keeps the statement that it is asked, and answers nothing."""

    def __init__(self, principal: Principal) -> None:
        self.authority_id = principal.authority_id
        self.sql = ""
        self.arguments: tuple[Any, ...] = ()

    async def rows(self, sql: str, *arguments: Any) -> list[Any]:
        self.sql, self.arguments = sql, arguments
        return []


async def fill(template: Template, name: str, authority_id: UUID, readers: list[UUID]) -> UUID:
    """A great many events of many referrals, told to some organisations; the id of one of the referrals."""
    owner = await asyncpg.connect(template.url(template.owner, name))
    try:
        await owner.execute(
            "CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, $1) n".replace(
                "$1", str(REFERRALS)
            )
        )
        await owner.execute(
            "INSERT INTO event (authority_id, id, type, subject_kind, subject_id, subject_version, referral_id,"
            " organisation_id, occurred_at, recorded_at) SELECT $1, gen_random_uuid(), 'referral.amended', 'referral',"
            " r.id, k, r.id, $2, $3::timestamptz + (k - 100) * interval '1 minute', $3 FROM made r,"
            f" generate_series(1, {EVENTS // REFERRALS}) k",
            authority_id,
            readers[0],
            MIDDLE,
        )
        for reader in readers:
            await owner.execute(
                "INSERT INTO event_audience (authority_id, event_id, organisation_id)"
                " SELECT authority_id, id, $2 FROM event WHERE authority_id = $1",
                authority_id,
                reader,
            )
        await owner.execute("VACUUM ANALYZE event, event_audience")
        found: UUID = await owner.fetchval("SELECT id FROM made WHERE n = 500")
        return found
    finally:
        await owner.close()


@pytest.mark.slow
async def test_a_page_is_one_range_of_the_index_of_timelines(template: Template, settings: Any) -> None:
    name = await template.clone()
    database = Database(template.url(template.roles.application, name), settings)
    town = await build_town(database, name="Longshire (made up)")
    await database.dispose()
    readers = [town.officer.organisation_id, town.school.organisation_id]
    referral_id = await fill(template, name, town.officer.authority_id, readers)
    connection = await asyncpg.connect(template.url(template.roles.application, name))
    try:
        for principal in (town.officer, town.school, replace(town.provider, kind=Kind.PROVIDER)):
            for after in (None, (MIDDLE, new_id())):
                recorder = Recorder(principal)
                await page(recorder, referral_id, limit=50, after=after)  # type: ignore[arg-type]
                for mode in ("force_custom_plan", "force_generic_plan"):
                    async with connection.transaction():
                        await connection.execute(context_sql(principal, reach=own_reach(principal)))
                        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
                        await connection.execute(f"PREPARE page AS {recorder.sql}")
                        values = ", ".join(f"'{value}'" for value in recorder.arguments)
                        lines = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) EXECUTE page ({values})")
                        await connection.execute("DEALLOCATE page")
                    plan = "\n".join(line[0] for line in lines)
                    assert "using ix_event_referral on event" in plan, plan
                    assert "Seq Scan on event" not in plan, plan
                    assert "Sort" not in plan, plan
                    condition = plan.split("using ix_event_referral", 1)[1].split("Index Cond:", 1)[1].splitlines()[0]
                    assert ("ROW(" in condition) == (after is not None), plan
                    assert "referral_id =" in condition, plan
    finally:
        await connection.close()
        await template.drop_clone(name)
