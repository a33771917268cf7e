"""The short way of execution gives what the library's own way gives, errors and all."""

from typing import Any

import pytest
from graphql.execution import Executor

from app.db import ReadSession
from app.graphql import http
from tests.graphql.conftest import Stage, code_of
from tests.graphql.test_graphql_dashboard import DASHBOARD

SKIPPED = """query ($yes: Boolean = true, $no: Boolean = false) { schools(first: 2) { nodes {
  __typename name @skip(if: $yes) urn @include(if: $no) other: phase ... on School @include(if: $yes) { laestab }
  area { __typename ... on Node { id } ... { code } } } ...Page } }
fragment Page on SchoolConnection { pageInfo { hasNextPage } edges { node { name area { name } } } }"""


async def both_ways(stage: Stage, who: str, query: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    ours = (await stage.caller(who).post("/graphql", {"query": query})).json()
    with monkeypatch.context() as patch:
        patch.setattr(http, "PlainExecutor", Executor)
        theirs = (await stage.caller(who).post("/graphql", {"query": query})).json()
    return ours, theirs


@pytest.mark.parametrize("who", ["officer", "school", "provider"])
@pytest.mark.parametrize("query", [DASHBOARD, SKIPPED])
async def test_both_ways_give_the_same_answer(
    stage: Stage, who: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = await both_ways(stage, who, query, monkeypatch)
    assert ours == theirs
    assert ours["data"]["schools"]


@pytest.mark.parametrize(
    ("table", "column", "query"),
    [
        # A required plain field of an item, of an edge, of an edge's list, and of a root's only row.
        ("area t", "code", "{ areas { nodes { code name } } schools { nodes { name } } }"),
        ("area t", "code", "{ schools { nodes { name area { code name } } } }"),
        ("school s", "urn", "{ areas { nodes { code schools { urn } } } }"),
        ("FROM authority", "name", "{ authority { laCode name } areas { nodes { code } } }"),
    ],
)
async def test_both_ways_agree_on_what_may_not_be_null(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, table: str, column: str, query: str
) -> None:
    rows = ReadSession.rows

    async def spoilt(self: ReadSession, sql: str, *arguments: object) -> list[dict[str, object]]:
        found = [dict(row) for row in await rows(self, sql, *arguments)]
        if table in sql and found:
            found[-1][column] = None
        return found

    monkeypatch.setattr(ReadSession, "rows", spoilt)
    ours, theirs = await both_ways(stage, "officer", query, monkeypatch)
    assert ours == theirs
    assert code_of(ours) == "INTERNAL_SERVER_ERROR"
