"""A calendar as CSV: a header, then one row for each half-term, term, holiday or closed day."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from app.domain.academic_year import start_year_of
from app.domain.calendar_files.entries import Entry, EntryKind, Reading
from app.domain.calendar_files.words import meaning
from app.domain.sheets.csv_text import delimiter_of, text_of
from app.errors import Invalid

_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "academic_year": frozenset({"academic_year", "year"}),
    "kind": frozenset({"kind", "type"}),
    "number": frozenset({"number", "half_term"}),
    "name": frozenset({"name", "title", "summary", "description", "event"}),
    "first": frozenset({"starts_on", "start_date", "start", "from", "date", "on"}),
    "last": frozenset({"ends_on", "end_date", "end", "to"}),
}
_BRITISH: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEAR: Final = re.compile(r"(\d{4})[/-](?:\d{2})?(\d{2})")
_MOST_DIGITS: Final = 4
_NUMBERED: Final = {EntryKind.HALF_TERM: 6, EntryKind.TERM: 3}


class _CellError(Exception):
    """What is wrong with a row, as a sentence."""


def read_csv(content: bytes) -> Reading:
    """The entries of a CSV file, with a remark on each row that is wrong.

    UTF-8 or Windows-1252, with or without a byte order mark; commas, semicolons or tabs; dates as 2026-09-01 or
    01/09/2026. Needs a column for the first day (`starts_on`) and one that tells what the row is: `kind` (and
    `number`), `half_term`, or `name`. Raises Invalid for a file without them, or that is no text.
    """
    reader = csv.reader(io.StringIO(text := text_of(content), newline=""), delimiter=delimiter_of(text))
    reading = Reading()
    try:
        header = [cell.strip() for cell in next(reader, [])]
        columns = _columns(header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            try:
                _read_row(reading, line, _row(header, columns, cells))
            except _CellError as error:
                reading.refuse(line, str(error))
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} cannot be read as CSV: {error}.") from error
    return reading


def _columns(header: list[str]) -> dict[str, int]:
    """Where each field stands. Raises Invalid when what is needed is missing, or a field has two columns."""
    columns: dict[str, int] = {}
    for position, title in enumerate(header):
        plain = re.sub(r"[\s-]+", "_", title.casefold())
        field = next((field for field, titles in _COLUMNS.items() if plain in titles), None)
        if field in columns:
            raise Invalid(f"The header has two columns for the same thing: {header[columns[field]]} and {title}.")
        if field is not None:
            columns[field] = position
    if "first" not in columns or not {"kind", "number", "name"} & set(columns):
        raise Invalid(
            "The header needs a column starts_on (and ends_on), and one of kind, half_term or name, for example:"
            " academic_year,kind,number,name,starts_on,ends_on."
        )
    return columns


def _row(header: list[str], columns: Mapping[str, int], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise _CellError(f"The row has {len(cells)} cells, but the header names {len(header)} columns.")
    return {field: cells[position].strip() for field, position in columns.items()}


def _read_row(reading: Reading, line: int, row: Mapping[str, str]) -> None:
    """Add the entry of a row, or say that it is none. Raises `_CellError` for what is wrong."""
    known = _kind(row)
    if known is None:
        reading.leave_out(line, "This is neither a half-term, term or holiday nor a day on which schools are closed.")
        return
    kind, number = known
    first = _date("starts_on", row["first"])
    last = _date("ends_on", row["last"]) if row.get("last") else first
    if last < first:
        raise _CellError("It ends before it starts.")
    name = row.get("name") or kind.value.replace("_", " ").capitalize()
    reading.take(Entry(line, kind, first, last, name[:200], number, _academic_year(row)))


def _kind(row: Mapping[str, str]) -> tuple[EntryKind, int | None] | None:
    stated = re.sub(r"[\s-]+", "_", row.get("kind", "").casefold())
    if stated:
        try:
            kind = EntryKind(stated)
        except ValueError:
            raise _CellError(f"A kind is one of {', '.join(EntryKind)}.") from None
        return kind, _number(row, _NUMBERED[kind]) if kind in _NUMBERED else None
    if row.get("number"):
        return EntryKind.HALF_TERM, _number(row, _NUMBERED[EntryKind.HALF_TERM])
    return meaning(row.get("name", ""))


def _number(row: Mapping[str, str], most: int) -> int:
    text = row.get("number", "")
    # Python refuses to read a number of thousands of digits.
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and 1 <= int(text) <= most):
        raise _CellError(f"Its number is a whole number from 1 to {most}.")
    return int(text)


def _date(column: str, text: str) -> date:
    try:
        if british := _BRITISH.fullmatch(text):
            return date(int(british[3]), int(british[2]), int(british[1]))
        if _ISO.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _CellError(f"{column} is no date: write 2026-09-01, or 01/09/2026 with the day first.")


def _academic_year(row: Mapping[str, str]) -> str | None:
    text = row.get("academic_year", "")
    if not text:
        return None
    match = _YEAR.fullmatch(text)
    label = f"{match[1]}/{match[2]}" if match else text
    try:
        start_year_of(label)
    except ValueError as error:
        raise _CellError(str(error)) from None
    return label
