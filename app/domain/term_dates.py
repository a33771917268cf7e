"""Half-terms of the authorities whose calendars ship with the service."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

from app.domain.academic_year import HalfTerm
from app.domain.packaged import packaged_rows


@cache
def shipped_half_terms() -> Mapping[str, tuple[HalfTerm, ...]]:
    """Return the half-terms of `term_dates.csv` by DfE authority code, in order."""
    by_authority: dict[str, list[HalfTerm]] = {}
    for row in packaged_rows("term_dates.csv"):
        half_term = HalfTerm(
            academic_year=row["academic_year"],
            half_term=int(row["half_term"]),
            starts_on=date.fromisoformat(row["start_date"]),
            ends_on=date.fromisoformat(row["end_date"]),
        )
        by_authority.setdefault(row["la_code"], []).append(half_term)
    return MappingProxyType({la_code: tuple(sorted(halves)) for la_code, halves in by_authority.items()})
