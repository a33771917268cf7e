"""Which place, once it is settled who comes next: the least whole-number cost."""

from uuid import UUID

from app.domain.allocation.answers import Score
from app.domain.allocation.facts import Lot, Place, Want
from app.domain.policy import Policy

SECONDARY_NEED = "SECONDARY_NEED"
PREFERRED_MODE = "PREFERRED_MODE"
PREVIOUS_PROVIDER = "PREVIOUS_PROVIDER"
SIBLING_APART = "SIBLING_APART"


def score(want: Want, band: str, lot: Lot, place: Place, siblings_with: frozenset[UUID], policy: Policy) -> Score:
    """The cost of a place for a referral that counts as of `band`: reach, wishes not met, and days until free."""
    soft = soft_mismatches(want, lot, place, siblings_with)
    return Score(
        reach=policy.costs["reach"] * place.reach // 100,
        soft=policy.costs["soft"] * len(soft),
        days=policy.costs["day"] * policy.weights[band] * place.free_in,
        soft_mismatches=soft,
    )


def soft_mismatches(want: Want, lot: Lot, place: Place, siblings_with: frozenset[UUID]) -> tuple[str, ...]:
    """The family's wishes that a place does not meet."""
    needs = lot.needs if place.needs is None else place.needs
    modes = lot.modes if place.modes is None else place.modes
    checks = (
        (SECONDARY_NEED, any(need not in needs for need in want.secondary_needs)),
        (PREFERRED_MODE, want.preferred_mode is not None and want.preferred_mode not in modes),
        (PREVIOUS_PROVIDER, want.previous_provider_id not in (None, lot.provider_id)),
        (SIBLING_APART, bool(siblings_with) and place.practitioner_id not in siblings_with),
    )
    return tuple(code for code, missed in checks if missed)
