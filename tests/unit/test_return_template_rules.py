"""What an authority may ask in a version of its own: nothing that breaks a return, and never less than facts need."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.return_prefill import ROW_SOURCES, SOURCES, prefilled
from app.domain.return_rules import draft_faults, submit_faults
from app.domain.return_template_rules import changes_between, fields_of, own_content, own_version, template_faults
from app.domain.returns import PROVIDER_HALF_TERM, SCHOOL_TERM, template_of

BASES = [template_of(SCHOOL_TERM), template_of(PROVIDER_HALF_TERM)]
SCHOOL = BASES[0]


def stated(base: Any = SCHOOL) -> dict[str, Any]:
    return deepcopy(own_content(base))


def row_of(base: Any) -> dict[str, Any]:
    known: dict[str, Any] = dict.fromkeys(ROW_SOURCES[base.name] | SOURCES[base.name])
    _, key = base.rows
    return {**known, key: "01939d2a-7b1c-7e55-8f00-5d1c0f6f2a10", "referral_reference": "R-7K3F-9QXM"}


def pupils(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["schema"]["properties"]["pupils"]["items"]["properties"]
    return found


def codes(content: dict[str, Any], base: Any = SCHOOL) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in template_faults(base, content)]


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_what_ships_could_be_an_authoritys_own(base: Any) -> None:
    assert template_faults(base, stated(base)) == []
    content = prefilled(base, [row_of(base)])
    assert draft_faults(base, content, content) == []


def with_view() -> dict[str, Any]:
    content = stated()
    pupils(content)["tutors_view"] = {"enum": ["better", "same", "worse", None]}
    content["labels"]["/pupils/*/tutors_view"] = "How the form tutor sees it"
    content["needed"].append("/pupils/*/tutors_view")
    content["sheet"].append({"heading": "Tutor's view", "field": "tutors_view"})
    return content


def test_a_question_may_be_added_and_is_then_needed() -> None:
    assert codes(with_view()) == []
    own = own_version(SCHOOL, with_view(), 1001)
    content = prefilled(own, [row_of(SCHOOL)])
    assert content["pupils"][0]["tutors_view"] is None
    missing = {fault.pointer for fault in submit_faults(own, content, content)}
    assert "/pupils/0/tutors_view" in missing
    assert changes_between(SCHOOL, own) == {"added": ["/pupils/*/tutors_view"], "dropped": [], "changed": []}


def test_a_field_that_nothing_stands_on_may_be_left_out() -> None:
    content = stated()
    del pupils(content)["comment"]
    del content["labels"]["/pupils/*/comment"]
    content["sheet"] = [column for column in content["sheet"] if column.get("field") != "comment"]
    assert codes(content) == []
    assert changes_between(SCHOOL, own_version(SCHOOL, content, 1001))["dropped"] == ["/pupils/*/comment"]


@pytest.mark.parametrize("pointer", SCHOOL.kept)
def test_a_field_that_facts_stand_on_stays(pointer: str) -> None:
    name = pointer.rpartition("/")[2]
    dropped = stated()
    del pupils(dropped)[name]
    assert ("/schema", "kept") in codes(dropped)
    altered = stated()
    pupils(altered)[name] = {"type": ["integer", "null"], "minimum": 0, "maximum": 7}
    assert ("/schema", "kept") in codes(altered)


@pytest.mark.parametrize("code", ["sessions_add_up", "reason_or_figures"])
def test_a_rule_that_keeps_figures_sound_stays(code: str) -> None:
    content = stated()
    content["rules"] = [rule for rule in content["rules"] if rule["code"] != code]
    assert codes(content) == [("/rules", "kept")]


def _rule(content: dict[str, Any], *pointers: str) -> None:
    content["rules"].append({"code": "odd", "says": "Odd.", "check": {"at_most": list(pointers)}})


def _section(content: dict[str, Any], schema: dict[str, Any]) -> None:
    content["schema"]["properties"]["more"] = schema


_EMPTY = {"type": "object", "additionalProperties": False, "required": [], "properties": {}}
BREAKS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a label is missing": lambda content: content["labels"].pop("/pupils/*/comment"),
    "a reference into nothing": lambda content: content["needed"].append("/pupils/*/nothing"),
    "a rule about text": lambda content: _rule(content, "/pupils/*/comment", "/pupils/*/sessions_lost"),
    "a rule outside the rows": lambda content: _rule(content, "/pupils", "/pupils/*/sessions_lost"),
    "a source that there is not": lambda content: content["prefill"].update({"/pupils/*/comment": "diagnosis"}),
    "two columns of one heading": lambda content: content["sheet"].append({"heading": "comment", "field": "comment"}),
    "no column to find a row by": lambda content: content["sheet"].pop(0),
    "a pattern that takes for ever": lambda content: pupils(content)["comment"].update({"pattern": "(a+)+$"}),
    "text without an end": lambda content: pupils(content)["comment"].pop("maxLength"),
    "a reference to elsewhere": lambda content: _section(content, {"$ref": "http://127.0.0.1/schema"}),
    "a second list": lambda content: _section(content, {"type": "array", "maxItems": 3, "items": _EMPTY}),
    "no rows": lambda content: content["schema"]["properties"].pop("pupils"),
    "a part that is not the authority's": lambda content: content.update({"version": 7}),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_cannot_be_asked_is_refused(what: str) -> None:
    content = stated()
    BREAKS[what](content)
    assert template_faults(SCHOOL, content)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            found += places(value[key], (*path, key))
    return found


@given(st.sampled_from(BASES), st.data())
def test_whatever_is_sent_is_either_refused_or_makes_returns_that_can_be_kept(base: Any, data: st.DataObject) -> None:
    content = stated(base)
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(places(content)))
        target: Any = content
        for step in path:
            target = target[step]
        if data.draw(st.booleans()):
            del target[last]
        else:
            target[last] = data.draw(anything)
        if not content:
            break
    if template_faults(base, content):
        return
    own = own_version(base, content, 1001)
    assert set(base.kept) <= set(fields_of(own))
    opened = prefilled(own, [row_of(base)])
    assert draft_faults(own, opened, opened) == []
