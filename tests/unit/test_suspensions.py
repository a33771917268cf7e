"""Suspensions: what looks wrong, and bands."""

import pytest

from app.domain.suspensions import SuspensionBand, suspension_band, suspension_warnings


@pytest.mark.parametrize(
    ("suspensions", "sessions"), [(None, None), (0, 0), (3, None), (None, 90), (2, 2), (9, 90), (1, 90), (0, None)]
)
def test_usual_figures_need_no_warning(suspensions: int | None, sessions: int | None) -> None:
    assert suspension_warnings(suspensions, sessions) == ()


@pytest.mark.parametrize(
    ("suspensions", "sessions", "sentence"),
    [
        (5, 91, "45 school days"),
        (None, 91, "45 school days"),
        (0, 2, "no suspension is counted"),
        (3, 2, "fewer sessions than suspensions"),
    ],
)
def test_unusual_figures_are_warned_of(suspensions: int | None, sessions: int | None, sentence: str) -> None:
    (warning,) = suspension_warnings(suspensions, sessions)

    assert sentence in warning


def test_two_things_give_two_warnings() -> None:
    assert len(suspension_warnings(0, 91)) == 2


@pytest.mark.parametrize(
    ("suspensions", "band"),
    [(0, "none"), (1, "one"), (2, "two_to_three"), (3, "two_to_three"), (4, "four_and_over"), (40, "four_and_over")],
)
def test_bands(suspensions: int, band: str) -> None:
    assert suspension_band(suspensions) is SuspensionBand(band)


def test_no_band_below_nothing() -> None:
    with pytest.raises(ValueError, match="below 0"):
        suspension_band(-1)
