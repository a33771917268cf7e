"""A plain sentence for each act on a referral, made from the event's type and its data.

The sentences are data (`app/data/timeline_sentences.csv`), one for each type. In them `{name}` stands for a value of
the event's data, as words; `[...]` is left out unless every value in it is there; and `[name?...]` stands only where
that value is true.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Final

from app.domain.packaged import packaged_rows
from app.domain.plain_english import code_words, long_date

_PART: Final = re.compile(r"\[(?:(?P<flag>[a-z_]+)\?)?(?P<text>[^\]]*)\]")
_NAME: Final = re.compile(r"\{([a-z_]+)\}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@cache
def sentences() -> dict[str, str]:
    """By event type, its sentence with the places of its values."""
    return {row["type"]: row["sentence"] for row in packaged_rows("timeline_sentences.csv")}


def sentence(event_type: str, data: Mapping[str, Any]) -> str:
    """What happened, in one sentence. A type without one of its own is told by its name: a reader loses no act."""
    template = sentences().get(event_type)
    if template is None:
        return f"Recorded: {code_words(event_type.replace('.', ' '))}."
    whole = _PART.sub(lambda part: _part(part, data), template)
    text = _NAME.sub(lambda name: _word(data.get(name[1])), whole)
    return text[:1].upper() + text[1:]


def links(data: Mapping[str, Any]) -> dict[str, str]:
    """The ids of the things that an event's data names, by their names."""
    return {name: value for name, value in data.items() if name.endswith("_id") and isinstance(value, str)}


def _part(part: re.Match[str], data: Mapping[str, Any]) -> str:
    if part["flag"] is not None and not data.get(part["flag"]):
        return ""
    named = _NAME.findall(part["text"])
    return part["text"] if all(data.get(name) not in (None, []) for name in named) else ""


def _word(value: Any) -> str:
    if isinstance(value, list):
        *first, last = map(_word, value)
        return f"{', '.join(first)} and {last}" if first else last
    if isinstance(value, str):
        return long_date(date.fromisoformat(value)) if _DAY.fullmatch(value) else code_words(value)
    return str(value)
