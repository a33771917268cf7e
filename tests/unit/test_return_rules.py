import json
from copy import deepcopy
from datetime import date
from itertools import product
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.domain.calendar import Calendar
from app.domain.return_rules import draft_faults, school_warnings, submit_faults
from app.domain.returns import (
    PROVIDER_HALF_TERM,
    SCHOOL_TERM,
    ReturnAct,
    ReturnState,
    available_acts,
    ended_half_terms,
    ended_terms,
    move,
    template_of,
    templates,
    term_of_key,
)
from app.errors import ActionNotAvailable

SCHOOL = template_of(SCHOOL_TERM)
PROVIDER = template_of(PROVIDER_HALF_TERM)

PUPIL = {
    "referral_id": "01939d2a-7b1c-7e55-8f00-5d1c0f6f2a10",
    "referral_reference": "R-7K3F-9QXM",
    "mis_id": "SYN-1",
    "no_figures_reason": None,
    "sessions_possible": 140,
    "sessions_attended": 120,
    "sessions_authorised": 12,
    "sessions_unauthorised": 8,
    "suspension_count": 0,
    "sessions_lost": 0,
    "permanent_exclusion_count": 0,
    "comment": None,
}
CASE = {
    "intervention_id": "01939d2a-7b1c-7e55-8f00-5d1c0f6f2a11",
    "referral_reference": "R-7K3F-9QXM",
    "contacts_offered_count": 5,
    "contacts_attended_count": 4,
    "state_at_end": "closed",
    "planned_end_on": "2026-12-18",
}


def school(**changes: Any) -> dict[str, Any]:
    return {"pupils": [{**PUPIL, **changes}]}


def provider(**changes: Any) -> dict[str, Any]:
    return {
        "cases": [deepcopy(CASE)],
        "totals": {
            "case_count": 1,
            "contacts_offered_count": 5,
            "contacts_attended_count": 4,
            "closed_count": 1,
        },
        "staffing": {"practitioner_count": 2, "vacancy_count": 0},
        "narrative": {"what_helped": "Visits.", "barriers": "Buses."},
        **changes,
    }


def codes(faults: Any) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in faults]


def test_every_template_is_a_sound_schema_whose_words_fit_it() -> None:
    assert len(templates()) == 2
    for template in templates():
        Draft202012Validator.check_schema(template.schema)
        fields = set(_leaves(template.schema, ""))
        assert set(template.needed) <= fields
        assert fields - set(template.content["labels"]) == set()
        assert all(rule["says"].endswith(".") for rule in template.content["rules"])
        json.dumps(template.content)


def _leaves(schema: dict[str, Any], at: str) -> Any:
    if "properties" in schema:
        for name, inner in schema["properties"].items():
            yield from _leaves(inner, f"{at}/{name}")
    elif "items" in schema:
        yield from _leaves(schema["items"], f"{at}/*")
    else:
        yield at


def test_a_sound_return_has_no_fault() -> None:
    assert submit_faults(SCHOOL, school(), school()) == []
    assert submit_faults(PROVIDER, provider(), provider()) == []


@pytest.mark.parametrize("name", [pointer.rsplit("/", 1)[1] for pointer in SCHOOL.needed])
def test_a_gap_is_welcome_in_a_draft_and_not_in_what_is_submitted(name: str) -> None:
    for gap in (school(**{name: None}), {"pupils": [{key: value for key, value in PUPIL.items() if key != name}]}):
        assert draft_faults(SCHOOL, gap, school()) == []
        assert (f"/pupils/0/{name}", "needed") in codes(submit_faults(SCHOOL, gap, school()))


def test_blank_words_are_a_gap() -> None:
    blank = provider(narrative={"what_helped": "  ", "barriers": "Buses."})
    assert codes(submit_faults(PROVIDER, blank, provider())) == [("/narrative/what_helped", "needed")]


def test_a_reason_stands_in_for_figures_but_not_beside_them() -> None:
    nothing = {name: None for name in PUPIL if name.startswith(("sessions", "suspension", "permanent"))}
    gone = school(**nothing, no_figures_reason="left_the_school")
    assert submit_faults(SCHOOL, gone, school()) == []
    both = school(no_figures_reason="left_the_school")
    assert codes(submit_faults(SCHOOL, both, school())) == [("/pupils/0/no_figures_reason", "reason_or_figures")]


@pytest.mark.parametrize(("attended", "fault"), [(120, False), (121, True), (119, True), (141, True)])
def test_sessions_must_come_to_those_possible(attended: int, *, fault: bool) -> None:
    faults = submit_faults(SCHOOL, school(sessions_attended=attended), school())
    assert codes(faults) == ([("/pupils/0/sessions_possible", "sessions_add_up")] if fault else [])


def test_rows_are_those_of_the_record_each_once() -> None:
    other = {**PUPIL, "referral_id": "01939d2a-7b1c-7e55-8f00-5d1c0f6f2aff"}
    assert codes(draft_faults(SCHOOL, {"pupils": [PUPIL, other]}, school())) == [
        ("/pupils/1/referral_id", "row_for_each")
    ]
    assert codes(draft_faults(SCHOOL, {"pupils": [PUPIL, PUPIL]}, school())) == [
        ("/pupils/1/referral_id", "row_for_each")
    ]
    shouted = {**PUPIL, "referral_id": PUPIL["referral_id"].upper()}  # type: ignore[union-attr]
    assert codes(draft_faults(SCHOOL, {"pupils": [PUPIL, shouted]}, school())) == [
        ("/pupils/1/referral_id", "row_for_each")
    ]
    assert codes(draft_faults(SCHOOL, school(referral_reference="R-0000-0000"), school())) == [
        ("/pupils/0/referral_reference", "unchanged")
    ]
    assert draft_faults(SCHOOL, {"pupils": []}, school()) == []
    assert codes(submit_faults(SCHOOL, {"pupils": []}, school())) == [("/pupils", "row_for_each")]


