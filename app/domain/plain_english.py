"""Dates, codes and counts as people read them."""

from datetime import date


def long_date(day: date) -> str:
    """A day as it stands in a letter: 3 November 2026."""
    return f"{day.day} {day:%B %Y}"


def code_words(code: str) -> str:
    """A code as words: `did_not_engage` is "did not engage"."""
    return code.replace("_", " ")


def times(count: int) -> str:
    """How often: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
