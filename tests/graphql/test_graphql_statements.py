"""How many statements a page takes: one per level, whatever the number of rows."""

from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from app.db import Database, ReadSession
from app.graphql.context import Context
from app.settings import Settings
from tests.factories.authority import build_town
from tests.factories.http import make_api
from tests.factories.referrals import key, referral_body

ROWS = 105
NESTED = """query ($first: Int!) { referrals(first: $first) { nodes {
  reference state band receivedAt school { name urn area { name } }
  allocation { reference state offeredAt provider { name } service { name } } } } }"""
WITH_LISTS = """query ($first: Int!) { referrals(first: $first) { nodes {
  reference history { toState organisation { name } } attendance { sessionsAttended } suspensions { suspensionCount }
  allocations { state provider { name } } } } }"""


@pytest.fixture(scope="module")
async def busy(template, settings: Settings):
    """An authority with more than a page of offered referrals."""
    name = await template.clone()
    database = Database(template.url(template.roles.application, name), settings)
    async with make_api(settings, database) as api:
        town = await build_town(database, places=ROWS)
        for index in range(ROWS):
            school = api.as_(town.schools[index % 2])
            sent = await school.post("/v1/referrals", referral_body(), headers=key())
            assert sent.status_code == 201, sent.text
        yield api, town
    await database.dispose()
    await template.drop_clone(name)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    statements: list[str] = []
    rows = ReadSession.rows

    async def noting(self: ReadSession, sql: str, *arguments: object) -> object:
        statements.append(sql)
        return await rows(self, sql, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ReadSession, "rows", noting)
        yield statements


async def test_a_nested_page_of_100_takes_one_statement_per_edge(busy, monkeypatch: pytest.MonkeyPatch) -> None:
    api, town = busy
    officer = api.as_(town.officer)
    for first in (2, 100):
        with counted(monkeypatch) as statements:
            answer = await officer.graphql(NESTED, first=first)
        nodes = answer["data"]["referrals"]["nodes"]
        assert len(nodes) == first
        assert all(node["allocation"]["provider"]["name"] for node in nodes)
        # The page, schools, areas, allocations, providers, services.
        assert len(statements) == 6, statements


async def test_lists_inside_a_page_take_one_statement_each(busy, monkeypatch: pytest.MonkeyPatch) -> None:
    api, town = busy
    for first in (2, 100):
        with counted(monkeypatch) as statements:
            answer = await api.as_(town.officer).graphql(WITH_LISTS, first=first)
        assert len(answer["data"]["referrals"]["nodes"]) == first
        # The page, history, its organisations, attendance, suspensions, allocations, their providers.
        assert len(statements) == 7, statements


async def test_what_is_asked_for_twice_is_read_once(busy, monkeypatch: pytest.MonkeyPatch) -> None:
    api, town = busy
    with counted(monkeypatch) as statements:
        await api.as_(town.officer).graphql(
            "{ referrals(first: 20) { nodes { school { name } referringOrganisation { name } } } "
            "more: referrals(first: 10) { nodes { school { name } } } }"
        )
    assert sum("organisation_id AS id" in text for text in statements) == 1
    assert len(statements) == 4


async def test_columns_that_nobody_asked_for_are_not_read(busy, monkeypatch: pytest.MonkeyPatch) -> None:
    api, town = busy
    officer = api.as_(town.officer)
    with counted(monkeypatch) as statements:
        await officer.graphql("{ referrals(first: 1) { nodes { reference } } }")
    assert not [text for text in statements if '"safe_contact"' in text or '"needs"' in text]
    with counted(monkeypatch) as statements:
        answer = await officer.graphql("{ referrals(first: 1) { nodes { safeContact needs } } }")
    assert '"safe_contact"' in statements[0]
    assert answer["data"]["referrals"]["nodes"][0]["needs"][0]["code"] == "attendance"


async def test_a_request_holds_one_connection_and_gives_it_back(busy, monkeypatch: pytest.MonkeyPatch) -> None:
    api, town = busy
    open_now, most = 0, 0
    closed: list[object] = []
    read = Database.read

    @asynccontextmanager
    async def counting(self: Database, principal):
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        async with read(self, principal) as session:
            yield session
        open_now -= 1
        closed.append(principal)

    monkeypatch.setattr(Database, "read", counting)
    roots = " ".join(f"r{n}: referrals(first: 3) {{ nodes {{ school {{ name }} }} }}" for n in range(20))
    answer = await api.as_(town.officer).graphql("{ " + roots + " }")
    assert "errors" not in answer
    assert (most, open_now, len(closed)) == (1, 0, 1)


async def test_a_session_that_an_error_spoilt_is_not_used_again(busy, monkeypatch: pytest.MonkeyPatch) -> None:
    api, town = busy
    rows = ReadSession.rows

    async def partly(self: ReadSession, sql: str, *arguments: object) -> object:
        return await rows(self, sql.replace("suspension_record", "nowhere"), *arguments)

    monkeypatch.setattr(ReadSession, "rows", partly)
    query = "{ referrals(first: 3) { nodes { suspensions { source } attendance { source } history { toState } } } }"
    answer = await api.as_(town.officer).graphql(query)
    for node in answer["data"]["referrals"]["nodes"]:
        assert node["suspensions"] is None
        assert node["attendance"]
        assert node["history"]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INTERNAL_SERVER_ERROR"}


async def test_nobody_opens_a_session_after_the_end(busy) -> None:
    api, town = busy
    context = Context(api.runtime, town.officer)
    async with context.read():
        pass
    await context.close()
    with pytest.raises(RuntimeError):
        async with context.read():
            pass
