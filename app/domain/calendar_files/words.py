"""What an entry is about, from the words that councils and schools give it."""

import re
from typing import Final

from app.domain.academic_year import TERM_NAMES
from app.domain.calendar_files.entries import EntryKind

_TRAINING: Final = re.compile(
    r"\binset\b|\bin-service\b|training day|staff development|teacher day|non[- ]pupil|closed to pupils|no pupils"
)
_BANK_HOLIDAY: Final = re.compile(
    r"bank holiday|public holiday|good friday|easter monday|christmas day|boxing day|new year'?s day|may day"
)
_EDGE: Final = re.compile(r"\b(?:starts?|begins?|ends?|first day|last day|returns?)\b")
_AWAY: Final = re.compile(r"holiday|break|vacation")
_HALF_TERM: Final = re.compile(r"\b(?:half[- ]?term|term)\s*([1-6])\b")
_HALF_TERM_ALONE: Final = re.compile(r"half[- ]?term")
_SEASON: Final = re.compile(r"\b(autumn|spring|summer)\b")
_WHICH_HALF: Final = re.compile(r"\b(?:(1|first|1st)|2|second|2nd)\b")
_TERMS: Final = tuple(name.value for name in TERM_NAMES)

Meaning = tuple[EntryKind, int | None]


def meaning(words: str) -> Meaning | None:
    """The kind of an entry, and its number if it has one; None for what is no part of a school calendar.

    "Half term" alone is the holiday, as parents use it; "half term 2", "term 2" and "autumn 2" are the second
    half-term. A day on which a term starts or ends is not understood: the dates of a term stand in one entry.
    """
    text = " ".join(words.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    if _TRAINING.search(text):
        return EntryKind.INSET, None
    if _BANK_HOLIDAY.search(text):
        return EntryKind.BANK_HOLIDAY, None
    if _EDGE.search(text):
        return None
    if _AWAY.search(text):
        return EntryKind.HOLIDAY, None
    return _term_or_half(text)


def _term_or_half(text: str) -> Meaning | None:
    season, which, numbered = _SEASON.search(text), _WHICH_HALF.search(text), _HALF_TERM.search(text)
    if season and which:
        return EntryKind.HALF_TERM, 2 * _TERMS.index(season[1]) + (1 if which[1] else 2)
    if numbered:
        return EntryKind.HALF_TERM, int(numbered[1])
    if _HALF_TERM_ALONE.search(text):
        return EntryKind.HOLIDAY, None
    if season and "term" in text:
        return EntryKind.TERM, _TERMS.index(season[1]) + 1
    return None
