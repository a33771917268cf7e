"""A query that asks for too much is refused before anything runs; what it costs is told."""

from typing import Any

import pytest

from app.db import Database
from app.graphql.documents import MAX_ALIASES, MAX_CACHED, MAX_TOKENS, Documents
from app.graphql.prices import MAX_DEPTH, MAX_PRICE
from app.graphql.schema import SCHEMA
from tests.graphql.conftest import Stage, code_of


def nested(levels: int) -> str:
    return "allocation { referral { " * levels + "id" + " } }" * levels


BOMBS = {
    "depth": f"{{ referrals {{ nodes {{ {nested(MAX_DEPTH)} }} }} }}",
    "depth by fragments": "{ referrals { nodes { ...F0 } } } "
    + " ".join(f"fragment F{n} on Referral {{ allocation {{ referral {{ ...F{n + 1} }} }} }}" for n in range(MAX_DEPTH))
    + f" fragment F{MAX_DEPTH} on Referral {{ id }}",
    "aliases": "{ " + " ".join(f"a{n}: authority {{ name }}" for n in range(MAX_ALIASES + 1)) + " }",
    "tokens": "{ authority { " + "name " * 10_000 + "} }",
    "brackets": "{" * 2_000,
    "brackets in arguments": "{ referrals(state: " + "[" * 2_000,
    "repeats": "{ " + "authority { name } " * 3 + "}",
    "fragments": "{ authority { " + "... on Authority { name } " * 21 + "} }",
    "doubling": "{ referrals { nodes { ...F0 } } } "
    + " ".join(f"fragment F{n} on Referral {{ school {{ name }} ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    + " fragment F60 on Referral { id }",
    "price": "{ interventions(first: 200) { nodes { contacts(first: 100) { kind practitioner { name } } } } }",
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_refused_before_it_runs(stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_session(*_: Any) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(Database, "read", no_session)
    answer = await stage.ask("officer", BOMBS[name])
    assert "data" not in answer
    assert code_of(answer) == "LIMIT_EXCEEDED"
    assert len(answer["errors"]) == 1


def test_the_largest_query_within_the_limits_is_taken() -> None:
    text = "{ " + " ".join(f"a{n}: authority {{ name }}" for n in range(MAX_ALIASES)) + " }"
    assert Documents(SCHEMA).get(text).price(None) is not None
    edge = f"{{ referrals {{ nodes {{ {nested((MAX_DEPTH - 3) // 2)} }} }} }}"
    assert Documents(SCHEMA).get(edge).price(None) is not None
    assert MAX_TOKENS > 1000


@pytest.mark.parametrize("first", [0, -9, 201, 2_000_000_000])
@pytest.mark.parametrize(
    "text", ["areas(first: {0}) {{ nodes {{ id }} }}", "areas {{ nodes {{ schools(first: {0}) {{ id }} }} }}"]
)
async def test_a_page_has_1_to_200_items(stage: Stage, first: int, text: str) -> None:
    answer = await stage.ask("officer", "{ " + text.format(first) + " }")
    assert "data" not in answer
    assert code_of(answer) == "BAD_USER_INPUT"
    answer = await stage.ask("officer", "query ($n: Int!) { " + text.format("$n") + " }", n=first)
    assert code_of(answer) == "BAD_USER_INPUT"
    assert "data" not in answer
    answer = await stage.ask("officer", f"query ($n: Int! = {first}) {{ " + text.format("$n") + " }")
    assert code_of(answer) == "BAD_USER_INPUT"


async def test_a_page_of_200_is_taken(stage: Stage) -> None:
    data = await stage.data("officer", "{ areas(first: 200) { nodes { id } } }")
    assert len(data["areas"]["nodes"]) == 2


PRICES = [
    ("{ authority { name } }", {}, 1),
    ("{ schools { nodes { name } } }", {}, 1 + 50),
    ("{ schools(first: 7) { nodes { name area { name } } pageInfo { endCursor } } }", {}, 1 + 7 * 2),
    ("{ schools(first: 7) { edges { cursor node { name } } } }", {}, 1 + 7),
    ("query ($n: Int! = 3) { areas(first: $n) { nodes { schools(first: $n) { name } } } }", {}, 1 + 3 * (1 + 1 + 3)),
    ("query ($n: Int! = 3) { schools(first: $n) { nodes { area { name } } } }", {"n": 10}, 1 + 10 * 2),
    ("{ ...Q } fragment Q on Query { schools(first: 2) { nodes { ... { area { code } } } } }", {}, 1 + 2 * 2),
    ("{ timeliness { n } capacity { startsOn points { startsOn } } }", {}, 100 + 100 + 1),
    ("{ __schema { types { name fields { name } } } }", {}, 0),
]


@pytest.mark.parametrize(("query", "variables", "price"), PRICES)
async def test_the_price_is_told(stage: Stage, query: str, variables: dict[str, Any], price: int) -> None:
    answer = await stage.ask("officer", query, **variables)
    assert "errors" not in answer, answer
    assert answer["extensions"]["cost"] == {"price": price, "maximum": MAX_PRICE}


async def test_a_refused_price_is_told_too(stage: Stage) -> None:
    query = "query ($n: Int!) { interventions(first: $n) { nodes { goals(first: 120) { title } } } }"
    dear = await stage.ask("officer", query, n=200)
    assert dear["errors"][0]["extensions"]["cost"]["price"] > MAX_PRICE
    cheap = await stage.ask("officer", query, n=5)
    assert "errors" not in cheap


def test_only_so_many_documents_are_kept() -> None:
    documents = Documents(SCHEMA)
    for number in range(MAX_CACHED + 20):
        documents.get(f"query Q{number} {{ authority {{ name }} }}")
    assert len(documents._kept) == MAX_CACHED
    assert documents.get("query Q531 { authority { name } }") is documents.get("query Q531 { authority { name } }")


def test_a_long_document_is_not_kept() -> None:
    documents = Documents(SCHEMA)
    documents.get("{ authority { name } } #" + "x" * 30_000)
    assert len(documents._kept) == 0
