"""Taking school registers into the database, as the owner of the national tables."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

import asyncpg

from app.domain.school_entry import RowFault, SchoolEntry
from app.domain.school_register import SHIPPED_REGISTER, read_school_register, shipped_register
from app.queries import school_register as queries

_BATCH = 500


@dataclass
class RegisterReport:
    """What came of an import: schools read, what they changed, and what was wrong with which rows."""

    read_count: int = 0
    added_count: int = 0
    changed_count: int = 0
    closed_count: int = 0
    """Schools that the file does not name and whose LAESTAB one of its open schools has now."""
    faults: list[RowFault] = field(default_factory=list)

    @property
    def unchanged_count(self) -> int:
        """Schools that said nothing new. A school named twice counts once."""
        repeated = sum(fault.row_kept for fault in self.faults)
        return self.read_count - self.added_count - self.changed_count - repeated


def _nobody(_count: int) -> None:
    """Hears how many schools were read, and does nothing about it."""


async def load_shipped_register(owner_url: str) -> int:
    """Take the register that ships with the project, unless this very one was taken before.

    Schools that an import brought since stay as they are. Returns how many schools were read; 0 when there was nothing
    to do.
    """
    digest = hashlib.sha256(SHIPPED_REGISTER.read_bytes()).hexdigest()
    async with _owner(owner_url) as connection:
        if await queries.shipped_mark(connection) == digest:
            return 0
        entries = list(shipped_register())
        await queries.gather(connection)
        await queries.add(connection, entries)
        await queries.take_over(connection, over_sources=sorted({entry.source for entry in entries}))
        await queries.mark_shipped(connection, digest)
    return len(entries)


async def import_register(owner_url: str, file: BinaryIO, told: Callable[[int], None] = _nobody) -> RegisterReport:
    """Take a register file of any known layout, whole or not at all; the report. `told` hears the schools read so far.

    Raises Invalid for a file that is no register: nothing is changed then.
    """
    report = RegisterReport()
    items = read_school_register(file)
    async with _owner(owner_url) as connection:
        await queries.gather(connection)
        while batch := list(islice(items, _BATCH)):
            entries = [item for item in batch if isinstance(item, SchoolEntry)]
            report.faults += [item for item in batch if isinstance(item, RowFault)]
            report.read_count += len(entries)
            await queries.add(connection, entries)
            told(report.read_count)
        taken = await queries.take_over(connection)
    report.added_count, report.changed_count, report.closed_count = taken.added, taken.changed, taken.closed
    return report


@asynccontextmanager
async def _owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_url, server_settings={"application_name": "halfterm register"})
    try:
        yield connection
    finally:
        await connection.close()
