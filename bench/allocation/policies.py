"""The policies of the comparison, by name. Each is a policy of the product, or one with some of its rules off."""

from dataclasses import dataclass, replace
from types import MappingProxyType

from app.domain.policy import BANDS, Policy

_NOT_AHEAD = dict.fromkeys(BANDS, 0)
_ALL_AT_ONCE = {"bands": list(BANDS), "free_places": 0}
_FIRST_FIT = {"reach": 0, "soft": 0, "day": 0}


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy and how often it is asked."""

    policy: Policy
    says: str
    daily: bool = True
    """Whether it decides on arrival, on release and nightly; else once, on the first school day of a week."""
    one_band: bool = False
    """Whether the band is left out of the order."""
    siblings: bool = True


_PLAIN = replace(
    Policy(),
    windows=_NOT_AHEAD,
    costs=_FIRST_FIT,
    at_once=_ALL_AT_ONCE,
    long_stop=None,
    course_windows=dict.fromkeys(BANDS, 10),
)

POLICIES = MappingProxyType(
    {
        "first-come": Rule(_PLAIN, "first come, first fit", one_band=True, siblings=False),
        "weekly-panel": Rule(_PLAIN, "weekly panel, band and date", daily=False, siblings=False),
        "immediate": Rule(_PLAIN, "immediate, band and date", siblings=False),
        "this": Rule(Policy(), "this policy"),
        "narrow": Rule(
            replace(
                Policy(),
                windows={"P1": 5, "P2": 4, "P3": 2, "P4": 1},
                at_once={"bands": ["P1", "P2"], "free_places": 3},
            ),
            "this policy, narrower windows",
        ),
        "page": Rule(
            replace(Policy(), course_windows=dict.fromkeys(BANDS, 10)), "this policy, courses offered 10 days ahead"
        ),
        "no-siblings": Rule(Policy(), "this policy, no sibling holds", siblings=False),
    }
)
