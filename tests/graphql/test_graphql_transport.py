"""GraphQL over HTTP: methods, media types, bodies, and what a refusal looks like."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.graphql.conftest import Stage, code_of

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
QUERY = "{ authority { laCode } }"


async def send(stage: Stage, body: Any, accept: str | None = None, **headers: str) -> Any:
    caller = stage.caller("officer")
    given = {"Content-Type": JSON, **({"Accept": accept} if accept else {}), **headers}
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return await caller.request("POST", "/graphql", content=content, headers=given)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{JSON}, {GRAPHQL};q=0.5", JSON),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"text/html, {JSON};q=0.1", JSON),
    ],
)
async def test_the_answer_has_the_form_asked_for(stage: Stage, accept: str | None, media_type: str) -> None:
    answer = await send(stage, {"query": QUERY}, accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert answer.json()["data"] == {"authority": {"laCode": "999"}}


@pytest.mark.parametrize("accept", ["text/html", "image/png", f"{JSON};q=0", "application/xml"])
async def test_no_form_that_is_asked_for_is_406(stage: Stage, accept: str) -> None:
    answer = await send(stage, {"query": QUERY}, accept)
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "code"), [("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("{ authority {", "GRAPHQL_PARSE_FAILED")]
)
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
async def test_a_query_that_cannot_run_is_400_in_the_newer_form(
    stage: Stage, query: str, code: str, accept: str, status: int
) -> None:
    answer = await send(stage, {"query": query}, accept)
    assert answer.status_code == status
    assert "data" not in answer.json()
    assert code_of(answer.json()) == code


async def test_an_error_of_one_field_is_200_in_both_forms(stage: Stage) -> None:
    for accept in (GRAPHQL, JSON):
        answer = await send(stage, {"query": '{ node(id: "?") { id } authority { laCode } }'}, accept)
        assert answer.status_code == 200
        assert answer.json()["data"] == {"node": None, "authority": {"laCode": "999"}}
        assert code_of(answer.json()) == "BAD_USER_INPUT"


async def test_a_query_may_come_in_the_address(stage: Stage) -> None:
    query = "query A($n: Int!) { areas(first: $n) { nodes { code } } } query B { authority { laCode } }"
    parameters = urlencode({"query": query, "operationName": "A", "variables": '{"n": 1}'})
    answer = await stage.caller("officer").get(f"/graphql?{parameters}")
    assert answer.status_code == 200
    assert len(answer.json()["data"]["areas"]["nodes"]) == 1
    answer = await stage.caller("officer").get(f"/graphql?{urlencode({'query': 'mutation { x }'})}")
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    "address",
    ["/graphql", "/graphql?query=", "/graphql?query=%7Ba%7D&variables=%7B", "/graphql?query=%7Ba%7D&variables=3",
     "/graphql?query=%7Ba%7D&extensions=x"],
)  # fmt: skip
async def test_a_bad_address_is_a_problem(stage: Stage, address: str) -> None:
    answer = await stage.caller("officer").get(address, headers={"Accept": JSON})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", "null", "3", '"x"', "{}", '{"query": 3}', '{"query": ""}', '{"query": null}',
        '{"query": "{a}", "variables": []}', '{"query": "{a}", "variables": "x"}',
        '{"query": "{a}", "operationName": 1}',
        '{"query": "{a}", "extensions": 7}', '[{"query": "{ authority { name } }"}]', '{"query": ["{a}"]}',
    ],
)  # fmt: skip
async def test_a_bad_body_is_a_problem(stage: Stage, body: Any) -> None:
    answer = await send(stage, body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed"


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/graphql", f"{JSON}; charset=latin1"])
async def test_another_media_type_is_415(stage: Stage, media_type: str) -> None:
    answer = await send(stage, {"query": QUERY}, **{"Content-Type": media_type})
    assert answer.status_code == 415


@pytest.mark.parametrize("members", [{"variables": None, "operationName": None, "extensions": None}, {"more": 1}])
async def test_members_may_be_null_and_others_are_ignored(stage: Stage, members: dict[str, Any]) -> None:
    answer = await send(stage, {"query": QUERY, **members})
    assert answer.json()["data"] == {"authority": {"laCode": "999"}}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_another_method_is_405(stage: Stage, method: str) -> None:
    answer = await stage.caller("officer").request(method, "/graphql", json={"query": QUERY})
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}])
async def test_without_a_good_token_it_is_401(stage: Stage, headers: dict[str, str]) -> None:
    answer = await stage.api.client.post("/graphql", json={"query": QUERY}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "www-authenticate" in answer.headers


async def test_a_browser_gets_the_page_without_a_token(stage: Stage) -> None:
    answer = await stage.api.client.get("/graphql", headers={"Accept": BROWSER})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    script = next(part for part in answer.text.split('"') if part.endswith(".js") or ".js?" in part)
    assert (await stage.api.client.get(f"/{script}")).status_code == 200


async def test_a_query_in_a_browsers_address_is_no_page(stage: Stage) -> None:
    parameters = urlencode({"query": QUERY})
    answer = await stage.caller("officer").get(f"/graphql?{parameters}", headers={"Accept": BROWSER})
    assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"


async def test_introspection_gives_the_schema(stage: Stage) -> None:
    from graphql import build_client_schema, get_introspection_query

    answer = await stage.ask("school", get_introspection_query())
    assert build_client_schema(answer["data"]).query_type is not None


async def test_the_operation_must_be_named_where_there_are_several(stage: Stage) -> None:
    both = "query A { authority { laCode } } query B { areas { nodes { code } } }"
    answer = await send(stage, {"query": both}, GRAPHQL)
    assert answer.status_code == 400
    assert code_of(answer.json()) == "BAD_USER_INPUT"
    answer = await send(stage, {"query": both, "operationName": "C"}, GRAPHQL)
    assert answer.status_code == 400
    answer = await send(stage, {"query": both, "operationName": "B"}, GRAPHQL)
    assert list(answer.json()["data"]) == ["areas"]
