"""Attendance in sessions (half days), as the DfE counts it.

Attended plus authorised plus unauthorised absence makes the sessions possible. Persistent absence is 10% or
more of a pupil's own possible sessions missed, severe absence 50% or more (DfE, Pupil absence in schools in
England: methodology). Thresholds are compared in whole numbers, never on rounded shares. A pupil with no
possible session has no share, and is neither persistent nor severe nor the opposite: the answer is None.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from app.domain.codes import AttendanceClass, register_marks

PERSISTENT_PERCENT: Final = 10
SEVERE_PERCENT: Final = 50

_ATTENDED: Final = (AttendanceClass.ATTENDING, AttendanceClass.APPROVED_EDUCATIONAL_ACTIVITY)


class AttendanceBand(StrEnum):
    """Attendance as a provider sees it with an offer. The lower end belongs to a band, the upper does not.

    So exactly 90% is `90_to_95`, though it is persistent absence, and exactly 50% is `50_to_80`, though it is
    severe: the names say which figures a band holds, the two absence measures say how they are judged.
    """

    OVER_95 = "95_and_over"
    FROM_90 = "90_to_95"
    FROM_80 = "80_to_90"
    FROM_50 = "50_to_80"
    UNDER_50 = "under_50"


_BAND_FLOORS: Final = (
    (95, AttendanceBand.OVER_95),
    (90, AttendanceBand.FROM_90),
    (80, AttendanceBand.FROM_80),
    (SEVERE_PERCENT, AttendanceBand.FROM_50),
)


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """Sessions of one pupil over some dates."""

    possible: int
    attended: int
    authorised: int
    unauthorised: int


def attendance_faults(
    possible: int | None, attended: int | None, authorised: int | None, unauthorised: int | None
) -> tuple[str, ...]:
    """Return a plain sentence for each thing wrong with a pupil's sessions; none when they agree.

    Any figure may be missing (None); what is there must still be consistent. The sentences hold no figures of
    the pupil's own.
    """
    names = ("possible", "attended", "authorised absence", "unauthorised absence")
    figures = (possible, attended, authorised, unauthorised)
    negative = [name for name, figure in zip(names, figures, strict=True) if figure is not None and figure < 0]
    if negative:
        return tuple(f"The number of sessions ({name}) cannot be below 0." for name in negative)
    parts = (attended, authorised, unauthorised)
    known = [part for part in parts if part is not None]
    if possible is None or not known:
        return ()
    excess = sum(known) - possible
    if excess > 0:
        return (f"Sessions attended and missed come to {excess} more than the sessions possible.",)
    if excess < 0 and len(known) == len(parts):
        return (f"Sessions attended and missed come to {-excess} fewer than the sessions possible.",)
    return ()


def attendance_share(possible: int, attended: int) -> Fraction | None:
    """Return the exact share of possible sessions attended, 0 to 1, or None when none was possible."""
    return Fraction(attended, possible) if possible > 0 else None


def is_persistently_absent(possible: int, absent: int) -> bool | None:
    """Say whether 10% or more of the possible sessions were missed; None when none was possible."""
    return _missed_at_least(PERSISTENT_PERCENT, possible, absent)


def is_severely_absent(possible: int, absent: int) -> bool | None:
    """Say whether 50% or more of the possible sessions were missed; None when none was possible."""
    return _missed_at_least(SEVERE_PERCENT, possible, absent)


def _missed_at_least(percent: int, possible: int, absent: int) -> bool | None:
    return absent * 100 >= possible * percent if possible > 0 else None


def attendance_band(possible: int, attended: int) -> AttendanceBand | None:
    """Return the band of a pupil's attendance, or None when no session was possible."""
    if possible <= 0:
        return None
    for floor, band in _BAND_FLOORS:
        if attended * 100 >= possible * floor:
            return band
    return AttendanceBand.UNDER_50


def count_marks(marks: Iterable[str], start_year: int) -> SessionCounts:
    r"""Count register marks, such as `/`, `\`, `I` or `Y2`, by what they count as in the academic year's statistics.

    `start_year` is the calendar year in which the academic year begins: the codes changed with that of 2024. Marks for
    sessions that were not possible (D, Q, X, Y1 to Y7) or are not collected (Z, #) leave all four counts alone. Raises
    ValueError, naming a mark that is none in that year.
    """
    classes = register_marks(start_year)
    counts: Counter[AttendanceClass] = Counter()
    for mark in marks:
        if mark not in classes:
            raise ValueError(mark)
        counts[classes[mark]] += 1
    attended = sum(counts[kind] for kind in _ATTENDED)
    authorised = counts[AttendanceClass.AUTHORISED_ABSENCE]
    unauthorised = counts[AttendanceClass.UNAUTHORISED_ABSENCE]
    return SessionCounts(attended + authorised + unauthorised, attended, authorised, unauthorised)


_MARK: Final = re.compile(r"[A-Z][0-9]|.", re.DOTALL)
_MOST_MARKS: Final = 400
"""A term has fewer sessions, and a year 380."""


def marks_of(text: str) -> list[str]:
    r"""Return the marks in a text such as `/\/\ I I L B Y2`.

    They may stand together: a digit belongs to the letter before it. Capitals and small letters are the same mark.
    Raises ValueError for more marks than a year has sessions.
    """
    marks = _MARK.findall("".join(text.upper().split()))
    if len(marks) > _MOST_MARKS:
        raise ValueError(f"more than {_MOST_MARKS} of them")
    return marks
