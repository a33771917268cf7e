"""One row of a school register, in any of its layouts, made into a `SchoolEntry`."""

from collections.abc import Mapping

from app.domain.school_entry import STATUSES, SchoolEntry
from app.domain.school_phase import phase_from_name, phase_from_rolls
from app.domain.school_register_shapes import ALLOCATIONS, GIAS, Shape

_MOST_PUPILS = 20_000
_MOST_YEARS = 99
_NOT_A_SCHOOL = "children's centre"
"""Get Information About Schools lists these beside schools, under URNs of five digits."""


class CellError(Exception):
    """What is wrong with a cell: its column as the file names it (empty for the whole row), and a sentence."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.detail = detail


class Row:
    """The cells of one row by field name, each asked for as what it should be."""

    def __init__(self, shape: Shape, header: list[str], positions: Mapping[str, int], cells: list[str]) -> None:
        """Raises `CellError` when the row is not as long as the header, or a cell of it runs over lines."""
        if len(cells) != len(header):
            raise CellError("", f"The row has {len(cells)} cells, but the header names {len(header)} columns.")
        self._shape = shape
        self._cells = {field: cells[position].strip() for field, position in positions.items()}
        for field, value in self._cells.items():
            if "\n" in value or "\r" in value:
                raise self._error(field, "The cell runs over several lines: a quotation mark is not closed.")

    @property
    def is_school(self) -> bool:
        """False for what a register lists beside schools."""
        return not self._cells["type"].casefold().startswith(_NOT_A_SCHOOL)

    def entry(self) -> SchoolEntry:
        """The school of the row. Raises `CellError` for the first thing that is wrong."""
        urn, la_code = self._digits("urn", 6), self._digits("la_code", 3)
        if not self._cells["name"]:
            raise self._error("name", "The school has no name.")
        low_age, high_age = self._ages()
        return SchoolEntry(
            urn=urn,
            laestab=self._laestab(la_code),
            la_code=la_code,
            la_name=self._cells["la_name"],
            name=self._cells["name"],
            status=self._status(),
            phase=self._phase(low_age, high_age),
            type=self._cells["type"],
            low_age=low_age,
            high_age=high_age,
            pupils_on_roll=self._whole("pupils_on_roll", _MOST_PUPILS),
            ukprn=self._text("ukprn"),
            trust_uid=self._text("trust_uid"),
            trust_name=self._text("trust_name"),
            street=self._text("street"),
            town=self._text("town"),
            postcode=self._text("postcode"),
            source=self._text("source") or self._shape.source,
        )

    def _error(self, field: str, detail: str) -> CellError:
        return CellError(self._shape.columns[field], detail)

    def _text(self, field: str) -> str | None:
        return self._cells.get(field) or None

    def _digits(self, field: str, count: int) -> str:
        value = self._cells[field]
        if not (value.isascii() and value.isdigit() and len(value) == count):
            raise self._error(field, f"{value!r} is not a number of {count} digits.")
        return value

    def _whole(self, field: str, most: int) -> int | None:
        """A whole number from 0 to `most`; a half counts up: allocations count part-time pupils as halves."""
        value = self._text(field)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            raise self._error(field, f"{value!r} is not a number.") from None
        if not 0 <= number <= most:
            raise self._error(field, f"{value} is not between 0 and {most}.")
        return int(number + 0.5)

    def _ages(self) -> tuple[int | None, int | None]:
        low, high = self._whole("low_age", _MOST_YEARS), self._whole("high_age", _MOST_YEARS)
        if self._shape is ALLOCATIONS and (low, high) == (0, 0):  # how that source writes ages that it does not know
            return None, None
        if low is not None and high is not None and low > high:
            raise self._error("low_age", f"The lowest age {low} is above the highest age {high}.")
        return low, high

    def _status(self) -> str:
        if self._shape is ALLOCATIONS:  # only open schools are allocated money
            return "open"
        stated = self._cells["status"]
        status = stated.casefold().replace(",", "").replace(" ", "_").replace("open_but_", "open_")
        if status not in STATUSES:
            raise self._error("status", f"{stated!r} is not a status of a school.")
        return status

    def _phase(self, low_age: int | None, high_age: int | None) -> str:
        type_name = self._cells["type"]
        if self._shape is ALLOCATIONS:
            primary = self._whole("primary_pupils", _MOST_PUPILS) or 0
            secondary = self._whole("secondary_pupils", _MOST_PUPILS) or 0
            return phase_from_rolls(type_name, primary, secondary, low_age, high_age)
        phase = phase_from_name(self._cells["phase"], type_name)
        if phase is None:
            raise self._error("phase", f"{self._cells['phase']!r} is not a phase of education.")
        return phase

    def _laestab(self, la_code: str) -> str | None:
        """The authority's three digits and the establishment's four. Some establishments have no number."""
        field = "establishment_number" if self._shape is GIAS else "laestab"
        value = self._cells[field]
        if not value:
            return None
        laestab = la_code + value.zfill(4) if self._shape is GIAS else value
        if not (laestab.isascii() and laestab.isdigit() and len(laestab) == 7):
            raise self._error(field, f"{value!r} does not make a LAESTAB of 7 digits.")
        if not laestab.startswith(la_code):
            raise self._error(field, f"LAESTAB {laestab} does not begin with the authority's code {la_code}.")
        return laestab
