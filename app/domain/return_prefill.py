"""Filling a return in with what the record already knows, as its template says."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from app.domain.return_checks import totals_of
from app.domain.returns import PROVIDER_HALF_TERM, SCHOOL_TERM, Template

ROW_SOURCES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        PROVIDER_HALF_TERM: frozenset(
            {
                *("intervention_id", "referral_reference", "contacts_offered_count", "contacts_attended_count"),
                *("state_at_end", "planned_end_on"),
            }
        ),
        SCHOOL_TERM: frozenset(
            {
                *("referral_id", "referral_reference", "mis_id", "sessions_possible", "sessions_attended"),
                *("sessions_authorised", "sessions_unauthorised", "suspension_count", "sessions_lost"),
                "permanent_exclusion_count",
            }
        ),
    }
)
"""What the record knows of each row, by template."""
SOURCES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {PROVIDER_HALF_TERM: frozenset({"practitioner_count"}), SCHOOL_TERM: frozenset()}
)
"""What it knows of the organisation: it stands in each row, the same in all."""


def prefilled(template: Template, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The content of a return of these rows of the record: every field of the template, null where nothing is known.

    Totals are what the rows come to.
    """
    properties = template.schema["properties"]
    field, _ = template.rows
    content: dict[str, Any] = {}
    for name, schema in properties.items():
        if name == field:
            names = schema["items"]["properties"]
            content[name] = [_filled(template, f"/{name}/*", names, row) for row in rows]
        else:
            content[name] = _filled(template, f"/{name}", schema["properties"], rows[0])
    for pointer, total in totals_of(template, content).items():
        section, _, name = pointer[1:].partition("/")
        content[section][name] = total
    return content


def _filled(template: Template, at: str, names: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    sources = {name: template.prefill.get(f"{at}/{name}") for name in names}
    return {name: None if source is None else _plain(row[source]) for name, source in sources.items()}


def _plain(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case date():
            return value.isoformat()
    return value
