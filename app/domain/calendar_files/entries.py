"""What a calendar file says, whatever its format: one entry for each row or event."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from app.errors import Invalid

_MOST_LINES: Final = 5000


class EntryKind(StrEnum):
    """What an entry is about."""

    HALF_TERM = "half_term"
    """One of the six, by number."""
    TERM = "term"
    """One of the three, by number; its half-terms are those before and after the half-term holiday in it."""
    HOLIDAY = "holiday"
    INSET = "inset"
    BANK_HOLIDAY = "bank_holiday"


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement of a calendar file: both dates belong to it. `line` counts from 1."""

    line: int
    kind: EntryKind
    first: date
    last: date
    name: str
    number: int | None = None
    academic_year: str | None = None
    """As the file states it; None leaves it to the dates."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What there is to say of a line (0: of the whole file): a fault, or a note on what was left out."""

    line: int
    detail: str
    refused: bool = True


@dataclass
class Reading:
    """What was read of a file: its entries, and remarks on lines that are none or are wrong.

    Adding raises Invalid when there are more of them than a calendar can have.
    """

    entries: list[Entry] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        """Add an entry."""
        self._check_room()
        self.entries.append(entry)

    def refuse(self, line: int, detail: str) -> None:
        """Note a fault."""
        self._check_room()
        self.remarks.append(Remark(line, detail))

    def leave_out(self, line: int, detail: str) -> None:
        """Note a line that says nothing which a school calendar holds."""
        self._check_room()
        self.remarks.append(Remark(line, detail, refused=False))

    def _check_room(self) -> None:
        if len(self.entries) + len(self.remarks) >= _MOST_LINES:
            raise Invalid(f"The file has more than {_MOST_LINES} lines or events: send a few academic years at a time.")


def faults_of(remarks: Iterable[Remark]) -> list[Remark]:
    """Those remarks for which a file is refused."""
    return [remark for remark in remarks if remark.refused]
