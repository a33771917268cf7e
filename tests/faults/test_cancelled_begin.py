"""A request that is cancelled as its transaction begins leaves no transaction behind on the pooled connection."""

import asyncio
from typing import ClassVar

import pytest

from app.db import Database
from tests.factories.authority import Town


class SlowToBegin(Database):
    """A door at which every transaction takes its time to begin."""

    BEGIN: ClassVar = "BEGIN; SELECT pg_sleep(30)"
    BEGIN_READ_ONLY: ClassVar = "BEGIN READ ONLY; SELECT pg_sleep(30)"


@pytest.mark.parametrize("door", ["read", "write"])
async def test_a_connection_whose_begin_was_cancelled_serves_the_next(
    clone: Database, real_town: Town, door: str
) -> None:
    async with clone.read(real_town.officer) as session:
        assert session.kind
    slow = SlowToBegin(clone.url, clone.settings)
    slow._pool = clone._pool  # the same connections, through a slower door

    async def begin() -> None:
        async with getattr(slow, door)(real_town.officer):
            raise AssertionError("It never begins.")

    request = asyncio.create_task(begin())
    await asyncio.sleep(0.3)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    async with clone.write(real_town.officer) as session:
        assert await session.value("SELECT count(*) FROM authority") == 1
        assert await session.value("SELECT current_setting('transaction_read_only')") == "off"
