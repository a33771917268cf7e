"""A client of the API, as an outside system would write one: a token of its own, retries, and nothing but HTTP."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from app import clock
from app.simulation.journal import ABANDONED, Journal

TRIES: Final = 14
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0
_RENEW_BEFORE_SECONDS: Final = 60
_BUSY: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client signs in with, and the organisation that it acts for."""

    organisation_id: str
    client_id: str
    secret: str


class PlayError(Exception):
    """The play cannot go on: the service gave no usable answer. The message is for people."""


class Caller:
    """One client of the API. Every answer is timed; one that was not expected is noted, and the play goes on."""

    def __init__(self, http: httpx.AsyncClient, credentials: Credentials, journal: Journal) -> None:
        self.organisation_id = credentials.organisation_id
        self.journal = journal
        self._http = http
        self._credentials = credentials
        self._token: str | None = None
        self._renew_at = 0.0
        self._signing_in = asyncio.Lock()

    async def get(
        self, operation: str, path: str, *, expect: tuple[int, ...] = (200,), **options: Any
    ) -> httpx.Response:
        """Read."""
        return await self.send(operation, "GET", path, expect=expect, **options)

    async def post(
        self, operation: str, path: str, body: Any = None, *, expect: tuple[int, ...] = (200, 201), **options: Any
    ) -> httpx.Response:
        """Create or act."""
        return await self.send(operation, "POST", path, body=body, expect=expect, **options)

    async def put(
        self, operation: str, path: str, body: Any, *, expect: tuple[int, ...] = (200, 201), **options: Any
    ) -> httpx.Response:
        """Replace."""
        return await self.send(operation, "PUT", path, body=body, expect=expect, **options)

    async def graphql(self, operation: str, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a GraphQL answer, noted as a surprise when it has errors."""
        answer = await self.post(operation, "/graphql", {"query": query, "variables": variables}, expect=(200,))
        content: dict[str, Any] = orjson.loads(answer.content) if answer.status_code == 200 else {}
        if content.get("errors") or not content.get("data"):
            self.journal.surprised(operation, answer.status_code, answer.text)
        return content.get("data") or {}

    async def send(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        expect: tuple[int, ...],
        body: Any = None,
        headers: dict[str, str] | None = None,
        params: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """Send a request until it has an answer; a busy service is asked again. Raises PlayError when it stays busy."""
        pause = _FIRST_PAUSE_SECONDS
        for _ in range(TRIES):
            answer = await self._once(operation, method, path, body=body, headers=headers, params=params)
            # A conflict that was expected is told from the same request still running: that is asked again.
            if not _is_busy(answer):
                if answer.status_code not in expect:
                    self.journal.surprised(operation, answer.status_code, answer.text)
                return answer
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        raise PlayError(f"{operation}: the service stayed busy through {TRIES} tries.")

    async def send_and_hang_up(
        self, operation: str, path: str, body: Any, headers: dict[str, str], patience_seconds: float
    ) -> None:
        """Post, and give up after a moment, as a system whose time ran out. What the service did stays unknown."""
        started = clock.monotonic()
        try:
            answer = await self._http.post(
                path,
                content=orjson.dumps(body),
                headers={**await self._headers(), **headers, "Content-Type": "application/json"},
                timeout=patience_seconds,
            )
        except httpx.TimeoutException:
            self.journal.answered(operation, ABANDONED, (clock.monotonic() - started) * 1000)
        else:
            self.journal.answered(operation, answer.status_code, (clock.monotonic() - started) * 1000)

    async def pages(self, operation: str, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows: list[dict[str, Any]] = []
        asked = {"limit": 200, **params}
        while True:
            answer = await self.get(operation, path, params=asked)
            if answer.status_code != 200:
                return rows
            content = orjson.loads(answer.content)
            rows += content["data"]
            if not content["next_cursor"]:
                return rows
            asked["cursor"] = content["next_cursor"]

    async def _once(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        body: Any,
        headers: dict[str, str] | None,
        params: dict[str, Any] | None,
    ) -> httpx.Response:
        sent = {**await self._headers(), **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        started = clock.monotonic()
        answer = await self._http.request(
            method, path, content=None if body is None else orjson.dumps(body), headers=sent, params=params
        )
        self.journal.answered(operation, answer.status_code, (clock.monotonic() - started) * 1000)
        return answer

    async def _headers(self) -> dict[str, str]:
        async with self._signing_in:
            if clock.monotonic() >= self._renew_at:
                await self._sign_in()
        return {"Authorization": f"Bearer {self._token}"}

    async def _sign_in(self) -> None:
        started = clock.monotonic()
        answer = await self._http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(self._credentials.client_id, self._credentials.secret),
        )
        self.journal.answered("get_token", answer.status_code, (clock.monotonic() - started) * 1000)
        if answer.status_code != 200:
            raise PlayError(f"A client could not sign in: {answer.status_code} {answer.text}")
        token = answer.json()
        self._token = token["access_token"]
        self._renew_at = clock.monotonic() + token["expires_in"] - _RENEW_BEFORE_SECONDS


def _is_busy(answer: httpx.Response) -> bool:
    """Whether the answer says to ask again: too much to do, or the same request is being worked on."""
    return answer.status_code in _BUSY or (answer.status_code == 409 and b"request_in_progress" in answer.content)