def test_more_contacts_attended_than_offered_and_wrong_totals_are_told() -> None:
    content = provider(cases=[{**CASE, "contacts_attended_count": 6}])
    assert codes(submit_faults(PROVIDER, content, provider())) == [
        ("/cases/0/contacts_attended_count", "attended_within_offered"),
        ("/totals/contacts_attended_count", "totals_agree"),
    ]


@pytest.mark.parametrize(
    ("content", "pointer", "code"),
    [
        ({}, "/pupils", "required"),
        ({"pupils": {}}, "/pupils", "wrong_type"),
        ({"pupils": [7]}, "/pupils/0", "wrong_type"),
        ({"pupils": [], "more": 1}, "/more", "unknown_field"),
        (school(sessions_possible=1.0), "/pupils/0/sessions_possible", "wrong_type"),
        (school(sessions_possible=True), "/pupils/0/sessions_possible", "wrong_type"),
        (school(sessions_possible=-1), "/pupils/0/sessions_possible", "out_of_range"),
        (school(sessions_possible=401), "/pupils/0/sessions_possible", "out_of_range"),
        (school(no_figures_reason="tired"), "/pupils/0/no_figures_reason", "unknown_value"),
        (school(comment="x" * 2001), "/pupils/0/comment", "too_long"),
        (school(comment="a\x00b"), "/pupils/0/comment", "not_text"),
        (school(comment="a\ud800b"), "/pupils/0/comment", "not_text"),
        (school(referral_id="one"), "/pupils/0/referral_id", "wrong_format"),
        (provider(cases=[{**CASE, "planned_end_on": "18/12/2026"}]), "/cases/0/planned_end_on", "wrong_format"),
        (provider(cases=[{**CASE, "planned_end_on": "20261218"}]), "/cases/0/planned_end_on", "wrong_format"),
    ],
)
def test_a_wrong_shape_is_told_where_it_is(content: dict[str, Any], pointer: str, code: str) -> None:
    template = PROVIDER if "cases" in content else SCHOOL
    known = provider() if "cases" in content else school()
    (fault,) = draft_faults(template, content, known)
    assert (fault.pointer, fault.code) == (pointer, code)
    assert fault.detail.endswith(".")
    fault.detail.encode()


def test_a_long_and_broken_field_name_comes_back_clipped_and_printable() -> None:
    (fault,) = draft_faults(SCHOOL, {"pupils": [], "x" * 500 + "\ud800": 1}, school())
    assert len(fault.pointer) < 120
    fault.pointer.encode()


def test_odd_suspensions_are_a_warning_and_not_a_fault() -> None:
    carried = school(suspension_count=0, sessions_lost=4)
    assert submit_faults(SCHOOL, carried, school()) == []
    assert [warning.pointer for warning in school_warnings(carried)] == ["/pupils/0/sessions_lost"]


def test_only_listed_moves_are_open() -> None:
    opened = {(act, state) for act, state in product(ReturnAct, ReturnState) if _is_open(act, state)}
    assert opened == {
        *product([ReturnAct.FILL, ReturnAct.SUBMIT], [ReturnState.DUE, ReturnState.DRAFT, ReturnState.QUERIED]),
        *product([ReturnAct.QUERY, ReturnAct.ACCEPT], [ReturnState.SUBMITTED, ReturnState.RESUBMITTED]),
        *product([ReturnAct.QUERY, ReturnAct.AMEND], [ReturnState.ACCEPTED]),
    }
    assert move(ReturnState.QUERIED, ReturnAct.SUBMIT) == (ReturnState.RESUBMITTED, "return.resubmitted")
    assert available_acts(ReturnState.DUE, officer=False) == ["fill", "submit"]
    assert available_acts(ReturnState.DUE, officer=True) == []
    assert available_acts(ReturnState.SUBMITTED, officer=True) == ["query", "accept"]


def _is_open(act: ReturnAct, state: ReturnState) -> bool:
    try:
        move(state, act)
    except ActionNotAvailable:
        return False
    return True


def test_a_period_has_ended_only_when_its_last_day_is_over() -> None:
    calendar = Calendar()
    (last,) = ended_half_terms(calendar, date(2026, 12, 1), date(2026, 12, 31))
    assert last.key == "2026/27-2"
    assert ended_half_terms(calendar, last.ends_on, last.ends_on) == []
    (same,) = ended_terms(calendar, last.ends_on, date(2026, 12, 31))
    assert (same.period.key, same.period.ends_on) == ("2026/27-autumn", last.ends_on)
    assert same.previous_starts_on == calendar.terms_of("2025/26")[2].starts_on
    year = ended_half_terms(calendar, date(2026, 9, 1), date(2027, 8, 31))
    assert [period.key for period in year] == [f"2026/27-{number}" for number in range(1, 7)]


@pytest.mark.parametrize("key", ["2026/27", "2026/28-autumn", "2026/27-winter", "2026/27-1", "", "9999/00-autumn", "x"])
def test_what_is_no_term_is_none(key: str) -> None:
    assert term_of_key(Calendar(), key) is None


def test_a_term_is_found_by_its_key() -> None:
    found = term_of_key(Calendar(), "2026/27-spring")
    assert found is not None
    assert found.starts_on.year == 2027
