"""What one GraphQL request carries: who asks, the doors to the database, its loaders, and what it has shown.

Resolvers and loader batches run side by side, a session does one thing at a time: so they take turns at the request's
one read session. One each would cost every batch two more round trips, and a request that holds one connection while
it waits for another could hang with the rest of the pool; so a wide query holds no more than a narrow one.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import strawberry

from app.access import RULES, Principal, allow
from app.db import ReadSession
from app.graphql.loaders import Loader
from app.graphql.rows import TYPES, Row
from app.graphql.visibility import IDENTIFYING, IDENTIFYING_GROUPS
from app.http import cursors
from app.http.runtime import Runtime
from app.queries import graph
from app.queries.offer_answers import answers_of
from app.services.courses.reading import free_seats
from app.services.explanations import explanations_of
from app.services.interventions.readings import readings_charts
from app.services.lots import use_of
from app.services.waiting_list import WaitingList, read_waiting_list

_NOTHING: Final[frozenset[str]] = frozenset()

Info = strawberry.Info["Context", None]


class Context:
    """One request's context."""

    def __init__(self, runtime: Runtime, principal: Principal) -> None:
        self.runtime = runtime
        self.principal = principal
        self.names: frozenset[str] = frozenset()
        """The columns that the document may ask for: the Python names of all its fields."""
        self.shown: dict[tuple[str, UUID], set[str]] = {}
        """By (kind, id), the identifying fields that were asked for of rows that the caller was given."""
        self._turn = asyncio.Lock()
        self._ended = False
        self._opened: tuple[AbstractAsyncContextManager[ReadSession], ReadSession] | None = None
        self._loaders: dict[tuple[str, ...], Loader[Any]] = {}
        self._waiting: WaitingList | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """The request's read session, for one taker at a time. It is opened for the first, and anew after an error."""
        async with self._turn:
            if self._ended:
                raise RuntimeError("The request has ended: nobody would close another session.")
            if self._opened is None:
                door = self.runtime.database.read(self.principal)
                self._opened = door, await door.__aenter__()
                # A session that is opened anew goes on at the same business time.
                self.principal = replace(self.principal, at=self._opened[1].now)
            try:
                yield self._opened[1]
            except BaseException as error:
                # Through the door, which says what a database error means; the transaction is spoilt.
                await self._close(error)
                raise

    async def close(self) -> None:
        """End the session, if one was opened. Call it when all that was asked has been read."""
        async with self._turn:
            self._ended = True
            await self._close(None)

    async def _close(self, error: BaseException | None) -> None:
        if self._opened is not None:
            door, self._opened = self._opened[0], None
            await door.__aexit__(type(error) if error else None, error, error.__traceback__ if error else None)

    async def now(self) -> datetime:
        """The request's business time."""
        if self.principal.at is None:
            async with self.read() as session:
                return session.now
        return self.principal.at

    def may(self, rule: str) -> bool:
        """Whether the caller's kind of organisation is let in by a rule. Raises ScopeMissing."""
        if self.principal.kind not in RULES[rule].kinds:
            return False
        allow(self.principal, rule)
        return True

    def permits(self, rule: str) -> bool:
        """As `may`, without raising: for what is loaded ahead of its field, which raises in its turn."""
        known = RULES[rule]
        return known.scope in self.principal.scopes and self.principal.kind in known.kinds

    def one(self, noun: str, by: str | None = None) -> Loader[Any]:
        """The loader of rows by key; with `by`, of the latest row whose column of that name has the key."""
        identity = (noun, by or "")
        loader = self._loaders.get(identity)
        if loader is None:
            cls = TYPES[noun]

            async def fetch(keys: list[UUID]) -> Mapping[UUID, Any]:
                async with self.read() as session:
                    if by is None:
                        found = await graph.by_key(session, cls.noun, keys, self.names)
                    else:
                        latest = await graph.children(session, cls.noun, by, keys, first=1, names=self.names)
                        found = {key: rows[0] for key, rows in latest.items()}
                return {key: self.row(cls, record) for key, record in found.items()}

            loader = self._loaders[identity] = Loader(fetch, None)
        return loader

    def many(self, noun: str, parent: str, first: int) -> Loader[list[Any]]:
        """The loader of the first children of each parent."""
        identity = (noun, parent, str(first))
        loader = self._loaders.get(identity)
        if loader is None:
            cls = TYPES[noun]

            async def fetch(keys: list[UUID]) -> Mapping[UUID, list[Any]]:
                async with self.read() as session:
                    found = await graph.children(session, cls.noun, parent, keys, first=first, names=self.names)
                return {key: [self.row(cls, record) for record in records] for key, records in found.items()}

            loader = self._loaders[identity] = Loader(fetch, [])
        return loader

    def lot_use(self) -> Loader[Any]:
        """The loader of how lots' places are used today."""
        loader = self._loaders.get(("lot use",))
        if loader is None:

            async def fetch(keys: list[UUID]) -> Mapping[UUID, Any]:
                async with self.read() as session:
                    return await use_of(session, keys, session.today)

            loader = self._loaders["lot use",] = Loader(fetch, None)
        return loader

    def course_seats(self) -> Loader[Any]:
        """The loader of how many seats of courses are free."""
        loader = self._loaders.get(("course seats",))
        if loader is None:

            async def fetch(keys: list[UUID]) -> Mapping[UUID, Any]:
                async with self.read() as session:
                    return await free_seats(session, keys)

            loader = self._loaders["course seats",] = Loader(fetch, None)
        return loader

    def offer_answers(self, due_from: date | None, due_to: date | None) -> Loader[Any]:
        """The loader of how providers answered offers within a period."""
        identity = ("offer answers", str(due_from), str(due_to))
        loader = self._loaders.get(identity)
        if loader is None:

            async def fetch(keys: list[UUID]) -> Mapping[UUID, Any]:
                async with self.read() as session:
                    return await answers_of(session, keys, due_from=due_from, due_to=due_to)

            loader = self._loaders[identity] = Loader(fetch, None)
        return loader

    async def waiting_list(self) -> WaitingList:
        """The waiting list of the caller's authority, read once. For officers' roots and for explanations alone."""
        async with self.read() as session:
            if self._waiting is None:
                self._waiting = await read_waiting_list(session)
            return self._waiting

    def explanations(self) -> Loader[Any]:
        """The loader of referrals' explanations."""
        loader = self._loaders.get(("explanations",))
        if loader is None:

            async def fetch(keys: list[UUID]) -> Mapping[UUID, Any]:
                async with self.read() as session:
                    return await explanations_of(session, keys, known=self._waiting)

            loader = self._loaders["explanations",] = Loader(fetch, None)
        return loader

    def readings_charts(self) -> Loader[Any]:
        """The loader of what the charts of cases' readings are drawn from."""
        loader = self._loaders.get(("readings charts",))
        if loader is None:

            async def fetch(keys: list[UUID]) -> Mapping[UUID, Any]:
                async with self.read() as session:
                    return await readings_charts(session, keys)

            loader = self._loaders["readings charts",] = Loader(fetch, ())
        return loader

    def row(self, cls: type[Row], record: Mapping[str, Any]) -> Row:
        """An instance made from a row; that the caller was shown it is remembered where it identifies a family."""
        made = cls.of(record, self.principal)
        asked = IDENTIFYING.get(cls.type_name, _NOTHING) & self.names
        if asked and not made.sees.isdisjoint(IDENTIFYING_GROUPS):
            self.shown.setdefault((cls.noun.name, record[cls.noun.key]), set()).update(asked)
        return made

    def cursor(self, list_name: str, position: Sequence[str | int | None]) -> str:
        """The cursor of a position in a list of this caller."""
        return cursors.dump(
            self.runtime.keys.ring().cursor_key,
            organisation_id=self.principal.organisation_id,
            list_name=list_name,
            position=list(position),
        )

    def position(self, list_name: str, cursor: str) -> cursors.Position:
        """The position inside a cursor. Raises CursorRejected."""
        return cursors.load(
            self.runtime.keys.ring().cursor_key,
            cursor,
            organisation_id=self.principal.organisation_id,
            list_name=list_name,
        )
