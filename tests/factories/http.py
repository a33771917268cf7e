"""HTTP callers: the API in process, and a client per organisation with a token of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from app import clock
from app.access import Principal, Scope
from app.db import Database
from app.http.access_tokens import issue
from app.http.runtime import Runtime
from app.main import create_app
from app.settings import Settings


@dataclass
class Api:
    """The running application and a plain, unauthenticated client."""

    app: FastAPI
    client: httpx.AsyncClient

    @property
    def runtime(self) -> Runtime:
        return self.app.state.runtime

    def token(self, principal: Principal, *, scopes: frozenset[Scope] | None = None) -> str:
        """A bearer token for a principal; all scopes unless told."""
        return issue(
            self.runtime.keys,
            issuer=self.runtime.settings.base_url,
            audience=self.runtime.settings.base_url,
            client_id=str(principal.client_id),
            organisation_id=principal.organisation_id,
            authority_id=principal.authority_id,
            organisation_kind=principal.kind.value,
            scopes=frozenset(scope.value for scope in (scopes if scopes is not None else frozenset(Scope))),
            now=clock.real_now(),
            lifetime_seconds=600,
        )

    def as_(self, principal: Principal, *, scopes: frozenset[Scope] | None = None) -> "Caller":
        return Caller(self, {"Authorization": f"Bearer {self.token(principal, scopes=scopes)}"})


@dataclass
class Caller:
    """A client that sends one organisation's token."""

    api: Api
    headers: dict[str, str]

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return await self.api.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return await self.request("POST", path, **options)

    async def put(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.request("PUT", path, json=body, **options)

    async def patch(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.request("PATCH", path, json=body, **options)

    async def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = await self.post("/graphql", {"query": query, "variables": variables})
        return answer.json()


@asynccontextmanager
async def make_api(settings: Settings, database: Database) -> AsyncIterator[Api]:
    app = create_app(settings, database)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Api(app, client)
