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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import BinaryIO

from app.domain.school_phase import phase_from_name, phase_from_rolls
from app.errors import FieldFault, Invalid

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


class _CellFault(Exception):
    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Shape:
    """One file layout: its columns by field name, and which of them a file must have to be taken for it."""

    name: str
    columns: Mapping[str, str]
    required: tuple[str, ...]
    source: str


_GIAS = _Shape(
    name="gias",
    columns={
        "urn": "URN",
        "la_code": "LA (code)",
        "la_name": "LA (name)",
        "establishment_number": "EstablishmentNumber",
        "name": "EstablishmentName",
        "type": "TypeOfEstablishment (name)",
        "status": "EstablishmentStatus (name)",
        "phase": "PhaseOfEducation (name)",
        "low_age": "StatutoryLowAge",
        "high_age": "StatutoryHighAge",
        "pupils_on_roll": "NumberOfPupils",
        "ukprn": "UKPRN",
        "trust_uid": "Trusts (code)",
        "trust_name": "Trusts (name)",
        "street": "Street",
        "town": "Town",
        "postcode": "Postcode",
    },
    required=(
        "urn",
        "la_code",
        "la_name",
        "establishment_number",
        "name",
        "type",
        "status",
        "phase",
    ),
    source="gias",
)
_GIAS_SUBSET = _Shape(
    name="gias_subset",
    columns={
        "urn": "urn",
        "laestab": "laestab",
        "la_code": "la_code",
        "la_name": "la_name",
        "name": "name",
        "type": "type",
        "status": "status",
        "phase": "phase",
        "low_age": "statutory_low_age",
        "high_age": "statutory_high_age",
        "pupils_on_roll": "total_pupils",
        "ukprn": "ukprn",
        "trust_uid": "trust_uid",
        "trust_name": "trust_name",
        "street": "street",
        "town": "town",
        "postcode": "postcode",
    },
    required=(
        "urn",
        "laestab",
        "la_code",
        "la_name",
        "name",
        "type",
        "status",
        "phase",
        "low_age",
        "high_age",
        "pupils_on_roll",
    ),
    source="gias_2026",
)
_ALLOCATIONS = _Shape(
    name="allocations",
    columns={
        "urn": "urn",
        "laestab": "laestab",
        "la_code": "la_code",
        "la_name": "la_name",
        "name": "name",
        "type": "type",
        "pupils_on_roll": "pupils_on_roll",
        "primary_pupils": "primary_pupils",
        "secondary_pupils": "secondary_pupils",
        "low_age": "age_from_2018",
        "high_age": "age_to_2018",
        "town": "town_2018",
        "postcode": "postcode_2018",
    },
    required=(
        "urn",
        "laestab",
        "la_code",
        "la_name",
        "name",
        "type",
        "pupils_on_roll",
        "primary_pupils",
        "secondary_pupils",
    ),
    source="pupil_premium_2019_20",
)
_ENTRY_FIELDS = tuple(field.name for field in fields(SchoolEntry))
_HALFTERM = _Shape(
    name="halfterm",
    columns={name: name for name in _ENTRY_FIELDS},
    required=(
        "urn",
        "laestab",
        "la_code",
        "la_name",
        "name",
        "type",
        "status",
        "phase",
        "source",
    ),
    source="halfterm",
)
_NOT_A_SCHOOL = "children's centre"
"""Get Information About Schools lists these beside schools, under URNs of five digits; they are passed over."""

_SHAPES = (_GIAS, _HALFTERM, _GIAS_SUBSET, _ALLOCATIONS)


def read_school_register(file: BinaryIO) -> Iterator[SchoolEntry | RowFault]:
    """Yield every school of a register file, in the file's order, with a `RowFault` for each row that is not right.

    Children's centres are passed over. A bad row is left out and the rest go on. A URN that comes again is noted, and its entry is yielded again: the
    last one wins for whoever keeps entries by URN. Reads as a stream: memory grows by one number per school.

    Raises `Invalid` (naming the missing columns) when the header is that of no known shape, or the file is not text.
    """
    reader = csv.reader(_text_lines(file))
    header = _header(reader)
    shape, positions = _detect(header)
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
            row = _row(shape, header, positions, cells)
            if row["type"].casefold().startswith(_NOT_A_SCHOOL):
                continue
            entry = _entry(shape, row)
        except _CellFault as fault:
            yield RowFault(line, fault.column, fault.detail)
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
    writer.writerow(_ENTRY_FIELDS)
    for entry in entries:
        row = replace(entry, street=None)
        writer.writerow(["" if getattr(row, name) is None else getattr(row, name) for name in _ENTRY_FIELDS])
    path.write_bytes(gzip.compress(text.getvalue().encode("utf-8"), compresslevel=9, mtime=0))


def shipped_register() -> Iterator[SchoolEntry]:
    """The national register that ships with the project (how it was made: `app/data/README.md`).

    Raises `Invalid` when the shipped file itself is damaged.
    """
    path = Path(__file__).parent.parent / "data" / "schools.csv.gz"
    with gzip.open(path, "rb") as file:
        for item in read_school_register(io.BufferedReader(file)):
            if isinstance(item, RowFault):
                raise Invalid(f"The shipped school register is damaged at line {item.line}: {item.detail}")
            yield item


