"""An authority's allocation policy: immutable once published, identified by the hash of its content."""

from dataclasses import asdict, dataclass, field
from hashlib import sha256
from json import dumps
from typing import Any

BANDS = ("P1", "P2", "P3", "P4")


def _answer_days() -> dict[str, int]:
    return {"P1": 1, "P2": 2, "P3": 3, "P4": 3}


@dataclass(frozen=True, slots=True)
class Policy:
    """What an authority decides about allocation and its clocks.

    Days are working days unless the name says otherwise.
    """

    answer_days: dict[str, int] = field(default_factory=_answer_days)
    """By band: how long a provider has to answer an offer. Runs through school holidays."""
    first_contact_school_days: int = 5
    """From acceptance to the first contact."""
    extension_weeks: int = 6
    """School weeks that an intervention may be extended by, in all, beyond its service's standard length."""
    safeguarding_hours: int = 4
    """For an officer to act on a referral that says a child is in immediate danger."""
    placement_hours: int = 24
    """For an officer to look at a referral that no lot can serve."""
    return_working_days: int = 10
    """From the end of a period until its return is late."""
    identity_days_after_closure: int = 30
    """Calendar days for which a provider still sees whose case it was, after closing it."""

    def content(self) -> dict[str, Any]:
        """The policy as plain data."""
        return asdict(self)

    def digest(self) -> str:
        """SHA-256 of the canonical content, hexadecimal."""
        return sha256(dumps(self.content(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def policy_from(content: dict[str, Any]) -> Policy:
    """The policy of a stored content. Raises ValueError naming what is wrong with it."""
    unknown = sorted(set(content) - set(Policy.__dataclass_fields__))
    if unknown:
        raise ValueError(f"The policy has fields that this version does not know: {', '.join(unknown)}.")
    policy = Policy(**content)
    missing = [band for band in BANDS if band not in policy.answer_days]
    if missing:
        raise ValueError(f"The policy states no time to answer for {', '.join(missing)}.")
    numbers = [*policy.answer_days.values(), *(v for k, v in content.items() if k != "answer_days")]
    if any(isinstance(number, bool) or not isinstance(number, int) or number < 0 for number in numbers):
        raise ValueError("Every figure of a policy is a whole number, 0 or more.")
    return policy
