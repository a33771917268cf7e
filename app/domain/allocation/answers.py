"""What comes out of a decision: a plan, its decisions, and the proof for those who got nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from app.domain.allocation.facts import Hold, Place, Reason


class Waits(StrEnum):
    """What a referral that was offered nothing waits for."""

    PLACE = "PLACE"
    """Services would take it; none of their places falls free within its band's window."""
    TURN = "TURN"
    """Places that would do are free, and all of them go to families ahead (or may take no more): see the tight set."""
    RUN = "RUN"
    """It came just now, and its band waits for the next run unless places are plentiful (cadence)."""
    CONFIRMATION = "CONFIRMATION"
    """It stands in a plan that an officer has still to confirm. No decision says this: the waiting list does."""
    HOLD = "HOLD"


class Excuse(StrEnum):
    """Why a place went to a referral although another, ahead of it, waits for such a place."""

    SIBLING_HOLD = "SIBLING_HOLD"
    FAMILY_PAUSED = "FAMILY_PAUSED"
    OFFICER_OVERRIDE = "OFFICER_OVERRIDE"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one lot: the first reason against it, or None and how many of its places would do now."""

    lot_id: UUID
    reason: Reason | None
    free_count: int = 0
    """Places that could be offered today."""
    serving_count: int = 0
    """Places that could serve whenever they fall free, those included."""


class Score(NamedTuple):
    """The cost of a place for a referral, in its parts: the least is chosen."""

    reach: int
    soft: int
    days: int
    soft_mismatches: tuple[str, ...] = ()

    @property
    def cost(self) -> int:
        """The sum of the parts."""
        return self.reach + self.soft + self.days


class Decision(NamedTuple):
    """The answer for one referral; a named tuple, because a nightly run makes a hundred thousand of them."""

    referral_id: UUID
    outcome: str
    """`offered`, `waiting` or `unplaceable`."""
    place: Place | None = None
    hold: str | None = None
    waits_for: str | None = None
    score: Score | None = None
    excuse: str | None = None
    """Set on an offer that went past someone ahead, and why it may (`Excuse`)."""
    tight_set: int | None = None
    """For `waits_for` `TURN`: which of the plan's tight sets proves it."""
    together: bool = False
    """It was placed for the sake of a sibling with the same practitioner."""
    by_officer: bool = False
    """An officer chose the place (`override`), whatever the rule would have done."""
    joins_case: bool = False
    """It shares the place of a brother or sister, whose case it joins (`joining`)."""


@dataclass(frozen=True, slots=True)
class TightSet:
    """A certificate: places that are all taken by referrals ahead, none of which could go anywhere else.

    Everyone whose eligible places lie in `place_ids` and who was decided after `holder_ids` was rightly left to wait.
    `capacity` is how many of the places may be taken: fewer than there are where a caseload or a volume is the limit.
    """

    place_ids: tuple[UUID, ...]
    holder_ids: tuple[UUID, ...]
    capacity: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One decision per referral, in the order in which they were decided, and the tight sets that they point to."""

    decisions: Sequence[Decision]
    tight_sets: tuple[TightSet, ...] = ()
    spare: tuple[Place, ...] = ()
    """The places that could still have been offered to someone when all were decided."""

    @property
    def offered(self) -> tuple[Decision, ...]:
        """The decisions that offer a place."""
        return tuple(decision for decision in self.decisions if decision.place is not None)

    def counts(self) -> dict[str, int]:
        """How many were placed, wait, are paused by their family, and are eligible nowhere: everyone in scope, once."""
        counts = {"placed": 0, "waiting": 0, "paused": 0, "unplaceable": 0}
        for decision in self.decisions:
            if decision.place is not None:
                counts["placed"] += 1
            elif decision.hold == Hold.FAMILY_PAUSED:
                counts["paused"] += 1
            else:
                counts[decision.outcome] += 1
        return counts
