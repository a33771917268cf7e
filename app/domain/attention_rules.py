"""The rules by which facts ask for attention: data of the policy, each one figure, a comparison and a threshold.

A rule asks a person to look. It sets no band and moves nobody in the order; figures are never weighed or added up into
a score (so no rule can name two of them).
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

RuleMeasure = Literal["suspension_count", "permanent_exclusion_count", "absence_percent", "school_days_to_hearing"]
Comparator = Literal["at_least", "at_most"]
Window = Literal["half_term", "term", "academic_year", "ahead"]
Consequence = Literal["flag", "review_band", "panel_agenda"]

HEARING: Final[RuleMeasure] = "school_days_to_hearing"

FITS: Final[dict[RuleMeasure, tuple[Comparator, tuple[Window, ...]]]] = {
    "suspension_count": ("at_least", ("half_term", "term", "academic_year")),
    "permanent_exclusion_count": ("at_least", ("term", "academic_year")),
    "absence_percent": ("at_least", ("term", "academic_year")),
    HEARING: ("at_most", ("ahead",)),
}
"""How each figure is compared, and over which windows it is known."""
CONSEQUENCES: Final[tuple[Consequence, ...]] = ("flag", "review_band", "panel_agenda")
MOST_RULES: Final = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `then` always holds `flag`: what is found is shown."""

    key: str
    measure: RuleMeasure
    comparator: Comparator
    threshold: int
    window: Window
    then: tuple[Consequence, ...]
    plain_english: str

    def holds(self, figure: int, out_of: int = 1) -> bool:
        """Whether a figure, as so many of `out_of`, meets the threshold: exactly, and never rounded."""
        limit = self.threshold * out_of
        return figure >= limit if self.comparator == "at_least" else figure <= limit


def default_rules() -> list[dict[str, Any]]:
    """The rules of the first published policy, as plain data."""
    return [
        {
            "key": "two_suspensions",
            "measure": "suspension_count",
            "comparator": "at_least",
            "threshold": 2,
            "window": "half_term",
            "then": ["flag", "review_band"],
            "plain_english": "Two or more suspensions began in one half-term.",
        },
        {
            "key": "persistent_absence",
            "measure": "absence_percent",
            "comparator": "at_least",
            "threshold": 10,
            "window": "term",
            "then": ["flag"],
            "plain_english": "One in ten or more of the pupil's own possible sessions were missed.",
        },
        {
            "key": "severe_absence",
            "measure": "absence_percent",
            "comparator": "at_least",
            "threshold": 50,
            "window": "term",
            "then": ["flag", "review_band"],
            "plain_english": "Half or more of the pupil's own possible sessions were missed.",
        },
        {
            "key": "exclusion_hearing",
            "measure": HEARING,
            "comparator": "at_most",
            "threshold": 10,
            "window": "ahead",
            "then": ["flag", "review_band", "panel_agenda"],
            "plain_english": "The governing board meets on a permanent exclusion within ten school days.",
        },
    ]


def rules_from(content: list[dict[str, Any]]) -> tuple[Rule, ...]:
    """The rules of a checked content."""
    return tuple(Rule(**{**each, "then": tuple(each["then"])}) for each in content)


def check_rules(name: str, value: Any) -> None:
    """Check the rules of a policy. Raises ValueError that names the first thing wrong."""
    if not isinstance(value, list) or len(value) > MOST_RULES:
        raise ValueError(f"The policy's {name} is a list of {MOST_RULES} rules at most.")
    fields = set(Rule.__dataclass_fields__)
    for number, rule in enumerate(value, start=1):
        if not isinstance(rule, dict) or set(rule) != fields:
            raise ValueError(f"Rule {number} of the policy's {name} states each of {', '.join(sorted(fields))}.")
        _check_rule(number, rule)
    keys = [rule["key"] for rule in value]
    if len(set(keys)) != len(keys):
        raise ValueError(f"Each rule of the policy's {name} has a key of its own.")


def _check_rule(number: int, rule: dict[str, Any]) -> None:
    for field in ("key", "plain_english"):
        if not isinstance(rule[field], str) or not rule[field].strip():
            raise ValueError(f"Rule {number} states its {field.replace('_', ' ')} in words.")
    if rule["measure"] not in FITS:
        raise ValueError(f"Rule {number} measures one of {', '.join(FITS)}.")
    comparator, windows = FITS[rule["measure"]]
    if rule["comparator"] != comparator or rule["window"] not in windows:
        raise ValueError(f"Rule {number}: {rule['measure']} is {comparator} a figure over {' or '.join(windows)}.")
    threshold = rule["threshold"]
    if isinstance(threshold, bool) or not isinstance(threshold, int) or not 1 <= threshold <= 200:
        raise ValueError(f"Rule {number} has a threshold from 1 to 200: a whole number.")
    then = rule["then"]
    if not isinstance(then, list) or "flag" not in then or not set(then) <= set(CONSEQUENCES):
        raise ValueError(f"Rule {number}: what is found is flagged (`flag`); it may ask for review_band, panel_agenda.")
