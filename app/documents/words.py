"""Words on their way to a page, whatever they hold."""

import unicodedata
from typing import Final

_KEPT: Final = frozenset("\n\t")
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def shown(text: str) -> str:
    """The text with each control character, which no page can show, replaced by a sign that one can see."""
    return "".join(
        _REPLACEMENT if unicodedata.category(letter) == "Cc" and letter not in _KEPT else letter for letter in text
    )


def runs_from_right(text: str) -> bool:
    """True when the first letter that has a direction runs from right to left, as Arabic, Urdu and Hebrew do."""
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in _RIGHT_TO_LEFT:
            return True
        if direction == "L":
            return False
    return False
