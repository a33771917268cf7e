"""Year groups, key stages, and the year group that a date of birth leads to."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.year_groups import (
    YEAR_GROUPS,
    KeyStage,
    expected_year_group,
    key_stage,
    year_group_fault,
    year_group_warning,
)


def test_year_groups_in_order() -> None:
    assert " ".join(YEAR_GROUPS) == "E1 E2 N1 N2 R 1 2 3 4 5 6 7 8 9 10 11 12 13 14"


@pytest.mark.parametrize(
    ("stage", "year_groups"),
    [
        (KeyStage.EYFS, ["E1", "E2", "N1", "N2", "R"]),
        (KeyStage.KS1, ["1", "2"]),
        (KeyStage.KS2, ["3", "4", "5", "6"]),
        (KeyStage.KS3, ["7", "8", "9"]),
        (KeyStage.KS4, ["10", "11"]),
        (KeyStage.KS5, ["12", "13", "14"]),
    ],
)
def test_key_stages(stage: KeyStage, year_groups: list[str]) -> None:
    assert [year_group for year_group in YEAR_GROUPS if key_stage(year_group) is stage] == year_groups


@pytest.mark.parametrize("value", ["", "0", "15", "Y7", "07", "r", "X", " 7"])
def test_no_year_group(value: str) -> None:
    assert year_group_fault(value) == "A year group is E1, E2, N1, N2, R or a number from 1 to 14."
    with pytest.raises(ValueError, match="A year group is"):
        key_stage(value)
    with pytest.raises(ValueError, match="A year group is"):
        year_group_warning(value, date(2014, 1, 1), date(2026, 11, 22))


@pytest.mark.parametrize("value", YEAR_GROUPS)
def test_year_group_without_fault(value: str) -> None:
    assert year_group_fault(value) is None


@pytest.mark.parametrize(
    ("born", "on", "expected"),
    [
        (date(2022, 8, 31), date(2026, 9, 1), "R"),  # the youngest of Reception
        (date(2022, 9, 1), date(2026, 9, 1), "N2"),  # the oldest of the next year
        (date(2021, 9, 1), date(2026, 9, 1), "R"),  # the oldest of Reception
        (date(2021, 8, 31), date(2026, 9, 1), "1"),
        (date(2022, 8, 31), date(2026, 8, 31), "N2"),  # the year has not turned
        (date(2013, 9, 1), date(2026, 11, 22), "8"),
        (date(2014, 8, 31), date(2026, 11, 22), "8"),
        (date(2010, 9, 1), date(2027, 8, 31), "11"),
        (date(2010, 9, 1), date(2027, 9, 1), "12"),
        (date(2007, 9, 1), date(2026, 9, 1), "14"),
        (date(2007, 8, 31), date(2026, 9, 1), None),  # too old
        (date(2025, 9, 1), date(2026, 9, 1), "E1"),
        (date(2024, 2, 29), date(2026, 9, 1), "N1"),
        (date(2026, 9, 1), date(2026, 11, 22), None),  # born in this academic year
        (date(2027, 3, 1), date(2026, 11, 22), None),  # not born yet
    ],
)
def test_expected_year_group(born: date, on: date, expected: str | None) -> None:
    assert expected_year_group(born, on) == expected


@given(st.dates(date(1990, 1, 1), date(2040, 12, 31)), st.integers(4, 17))
def test_reception_is_the_september_after_the_fourth_birthday(born: date, age: int) -> None:
    """By whole years of age on 1 September, instead of by academic years."""
    first_september = date(born.year + age, 9, 1)
    birthday_passed = (born.month, born.day) < (9, 1)
    years_old = age if birthday_passed else age - 1
    expected = "R" if years_old == 4 else "N2" if years_old == 3 else str(years_old - 4)

    assert expected_year_group(born, first_september) == expected
    assert expected_year_group(born, first_september + timedelta(days=364)) == expected


def test_usual_year_needs_no_warning() -> None:
    assert year_group_warning("8", date(2013, 9, 1), date(2026, 11, 22)) is None


def test_out_of_year_is_a_warning_that_names_the_usual_year() -> None:
    warning = year_group_warning("7", date(2013, 9, 1), date(2026, 11, 22))

    assert warning == "Year 7 is not usual for this date of birth, which is Year 8. Check both."


def test_reception_is_spoken_as_a_word() -> None:
    assert "Reception" in (year_group_warning("1", date(2022, 8, 31), date(2026, 9, 1)) or "")


def test_age_outside_school_is_a_warning() -> None:
    assert "outside the years" in (year_group_warning("13", date(1990, 1, 1), date(2026, 11, 22)) or "")
