"""National code lists, needs, and the closed lists of our own."""

import re

import pytest

from app.domain import vocabulary
from app.domain.codes import code_fault, code_set_names, codes
from app.domain.needs import NEEDS, NeedAbout, need_fault

SIZES = {
    "ethnicity": 24,
    "language": 316,
    "sen_provision": 3,
    "sen_type": 14,
    "attendance_code": 37,
    "exclusion_category": 3,
    "exclusion_reason": 29,
    "exclusion_review_body": 2,
    "exclusion_review_result": 14,
    "upn_unknown_reason": 10,
    "fsm_category": 3,
    "pupil_premium": 5,
    "young_carer": 3,
    "service_child": 4,
}


def test_lists_that_ship() -> None:
    assert {name: len(codes(name)) for name in code_set_names()} == SIZES


@pytest.mark.parametrize(
    ("set_name", "code", "label"),
    [
        ("ethnicity", "APKN", "Pakistani"),
        ("language", "ENG", "English"),
        ("sen_provision", "E", "Education, health and care plan"),
        ("attendance_code", "\\", "Present (PM)"),
        ("exclusion_category", "SUSP", "Suspension"),
    ],
)
def test_labels(set_name: str, code: str, label: str) -> None:
    assert codes(set_name)[code] == label
    assert code_fault(set_name, code) is None


def test_short_list_is_named_in_full() -> None:
    fault = code_fault("sen_provision", "<b>")

    assert fault == "This is not a code of the list 'SEN provision', which has N, K, E."


@pytest.mark.parametrize("value", ["XXXX", "wbri", "", "White - British"])
def test_long_list_is_not_spelt_out_and_the_value_not_repeated(value: str) -> None:
    fault = code_fault("ethnicity", value)

    assert fault == "This is not a code of the list 'ethnicity' (DfE Common Basic Data Set, in capital letters)."


def test_unknown_list_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        codes("shoe_size")
    with pytest.raises(KeyError):
        code_fault("shoe_size", "9")


def test_lists_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        codes("ethnicity")["XXXX"] = "Nobody"  # type: ignore[index]


def test_needs_are_a_short_list_about_child_parent_and_family() -> None:
    assert 20 <= len(NEEDS) <= 25
    assert {need.usually_about for need in NEEDS.values()} == set(NeedAbout)
    assert all(key == need.key and re.fullmatch(r"[a-z_]+", key) for key, need in NEEDS.items())
    assert len({need.label for need in NEEDS.values()}) == len(NEEDS)


def test_need_fault() -> None:
    assert need_fault("attendance") is None
    assert "not a need" in (need_fault("Attendance") or "")


def test_a_contact_that_started_late_counts_as_attended() -> None:
    assert {"attended", "late"} == vocabulary.ATTENDED_RESULTS
