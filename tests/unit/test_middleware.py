"""The pass around every request: ids, bounds, headers, log lines, metrics, and the documentation pages."""

import asyncio
import io
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from app.http.logs import ACCESS_LOGGER, configure_logging, json_formatter, request_ids
from app.http.metrics import HttpMetrics
from app.http.middleware import AnswerCutShort, RequestMiddleware
from app.http.offline_docs import PAGE_HEADERS, docs_routes, graphiql_html, swagger_html
from app.http.problems import install_problem_handlers
from app.http.trace_context import continue_trace, start_trace

LIMIT = 1000
UPN = "J926999924001"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


inner = APIRouter()


@inner.get("/things/{thing_id}")
async def thing(thing_id: str, request: Request) -> dict[str, Any]:
    request.state.client_id = "client-7"
    return {"id": thing_id, "ids": request_ids.get(), "request_id": request.state.request_id}


@inner.post("/things")
async def create(body: dict[str, Any]) -> int:
    return len(body)


async def tagged(request: Request) -> Response:
    return PlainTextResponse("x", headers={"ETag": '"1"'})


async def kept(request: Request) -> Response:
    return PlainTextResponse("x", headers={"Cache-Control": "public, max-age=60"})


async def size(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def headers_seen(request: Request) -> Response:
    return PlainTextResponse("\n".join(f"{name}: {value}" for name, value in request.headers.items()))


async def breaks_off(request: Request) -> Response:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError(UPN)

    return StreamingResponse(half())


async def live(request: Request) -> Response:
    return PlainTextResponse("ok")


async def raises(request: Request) -> Response:
    raise ZeroDivisionError


def make_app(registry: CollectorRegistry) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None)
    router = APIRouter()
    router.include_router(inner, prefix="/shelf")
    app.include_router(router, prefix="/v1")
    app.router.routes += [
        Route("/tagged", tagged),
        Route("/kept", kept),
        Route("/size/{name}", size, methods=["POST"]),
        Route("/headers", headers_seen),
        Route("/breaks-off", breaks_off),
        Route("/health/live", live),
        Route("/raises", raises),
        *docs_routes(),
    ]
    install_problem_handlers(app)
    app.add_middleware(RequestMiddleware, metrics=HttpMetrics(registry), max_body_bytes=LIMIT)
    return app


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def app(registry: CollectorRegistry) -> FastAPI:
    return make_app(registry)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
def access_lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(json_formatter())
    logger = logging.getLogger(ACCESS_LOGGER)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


