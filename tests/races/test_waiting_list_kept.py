"""The waiting list that a process keeps: used again while nothing has changed, and never after a change."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app import clock
from app.db import BrokerSession, Database
from app.models.ground import GROUND
from app.queries import ground_changes, parties, snapshot, waiting, whole_supply
from app.schema import database_of
from app.services import kept
from app.services.waiting_list import WaitingList, read_waiting_list
from tests.conftest import Template
from tests.factories.authority import Town, add_block, build_town
from tests.factories.http import Api, Caller
from tests.factories.referrals import key, referral_body


async def send(caller: Caller, **changes: Any) -> dict[str, Any]:
    answer = await caller.post("/v1/referrals", referral_body(**changes), headers=key())
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def read(database: Database, town: Town) -> WaitingList:
    async with database.read(town.officer) as session:
        return await read_waiting_list(session)


@pytest.fixture
async def waiting_town(real_api: Api, real_town: Town) -> Town:
    """Both places are held, and three wait."""
    school = real_api.as_(real_town.school)
    for band in ("P2", "P2", "P2", "P3", "P4"):
        await send(school, band=band)
    return real_town


@pytest.fixture
async def owner(clone: Database, template: Template) -> Any:
    connection = await asyncpg.connect(template.url(template.owner, database_of(clone.url)))
    yield connection
    await connection.close()


async def test_it_is_worked_out_once_while_nothing_changes(clone: Database, waiting_town: Town) -> None:
    first = await read(clone, waiting_town)
    assert len(first) == 3
    assert await read(clone, waiting_town) is first
    async with clone.read(waiting_town.school) as session:
        assert await read_waiting_list(session) is first


async def test_readers_at_once_share_one(clone: Database, waiting_town: Town) -> None:
    lists = await asyncio.gather(*(read(clone, waiting_town) for _ in range(8)))
    assert len({id(each) for each in lists}) <= 2


@pytest.mark.parametrize("table", GROUND)
async def test_a_change_of_any_table_that_it_stands_on_is_noticed(
    clone: Database, waiting_town: Town, table: str
) -> None:
    first = await read(clone, waiting_town)
    column = "withdrawal_reason" if table == "policy_version" else "authority_id"
    async with clone.write(waiting_town.officer) as session:
        await session.run(f'UPDATE "{table}" SET {column} = {column} WHERE false')
    assert await read(clone, waiting_town) is not first


async def test_the_tables_that_it_is_read_from_are_all_watched(owner: asyncpg.Connection) -> None:
    """The texts of its statements are searched for tables, so that a new one cannot be forgotten."""
    texts = [
        value
        for module in (snapshot, waiting, whole_supply)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    ]
    texts += [str(constant) for constant in parties._load.__code__.co_consts if isinstance(constant, str)]
    named = {name for text in texts for name in re.findall(r"\b(?:FROM|JOIN) ([a-z_]+)", text)}
    tables = {row["relname"] for row in await owner.fetch("SELECT relname FROM pg_class WHERE relkind = 'r'")}
    assert "referral" in named & tables
    assert named & tables <= set(GROUND)
    watched = {
        row["relname"]
        for row in await owner.fetch(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE tgname = 'note_ground_change'"
        )
    }
    assert watched == set(GROUND)


async def test_each_act_is_seen_at_once_in_the_list(real_api: Api, clone: Database, waiting_town: Town) -> None:
    town = waiting_town
    school, officer = real_api.as_(town.school), real_api.as_(town.officer)

    async def ids() -> list[str]:
        return [row["id"] for row in (await officer.get("/v1/waiting-list")).json()["data"]]

    before = await ids()
    urgent = await send(school, band="P1")
    assert await ids() == [urgent["id"], *before]
    withdrawn = await school.post(f"/v1/referrals/{urgent['id']}/withdraw", {"reason": "other"})
    assert withdrawn.status_code == 200, withdrawn.text
    assert await ids() == before
    path = f"/v1/referrals/{before[0]}/explanation"
    assert (await school.get(path)).json()["facts"]["services_count"] == 1
    await add_block(clone, town, town.providers[1], places=1, key_stages=("KS1",))
    assert (await school.get(path)).json()["facts"]["services_count"] == 2


async def test_another_day_has_a_list_of_its_own(clone: Database, waiting_town: Town) -> None:
    first = await read(clone, waiting_town)
    tomorrow = replace(waiting_town.officer, at=clock.real_now() + timedelta(days=1))
    async with clone.read(tomorrow) as session:
        assert (await read_waiting_list(session)).today == first.today + timedelta(days=1)


async def test_a_change_that_was_begun_before_and_ends_after_is_seen(clone: Database, waiting_town: Town) -> None:
    """Transactions do not end in the order of their numbers: the trap of every mark made of the newest number."""
    begun, read_once, again = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def early() -> None:
        async with clone.write(waiting_town.officer) as session:
            await session.run(
                "UPDATE referral SET band = 'P1' WHERE authority_id = $1 AND band = 'P4'", session.authority_id
            )
            begun.set()
            await read_once.wait()
        again.set()

    task = asyncio.create_task(early())
    await begun.wait()
    # A later transaction, which ends first.
    async with clone.write(waiting_town.officer) as session:
        await session.run("UPDATE offer SET state = state WHERE false")
    first = await read(clone, waiting_town)
    assert [line.want.band for line in first.lines] == ["P2", "P3", "P4"]
    assert await read(clone, waiting_town) is first, "what is not finished is nobody's to see"
    read_once.set()
    await again.wait()
    await task
    assert [line.want.band for line in (await read(clone, waiting_town)).lines] == ["P1", "P2", "P3"]


async def test_what_was_undone_leaves_the_list_as_it_is(clone: Database, waiting_town: Town) -> None:
    first = await read(clone, waiting_town)

    class UndoneError(Exception):
        pass

    with pytest.raises(UndoneError):
        async with clone.write(waiting_town.officer) as session:
            await session.run("DELETE FROM offer WHERE authority_id = $1 AND false", session.authority_id)
            await session.run("UPDATE referral SET band = 'P1' WHERE authority_id = $1", session.authority_id)
            own = await read_waiting_list(session)
            assert {line.want.band for line in own.lines} == {"P1"}, "it sees its own changes"
            raise UndoneError
    assert await read(clone, waiting_town) is first


async def test_notes_that_were_cleared_away_are_not_taken_for_none(clone: Database, waiting_town: Town) -> None:
    first = await read(clone, waiting_town)
    for _ in range(3):
        async with clone.write(waiting_town.officer) as session:
            await session.run("UPDATE offer SET state = state WHERE false")
    async with clone.write(waiting_town.officer) as session:
        forgotten = await ground_changes.forget_seen(BrokerSession(session))
    assert forgotten >= 3
    again = await read(clone, waiting_town)
    assert again is not first
    assert await read(clone, waiting_town) is again


async def test_an_authority_never_gets_the_list_of_another(real_api: Api, clone: Database, waiting_town: Town) -> None:
    elsewhere = await build_town(clone, name="Elsewhere (made up)")
    mine = await read(clone, waiting_town)
    theirs = await read(clone, elsewhere)
    assert (len(mine), len(theirs)) == (3, 0)
    assert await read(clone, waiting_town) is mine
    assert (await real_api.as_(elsewhere.officer).get("/v1/waiting-list")).json()["data"] == []
    # A school of the same authority reads nobody's but its own, whoever had the list worked out.
    stranger = real_api.as_(waiting_town.schools[1])
    for line in mine.lines:
        assert (await stranger.get(f"/v1/referrals/{line.want.referral_id}/explanation")).status_code == 404
    assert (await stranger.get("/v1/waiting-list")).status_code == 403


async def test_the_least_lately_used_goes_first(clone: Database, waiting_town: Town) -> None:
    keeper: kept.Keeper[list[int]] = kept.Keeper(most=4)
    other = await build_town(clone, name="Elsewhere (made up)")
    made: list[list[int]] = []

    async def work_out(_: Any) -> list[int]:
        made.append([1, 2, 3])
        return made[-1]

    async def ask(town: Town) -> list[int]:
        async with clone.read(town.officer) as session:
            return await keeper.read(session, work_out)

    first = await ask(waiting_town)
    assert await ask(waiting_town) is first
    await ask(other)
    assert await ask(waiting_town) is not first, "two of three do not fit in four"
    assert len(made) == 3
