"""One school as a register names it, and what can be wrong with a register's row."""

from dataclasses import dataclass

STATUSES = ("open", "open_proposed_to_close", "proposed_to_open", "closed")
"""Establishment statuses of Get Information About Schools, as snake_case."""


@dataclass(frozen=True, slots=True)
class SchoolEntry:
    """One school as a register names it. Ages in years; `pupils_on_roll` in whole pupils; None means not stated."""

    urn: str
    laestab: str | None
    la_code: str
    la_name: str
    name: str
    status: str
    phase: str
    type: str
    low_age: int | None
    high_age: int | None
    pupils_on_roll: int | None
    ukprn: str | None
    trust_uid: str | None
    trust_name: str | None
    street: str | None
    town: str | None
    postcode: str | None
    source: str


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row: its line in the file (from 1), the column, and a sentence.

    `row_kept` tells a note on a row that was used all the same from a row that was left out.
    """

    line: int
    column: str
    detail: str
    row_kept: bool = False
