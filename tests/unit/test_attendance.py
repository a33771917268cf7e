"""Sessions: arithmetic, thresholds, bands and marks."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.attendance import (
    AttendanceBand,
    SessionCounts,
    attendance_band,
    attendance_faults,
    attendance_share,
    count_marks,
    is_persistently_absent,
    is_severely_absent,
    marks_of,
)
from app.domain.codes import attendance_classes, register_marks

counts = st.integers(0, 500)
maybe = st.none() | st.integers(-3, 500)


def test_marks_of_the_worked_example() -> None:
    marks = ["/", "\\", "I", "D", "Y2", "#", "L", "U", "B", "G"]

    counted = count_marks(marks, 2026)

    assert counted == SessionCounts(possible=7, attended=4, authorised=1, unauthorised=2)
    assert attendance_share(counted.possible, counted.attended) == Fraction(4, 7)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("/ \\ L B K P V W", SessionCounts(8, 8, 0, 0)),
        ("C C1 C2 E I J1 M R S T", SessionCounts(10, 0, 10, 0)),
        ("G N O U", SessionCounts(4, 0, 0, 4)),
        ("D Q X Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z #", SessionCounts(0, 0, 0, 0)),
        ("", SessionCounts(0, 0, 0, 0)),
    ],
)
def test_marks_by_class(marks: str, expected: SessionCounts) -> None:
    assert count_marks(marks.split(), 2026) == expected


def test_a_year_has_the_marks_that_were_in_use_then() -> None:
    assert count_marks(["H", "J", "Y"], 2023) == SessionCounts(2, 1, 1, 0)
    for mark in "HJY":
        with pytest.raises(ValueError, match=mark):
            count_marks([mark], 2024)
    for mark in ("C1", "K", "Q", "Y7"):
        with pytest.raises(ValueError, match=mark):
            count_marks([mark], 2023)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("/\\/\\", ["/", "\\", "/", "\\"]),
        ("/ \\ I y2 #", ["/", "\\", "I", "Y2", "#"]),
        ("C1C2M", ["C1", "C2", "M"]),
        ("  ", []),
    ],
)
def test_marks_may_stand_together(text: str, marks: list[str]) -> None:
    assert marks_of(text) == marks


def test_every_mark_has_a_class() -> None:
    assert len(attendance_classes()) == 37


@pytest.mark.parametrize("mark", ["A", "i", "", "Y8", "//"])
def test_something_else_is_no_mark(mark: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(mark)}$"):
        count_marks(["/", mark], 2026)


@given(st.lists(st.sampled_from(sorted(register_marks(2026)))))
def test_counted_marks_have_no_fault(marks: list[str]) -> None:
    counted = count_marks(marks, 2026)

    assert attendance_faults(counted.possible, counted.attended, counted.authorised, counted.unauthorised) == ()


@given(counts, counts, counts)
def test_parts_that_make_the_whole_have_no_fault(attended: int, authorised: int, unauthorised: int) -> None:
    possible = attended + authorised + unauthorised

    assert attendance_faults(possible, attended, authorised, unauthorised) == ()
    assert attendance_faults(possible, attended, None, unauthorised) == ()
    assert attendance_faults(possible, None, None, None) == ()
    assert attendance_faults(None, attended, authorised, unauthorised) == ()


@given(maybe, maybe, maybe, maybe)
def test_sound_means_that_missing_figures_could_be_filled_in(
    possible: int | None, attended: int | None, authorised: int | None, unauthorised: int | None
) -> None:
    figures = (possible, attended, authorised, unauthorised)
    parts = figures[1:]
    total = sum(part for part in parts if part is not None)
    fillable = all(figure is None or figure >= 0 for figure in figures) and (
        possible is None or total == possible or (total < possible and None in parts)
    )

    assert (attendance_faults(*figures) == ()) == fillable


def test_each_negative_figure_is_named() -> None:
    assert attendance_faults(-1, 2, None, -3) == (
        "The number of sessions (possible) cannot be below 0.",
        "The number of sessions (unauthorised absence) cannot be below 0.",
    )


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ((40, 30, 5, 8), "3 more than the sessions possible"),
        ((40, 30, 5, 3), "2 fewer than the sessions possible"),
        ((40, 41, None, None), "1 more than the sessions possible"),
    ],
)
def test_sums_that_do_not_fit(figures: tuple[int, int, int | None, int | None], sentence: str) -> None:
    (fault,) = attendance_faults(*figures)

    assert sentence in fault


@pytest.mark.parametrize(
    ("possible", "absent", "persistent", "severe"),
    [
        (140, 13, False, False),
        (140, 14, True, False),
        (129, 12, False, False),  # 9.3%
        (1000, 99, False, False),  # 9.9% must not be rounded up to 10
        (10_000, 999, False, False),
        (140, 69, True, False),
        (140, 70, True, True),
        (141, 70, True, False),
        (1, 1, True, True),
        (1, 0, False, False),
        (0, 0, None, None),
    ],
)
def test_persistent_and_severe(possible: int, absent: int, persistent: bool | None, severe: bool | None) -> None:
    assert is_persistently_absent(possible, absent) is persistent
    assert is_severely_absent(possible, absent) is severe


@pytest.mark.parametrize(
    ("possible", "attended", "band"),
    [
        (100, 100, "95_and_over"),
        (100, 95, "95_and_over"),
        (10_000, 9499, "90_to_95"),
        (100, 90, "90_to_95"),
        (10_000, 8999, "80_to_90"),
        (100, 80, "80_to_90"),
        (10_000, 7999, "50_to_80"),
        (100, 50, "50_to_80"),
        (10_000, 4999, "under_50"),
        (100, 0, "under_50"),
        (0, 0, None),
    ],
)
def test_bands_hold_their_lower_end(possible: int, attended: int, band: str | None) -> None:
    assert attendance_band(possible, attended) == band


@given(st.integers(1, 400), st.integers(0, 400))
def test_bands_agree_with_the_exact_share(possible: int, attended: int) -> None:
    share = attendance_share(possible, attended)
    floors = {AttendanceBand.OVER_95: 95, AttendanceBand.FROM_90: 90, AttendanceBand.FROM_80: 80}
    floors |= {AttendanceBand.FROM_50: 50, AttendanceBand.UNDER_50: 0}

    assert share is not None
    assert attendance_band(possible, attended) == next(
        band for band, floor in floors.items() if share >= Fraction(floor, 100)
    )


def test_no_possible_session_has_no_share() -> None:
    assert attendance_share(0, 0) is None
