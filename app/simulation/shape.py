"""The statistical shape of a real authority, without any of its schools: what the made-up one is drawn from.

`app/data/norfolk_shape.json` holds Norfolk's school sizes by phase (rounded, sorted, nameless) and its published
rates of absence and suspension. How it was made: `app/data/README.md`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from app.simulation.draws import Draws

PERSISTENT_FROM = 0.10
SEVERE_FROM = 0.50
"""Shares of a pupil's own possible sessions from which absence counts as persistent, and as severe (DfE)."""

_SEVERE_MEAN = 0.66
_PERSISTENT_MEAN = {"primary": 0.155, "secondary": 0.185, "special": 0.185}
"""Mean absence inside the two upper groups: not published by authority, set so that the lowest group's mean is
plausible (2 to 5 per cent) once the published totals are met."""


@dataclass(frozen=True, slots=True)
class AbsenceRates:
    """A phase's absence, as shares (0 to 1): of sessions, and of pupils above the two thresholds."""

    absence_share: float
    authorised_share: float
    persistent_share: float
    severe_share: float
    persistent_mean: float

    @property
    def authorised_part(self) -> float:
        """The part (0 to 1) of absence that is authorised."""
        return self.authorised_share / self.absence_share

    @property
    def regular_mean(self) -> float:
        """Mean absence of pupils below the persistent threshold, so that the three groups meet the published mean."""
        middle = self.persistent_share - self.severe_share
        left = self.absence_share - self.severe_share * _SEVERE_MEAN - middle * self.persistent_mean
        return left / (1 - self.persistent_share)

    def draw(self, draws: Draws, factor: float) -> float:
        """One pupil's usual absence (0 to 1) at a school whose absence is `factor` times the authority's."""
        at = draws.unit()
        if at < self.severe_share * factor:
            span = 2 * (_SEVERE_MEAN - SEVERE_FROM)
            return SEVERE_FROM + span * draws.unit()
        if at < self.persistent_share * factor:
            width = SEVERE_FROM - PERSISTENT_FROM
            return PERSISTENT_FROM + width * draws.front_loaded((self.persistent_mean - PERSISTENT_FROM) / width)
        return PERSISTENT_FROM * draws.front_loaded(min(self.regular_mean * factor / PERSISTENT_FROM, 0.6))


@dataclass(frozen=True, slots=True)
class SuspensionRates:
    """A phase's suspensions in a year: events per pupil, and the share (0 to 1) of pupils with one or more."""

    suspensions_per_pupil: float
    suspended_share: float

    @property
    def per_suspended_pupil(self) -> float:
        """Mean number of suspensions in a year of a pupil who has any."""
        return self.suspensions_per_pupil / self.suspended_share


@dataclass(frozen=True, slots=True)
class AuthorityShape:
    """Sizes as (lowest age, highest age, roll) by phase, and rates by phase group."""

    schools: Mapping[str, Sequence[tuple[int, int, int]]]
    absence: Mapping[str, AbsenceRates]
    school_absence_factors: Sequence[float]
    suspensions: Mapping[str, SuspensionRates]
    free_school_meals_share: Mapping[str, float]


def rate_group(phase: str, year_group: str) -> str:
    """Which published rates a pupil follows: `primary`, `secondary` or `special`.

    All-through schools follow the pupil's age. Alternative provision has no published rate of its own here and
    follows the secondary one.
    """
    if phase == "special":
        return "special"
    if phase == "primary" or (phase == "all_through" and (year_group == "R" or int(year_group) <= 6)):
        return "primary"
    return "secondary"


@cache
def norfolk_shape() -> AuthorityShape:
    """The shape that ships with the project."""
    raw = json.loads(resources.files("app.data").joinpath("norfolk_shape.json").read_text(encoding="utf-8"))
    return AuthorityShape(
        schools={phase: [(low, high, roll) for low, high, roll in sizes] for phase, sizes in raw["schools"].items()},
        absence={
            group: AbsenceRates(**rates, persistent_mean=_PERSISTENT_MEAN[group])
            for group, rates in raw["absence"].items()
        },
        school_absence_factors=raw["school_absence_factors"],
        suspensions={group: SuspensionRates(**rates) for group, rates in raw["suspensions"].items()},
        free_school_meals_share=raw["free_school_meals_share"],
    )
