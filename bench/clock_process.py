"""One process that runs the clock of one authority up to a moment: what `bench.killed_worker` kills.

It stands apart, so that a server of forks can have it ready: a process then begins within milliseconds.
"""

import asyncio
from datetime import datetime
from multiprocessing.connection import Connection
from uuid import UUID

from app.access import Kind, Principal, Scope
from app.db import Database
from app.queries import due, obligation_clock
from app.services import business_clock
from app.settings import Settings


def main(begun: Connection, url: str, authority_id: UUID, organisation_id: UUID, until: datetime) -> None:
    """Run the clock until nothing is left before a moment; tells `begun` as it begins."""
    asyncio.run(_run(begun, url, authority_id, organisation_id, until))


async def _run(begun: Connection, url: str, authority_id: UUID, organisation_id: UUID, until: datetime) -> None:
    database = Database(url, Settings(sandbox=True, pool_size=2))
    officer = Principal(UUID(int=0), organisation_id, authority_id, Kind.AUTHORITY, frozenset(Scope), at=until)
    begun.send(True)
    while await _left(database, officer):
        # Whoever was killed may hold the turn until PostgreSQL has noticed: then nothing is run this time.
        await business_clock.run_due(database, officer)
    await database.dispose()


async def _left(database: Database, officer: Principal) -> bool:
    """Whether anything is left to be run by the officer's present."""
    async with database.read(officer) as session:
        standing = await due.standing(session)
        assert standing is not None
        assert standing.ran_to is not None
        moment = await business_clock._next_moment(session, standing.ran_to, session.now)  # noqa: SLF001 - the clock's own question
        return moment is not None or await obligation_clock.some_unplanned(session)