async def raw(app: FastAPI, headers: list[tuple[bytes, bytes]], chunks: list[bytes]) -> dict[str, Any]:
    """One POST as a server hands it over, header bytes and body chunks as they are."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/size/x",
        "raw_path": b"/size/x",
        "query_string": b"",
        "headers": headers,
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "root_path": "",
    }
    pending = list(chunks)
    answer: dict[str, Any] = {"body": b"", "chunks_read": 0}

    async def receive() -> dict[str, Any]:
        answer["chunks_read"] += 1
        chunk = pending.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(pending)}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
            answer["headers"] = {name.lower().decode(): value.decode() for name, value in message["headers"]}
        else:
            answer["body"] += message.get("body", b"")

    await app(scope, receive, send)
    return answer


class TestIds:
    @pytest.mark.parametrize("sane", ["a", "R-1.2_3", "x" * 64])
    async def test_a_sane_request_id_is_echoed_and_reaches_the_code(self, client: httpx.AsyncClient, sane: str) -> None:
        response = await client.get("/v1/shelf/things/1", headers={"X-Request-Id": sane})
        assert response.headers["x-request-id"] == sane
        assert response.json()["request_id"] == response.json()["ids"][0] == sane

    @pytest.mark.parametrize("odd", ["", "x" * 65, "a b", "a;b", "<script>", "a\tb", "ümlaut", '"}'])
    async def test_another_request_id_is_replaced(self, client: httpx.AsyncClient, odd: str) -> None:
        response = await client.get("/headers", headers={"X-Request-Id": odd.encode()})
        assert re.fullmatch(r"[0-9a-f]{16}", response.headers["x-request-id"])

    @pytest.mark.parametrize("injected", [b"a\r\nSet-Cookie: x=1", b"a\n", b"a\x00", b"\xff"])
    async def test_a_request_id_cannot_add_a_header(self, app: FastAPI, injected: bytes) -> None:
        answer = await raw(app, [(b"x-request-id", injected)], [b""])
        assert re.fullmatch(r"[0-9a-f]{16}", answer["headers"]["x-request-id"])
        assert "set-cookie" not in answer["headers"]

    async def test_ids_differ_and_do_not_stay_behind(self, client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(*(client.get("/v1/shelf/things/1") for _ in range(20)))
        assert len({answer.headers["x-request-id"] for answer in answers}) == 20
        assert len({answer.headers["traceparent"][3:35] for answer in answers}) == 20
        assert all(answer.json()["ids"][0] == answer.headers["x-request-id"] for answer in answers)
        assert request_ids.get() is None

    async def test_a_trace_is_continued(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/v1/shelf/things/1", headers={"traceparent": PARENT})
        version, trace, span, flags = response.headers["traceparent"].split("-")
        assert (version, trace, flags) == ("00", TRACE, "01")
        assert span != "b7ad6b7169203331"
        assert response.json()["ids"][1] == TRACE

    @pytest.mark.parametrize(
        "bad",
        [
            "",
            "00",
            PARENT.upper(),
            PARENT + "-more",
            PARENT.replace("00-", "ff-", 1),
            f"00-{'0' * 32}-b7ad6b7169203331-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE}-b7ad6b7169203331",
            f"00-{TRACE[:-1]}g-b7ad6b7169203331-01",
            f"00_{TRACE}_b7ad6b7169203331_01",
        ],
    )
    def test_a_traceparent_of_no_standard_starts_a_new_trace(self, bad: str) -> None:
        assert continue_trace(bad.encode()) is None

    def test_a_later_version_is_read_as_far_as_it_is_known(self) -> None:
        continued = continue_trace(f"01-{TRACE}-b7ad6b7169203331-01-what-comes".encode())
        assert continued is not None
        assert continued.trace_id == TRACE
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", start_trace().header)

    async def test_two_traceparents_are_none_and_the_code_sees_the_new_one(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/headers", headers=[("traceparent", PARENT), ("traceparent", PARENT)])
        assert TRACE not in response.headers["traceparent"]
        assert TRACE not in response.text
        assert f"traceparent: {response.headers['traceparent']}" in response.text


class TestBodyLimit:
    async def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(self, client: httpx.AsyncClient) -> None:
        assert (await client.post("/size/x", content=b"x" * LIMIT)).text == str(LIMIT)
        response = await client.post("/size/x", content=b"x" * (LIMIT + 1))
        assert response.status_code == 413
        assert response.json()["code"] == "payload_too_large"
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["connection"] == "close"
        assert "x-request-id" in response.headers

    async def test_a_stated_length_is_refused_before_a_byte_is_read(self, app: FastAPI) -> None:
        for length in (b"1001", b"9" * 30, b"9" * 5000):
            answer = await raw(app, [(b"content-length", length)], [b"x"] * 3)
            assert (answer["status"], answer["chunks_read"]) == (413, 0)

    async def test_a_streamed_body_is_refused_as_soon_as_it_is_too_large(self, app: FastAPI) -> None:
        chunked = [(b"transfer-encoding", b"chunked")]
        answer = await raw(app, chunked, [b"x" * 400] * 50)
        assert (answer["status"], answer["chunks_read"]) == (413, 3)
        assert json.loads(answer["body"])["code"] == "payload_too_large"
        answer = await raw(app, chunked, [b"x" * 400, b"x" * 600])
        assert (answer["status"], answer["body"]) == (200, b"1000")

    @pytest.mark.parametrize("first", ["length", "encoding"])
    async def test_a_small_stated_length_does_not_hide_a_large_chunked_body(self, app: FastAPI, first: str) -> None:
        headers = [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")]
        answer = await raw(app, headers if first == "length" else headers[::-1], [b"x" * 400] * 50)
        assert answer["status"] == 413

    async def test_a_framework_route_answers_413_too(self, client: httpx.AsyncClient) -> None:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(10):
                yield b" " * 400

        response = await client.post("/v1/shelf/things", content=parts(), headers={"Content-Type": "application/json"})
        assert response.status_code == 413
        assert response.json()["code"] == "payload_too_large"

    @pytest.mark.parametrize("lengths", [[b"-1"], [b"1e3"], [b""], [b"5", b"5"], [b"+5"], [b"5, 5"]])
    async def test_a_length_that_is_no_number_is_malformed(self, app: FastAPI, lengths: list[bytes]) -> None:
        answer = await raw(app, [(b"content-length", length) for length in lengths], [b"x" * 5])
        assert answer["status"] == 400


class TestHeaders:
    @pytest.mark.parametrize("path", ["/v1/shelf/things/1", "/nowhere", "/raises", "/tagged"])
    async def test_every_answer_carries_the_protective_headers(self, client: httpx.AsyncClient, path: str) -> None:
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "strict-transport-security" not in headers
        assert "access-control-allow-origin" not in headers
        assert "x-request-id" in headers

    async def test_caching(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/v1/shelf/things/1")).headers.get_list("cache-control") == ["no-store"]
        assert (await client.get("/tagged")).headers.get_list("cache-control") == ["private, no-cache"]
        assert (await client.get("/kept")).headers.get_list("cache-control") == ["public, max-age=60"]

    async def test_behind_tls_browsers_are_told_to_stay_there(self, registry: CollectorRegistry) -> None:
        app = RequestMiddleware(PlainTextResponse("x"), metrics=HttpMetrics(registry), max_body_bytes=LIMIT, https=True)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            assert (await client.get("/")).headers["strict-transport-security"] == "max-age=31536000"


class TestLogAndMetrics:
    async def test_a_line_names_the_template_and_nothing_personal(
        self, client: httpx.AsyncClient, access_lines: io.StringIO
    ) -> None:
        await client.get(f"/v1/shelf/things/{UPN}?surname=Quillfeather", headers={"Authorization": "Bearer letmein"})
        (line,) = access_lines.getvalue().splitlines()
        record = json.loads(line)
        assert record["route"] == "/v1/shelf/things/{thing_id}"
        assert (record["method"], record["status"], record["client_id"]) == ("GET", 200, "client-7")
        assert (record["logger"], record["level"]) == ("halfterm.access", "INFO")
        assert 0 < record["duration_ms"] < 5000
        assert record["time"].endswith("+00:00")
        for private in (UPN, "surname", "Quillfeather", "letmein"):
            assert private not in line

    def test_setting_the_logs_up_again_writes_each_line_once_and_leaves_other_handlers(
        self, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        root = logging.getLogger()
        before, level = list(root.handlers), root.level
        token = request_ids.set(("request-1", TRACE))
        try:
            configure_logging("INFO")
            configure_logging("info")
            logging.getLogger("app.anything").info("said", extra={"count": 3})
            # One of ours that an earlier test left is replaced; every other stays.
            assert {other for other in before if type(other) is not logging.StreamHandler} <= set(root.handlers)
        finally:
            request_ids.reset(token)
            root.handlers[:] = before
            root.setLevel(level)
        (line,) = capsys.readouterr().err.splitlines()
        record = json.loads(line)
        assert (record["message"], record["count"]) == ("said", 3)
        assert (record["request_id"], record["trace_id"]) == ("request-1", TRACE)
        assert "said" in caplog.text

    async def test_what_watches_over_the_service_is_not_logged(
        self, client: httpx.AsyncClient, access_lines: io.StringIO
    ) -> None:
        await client.get("/health/live")
        assert access_lines.getvalue() == ""

    async def test_requests_are_counted_by_template_and_class(
        self, client: httpx.AsyncClient, registry: CollectorRegistry
    ) -> None:
        for path in ("/v1/shelf/things/1", "/v1/shelf/things/2", "/tagged", "/nowhere", "/else", "/raises"):
            await client.get(path)
        await client.request("BREW", "/nowhere")
        await client.request("PURGE", "/nowhere")
        await client.post("/size/x", content=b"x" * 2000)

        def count(method: str, route: str, status: str) -> float | None:
            labels = {"method": method, "route": route, "status": status}
            return registry.get_sample_value("halfterm_http_requests_total", labels)

        assert count("GET", "/v1/shelf/things/{thing_id}", "2xx") == 2
        assert count("GET", "/tagged", "2xx") == 1
        assert count("GET", "unmatched", "4xx") == 2
        assert count("GET", "/raises", "5xx") == 1
        assert count("OTHER", "unmatched", "4xx") == 2
        # Refused before routing: no template is known.
        assert count("POST", "unmatched", "4xx") == 1
        labels = {"method": "GET", "route": "/v1/shelf/things/{thing_id}"}
        assert registry.get_sample_value("halfterm_http_request_seconds_count", labels) == 2
        assert registry.get_sample_value("halfterm_http_requests_in_flight") == 0

    async def test_an_answer_that_breaks_off_breaks_the_connection_and_counts_down(
        self, client: httpx.AsyncClient, registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
    ) -> None:
        with pytest.raises(AnswerCutShort) as broken:
            await client.get("/breaks-off")
        assert broken.value.__suppress_context__
        assert registry.get_sample_value("halfterm_http_requests_in_flight") == 0
        assert "an answer was cut short" in caplog.text
        assert not any(UPN in str(vars(record)) for record in caplog.records)

    async def test_a_client_that_leaves_is_counted_as_499(self, registry: CollectorRegistry) -> None:
        async def never(_scope: Any, _receive: Any, _send: Any) -> None:
            await asyncio.sleep(60)

        app = RequestMiddleware(never, metrics=HttpMetrics(registry), max_body_bytes=LIMIT)
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(app(scope, never, never), 0.05)
        labels = {"method": "GET", "route": "unmatched", "status": "4xx"}
        assert registry.get_sample_value("halfterm_http_requests_total", labels) == 1
        assert registry.get_sample_value("halfterm_http_requests_in_flight") == 0


class TestDocs:
    async def test_the_pages_load_from_this_service_alone_and_hold_no_inline_script(
        self, client: httpx.AsyncClient
    ) -> None:
        response = await client.get("/docs")
        assert response.headers["content-security-policy"] == PAGE_HEADERS["Content-Security-Policy"]
        assert response.text == swagger_html("openapi.json")
        for page in (swagger_html("openapi.json"), graphiql_html()):
            links = re.findall(r'(?:src|href)="([^"]+)"', page)
            assert "http" not in page.replace('lang="en-GB"', "")
            assert not re.search(r"<script(?! src=)", page)
            for link in links:
                if link == "data:,":
                    continue
                asset = await client.get(f"/{link}")
                assert asset.status_code == 200, link
                assert "immutable" in asset.headers["cache-control"]
                kept = await client.get(f"/{link}", headers={"If-None-Match": asset.headers["etag"]})
                assert (kept.status_code, kept.content) == (304, b"")

    async def test_assets_have_their_types_and_nothing_else_is_served(self, client: httpx.AsyncClient) -> None:
        script = await client.get("/docs/assets/graphiql/graphiql.min.js")
        assert script.headers["content-type"].startswith("text/javascript")
        assert script.headers["cache-control"] == "public, no-cache"
        style = await client.get("/docs/assets/swagger-ui/swagger-ui.css?v=old")
        assert style.headers["content-type"].startswith("text/css")
        assert style.headers["cache-control"] == "public, no-cache"
        for name in ("../problems.py", "%2e%2e/problems.py", "README.md", "graphiql/", "licences/react.LICENSE.txt"):
            assert (await client.get(f"/docs/assets/{name}")).status_code == 404

    def test_an_address_cannot_break_out_of_the_page(self) -> None:
        assert "<img" not in swagger_html('"><img src=x>')
        assert "<img" not in graphiql_html('"><img src=x>')
