"""URN, LAESTAB and UKPRN."""

import pytest

from app.domain.identifiers import laestab_fault, laestab_warning, ukprn_fault, urn_fault
from app.domain.local_authorities import local_authorities

NOT_DIGITS = ["", " ", "١٢٣٤٥٦٧", "12345six", "1.50000"]


@pytest.mark.parametrize("value", ["100000", "148765"])
def test_sound_urn(value: str) -> None:
    assert urn_fault(value) is None


@pytest.mark.parametrize("value", [*NOT_DIGITS, "12345", "1234567", "012345", "123456\n", " 123456"])
def test_unsound_urn(value: str) -> None:
    assert urn_fault(value) == "A URN is six digits and does not start with 0."


@pytest.mark.parametrize("value", ["2022775", "9269999"])
def test_sound_laestab(value: str) -> None:
    assert laestab_fault(value) is None
    assert laestab_warning(value) is None


@pytest.mark.parametrize("value", [*NOT_DIGITS, "926999", "92699999", "9269999\n"])
def test_unsound_laestab(value: str) -> None:
    assert "is seven digits" in (laestab_fault(value) or "")
    with pytest.raises(ValueError, match="LAESTAB"):
        laestab_warning(value)


@pytest.mark.parametrize("value", ["926/9999", "926 9999", "926-9999"])
def test_laestab_with_a_separator_is_told_apart(value: str) -> None:
    assert "nothing between" in (laestab_fault(value) or "")


def test_unknown_authority_of_a_laestab_is_only_a_warning() -> None:
    assert laestab_fault("0019999") is None
    assert "authority" in (laestab_warning("0019999") or "")


def test_abolished_authority_of_a_laestab_is_known() -> None:
    assert laestab_warning("9099999") is None


@pytest.mark.parametrize("value", ["10078058"])
def test_sound_ukprn(value: str) -> None:
    assert ukprn_fault(value) is None


@pytest.mark.parametrize("value", [*NOT_DIGITS, "1007805", "100780580", "00078058"])
def test_unsound_ukprn(value: str) -> None:
    assert ukprn_fault(value) == "A UKPRN is eight digits and does not start with 0."


def test_the_authorities_of_england() -> None:
    authorities = local_authorities()

    assert len(authorities) == 153
    assert authorities["926"].name == "Norfolk"
    assert authorities["926"].gss_code == "E10000020"
    assert {authority.region for authority in authorities.values()} >= {"London", "East of England"}
