"""Holding the database behind a test to every invariant, as the owner of its tables."""

from typing import Final

import asyncpg

from app.schema import database_of
from app.simulation.invariants import breaches
from tests.conftest import Template

LEFT_TO_A_CLOCK: Final = frozenset({"debt_not_told_in_time", "panel_reads_what_it_may_not"})
"""What only a clock that runs brings about: such a test states its time, at which nothing ever ran."""


async def breaches_of(template: Template, database_url: str) -> list[str]:
    """The names of the invariants that do not hold in a database that a test has a copy of; a clock's left out."""
    owner = await asyncpg.connect(template.url(None, database_of(database_url)))
    try:
        found = await breaches(owner)
    finally:
        await owner.close()
    return [f"{breach.invariant}: {breach.detail}" for breach in found if breach.invariant not in LEFT_TO_A_CLOCK]
