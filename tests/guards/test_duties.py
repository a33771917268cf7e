"""The table of debts against the code that owes and settles them, and against its page in the documentation."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from app.access import RULES
from app.domain.duties import BY_NOTE, DUTIES, GROUPS
from app.domain.obligations import ObligationKind
from app.domain.policy import Policy

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "app" / "services"
OF_CLOCKS = {"due_at", "in_hours", "end_of", "close_of", "due_anew", "case_obligations"}
"""What works out a due moment: `app.domain.clocks`, `app.domain.reopening` for a closure that is undone, and
`app.domain.case_obligations` for what follows from the dates of a case."""


def calls(*names: str) -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef, ast.Call]]:
    """Every call of some functions in the services, with the function that it stands in."""
    for path in sorted(SERVICES.rglob("*.py")):
        for outer in ast.walk(ast.parse(path.read_text())):
            if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(outer):
                    if isinstance(node, ast.Call) and _name(node.func) in names:
                        yield path, outer, node


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _word(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def test_every_kind_has_a_line() -> None:
    assert set(DUTIES) == set(get_args(ObligationKind))
    assert {duty.group for duty in DUTIES.values()} == set(GROUPS)


def test_every_act_that_it_names_is_an_operation() -> None:
    assert {act for duty in DUTIES.values() for act in duty.met_by} <= set(RULES)
    assert BY_NOTE in RULES


def test_every_policy_field_that_it_names_is_one() -> None:
    named = {word for duty in DUTIES.values() for word in re.findall(r"`(\w+)`", duty.runs)}
    assert named <= set(Policy.__dataclass_fields__)
    assert len(named) > 7


def test_what_is_owed_is_owed_as_the_table_says() -> None:
    owed = set()
    for path, _, call in calls("owe"):
        kind = _word(call.args[2])
        if kind is None:  # owed again as it was, or one of several kinds: its words stand where it is chosen
            continue
        owed.add(kind)
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        subject = given["subject"]
        assert isinstance(subject, ast.Tuple), f"{path}: {kind}"
        assert _word(given["clock"]) == DUTIES[kind].clock, f"{path}: {kind}"
        assert _word(subject.elts[0]) in (DUTIES[kind].subject, DUTIES[kind].also_about), f"{path}: {kind}"
        assert DUTIES[kind].met_by, f"{kind} is owed, and the table names no act that meets it"
    assert len(owed) >= 10


def test_a_due_moment_is_worked_out_in_one_place() -> None:
    checked = 0
    for path, outer, call in calls("owe", "put_off"):
        moment = next((each.value for each in call.keywords if each.arg == "due_at"), None)
        if moment is None and _name(call.func) == "put_off":
            moment = call.args[-1]
        if isinstance(moment, ast.Name):
            assigned = [
                node.value
                for node in ast.walk(outer)
                if isinstance(node, ast.Assign) and moment.id in [_name(target) for target in node.targets]
            ]
            moment = assigned[0] if assigned else moment
        if isinstance(moment, ast.Subscript):
            moment = moment.value
        if outer.name in ("owe", "put_off", "owe_at", "keep_due"):
            continue
        assert isinstance(moment, ast.Call), f"{path}: {ast.unparse(call)}"
        assert _name(moment.func) in OF_CLOCKS, f"{path}: {ast.unparse(call)}"
        checked += 1
    assert checked >= 15


COLUMNS = ("kind", "owed by", "about", "clock", "runs", "met by", "otherwise", "group")


def line_of(kind: ObligationKind) -> dict[str, str]:
    duty = DUTIES[kind]
    return {
        "kind": f"`{kind}`",
        "owed by": duty.owed_by,
        "about": " or ".join(one for one in (duty.subject, duty.also_about) if one),
        "clock": duty.clock.replace("_", " "),
        "runs": duty.runs,
        "met by": ", ".join(f"`{act}`" for act in duty.met_by) or "-",
        "otherwise": duty.ends_otherwise,
        "group": duty.group if duty.escalates else f"{duty.group}, never escalates",
    }


def test_the_page_shows_the_table() -> None:
    lines = [" | ".join(("", *(line_of(kind)[name] for name in COLUMNS), "")).strip() for kind in DUTIES]
    page = (ROOT / "docs" / "obligations.md").read_text()
    shown = [line for line in page.splitlines() if line.startswith("| `")]
    missing = [line for line in lines if line not in shown]
    assert not missing, "copy these lines:\n" + "\n".join(missing)
    assert len([line for line in shown if line.count(" | ") == len(COLUMNS) - 1]) == len(lines)


@pytest.mark.parametrize("kind", sorted(DUTIES))
def test_the_urgent_never_waits_for_a_holiday(kind: ObligationKind) -> None:
    if DUTIES[kind].group in ("offer", "officer", "concern"):
        assert DUTIES[kind].clock != "school_day"
