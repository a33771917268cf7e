"""A return's rows as a spreadsheet: written for people to fill in, and read back line by line.

What is wrong with a line is said of that line, and the others are taken. A line finds its row by the reference, or by
the school's own number where that names one row alone. A column that is left out leaves what is kept; an empty cell
empties it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from app.domain.academic_year import start_year_of
from app.domain.attendance import count_marks, marks_of
from app.domain.return_rules import row_faults
from app.domain.returns import Template
from app.domain.sheets import Line, Sheet
from app.errors import FieldFault, Invalid

Row = Mapping[str, Any]
Outcome = Literal["taken", "unchanged", "repeated", "refused"]

_SESSIONS: Final = ("sessions_possible", "sessions_attended", "sessions_authorised", "sessions_unauthorised")
_REFERENCE: Final = "referral_reference"
_OWN_NUMBER: Final = "mis_id"
_BRITISH: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_WHOLE: Final = re.compile(r"-?\d{1,9}(?:\.0+)?")


@dataclass(slots=True)
class Answered:
    """What became of one line. The pointers of its faults are headings of the sheet."""

    line: int
    reference: str | None
    outcome: Outcome
    faults: list[FieldFault] = field(default_factory=list)


@dataclass(slots=True)
class Taken:
    """A return's rows once a sheet was read into them, and what became of each line."""

    rows: list[dict[str, Any]]
    answers: list[Answered]
    unknown_headings: list[str]


def sheet_of(template: Template, rows: list[Row], people: Mapping[str, Row]) -> tuple[list[str], list[list[Any]]]:
    """The headings, and a line for each row. `people`: name and year group by reference, where the reader may know."""
    lines = []
    for row in rows:
        person = people.get(row[_REFERENCE], {})
        lines.append([_shown(column, row, person) for column in template.sheet])
    return [column["heading"] for column in template.sheet], lines


def _shown(column: Mapping[str, str], row: Row, person: Row) -> Any:
    name = column.get("field")
    return person.get(column["from"]) if name is None else row.get(name)


def take_sheet(template: Template, sheet: Sheet, kept: list[Row], known: list[Row], period: str) -> Taken:
    """Read a sheet into a return's rows.

    `kept` are the rows of the draft, `known` those that the record filled in: they say which rows there are. `period`
    is the return's, whose academic year says which register marks there are. Raises Invalid for headings by which no
    row can be found.
    """
    columns, unknown = _columns(template, sheet.headings)
    rows = {row[_REFERENCE]: dict(row) for row in (*known, *kept)}
    by_number = _by_own_number(known)
    answers: list[Answered] = []
    read: dict[str, tuple[Answered, dict[str, Any]]] = {}
    for line in sheet.lines:
        cells = {heading: line.cells[position] for heading, position in columns.items()}
        answer, row = _read(template, line, cells, rows, by_number, period)
        answers.append(answer)
        if row is None or answer.reference is None:
            continue
        before = read.setdefault(answer.reference, (answer, row))
        if before[0] is not answer:
            _settle_twice(before, answer, row)
    for reference, (answer, row) in read.items():
        if answer.outcome == "taken":
            rows[reference] = row
    order = [row[_REFERENCE] for row in kept]
    order += [row[_REFERENCE] for row in known if row[_REFERENCE] in read and row[_REFERENCE] not in set(order)]
    return Taken([rows[reference] for reference in order], answers, unknown)


def _settle_twice(before: tuple[Answered, dict[str, Any]], answer: Answered, row: dict[str, Any]) -> None:
    """The same line twice is one line; two that differ are both refused: nobody knows which is meant."""
    first, first_row = before
    if answer.outcome != "refused" and row == first_row and first.outcome != "refused":
        answer.outcome = "repeated"
        return
    for one, other in ((first, answer), (answer, first)):
        if one.outcome != "refused":
            one.outcome = "refused"
            sentence = f"The row is there twice, and differs: see line {other.line} too."
            one.faults.append(FieldFault("", "row_for_each", sentence))


def _columns(template: Template, headings: tuple[str, ...]) -> tuple[dict[str, int], list[str]]:
    """Where each known heading stands, and the headings that are none. A field's own name does as well."""
    titles = {_folded(column["heading"]): column["heading"] for column in template.sheet}
    titles |= {_folded(column["field"]): column["heading"] for column in template.sheet if "field" in column}
    columns: dict[str, int] = {}
    unknown: list[str] = []
    for position, heading in enumerate(headings):
        known = titles.get(_folded(heading))
        if known is None:
            if heading:
                unknown.append(heading[:100])
        elif known in columns:
            raise Invalid(f"The sheet has two columns {known}.")
        else:
            columns[known] = position
    finders = [_heading_of(template, name) for name in (_REFERENCE, _OWN_NUMBER)]
    if not any(heading in columns for heading in finders if heading):
        raise Invalid(f"The sheet needs a column {' or '.join(heading for heading in finders if heading)}.")
    return columns, unknown


