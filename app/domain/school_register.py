"""The national school register: reads the CSV files it comes in, and merges them into one.

Four shapes are understood, told apart by their header alone:

* `gias`: the file a user downloads from Get Information About Schools ("All establishment data"). Windows-1252
  or UTF-8, columns in any order, many more than are needed.
* `gias_subset`: the 2026 extract of the same register, with snake_case column names.
* `allocations`: the pupil premium allocations of 2019-20, which name every state school in England with its roll.
* `halfterm`: the merged register that ships with the project, one column per field of `SchoolEntry`.
"""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from app.domain.school_entry import RowFault, SchoolEntry
from app.domain.school_register_rows import CellError, Row
from app.domain.school_register_shapes import ENTRY_FIELDS, detect
from app.errors import Invalid

SHIPPED_REGISTER = Path(__file__).parent.parent / "data" / "schools.csv.gz"


def read_school_register(file: BinaryIO) -> Iterator[SchoolEntry | RowFault]:
    """Yield every school of a register file, in the file's order, with a `RowFault` for each row that is not right.

    Children's centres are passed over. A bad row is left out and the rest go on. A URN that comes again is noted, and
    its entry is yielded again: the last one wins for whoever keeps entries by URN. Reads as a stream: memory grows by
    one number per school.

    Raises `Invalid` (naming the missing columns) when the header is that of no known shape, or the file is not text.
    """
    reader = csv.reader(_text_lines(file))
    header = _header(reader)
    shape, positions = detect(header)
    seen: dict[str, int] = {}
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RowFault(line, "", f"The row cannot be read as CSV: {error}.")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        try:
            row = Row(shape, header, positions, cells)
            if not row.is_school:
                continue
            entry = row.entry()
        except CellError as error:
            yield RowFault(line, error.column, error.detail)
            continue
        if entry.urn in seen:
            detail = f"URN {entry.urn} was on line {seen[entry.urn]} already: this later row replaces it."
            yield RowFault(line, shape.columns["urn"], detail, row_kept=True)
        seen[entry.urn] = line
        yield entry


def merge(older: Iterable[SchoolEntry], newer: Iterable[SchoolEntry]) -> list[SchoolEntry]:
    """One register of two, sorted by URN; where both name a URN the newer entry stands.

    An older entry whose LAESTAB now belongs to an open school of another URN is marked closed: a school that becomes
    an academy gets a new URN and, as a rule, keeps its LAESTAB, so both would else be open at one LAESTAB.
    """
    by_urn = {entry.urn: entry for entry in older}
    current = {entry.urn: entry for entry in newer}
    taken = {entry.laestab for entry in current.values() if entry.laestab and entry.status != "closed"}
    for urn, entry in by_urn.items():
        if entry.laestab in taken and urn not in current:
            by_urn[urn] = replace(entry, status="closed")
    by_urn.update(current)
    return [by_urn[urn] for urn in sorted(by_urn)]


def write_school_register(entries: Iterable[SchoolEntry], path: Path) -> None:
    """Write entries as a gzipped CSV of the `halfterm` shape; the same entries give the same bytes.

    The street is left blank: nothing in the project asks for it, and it would double the size of the shipped file.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(ENTRY_FIELDS)
    for entry in entries:
        row = replace(entry, street=None)
        writer.writerow(["" if getattr(row, name) is None else getattr(row, name) for name in ENTRY_FIELDS])
    path.write_bytes(gzip.compress(text.getvalue().encode("utf-8"), compresslevel=9, mtime=0))


def shipped_register() -> Iterator[SchoolEntry]:
    """The national register that ships with the project (how it was made: `app/data/README.md`).

    Raises `Invalid` when the shipped file itself is damaged.
    """
    with gzip.open(SHIPPED_REGISTER, "rb") as file:
        for item in read_school_register(io.BufferedReader(file)):
            if isinstance(item, RowFault):
                raise Invalid(f"The shipped school register is damaged at line {item.line}: {item.detail}")
            yield item


def _text_lines(file: BinaryIO) -> Iterator[str]:
    """Lines of text, UTF-8 where they are valid UTF-8, else Windows-1252, which Get Information About Schools uses.

    Decided line by line: files that were edited or joined by hand mix the two, and a Windows-1252 letter with an
    accent is not valid UTF-8 in front of an ASCII letter.
    """
    for number, line in enumerate(file):
        raw = line
        if number == 0:
            if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise Invalid("The file is UTF-16: save it as CSV UTF-8 and send it again.")
            if raw.startswith(b"PK\x03\x04"):
                raise Invalid("The file is a ZIP or an Excel workbook, not CSV: unpack it, or save it as CSV.")
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError:
            # Windows-1252 leaves five bytes undefined; they appear in the register only as damage.
            yield raw.decode("cp1252", errors="replace")


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        return [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise Invalid(f"The first line cannot be read as a CSV header: {error}.") from error
