"""National curriculum year groups, their key stages, and the one a date of birth leads to.

The year turns on 1 September: a child is in Reception in the academic year that begins after the fourth
birthday, so a child born on 31 August is the youngest of a year group and one born on 1 September the oldest
of the next (School Admissions Code; Education Act 1996, section 8).
"""

from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.academic_year import academic_year_start

YEAR_GROUPS: Final = ("E1", "E2", "N1", "N2", "R", *(str(number) for number in range(1, 15)))


class KeyStage(StrEnum):
    """Stages of the national curriculum, and the early years before it."""

    EYFS = "EYFS"
    KS1 = "KS1"
    KS2 = "KS2"
    KS3 = "KS3"
    KS4 = "KS4"
    KS5 = "KS5"


_LAST_YEAR_OF_STAGE: Final = (
    (0, KeyStage.EYFS),
    (2, KeyStage.KS1),
    (6, KeyStage.KS2),
    (9, KeyStage.KS3),
    (11, KeyStage.KS4),
    (14, KeyStage.KS5),
)
_RECEPTION: Final = YEAR_GROUPS.index("R")
KEY_STAGE_OF: Final = {
    year_group: next(stage for last, stage in _LAST_YEAR_OF_STAGE if place - _RECEPTION <= last)
    for place, year_group in enumerate(YEAR_GROUPS)
}


def year_group_fault(value: str) -> str | None:
    """Return one plain sentence when the value is no year group, or None."""
    if value in KEY_STAGE_OF:
        return None
    return "A year group is E1, E2, N1, N2, R or a number from 1 to 14."


def key_stage(year_group: str) -> KeyStage:
    """Return the key stage of a year group; 12 to 14 are KS5. Raises ValueError for an unknown year group."""
    fault = year_group_fault(year_group)
    if fault is not None:
        raise ValueError(fault)
    return KEY_STAGE_OF[year_group]


def expected_year_group(date_of_birth: date, on: date) -> str | None:
    """Return the usual year group of a child on a London date.

    None before the September after birth, and after Year 14.
    """
    place = academic_year_start(on) - academic_year_start(date_of_birth) - 1
    return YEAR_GROUPS[place] if 0 <= place < len(YEAR_GROUPS) else None


def year_group_warning(year_group: str, date_of_birth: date, on: date) -> str | None:
    """Return a sentence when a year group is not the usual one for the age, else None.

    Only a warning: children are taught out of their year for good reasons. Raises ValueError for an unknown
    year group.
    """
    key_stage(year_group)
    usual = expected_year_group(date_of_birth, on)
    if usual == year_group:
        return None
    stated = _spoken(year_group)
    if usual is None:
        return f"{stated} is not usual for this date of birth, which is outside the years E1 to 14."
    return f"{stated} is not usual for this date of birth, which is {_spoken(usual)}. Check both."


def _spoken(year_group: str) -> str:
    return "Reception" if year_group == "R" else f"Year {year_group}"
