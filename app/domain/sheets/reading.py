"""Reading a sheet: its headings, and each line's cells as text, whatever program made the file.

A workbook is read by openpyxl row by row, within bounds: readers that hold a whole sheet at once can be made to ask for
all the memory there is by one cell in the last corner.
"""

import csv
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from defusedxml.ElementTree import ParseError
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.domain.sheets.csv_text import delimiter_of, text_of
from app.errors import Invalid, PayloadTooLarge

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MOST_LINES: Final = 20_000
_MOST_COLUMNS: Final = 100
_MOST_CHARACTERS: Final = 10_000
_MOST_UNPACKED_BYTES: Final = 64 * 1024 * 1024
_UNREADABLE: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, InvalidFileException, ParseError, EOFError, OSError),
    *(ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line under the headings, by its number in the file (the headings are line 1 as a rule)."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of text; blank lines are left out, and short lines are filled up."""

    headings: tuple[str, ...]
    lines: tuple[Line, ...]


def read_sheet(media_type: str, content: bytes) -> Sheet:
    """Read a file of a media type in `READERS`. Takes a second or two for the largest.

    Cells are stripped; a whole number that a program keeps as 142.0 reads 142, a date 2026-09-02. Raises Invalid for
    what is no such file, and PayloadTooLarge for more lines or columns than anybody needs.
    """
    sheet: Sheet | None = None
    lines: list[Line] = []
    for number, cells in READERS[media_type](content):
        if not any(cells):
            continue
        if len(cells) > _MOST_COLUMNS:
            raise PayloadTooLarge(f"Line {number} has more than {_MOST_COLUMNS} columns.")
        if any(len(cell) > _MOST_CHARACTERS for cell in cells):
            raise PayloadTooLarge(f"Line {number} has a cell of more than {_MOST_CHARACTERS} characters.")
        if sheet is None:
            sheet = Sheet(tuple(cells), ())
            continue
        if len(lines) == MOST_LINES:
            raise PayloadTooLarge(f"A sheet has at most {MOST_LINES} lines.")
        lines.append(Line(number, (*cells, *[""] * (len(sheet.headings) - len(cells)))))
    if sheet is None:
        raise Invalid("The sheet is empty: its first line has the headings.")
    return Sheet(sheet.headings, tuple(lines))


def _csv_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = text_of(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    try:
        for cells in reader:
            yield reader.line_num, _without_end([_plain(cell.strip()) for cell in cells])
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} cannot be read as CSV: {error}.") from error


def _plain(cell: str) -> str:
    """A cell without the apostrophe that was put before it so that no program takes it for a formula."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@" else cell


def _xlsx_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # A member never gives more than it declares.
            if sum(member.file_size for member in archive.infolist()) > _MOST_UNPACKED_BYTES:
                raise PayloadTooLarge("The workbook is too large once it is unpacked.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        first = book.worksheets[0]
        # A file states how large it is, and need not say the truth.
        first.reset_dimensions()
        rows: Iterable[tuple[object, ...]] = first.iter_rows(values_only=True, max_col=_MOST_COLUMNS + 1)
        for number, cells in enumerate(rows, start=1):
            if number > 2 * MOST_LINES:
                raise PayloadTooLarge(f"A sheet has at most {MOST_LINES} lines.")
            yield number, _without_end([_text(cell) for cell in cells])
    except _UNREADABLE as error:
        # What a damaged or hostile workbook makes the library raise is not listed anywhere.
        raise Invalid("The file cannot be read as an Excel workbook (.xlsx).") from error


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
    return str(cell).strip()


def _without_end(cells: list[str]) -> list[str]:
    """The cells up to the last that is not empty: programs write as many as they please."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


READERS: Final[Mapping[str, Callable[[bytes], Iterator[tuple[int, list[str]]]]]] = MappingProxyType(
    {CSV: _csv_lines, XLSX: _xlsx_lines}
)
