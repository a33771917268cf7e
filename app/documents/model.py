"""What a document is made of, and the same as plain data that can be stored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a part."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words; a line break in them is kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that stand close together: an address, who signs."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's own words. `reference` is the id of the record that they come from, and is not shown."""

    text: str
    said_by: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without an order."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of a name and what it is."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns. A screen reader is told the caption first."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Raise ValueError for a row that is not as wide as the columns: a cell would be read under another's name."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("A row of a table has one cell for each column.")


Block = Heading | Paragraph | Lines | Quote | Bullets | Facts | Table

KINDS: Final[dict[str, type[Block]]] = {
    "heading": Heading,
    "paragraph": Paragraph,
    "lines": Lines,
    "quote": Quote,
    "bullets": Bullets,
    "facts": Facts,
    "table": Table,
}
_NAMES: Final = {kind: name for name, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document."""

    title: str
    issued_on: date
    """The day that it bears: business time, so that the same content is the same document for ever."""
    blocks: tuple[Block, ...]
    language: str = "en-GB"


def as_data(document: Document) -> dict[str, Any]:
    """A document as plain JSON."""
    return {
        "title": document.title,
        "issued_on": document.issued_on.isoformat(),
        "language": document.language,
        "blocks": [{"kind": _NAMES[type(block)], **asdict(block)} for block in document.blocks],
    }


def from_data(data: Mapping[str, Any]) -> Document:
    """The document that `as_data` made plain. Raises KeyError and TypeError for anything else."""
    return Document(
        title=data["title"],
        issued_on=date.fromisoformat(data["issued_on"]),
        language=data["language"],
        blocks=tuple(
            KINDS[block["kind"]](**{name: _tuples(value) for name, value in block.items() if name != "kind"})
            for block in data["blocks"]
        ),
    )


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
