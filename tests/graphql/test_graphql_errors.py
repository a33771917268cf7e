"""Errors tell the caller what to put right, and nothing of what went wrong inside."""

import json
import logging

import asyncpg
import pytest

from app.db import Database, ReadSession
from app.errors import Unavailable
from tests.graphql.conftest import Stage, code_of

BAD_ARGUMENTS = [
    'node(id: "") { id }',
    'node(id: "UmVmZXJyYWw6eA==") { id }',
    'node(id: "\\u00e9") { id }',
    'node(id: "Tm90aGluZzowMTliMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA=") { id }',
    'referrals(after: "x") { nodes { id } }',
    'referrals(state: ["nowhere"]) { nodes { id } }',
    'referrals(state: ["new"]) { nodes { id } }',
    'referrals(band: ["P9"]) { nodes { id } }',
    'referrals(school: "x") { nodes { id } }',
    'referrals(receivedFrom: "2026-01-01T00:00:00") { nodes { id } }',
    'referrals(receivedFrom: "9999-12-31T23:59:59-14:00") { nodes { id } }',
    'outcomes(measure: ATTENDANCE, period: {startsOn: "2026-02-01", endsOn: "2026-01-01"}) { n }',
    'outcomes(measure: ATTENDANCE, period: {startsOn: "0001-01-01"}) { n }',
    'outcomes(measure: ATTENDANCE, filter: {area: "x"}) { n }',
    'capacity(period: {startsOn: "2020-01-01", endsOn: "2026-01-01"}) { startsOn }',
    'capacity(period: {endsOn: "9999-12-31"}) { startsOn }',
    'timeliness(period: {endsOn: "9999-12-31"}) { n }',
    'contracts(runningOn: "9999-12-31") { nodes { id } }',
    'returns(lateOn: "9999-12-31") { nodes { id } }',
]


@pytest.mark.parametrize("field", BAD_ARGUMENTS)
async def test_a_bad_argument_is_the_callers(stage: Stage, field: str) -> None:
    answer = await stage.ask("officer", "{ bad: " + field + " }")
    assert answer["data"] == {"bad": None}
    assert code_of(answer) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "field",
    ['referrals(receivedFrom: "yesterday") { nodes { id } }', "referrals(first: 3.5) { nodes { id } }",
     'contracts(runningOn: "2026-13-01") { nodes { id } }', "outcomes(measure: LOVE) { n }"],
)  # fmt: skip
async def test_a_literal_of_another_type_is_refused_before_it_runs(stage: Stage, field: str) -> None:
    answer = await stage.ask("officer", "{ " + field + " }")
    assert code_of(answer) in ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT")
    assert not any((answer.get("data") or {}).values())


async def test_a_variables_value_is_not_repeated(stage: Stage) -> None:
    query = "query ($from: DateTime) { referrals(receivedFrom: $from) { nodes { id } } }"
    answer = await stage.ask("officer", query, **{"from": "Zephyrine J926999924001"})
    assert code_of(answer) == "BAD_USER_INPUT"
    assert "$from" in answer["errors"][0]["message"]
    assert "Zephyrine" not in json.dumps(answer)


async def test_a_null_byte_is_the_callers(stage: Stage) -> None:
    answer = await stage.ask("officer", "query ($n: String) { referrals(need: $n) { nodes { id } } }", n="\u0000")
    assert code_of(answer) == "BAD_USER_INPUT"


async def test_what_nobody_expected_is_masked_and_logged_without_data(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fault = asyncpg.UndefinedColumnError('column "zephyrine" does not exist')

    async def broken(*_: object) -> None:
        raise fault

    monkeypatch.setattr(ReadSession, "rows", broken)
    with caplog.at_level(logging.ERROR):
        answer = await stage.ask("officer", "{ areas { nodes { id } } }")
    assert answer["data"] == {"areas": None}
    assert answer["errors"] == [
        {
            "message": "Something went wrong.",
            "locations": [{"line": 1, "column": 3}],
            "path": ["areas"],
            "extensions": {"code": "INTERNAL_SERVER_ERROR"},
        }
    ]
    [record] = [one for one in caplog.records if one.name == "app.graphql.errors"]
    assert "zephyrine" not in json.dumps(record.__dict__, default=str)
    assert record.__dict__["error"].startswith("asyncpg.exceptions.UndefinedColumnError")


async def test_a_fault_in_a_loader_spoils_its_edge_alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ReadSession.rows

    async def partly(self: ReadSession, sql: str, *arguments: object) -> object:
        if "FROM unnest" in sql and "intervention_contact" in sql:
            raise RuntimeError("Zephyrine")
        return await rows(self, sql, *arguments)

    monkeypatch.setattr(ReadSession, "rows", partly)
    answer = await stage.ask("officer", "{ interventions { nodes { state contacts { kind } goals { title } } } }")
    [work] = answer["data"]["interventions"]["nodes"]
    assert work["contacts"] is None
    assert work["goals"]
    assert [error["path"] for error in answer["errors"]] == [["interventions", "nodes", 0, "contacts"]]
    assert code_of(answer) == "INTERNAL_SERVER_ERROR"


async def test_a_database_that_is_away_is_503(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable(headers={"Retry-After": "2"})

    monkeypatch.setattr(Database, "read", away)
    answer = await stage.caller("officer").post(
        "/graphql", {"query": "{ areas { nodes { id } } schools { nodes { id } } }"}
    )
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert answer.headers["retry-after"] == "2"
