"""The algorithmic transparency record as Markdown, under the same headings as its data."""

from collections.abc import Mapping
from typing import Any, Final

_WORDS: Final = {"tier_1": "Tier 1: summary", "tier_2": "Tier 2: in full", True: "yes", False: "no", None: "none"}
_DEEPEST_HEADING: Final = 4


def record_text(record: Mapping[str, Any]) -> str:
    """A record (plain data by the standard's headings) as Markdown: a heading for each part, a list for its facts."""
    standard = record["standard"]
    blocks = [f"# {standard}"]
    for name, part in record.items():
        if name != "standard":
            blocks += _part(_heading(name), part, 2)
    return "\n\n".join(blocks) + "\n"


def _part(heading: str, part: Any, depth: int) -> list[str]:
    blocks = [f"{'#' * depth} {heading}"]
    if not isinstance(part, Mapping):
        return [*blocks, _listed(part) if isinstance(part, list) else _plain(part)]
    simple = {name: value for name, value in part.items() if not _has_parts(value, depth)}
    if simple:
        blocks.append("\n".join(f"- **{_heading(name)}**: {_plain(value)}" for name, value in simple.items()))
    for name, value in part.items():
        if name not in simple:
            blocks += _part(_heading(name), value, depth + 1)
    return blocks


def _has_parts(value: Any, depth: int) -> bool:
    return depth < _DEEPEST_HEADING and isinstance(value, Mapping | list) and bool(value)


def _listed(items: list[Any]) -> str:
    return "\n".join(f"- {_plain(item)}" for item in items)


def _plain(value: Any) -> str:
    """A value in one line; what stands inside it, between semicolons."""
    if isinstance(value, Mapping):
        return "; ".join(f"{_heading(str(name))}: {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value) or "none"
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return " ".join(str(value).split())


def _heading(name: str) -> str:
    words = _WORDS.get(name) or name.replace("_", " ")
    return words[:1].upper() + words[1:]
