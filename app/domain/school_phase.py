"""The phase of a school, from the words or the rolls of a register.

Get Information About Schools files special schools and alternative provision under "Not applicable"; here they are
phases of their own, told by the establishment's type, because absence and suspension figures are published by them.
"""

PHASES = (
    "nursery",
    "primary",
    "middle_deemed_primary",
    "middle_deemed_secondary",
    "secondary",
    "all_through",
    "16_plus",
    "special",
    "alternative_provision",
    "not_applicable",
)

_MIDDLE_FROM, _MIDDLE_TO = 8, 14
_SECONDARY_FROM = 11
_POST_16_FROM = 16


def phase_from_type(type_name: str) -> str | None:
    """`special` or `alternative_provision` when the establishment's type says so, else None."""
    words = type_name.casefold()
    if "special" in words:
        return "special"
    if "referral" in words or "alternative provision" in words or "ap" in words.split():
        return "alternative_provision"
    return None


def phase_from_name(phase_name: str, type_name: str) -> str | None:
    """The phase for a register's own words ("Middle deemed primary"); None when the words are not known."""
    by_type = phase_from_type(type_name)
    if by_type is not None:
        return by_type
    phase = phase_name.strip().casefold().replace("-", " ").replace(" ", "_") or "not_applicable"
    return phase if phase in PHASES else None


def phase_from_rolls(
    type_name: str,
    primary_pupils: int,
    secondary_pupils: int,
    low_age: int | None,
    high_age: int | None,
) -> str:
    """The phase for a source that gives rolls by phase instead of words; ages (years) decide where both are nought."""
    by_type = phase_from_type(type_name)
    if by_type is not None:
        return by_type
    if primary_pupils and secondary_pupils:
        return _phase_of_both(primary_pupils, secondary_pupils, low_age, high_age)
    if primary_pupils or secondary_pupils:
        return "primary" if primary_pupils else "secondary"
    return _phase_of_ages(low_age, high_age)


def _phase_of_both(primary_pupils: int, secondary_pupils: int, low_age: int | None, high_age: int | None) -> str:
    if low_age is None or high_age is None or low_age < _MIDDLE_FROM or high_age > _MIDDLE_TO:
        return "all_through"
    return "middle_deemed_secondary" if secondary_pupils >= primary_pupils else "middle_deemed_primary"


def _phase_of_ages(low_age: int | None, high_age: int | None) -> str:
    if low_age is None or high_age is None:
        return "not_applicable"
    if low_age >= _SECONDARY_FROM:
        return "16_plus" if low_age >= _POST_16_FROM else "secondary"
    return "primary" if high_age <= _SECONDARY_FROM else "all_through"
