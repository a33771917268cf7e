"""Asking together: questions that come while one statement runs go with the next, in one round trip.

A poll costs little more than its round trip, and thousands of portals poll. Nobody waits for company: a question that
comes alone is asked at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """One kind of question. `answer` gives the answers to some questions, in their order."""

    def __init__(self, answer: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]], *, most: int = 100) -> None:
        """At most so many are asked at once."""
        self._answer = answer
        self._most = most
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """The answer to one question, from a statement that began after it was asked. Raises whatever that raises."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all(), name="questions asked together")
        return await future

    async def _ask_all(self) -> None:
        now: list[tuple[Question, asyncio.Future[Answer]]] = []
        try:
            while self._waiting:
                now, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                try:
                    answers = await self._answer([question for question, _ in now])
                except Exception as error:  # noqa: BLE001 - told to everyone who asked
                    for _, future in now:
                        if not future.done():
                            future.set_exception(error)
                else:
                    for (_, future), answer in zip(now, answers, strict=True):
                        if not future.done():
                            future.set_result(answer)
        finally:
            # Ended from outside, nobody may be left waiting.
            self._asking = None
            for _, future in (*now, *self._waiting):
                future.cancel()
            self._waiting.clear()
