"""The needs that a referral can name: a closed list, each said of the child, a parent or the family.

A need is a fact that a person states, never a score. Keys are stable and public; labels may be reworded.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class NeedAbout(StrEnum):
    """Whom a need is about."""

    CHILD = "child"
    PARENT = "parent"
    FAMILY = "family"


@dataclass(frozen=True, slots=True)
class Need:
    """One need: its key, a plain label, and whom it is about unless the referrer says otherwise."""

    key: str
    label: str
    usually_about: NeedAbout


_CHILD, _PARENT, _FAMILY = NeedAbout.CHILD, NeedAbout.PARENT, NeedAbout.FAMILY

NEEDS: Final = MappingProxyType(
    {
        need.key: need
        for need in (
            Need("attendance", "Coming to school", _CHILD),
            Need("anxiety_based_avoidance", "Avoiding school because of worry or distress", _CHILD),
            Need("behaviour_at_school", "Behaviour at school", _CHILD),
            Need("risk_of_exclusion", "Risk of suspension or permanent exclusion", _CHILD),
            Need("emotional_wellbeing", "Feelings and emotional wellbeing", _CHILD),
            Need("transition", "Starting or changing school", _CHILD),
            Need("early_years_development", "Development in the early years", _CHILD),
            Need("online_safety", "Safety and time online", _CHILD),
            Need("young_carer", "Caring for someone at home", _CHILD),
            Need("exploitation_risk", "Risk of being exploited outside the home", _CHILD),
            Need("family_relationships", "Getting on together at home", _FAMILY),
            Need("routines_and_boundaries", "Routines and boundaries at home", _FAMILY),
            Need("bereavement", "Bereavement or loss", _FAMILY),
            Need("domestic_abuse_recovery", "Recovering from domestic abuse", _FAMILY),
            Need("send_family_support", "Living with special educational needs or disability", _FAMILY),
            Need("housing", "Housing and the home", _FAMILY),
            Need("money", "Money, debt and benefits", _FAMILY),
            Need("social_isolation", "Few friends, family or services to turn to", _FAMILY),
            Need("substance_misuse_family", "Alcohol or drugs in the family", _FAMILY),
            Need("parenting_support", "Confidence and support as a parent", _PARENT),
            Need("parental_mental_health", "A parent's mental health", _PARENT),
            Need("parental_separation", "Parents living apart or in conflict", _PARENT),
        )
    }
)


def need_fault(value: str) -> str | None:
    """Return one plain sentence when a value is no need of the list, or None."""
    return None if value in NEEDS else "This is not a need of the list: use one of its keys, for example attendance."
