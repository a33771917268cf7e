"""The fixture of every trace: an illustrative school year, and one contract with its practitioners and courses."""

from datetime import date, timedelta
from typing import Any

HALF_TERMS = (
    (1, "2026-09-02", "2026-10-23"),
    (2, "2026-11-02", "2026-12-18"),
    (3, "2027-01-04", "2027-02-12"),
    (4, "2027-02-22", "2027-03-25"),
    (5, "2027-04-12", "2027-05-28"),
    (6, "2027-06-07", "2027-07-21"),
)
_BANK_HOLIDAYS = {"2027-05-03"}

WEEK_WEIGHTS = {
    1: (25, 50, 80, 100, 120, 135, 140, 120),
    2: (110, 130, 140, 140, 130, 100, 70),
    3: (80, 115, 130, 135, 125, 100),
    4: (100, 125, 130, 110, 70),
    5: (85, 110, 120, 115, 100, 90, 80),
    6: (90, 95, 85, 70, 50, 30, 12),
}
WEEKDAY_WEIGHTS = (90, 105, 105, 110, 90)

NEEDS = ("attendance", "behaviour", "exclusion", "parenting", "bereavement", "young_carer", "mental_health", "send")
MODES = ("home", "school", "online")
LANGUAGES = ("en", "ur", "pl", "ar", "bn", "bsl")
PROVIDERS = "ABCD"
AREAS = (("N", 40), ("E", 32), ("W", 28))

COURSES_AT = ((2, 0), (4, 0), (5, 1))
"""(half-term, week): when courses begin."""
COURSE_SEATS = 7
COURSE_DAYS = 30
COURSE_PROVIDER = "D"


def _practitioner(
    name: str, lots: str, needs: str, languages: str = "", modes: str = "home school online"
) -> dict[str, Any]:
    return {
        "id": name,
        "provider": name[0],
        "lots": lots.split(),
        "needs": ["attendance", "behaviour", "parenting", *needs.split()],
        "langs": ["en", *languages.split()],
        "modes": modes.split(),
        "places": 5,
    }


PRACTITIONERS = (
    _practitioner("A1", "N-P", "bereavement send", "", "home school"),
    _practitioner("A2", "N-P", "young_carer", "ur"),
    _practitioner("A3", "N-P N-S", "exclusion mental_health"),
    _practitioner("A4", "N-S", "exclusion mental_health", "", "school online"),
    _practitioner("A5", "N-S", "exclusion young_carer bereavement", "pl"),
    _practitioner("A6", "N-S", "exclusion send", "", "home school"),
    _practitioner("A7", "N-P", "send mental_health", "", "home school"),
    _practitioner("B1", "E-P", "send bereavement", "bn"),
    _practitioner("B2", "E-P", "mental_health young_carer", "", "home school"),
    _practitioner("B3", "E-S", "exclusion mental_health", "ar"),
    _practitioner("B4", "E-S", "exclusion send young_carer", "", "school online"),
    _practitioner("B5", "E-P E-S", "exclusion bereavement mental_health", "ur"),
    _practitioner("B6", "E-P N-P", "send", "pl", "home school"),
    _practitioner("C1", "W-P", "send young_carer", "pl"),
    _practitioner("C2", "W-P W-S", "mental_health bereavement"),
    _practitioner("C3", "W-S", "exclusion mental_health", "", "school online"),
    _practitioner("C4", "W-S", "exclusion send", "ur", "home school"),
    _practitioner("D1", "N-S E-S W-S", "exclusion mental_health", "ar"),
    _practitioner("D2", "N-P E-P W-P", "send mental_health", "bn bsl"),
    _practitioner("D3", "N-P N-S E-P E-S", "young_carer bereavement send", "ur"),
    _practitioner("D4", "W-P W-S E-P E-S", "exclusion send young_carer", "bsl ar"),
    _practitioner("D5", "N-S W-S", "exclusion mental_health bereavement", "bn"),
)


def calendar() -> list[tuple[str, int, int]]:
    """The school days: (date, half-term, week in the half-term)."""
    days = []
    for half_term, first, last in HALF_TERMS:
        on, end = date.fromisoformat(first), date.fromisoformat(last)
        monday = on - timedelta(days=on.weekday())
        while on <= end:
            if on.weekday() < 5 and on.isoformat() not in _BANK_HOLIDAYS:
                days.append((on.isoformat(), half_term, (on - monday).days // 7))
            on += timedelta(days=1)
    return days


def hard_reason(referral: dict[str, Any], practitioner: dict[str, Any]) -> str:
    """The trace's own hard rules, in order; empty when the practitioner can take the referral. The scorer's oracle."""
    if referral["lot"] not in practitioner["lots"]:
        return "LOT"
    if referral["need1"] not in practitioner["needs"]:
        return "NEED"
    if referral["lang"] not in practitioner["langs"]:
        return "LANGUAGE"
    if not set(referral["modes"]) & set(practitioner["modes"]):
        return "MODE"
    if referral["refused"] == practitioner["provider"]:
        return "REFUSED"
    return ""
