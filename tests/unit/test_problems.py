"""Every failure leaves as a problem document that tells the caller what to do and gives nothing away."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import httpx
import pytest
import sqlalchemy.exc
from fastapi import APIRouter, FastAPI, Query
from prometheus_client import CollectorRegistry
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.errors import (
    ActionNotAvailable,
    FieldFault,
    HalftermError,
    InvalidClient,
    ScopeMissing,
    TooManyRequests,
    Unauthenticated,
    error_classes,
)
from app.http.access_tokens import TokenFault
from app.http.database_faults import is_database_unavailable
from app.http.metrics import HttpMetrics
from app.http.middleware import RequestMiddleware
from app.http.problems import install_problem_handlers

UPN = "J926999924001"


class Band(StrEnum):
    green = "green"
    amber = "amber"


def check_upn(text: str) -> str:
    if text.startswith("bad"):
        raise ValueError("The UPN's check letter is not right.")
    if text.startswith("echo"):
        raise ValueError(f"{text} is not a UPN")
    if text.startswith("own"):
        raise PydanticCustomError("upn_check_letter", "The check letter does not fit.")
    return text


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Pupil(Strict):
    upn: Annotated[str, Field(min_length=3, max_length=13), AfterValidator(check_upn)]
    born_on: date | None = None
    year_group: Annotated[int, Field(ge=0, le=13)] | None = None
    share: Annotated[float, Field(gt=0, lt=1)] | None = None


class Telephone(Strict):
    kind: Literal["telephone"]
    number: Annotated[str, Field(pattern=r"^\d+$")]


class Email(Strict):
    kind: Literal["email"]
    address: str


class Referral(Strict):
    pupil: Pupil
    band: Band | None = None
    urgent: bool = False
    service_id: UUID | None = None
    goals: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=3)] = []
    contact: Annotated[Telephone | Email, Field(discriminator="kind")] | None = None

    @model_validator(mode="after")
    def _quotes_the_pupil(self) -> "Referral":
        if self.urgent:
            raise ValueError(f"urgent is not for {self.pupil.upn}")
        return self


def make_app() -> FastAPI:
    app = FastAPI()
    router = APIRouter()

    @router.post("/referrals")
    async def create(referral: Referral) -> dict[str, str]:
        return {"upn": referral.pupil.upn}

    @router.get("/referrals")
    async def several(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> dict[str, int]:
        return {"limit": limit}

    @router.get("/referrals/{referral_id}")
    async def one(referral_id: UUID) -> dict[str, str]:
        return {"id": str(referral_id)}

    @router.patch("/referrals/{referral_id}")
    async def amend(referral_id: UUID) -> dict[str, str]:
        return {"id": str(referral_id)}

    app.include_router(router, prefix="/v1")

    async def raise_it(request: Request) -> PlainTextResponse:
        raise request.app.state.fault

    async def body(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    app.router.routes += [
        Route("/fault", raise_it, methods=["GET"]),
        Route("/plain", body, methods=["GET", "PUT"]),
        Route("/plain", body, methods=["DELETE"]),
    ]
    install_problem_handlers(app)
    app.add_middleware(RequestMiddleware, metrics=HttpMetrics(CollectorRegistry()), max_body_bytes=100_000)
    return app


@pytest.fixture
def app() -> FastAPI:
    return make_app()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    # The transport would raise what the application lets out; nothing may get out.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["type"] == f"urn:halfterm:problem:{code}"
    assert document["code"] == code
    assert document["status"] == status
    assert document["title"].endswith((".", "access."))
    assert document["detail"]
    return document


async def faults_of(client: httpx.AsyncClient, body: Any) -> list[dict[str, str]]:
    response = await client.post("/v1/referrals", json=body)
    return problem(response, 422, "invalid")["errors"]


@pytest.mark.parametrize("error", [cls for cls in error_classes() if cls.status < 500])
async def test_each_error_of_the_tree(app: FastAPI, client: httpx.AsyncClient, error: type[HalftermError]) -> None:
    app.state.fault = error()
    document = problem(await client.get("/fault"), error.status, error.code)
    assert document["title"] == document["detail"] == error.title
    assert "errors" not in document


async def test_an_error_carries_its_detail_faults_headers_and_extra_members(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    app.state.fault = ActionNotAvailable(
        "It is closed.",
        errors=[FieldFault("/state", "closed", "state is closed.")],
        headers={"X-Present-State": "closed"},
        extra={"state": "closed", "available_actions": []},
    )
    response = await client.get("/fault")
    document = problem(response, 409, "action_not_available")
    assert document["detail"] == "It is closed."
    assert document["title"] == ActionNotAvailable.title
    assert document["errors"] == [{"pointer": "/state", "code": "closed", "detail": "state is closed."}]
    assert document["state"] == "closed"
    assert response.headers["x-present-state"] == "closed"


@pytest.mark.parametrize(
    ("fault", "status", "challenge"),
    [
        (Unauthenticated(), 401, 'Bearer realm="halfterm"'),
        (InvalidClient(), 401, 'Basic realm="halfterm"'),
        (ScopeMissing(), 403, 'Bearer error="insufficient_scope"'),
        (TokenFault("expired"), 401, 'Bearer error="invalid_token", error_description="expired"'),
    ],
)
async def test_challenges(
    app: FastAPI, client: httpx.AsyncClient, fault: Exception, status: int, challenge: str
) -> None:
    app.state.fault = fault
    response = await client.get("/fault")
    assert response.status_code == status
    assert response.headers["www-authenticate"] == challenge


async def test_retry_after_passes_through(app: FastAPI, client: httpx.AsyncClient) -> None:
    app.state.fault = TooManyRequests(headers={"Retry-After": "7"})
    response = await client.get("/fault")
    problem(response, 429, "too_many_requests")
    assert response.headers["retry-after"] == "7"


async def test_no_route_and_no_such_method(client: httpx.AsyncClient) -> None:
    problem(await client.get("/v1/nowhere"), 404, "not_found")
    for path, allow in (
        ("/v1/referrals", "GET, POST"),
        (f"/v1/referrals/{UUID(int=0)}", "GET, PATCH"),
        ("/plain", "GET, HEAD, PUT, DELETE"),
    ):
        response = await client.request("TRACE", path)
        problem(response, 405, "method_not_allowed")
        assert response.headers["allow"] == allow


async def test_a_framework_refusal_does_not_repeat_its_detail(app: FastAPI, client: httpx.AsyncClient) -> None:
    app.state.fault = HTTPException(418, detail=f"{UPN} is a teapot")
    response = await client.get("/fault")
    problem(response, 418, "http_418")
    assert UPN not in response.text


@pytest.mark.parametrize("body", ['{"pupil": ', "", "nonsense", '{"pupil": {"upn": "J9"}},', b"\xff\xfe"])
async def test_malformed_json(client: httpx.AsyncClient, body: str | bytes) -> None:
    response = await client.post("/v1/referrals", content=body, headers={"Content-Type": "application/json"})
    if body == "":
        (fault,) = problem(response, 422, "invalid")["errors"]
        assert fault == {"pointer": "", "code": "required", "detail": "The request body is required."}
    else:
        problem(response, 400, "malformed")
        assert "nonsense" not in response.text


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", None])
async def test_another_media_type(client: httpx.AsyncClient, media_type: str | None) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    response = await client.post("/v1/referrals", content=b'{"pupil": {"upn": "J926"}}', headers=headers)
    problem(response, 415, "unsupported_media_type")


async def test_a_json_text_is_no_reason_for_415(client: httpx.AsyncClient) -> None:
    (fault,) = await faults_of(client, "text")
    assert fault == {"pointer": "", "code": "not_an_object", "detail": "The request body must be an object."}


@pytest.mark.parametrize(
    ("body", "pointer", "code", "detail"),
    [
        ({}, "/pupil", "required", "pupil is required."),
        ({"pupil": {}}, "/pupil/upn", "required", "pupil.upn is required."),
        ({"pupil": None}, "/pupil", "not_an_object", "pupil must be an object."),
        ({"pupil": {"upn": 7}}, "/pupil/upn", "not_text", "pupil.upn must be text."),
        ({"pupil": {"upn": "J"}}, "/pupil/upn", "too_short", "pupil.upn is too short: the least is 3 characters."),
        (
            {"pupil": {"upn": "J" * 14}},
            "/pupil/upn",
            "too_long",
            "pupil.upn is too long: the most is 13 characters.",
        ),
        ({"pupil": {"upn": "bad1"}}, "/pupil/upn", "not_valid", "The UPN's check letter is not right."),
        ({"pupil": {"upn": "own1"}}, "/pupil/upn", "upn_check_letter", "The check letter does not fit."),
        ({"pupil": {"upn": "echo9924001"}}, "/pupil/upn", "not_valid", "pupil.upn is not valid."),
        (
            {"pupil": {"upn": "J9269", "born_on": "31/12/2015"}},
            "/pupil/born_on",
            "not_a_date",
            "pupil.born_on must be a date as in 2026-11-22.",
        ),
        (
            {"pupil": {"upn": "J9269", "year_group": 14}},
            "/pupil/year_group",
            "out_of_range",
            "pupil.year_group must be 13 or less.",
        ),
        (
            {"pupil": {"upn": "J9269", "year_group": "seven"}},
            "/pupil/year_group",
            "not_a_whole_number",
            "pupil.year_group must be a whole number.",
        ),
        (
            {"pupil": {"upn": "J9269", "share": 0}},
            "/pupil/share",
            "out_of_range",
            "pupil.share must be more than 0.0.",
        ),
        (
            {"pupil": {"upn": "J9269", "nickname": "Sam"}},
            "/pupil/nickname",
            "unknown_field",
            "pupil.nickname is not a field of this request.",
        ),
        ({"pupil": {"upn": "J9269"}, "a/b~c": 1}, "/a~1b~0c", "unknown_field", "a/b~c is not a field of this request."),
        ({"pupil": {"upn": "J9269"}, "band": "red"}, "/band", "unknown_value", "band must be 'green' or 'amber'."),
        ({"pupil": {"upn": "J9269"}, "service_id": "x"}, "/service_id", "not_a_uuid", "service_id must be a UUID."),
        ({"pupil": {"upn": "J9269"}, "goals": "x"}, "/goals", "not_a_list", "goals must be a list."),
        (
            {"pupil": {"upn": "J9269"}, "goals": ["a", "b" * 21]},
            "/goals/1",
            "too_long",
            "goals.1 is too long: the most is 20 characters.",
        ),
        (
            {"pupil": {"upn": "J9269"}, "goals": ["a", "b", "c", "d"]},
            "/goals",
            "too_many",
            "goals may have at most 3 entries.",
        ),
        (
            {"pupil": {"upn": "J9269"}, "contact": {"kind": "telephone", "number": "call me"}},
            "/contact/number",
            "wrong_format",
            "contact.number is not in the expected format.",
        ),
        (
            {"pupil": {"upn": "J9269"}, "contact": {"kind": "email"}},
            "/contact/address",
            "required",
            "contact.address is required.",
        ),
        (
            {"pupil": {"upn": "J9269"}, "contact": {"kind": "pigeon"}},
            "/contact",
            "unknown_value",
            "contact must name one of: 'telephone', 'email'.",
        ),
        ({"pupil": {"upn": "J9269"}, "urgent": True}, "", "not_valid", "The request body is not valid."),
    ],
)
async def test_a_field_that_is_not_right(
    client: httpx.AsyncClient, body: Any, pointer: str, code: str, detail: str
) -> None:
    assert await faults_of(client, body) == [{"pointer": pointer, "code": code, "detail": detail}]


async def test_parameters_say_where_they_stand(client: httpx.AsyncClient) -> None:
    document = problem(await client.get("/v1/referrals?limit=9999"), 422, "invalid")
    assert document["errors"] == [
        {"pointer": "/query/limit", "code": "out_of_range", "detail": "limit must be 200 or less."}
    ]
    document = problem(await client.get("/v1/referrals/one"), 422, "invalid")
    assert document["errors"] == [
        {"pointer": "/path/referral_id", "code": "not_a_uuid", "detail": "referral_id must be a UUID."}
    ]


async def test_no_failed_value_comes_back(client: httpx.AsyncClient) -> None:
    hostile = "Zebedee-Quillfeather"
    bodies: list[Any] = [
        {"pupil": {"upn": hostile}},
        {"pupil": {"upn": f"echo{hostile}"[:13]}},
        {"pupil": {"upn": UPN, "born_on": hostile}},
        {"pupil": {"upn": UPN, "year_group": hostile}},
        {"pupil": hostile},
        {"pupil": {"upn": UPN}, "band": hostile},
        {"pupil": {"upn": UPN}, "goals": [hostile * 3]},
        {"pupil": {"upn": UPN}, "contact": {"kind": hostile}},
        {"pupil": {"upn": UPN}, "extra": hostile},
        {"pupil": {"upn": UPN}, "urgent": True},
        [hostile],
    ]
    for body in bodies:
        response = await client.post("/v1/referrals", json=body)
        assert response.status_code == 422
        assert "Zebed" not in response.text, body
        assert UPN not in response.text, body


async def test_hostile_field_names_are_clipped_and_counted(client: httpx.AsyncClient) -> None:
    (fault,) = await faults_of(client, {"pupil": {"upn": UPN}, "x" * 5000: 1})
    assert len(fault["detail"]) < 200
    faults = await faults_of(client, {"pupil": {"upn": UPN}} | {f"field_{number}": 1 for number in range(500)})
    assert len(faults) == 100
    lone_surrogate = b'{"pupil": {"upn": "J926999"}, "\\ud800": 1}'
    response = await client.post("/v1/referrals", content=lone_surrogate, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}
    json.loads(response.content)


async def test_an_unexpected_error_is_a_bare_500_and_its_stack_without_message_is_logged(
    app: FastAPI, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    app.state.fault = KeyError(f"pupil {UPN}")
    with caplog.at_level(logging.INFO):
        response = await client.get("/fault?upn=secret")
    document = problem(response, 500, "error")
    assert set(document) == {"type", "title", "status", "code", "detail"}
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.__dict__["error"] == "builtins.KeyError"
    assert any("raise_it" in line for line in record.__dict__["stack"])
    logged = "".join(str(vars(record)) for record in caplog.records if record.name != "httpx")  # the test's client
    assert UPN not in logged
    assert "secret" not in logged


async def test_a_database_error_is_logged_by_sqlstate_and_constraint_only(
    app: FastAPI, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    origin = asyncpg.UniqueViolationError(f"Key (upn)=({UPN}) already exists.")
    origin.constraint_name = "pupil_upn_key"
    app.state.fault = sqlalchemy.exc.IntegrityError("INSERT ...", {"upn": UPN}, origin)
    problem(await client.get("/fault"), 500, "error")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.__dict__["error"] == "sqlalchemy.exc.IntegrityError 23505 pupil_upn_key"
    assert UPN not in str(vars(record))


async def test_an_absent_database_is_503_with_retry_after(app: FastAPI, client: httpx.AsyncClient) -> None:
    app.state.fault = asyncpg.CannotConnectNowError("the database system is starting up")
    response = await client.get("/fault")
    problem(response, 503, "unavailable")
    assert int(response.headers["retry-after"]) >= 1


class TestDatabaseUnavailable:
    @pytest.mark.parametrize(
        "fault",
        [
            asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
            asyncpg.AdminShutdownError("terminating connection due to administrator command"),
            asyncpg.CrashShutdownError(),
            asyncpg.TooManyConnectionsError(),
            asyncpg.InterfaceError("connection is closed"),
            asyncpg.InterfaceError("pool is closing"),
            sqlalchemy.exc.TimeoutError("QueuePool limit of size 20 overflow 0 reached"),
            sqlalchemy.exc.DBAPIError("SELECT 1", {}, Exception(), connection_invalidated=True),
            sqlalchemy.exc.DBAPIError("SELECT 1", {}, asyncpg.AdminShutdownError()),
        ],
    )
    def test_a_lost_connection_is(self, fault: Exception) -> None:
        assert is_database_unavailable(fault)

    @pytest.mark.parametrize(
        "fault",
        [
            ValueError(),
            FileNotFoundError(2, "No such file"),
            ConnectionRefusedError("some webhook"),
            TimeoutError(),
            asyncpg.UniqueViolationError(),
            asyncpg.DeadlockDetectedError(),
            asyncpg.QueryCanceledError(),
            asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
            sqlalchemy.exc.DBAPIError("SELECT 1", {}, asyncpg.UndefinedTableError()),
        ],
    )
    def test_another_fault_is_not(self, fault: Exception) -> None:
        assert not is_database_unavailable(fault)

    async def test_a_refused_or_missing_socket_of_the_driver_is(self) -> None:
        for dsn in ("postgresql://nobody@127.0.0.1:1/none", "postgresql://nobody@/none?host=/nonexistent"):
            with pytest.raises(OSError) as refused:
                await asyncpg.connect(dsn, timeout=5)
            assert is_database_unavailable(refused.value)

    def test_what_it_was_raised_from_counts_and_a_cut_context_does_not(self) -> None:
        lost = asyncpg.AdminShutdownError()
        from_it, beside_it, cut_off = RuntimeError(), RuntimeError(), RuntimeError()
        from_it.__cause__ = lost
        beside_it.__context__ = lost
        cut_off.__context__, cut_off.__suppress_context__ = lost, True
        assert is_database_unavailable(from_it)
        assert is_database_unavailable(beside_it)
        assert not is_database_unavailable(cut_off)
        assert is_database_unavailable(ExceptionGroup("several", [ValueError(), lost]))

    def test_a_ring_of_causes_ends(self) -> None:
        one, two = ValueError(), KeyError()
        one.__cause__, two.__cause__ = two, one
        assert not is_database_unavailable(one)


async def test_many_at_once_do_not_mix(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.get(f"/v1/referrals?limit={limit}") for limit in range(190, 211)))
    assert [answer.status_code for answer in answers] == [200] * 11 + [422] * 10