def _text_lines(file: BinaryIO) -> Iterator[str]:
    """Lines of text, UTF-8 where they are valid UTF-8, else Windows-1252, which Get Information About Schools uses.

    Decided line by line: files that were edited or joined by hand mix the two, and a Windows-1252 letter with an
    accent is not valid UTF-8 in front of an ASCII letter.
    """
    for number, raw in enumerate(file):
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


def _detect(header: list[str]) -> tuple[_Shape, dict[str, int]]:
    """The shape a header has, with the position of each of its fields."""
    index = {column.casefold(): position for position, column in reversed(list(enumerate(header)))}
    missing = {
        shape.name: [shape.columns[f] for f in shape.required if shape.columns[f].casefold() not in index]
        for shape in _SHAPES
    }
    for shape in _SHAPES:
        if not missing[shape.name]:
            used = {
                field: index[column.casefold()] for field, column in shape.columns.items() if column.casefold() in index
            }
            return shape, used
    nearest = min(_SHAPES, key=lambda shape: len(missing[shape.name]) / len(shape.required))
    if len(missing[nearest.name]) == len(nearest.required):
        nearest = _GIAS
    columns = missing[nearest.name]
    raise Invalid(
        f"This is not a school register: as a '{nearest.name}' file, which it is nearest to, "
        f"it lacks the columns {', '.join(columns)}.",
        errors=[FieldFault(f"/columns/{c}", "missing_column", f"The column {c} is missing.") for c in columns],
    )


def _row(shape: _Shape, header: list[str], positions: Mapping[str, int], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise _CellFault(
            "",
            f"The row has {len(cells)} cells, but the header names {len(header)} columns.",
        )
    row = {field: cells[position].strip() for field, position in positions.items()}
    for field, value in row.items():
        if "\n" in value or "\r" in value:
            raise _CellFault(
                shape.columns[field],
                "The cell runs over several lines: a quotation mark is not closed.",
            )
    return row


def _entry(shape: _Shape, row: Mapping[str, str]) -> SchoolEntry:
    def fault(field: str, detail: str) -> _CellFault:
        return _CellFault(shape.columns[field], detail)

    def digits(field: str, count: int) -> str:
        value = row[field]
        if not (value.isascii() and value.isdigit() and len(value) == count):
            raise fault(field, f"{value!r} is not a number of {count} digits.")
        return value

    def whole(field: str, most: int) -> int | None:
        return _whole(row.get(field, ""), most, lambda detail: fault(field, detail))

    if not row["name"]:
        raise fault("name", "The school has no name.")
    la_code = digits("la_code", 3)
    low_age, high_age = whole("low_age", 99), whole("high_age", 99)
    if low_age is not None and high_age is not None and low_age > high_age:
        raise fault("low_age", f"The lowest age {low_age} is above the highest age {high_age}.")
    if shape is _ALLOCATIONS:
        if (low_age, high_age) == (
            0,
            0,
        ):  # how that source writes an age range it does not know
            low_age = high_age = None
        primary, secondary = (
            whole("primary_pupils", 20_000),
            whole("secondary_pupils", 20_000),
        )
        phase = phase_from_rolls(row["type"], primary or 0, secondary or 0, low_age, high_age)
        status = "open"
    else:
        phase_found = phase_from_name(row["phase"], row["type"])
        if phase_found is None:
            raise fault("phase", f"{row['phase']!r} is not a phase of education.")
        phase = phase_found
        status = row["status"].casefold().replace(",", "").replace(" ", "_").replace("open_but_", "open_")
        if status not in STATUSES:
            raise fault("status", f"{row['status']!r} is not a status of a school.")
    return SchoolEntry(
        urn=digits("urn", 6),
        laestab=_laestab(shape, row, la_code, fault),
        la_code=la_code,
        la_name=row["la_name"],
        name=row["name"],
        status=status,
        phase=phase,
        type=row["type"],
        low_age=low_age,
        high_age=high_age,
        pupils_on_roll=whole("pupils_on_roll", 20_000),
        ukprn=row.get("ukprn") or None,
        trust_uid=row.get("trust_uid") or None,
        trust_name=row.get("trust_name") or None,
        street=row.get("street") or None,
        town=row.get("town") or None,
        postcode=row.get("postcode") or None,
        source=row.get("source") or shape.source,
    )


def _whole(value: str, most: int, fault: Callable[[str], _CellFault]) -> int | None:
    """A whole number from 0 to `most`; a half counts up, because allocations count part-time pupils as halves."""
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        raise fault(f"{value!r} is not a number.") from None
    if not 0 <= number <= most:
        raise fault(f"{value} is not between 0 and {most}.")
    return int(number + 0.5)


def _laestab(
    shape: _Shape,
    row: Mapping[str, str],
    la_code: str,
    fault: Callable[[str, str], _CellFault],
) -> str | None:
    """LAESTAB: the authority's three digits and the establishment's four. Some establishments have no number."""
    field = "establishment_number" if shape is _GIAS else "laestab"
    value = row[field]
    if not value:
        return None
    laestab = la_code + value.zfill(4) if shape is _GIAS else value
    if not (laestab.isascii() and laestab.isdigit() and len(laestab) == 7):
        raise fault(field, f"{value!r} does not make a LAESTAB of 7 digits.")
    if not laestab.startswith(la_code):
        raise fault(
            field,
            f"LAESTAB {laestab} does not begin with the authority's code {la_code}.",
        )
    return laestab
