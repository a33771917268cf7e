"""A school's own dates, laid over its authority's calendar.

Most schools keep the authority's terms and choose their training days; an academy may choose its terms too. What a
school states of a year stands in place of the authority's: its training days for the authority's, its half-terms for
the authority's or the default ones. What it leaves unsaid follows the authority, also when that changes. Days that the
authority lists as bank holidays hold for every school.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.academic_year import HalfTerm, start_year_of
from app.domain.calendar import Calendar, ClosureKind, NamedClosure, calendar_start_year


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """What a school states of one academic year; None leaves it to the authority."""

    academic_year: str
    half_terms: tuple[HalfTerm, ...] | None = None
    training_days: tuple[NamedClosure, ...] | None = None

    @property
    def start_year(self) -> int:
        """2026 for `2026/27`."""
        return start_year_of(self.academic_year)


def school_calendar(authority: Calendar, stated: Sequence[SchoolYear]) -> Calendar:
    """The calendar of a school that states some years.

    Raises ValueError when half-terms that it states are not sound.
    """
    with_half_terms = {year.academic_year for year in stated if year.half_terms is not None}
    with_training_days = {year.start_year for year in stated if year.training_days is not None}
    halves = [half for half in authority.half_terms if half.academic_year not in with_half_terms]
    closures = [
        closure
        for closure in authority.closures
        if closure.kind is ClosureKind.BANK_HOLIDAY or calendar_start_year(closure.on) not in with_training_days
    ]
    for year in stated:
        halves += year.half_terms or ()
        closures += [named.closure for named in year.training_days or ()]
    return Calendar(tuple(halves), tuple(closures))
