"""The layouts that school registers come in, and how a header tells which one a file has.

The column names of `GIAS` are those of the "All establishment data" download of Get Information About Schools.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from app.domain.school_entry import SchoolEntry
from app.errors import FieldFault, Invalid


@dataclass(frozen=True, slots=True)
class Shape:
    """One file layout: its columns by field name, and which of them a file must have to be taken for it."""

    name: str
    columns: Mapping[str, str]
    required: tuple[str, ...]
    source: str


GIAS = Shape(
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
GIAS_SUBSET = Shape(
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
ALLOCATIONS = Shape(
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
ENTRY_FIELDS = tuple(field.name for field in fields(SchoolEntry))
HALFTERM = Shape(
    name="halfterm",
    columns={name: name for name in ENTRY_FIELDS},
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
SHAPES = (GIAS, HALFTERM, GIAS_SUBSET, ALLOCATIONS)
"""Every known layout, the surest to recognise first."""


def detect(header: list[str]) -> tuple[Shape, dict[str, int]]:
    """The shape a header has, with the position of each of its fields."""
    index = {column.casefold(): position for position, column in reversed(list(enumerate(header)))}
    missing = {
        shape.name: [shape.columns[f] for f in shape.required if shape.columns[f].casefold() not in index]
        for shape in SHAPES
    }
    for shape in SHAPES:
        if not missing[shape.name]:
            used = {
                field: index[column.casefold()] for field, column in shape.columns.items() if column.casefold() in index
            }
            return shape, used
    nearest = min(SHAPES, key=lambda shape: len(missing[shape.name]) / len(shape.required))
    if len(missing[nearest.name]) == len(nearest.required):
        nearest = GIAS
    columns = missing[nearest.name]
    raise Invalid(
        f"This is not a school register: as a '{nearest.name}' file, which it is nearest to, "
        f"it lacks the columns {', '.join(columns)}.",
        errors=[FieldFault(f"/columns/{c}", "missing_column", f"The column {c} is missing.") for c in columns],
    )
