"""Questions asked together: each has its own answer, nobody waits for company, and nobody is left waiting."""

import asyncio
from collections.abc import Sequence

import pytest

from app.together import Together


class Oracle:
    """Answers with the double, after as many turns of the loop as one likes; keeps what it was asked at once."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked: list[list[int]] = []
        self.go = asyncio.Event()
        self._fails = fails

    async def __call__(self, questions: Sequence[int]) -> list[int]:
        self.asked.append(list(questions))
        await self.go.wait()
        if self._fails:
            raise ConnectionError
        return [2 * each for each in questions]


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_while_one_is_asked_goes_with_the_next() -> None:
    oracle = Oracle()
    together = Together(oracle, most=3)
    first = asyncio.create_task(together.ask(1))
    await turns()
    others = [asyncio.create_task(together.ask(number)) for number in range(2, 7)]
    await turns()
    oracle.go.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10, 12]
    assert oracle.asked == [[1], [2, 3, 4], [5, 6]]
    assert await together.ask(7) == 14


async def test_a_failure_is_told_to_everyone_who_asked_and_to_nobody_after() -> None:
    oracle = Oracle(fails=True)
    together = Together(oracle)
    asked = [asyncio.create_task(together.ask(number)) for number in range(3)]
    await turns()
    oracle.go.set()
    assert [type(each) for each in await asyncio.gather(*asked, return_exceptions=True)] == [ConnectionError] * 3
    oracle._fails = False
    assert await together.ask(4) == 8


async def test_one_who_gives_up_takes_nobody_along() -> None:
    oracle = Oracle()
    together = Together(oracle)
    asked = [asyncio.create_task(together.ask(number)) for number in range(3)]
    await turns()
    asked[1].cancel()
    await turns()
    oracle.go.set()
    assert await asyncio.gather(asked[0], asked[2]) == [0, 4]


async def test_nobody_is_left_waiting_when_it_is_ended_from_outside() -> None:
    together = Together(Oracle())
    asked = [asyncio.create_task(together.ask(number)) for number in range(2)]
    await turns()
    later = asyncio.create_task(together.ask(9))
    await turns()
    assert together._asking is not None
    together._asking.cancel()
    for each in (*asked, later):
        with pytest.raises(asyncio.CancelledError):
            await each
