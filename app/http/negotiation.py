"""Which form of answer a caller asks for (RFC 9110, section 12.5.1), where an answer has several."""

from collections.abc import Sequence
from typing import Final

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
HTML: Final = "text/html"
MARKDOWN: Final = "text/markdown"
PDF: Final = "application/pdf"
CSV: Final = "text/csv"


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """The offered type that the header prefers; None when it accepts none of them.

    A type that is named beats one that only a wildcard covers. Between equals the first offered wins.
    """
    if not accept or not accept.strip():
        return offered[0]
    ranges = [_range(item) for item in accept.lower().split(",")]
    best: tuple[float, int] = (0.0, 0)
    chosen = None
    for media_type in offered:
        main = media_type.split("/", 1)[0]
        # The most specific range that covers a type decides its weight.
        covering = [
            (specificity, weight)
            for name, weight in ranges
            for specificity, pattern in enumerate(("*/*", f"{main}/*", media_type))
            if name == pattern
        ]
        specificity, weight = max(covering, default=(0, 0.0))
        if weight > 0 and (chosen is None or (weight, specificity) > best):
            best, chosen = (weight, specificity), media_type
    return chosen


def _range(item: str) -> tuple[str, float]:
    name, *parameters = (part.strip() for part in item.split(";"))
    weight = next((part.removeprefix("q=") for part in parameters if part.startswith("q=")), "1")
    try:
        return name, float(weight)
    except ValueError:
        return name, 0.0
