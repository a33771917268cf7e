"""What the documents list is what the code has: settings, events, and who sees what."""

import ast
import re
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from app.access import VISIBLE, Group, Party
from app.domain.policy import Policy
from app.domain.returns import _MOVES as RETURN_MOVES
from app.services.facts import _KINDS as FACT_KINDS
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EVENT_TYPE = re.compile(r"[a-z_]+\.[a-z_]+")
PARTY_COLUMNS = {
    "Referring school": Party.REFERRING_SCHOOL,
    "Provider offered it": Party.OFFERED_PROVIDER,
    "Provider with the case": Party.CASE_PROVIDER,
    "Panel member": Party.PANEL_MEMBER,
    "Authority": Party.AUTHORITY,
}


def table(page: str, heading: str) -> list[dict[str, str]]:
    """The rows of the first table under a heading, by column."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8").split(f"{heading}\n", 1)[1]
    lines = [line for line in text.split("\n## ", 1)[0].splitlines() if line.startswith("|")]
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(header, row, strict=True)) for row in rows]


def shown_default(field: FieldInfo) -> str:
    if field.default is None:
        return "none"
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)


def test_the_settings_table_has_every_variable_with_its_default() -> None:
    told = {row["variable"].strip("`"): row["default"].strip("`") for row in table("operating.md", "## Settings")}
    fields = Settings.model_fields
    assert told == {f"HALFTERM_{name.upper()}": shown_default(field) for name, field in fields.items()}


def test_who_sees_what_is_what_access_says() -> None:
    rows = table("security.md", "## Who sees what")
    assert [row["group"].strip("`") for row in rows] == [group.value for group in Group]
    for column, party in PARTY_COLUMNS.items():
        told = {Group(row["group"].strip("`")) for row in rows if row[column] == "yes"}
        assert told == VISIBLE[party], column
    assert set(PARTY_COLUMNS.values()) == set(Party)


def test_every_event_that_is_told_is_described_and_no_other() -> None:
    rows = table("events.md", "# Events")
    told = [row["type"].strip("`") for row in rows]
    assert len(told) == len(set(told))
    assert set(told) == event_types()
    for row in rows:
        noun, act = row["type"].strip("`").split(".")
        other = "lot" if noun == "capacity" else "attention" if act.startswith("attention_") else noun
        assert row["subject"] == other, row
        assert row["told"].startswith("A"), row


def test_every_field_of_a_policy_is_described_and_no_other() -> None:
    told = [row["field"].strip("`") for row in table("policy-guide.md", "## What it states")]
    assert len(told) == len(set(told))
    assert set(told) == set(Policy.__dataclass_fields__)


def test_links_between_the_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target, anchor in re.findall(
            r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text(encoding="utf-8")
        ):
            found = (page.parent / target) if target else page
            assert found.exists(), f"{page.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in {slug(heading) for heading in headings}, f"{page.name}: {target}#{anchor}"


def slug(heading: str) -> str:
    """A heading's anchor, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def event_types() -> set[str]:
    """Every event type in a call of `tell`, or in a function that hands one on to it."""
    found = {event for _, event in RETURN_MOVES.values()} | {f"{kind}.recorded" for kind in FACT_KINDS.values()}
    for path in sorted((ROOT / "app" / "services").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and is_tell(node)]
                for call in calls:
                    found |= types_of(call, function)
    return found


def is_tell(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in ("tell", "_tell")


def types_of(call: ast.Call, function: ast.AST) -> set[str]:
    """The types that a call states itself; where it names a variable, those that its function puts into one."""
    stated = constants(*call.args)
    if stated:
        return stated
    names = {node.id for node in call.args if isinstance(node, ast.Name)}
    sources: list[Any] = [
        node.value if isinstance(node, ast.Assign) else node.iter
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.For) and names & set(names_in(node))
    ]
    return constants(*sources)


def names_in(node: ast.Assign | ast.For) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def constants(*nodes: ast.AST) -> set[str]:
    return {
        leaf.value
        for node in nodes
        for leaf in ast.walk(node)
        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and EVENT_TYPE.fullmatch(leaf.value)
    }
