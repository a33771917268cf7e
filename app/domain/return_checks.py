"""The arithmetic of a return's rules, which a template states as data beside the sentence that says it.

A rule's `check` is one of these, in JSON Pointers in which `*` stands for each row:

- `{"at_most": [a, b]}`: a is no more than b.
- `{"sum": [a, b, ...], "equals": c}`: the parts come to the whole; parts that are missing may still come.
- `{"either": a, "or": [b, ...]}`: a, or some of the others, and not both.
- `{"total": a, "of": rows}`, or `"of": field of the rows`, or `"where": value` besides: a counts the rows, adds up
  their field, or counts the rows whose field has that value.

A row that says why it has no figures (the template's `rows.excused_by`) is held to `either` alone. A rule without a
check is one that the service holds every return to, whatever its template says.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from app.domain.returns import Template
from app.errors import FieldFault

Content = Mapping[str, Any]
Rule = Mapping[str, Any]


def row_check_faults(template: Template, row: Content, at: str) -> list[FieldFault]:
    """What rules find wrong with one row by itself, as far as its figures are there."""
    return [fault for rule in template.checks for fault in _of_row(template, rule, row, at)]


def content_check_faults(template: Template, content: Content) -> list[FieldFault]:
    """What rules find wrong with a return: each row by itself, and its totals."""
    field, _ = template.rows
    faults = [
        fault
        for index, row in enumerate(content[field])
        for fault in row_check_faults(template, row, f"/{field}/{index}")
    ]
    for rule in template.checks:
        if "total" in rule["check"]:
            faults += _total(template, rule, content)
    return faults


def totals_of(template: Template, content: Content) -> dict[str, int]:
    """What each total comes to, by its pointer: what a return is filled in with when it is opened."""
    checks = [rule["check"] for rule in template.checks if "total" in rule["check"]]
    return {check["total"]: _added_up(template, check, content) for check in checks}


def _of_row(template: Template, rule: Rule, row: Content, at: str) -> Iterator[FieldFault]:
    excused = template.excused_by is not None and bool(row.get(template.excused_by))
    for kind, judge in _JUDGES.items():
        if kind in rule["check"] and (kind == "either" or not excused):
            yield from judge(rule, row, at)


def _at_most(rule: Rule, row: Content, at: str) -> Iterator[FieldFault]:
    least, most = (_name(pointer) for pointer in rule["check"]["at_most"])
    if row.get(least) is not None and row.get(most) is not None and row[least] > row[most]:
        yield FieldFault(f"{at}/{least}", rule["code"], rule["says"])


def _sum(rule: Rule, row: Content, at: str) -> Iterator[FieldFault]:
    parts = [row.get(_name(pointer)) for pointer in rule["check"]["sum"]]
    known = [part for part in parts if part is not None]
    whole = row.get(_name(rule["check"]["equals"]))
    if whole is None or not known:
        return
    excess = sum(known) - whole
    if excess > 0 or (excess < 0 and len(known) == len(parts)):
        sentence = f"{rule['says']} Here they come to {abs(excess)} {'more' if excess > 0 else 'fewer'}."
        yield FieldFault(f"{at}/{_name(rule['check']['equals'])}", rule["code"], sentence)


def _either(rule: Rule, row: Content, at: str) -> Iterator[FieldFault]:
    reason = _name(rule["check"]["either"])
    if row.get(reason) and any(row.get(_name(pointer)) is not None for pointer in rule["check"]["or"]):
        yield FieldFault(f"{at}/{reason}", rule["code"], rule["says"])


_JUDGES: Final[Mapping[str, Callable[[Rule, Content, str], Iterator[FieldFault]]]] = MappingProxyType(
    {"at_most": _at_most, "sum": _sum, "either": _either}
)


def _total(template: Template, rule: Rule, content: Content) -> Iterator[FieldFault]:
    pointer = rule["check"]["total"]
    stated: Any = content
    for step in pointer.split("/")[1:]:
        stated = stated.get(step) if stated is not None else None
    if stated is not None and stated != _added_up(template, rule["check"], content):
        yield FieldFault(pointer, rule["code"], rule["says"])


def _added_up(template: Template, check: Mapping[str, Any], content: Content) -> int:
    field, _ = template.rows
    rows = content[field]
    if check["of"] == f"/{field}":
        return len(rows)
    name = _name(check["of"])
    if "where" in check:
        return sum(row.get(name) == check["where"] for row in rows)
    return sum(row.get(name) or 0 for row in rows)


def _name(pointer: str) -> str:
    """The field of a row that a pointer names."""
    return pointer.rpartition("/")[2]
