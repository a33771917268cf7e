"""A document as a PDF that a screen reader can follow, and the same bytes for the same content.

Typst sets it: it tags what it sets (PDF/UA-1), shapes and orders scripts that join or run from right to left, needs no
package of the system, and takes words as data alone. The letters are those of Noto Sans and Noto Sans Arabic, which
come as packages too: fonts of the machine would make one content many documents. A letter that neither has is shown as
a box; the file then does not claim to be PDF/UA-1, though it is tagged all the same.
"""

import asyncio
from datetime import UTC, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import fontpkg
import orjson
import typst

from app.documents.model import Document, as_data
from app.documents.words import runs_from_right, shown

_ACCESSIBLE: Final = "ua-1"
_NOT_WORDS: Final = frozenset({"kind", "reference"})


async def file(document: Document) -> bytes:
    """The document as a PDF. Set beside the event loop, which goes on meanwhile."""
    return await asyncio.to_thread(set_document, document)


def set_document(document: Document) -> bytes:
    """The document as a PDF, here and now: some 10 ms for a page."""
    try:
        return _set(document, _ACCESSIBLE)
    except typst.TypstError:
        return _set(document, None)


def _set(document: Document, standard: Literal["ua-1"] | None) -> bytes:
    made = typst.Compiler(_template(), font_paths=_fonts(), sys_inputs={"document": _content(document)}).compile(
        format="pdf", timestamp=datetime.combine(document.issued_on, time(), UTC), pdf_standards=standard
    )
    if not isinstance(made, bytes):
        raise TypeError("A PDF is one file.")
    return made


@cache
def _template() -> bytes:
    return (files(__package__) / "document.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    folders = [str(fontpkg.path(family).parent) for family in ("Noto Sans", "Noto Sans Arabic")]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _content(document: Document) -> str:
    data = as_data(document)
    language, _, region = data["language"].partition("-")
    return orjson.dumps(
        {
            "title": _words(data["title"]),
            "language": language,
            "region": region or None,
            "blocks": [_words(block) for block in data["blocks"]],
        }
    ).decode()


def _words(value: Any) -> Any:
    """Each text as (text, runs from the right)."""
    if isinstance(value, str):
        return (shown(value), runs_from_right(value))
    if isinstance(value, dict):
        return {name: item if name in _NOT_WORDS else _words(item) for name, item in value.items()}
    return [_words(item) for item in value]