def _folded(heading: str) -> str:
    return re.sub(r"[\s_-]+", " ", heading).strip().casefold()


def _heading_of(template: Template, name: str) -> str | None:
    return next((column["heading"] for column in template.sheet if column.get("field") == name), None)


def _by_own_number(known: list[Row]) -> dict[str, str]:
    """References by the school's own number, those left out that two rows share."""
    counts = Counter(row.get(_OWN_NUMBER) for row in known)
    return {
        row[_OWN_NUMBER]: row[_REFERENCE] for row in known if row.get(_OWN_NUMBER) and counts[row[_OWN_NUMBER]] == 1
    }


def _read(
    template: Template,
    line: Line,
    cells: Mapping[str, str],
    rows: Mapping[str, dict[str, Any]],
    by_number: Mapping[str, str],
    period: str,
) -> tuple[Answered, dict[str, Any] | None]:
    """What one line says: its answer so far, and the row as it would be."""
    reference = _reference(template, cells, rows, by_number)
    if reference is None:
        heading = _heading_of(template, _REFERENCE) or ""
        fault = FieldFault(heading, "row_for_each", "This return has no row for this line.")
        return Answered(line.number, None, "refused", [fault]), None
    row = dict(rows[reference])
    faults: list[FieldFault] = []
    for column in template.sheet:
        heading, name = column["heading"], column.get("field")
        if heading not in cells or "from" in column or name is None:
            continue
        try:
            row[name] = _value(_schema(template, name), cells[heading])
        except ValueError as error:
            faults.append(FieldFault(heading, "wrong_type", str(error)))
    faults += _count(template, cells, row, period)
    if not faults:
        faults = [_by_heading(template, fault) for fault in row_faults(template, row)]
    if faults:
        return Answered(line.number, reference, "refused", faults), row
    return Answered(line.number, reference, "unchanged" if row == rows[reference] else "taken"), row


def _reference(
    template: Template, cells: Mapping[str, str], rows: Mapping[str, Any], by_number: Mapping[str, str]
) -> str | None:
    stated = cells.get(_heading_of(template, _REFERENCE) or "", "").upper()
    if stated:
        return stated if stated in rows else None
    return by_number.get(cells.get(_heading_of(template, _OWN_NUMBER) or "", ""))


def _schema(template: Template, name: str) -> Mapping[str, Any]:
    rows, _ = template.rows
    schema: Mapping[str, Any] = template.schema["properties"][rows]["items"]["properties"][name]
    return schema


def _value(schema: Mapping[str, Any], cell: str) -> Any:
    """A cell as the field's schema has it; None when it is empty. Raises ValueError, saying how to write it."""
    if not cell:
        return None
    if "enum" in schema:
        return _coded(schema["enum"], cell)
    if "integer" in schema["type"]:
        if not _WHOLE.fullmatch(cell):
            raise ValueError("Write a whole number.")
        return int(cell.partition(".")[0])
    return _date(cell) if schema.get("format") == "date" else cell


def _coded(allowed: list[str | None], cell: str) -> str:
    code = re.sub(r"[\s-]+", "_", cell).casefold()
    if code not in allowed:
        words = ", ".join(word.replace("_", " ") for word in allowed if word)
        raise ValueError(f"Write one of: {words}.")
    return code


def _date(cell: str) -> str:
    try:
        if british := _BRITISH.fullmatch(cell):
            return date(int(british[3]), int(british[2]), int(british[1])).isoformat()
        return date.fromisoformat(cell).isoformat()
    except ValueError:
        raise ValueError("Write a date as 02/09/2026, the day first, or as 2026-09-02.") from None


def _count(template: Template, cells: Mapping[str, str], row: dict[str, Any], period: str) -> Iterator[FieldFault]:
    """Put the counts of the line's register marks into its row. They take the place of counts that are not stated."""
    heading = next((column["heading"] for column in template.sheet if column.get("from") == "marks"), None)
    text = cells.get(heading or "", "")
    if heading is None or not text:
        return
    try:
        counted = count_marks(marks_of(text), start_year_of(period.partition("-")[0]))
    except ValueError as error:
        yield FieldFault(heading, "unknown_mark", f"There is no such register mark in that year: {str(error)[:50]}.")
        return
    counts = (counted.possible, counted.attended, counted.authorised, counted.unauthorised)
    stated = {name for name in _SESSIONS if cells.get(_heading_of(template, name) or "")}
    for name, count in zip(_SESSIONS, counts, strict=True):
        if name in stated and row[name] != count:
            yield FieldFault(
                heading,
                "marks_disagree",
                f"The marks count {count}, and {_heading_of(template, name)} says another number.",
            )
        row[name] = count


def _by_heading(template: Template, fault: FieldFault) -> FieldFault:
    """A fault of a row's field as one of the sheet's column."""
    name = fault.pointer.rpartition("/")[2]
    heading = _heading_of(template, name) or ""
    return FieldFault(heading, fault.code, fault.detail.replace(f"{name} ", f"{heading} ", 1))
