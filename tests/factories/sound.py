"""Holding the database behind a test to every invariant, as the owner of its tables."""

import asyncpg

from app.schema import database_of
from app.simulation.invariants import breaches
from tests.conftest import Template


async def breaches_of(template: Template, database_url: str) -> list[str]:
    """The names of the invariants that do not hold in a database that a test has a copy of."""
    owner = await asyncpg.connect(template.url(None, database_of(database_url)))
    try:
        return [f"{breach.invariant}: {breach.detail}" for breach in await breaches(owner)]
    finally:
        await owner.close()
