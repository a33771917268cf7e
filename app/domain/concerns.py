"""Urgent concerns: their kinds, to whom each goes, and what can have been done about one.

Working together to safeguard children (2023) and Keeping children safe in education (part 4) tell the two apart: a
child at risk goes to the school's designated safeguarding lead and to children's social care, an allegation about
somebody who works with children to the authority's designated officer, of whom alone the employer hears of it.
"""

from enum import StrEnum
from typing import Final
from uuid import UUID


class ConcernKind(StrEnum):
    """What is feared."""

    CHILD_AT_RISK = "child_at_risk"
    ALLEGATION_ABOUT_WORKER = "allegation_about_worker"


class ConcernState(StrEnum):
    """How far it has come, as far as whoever asks may know."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class ConcernActKind(StrEnum):
    """The two acts of whoever a concern went to."""

    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class ConcernAction(StrEnum):
    """What was done."""

    SPOKE_WITH_RAISER = "spoke_with_raiser"
    FAMILY_SPOKEN_TO = "family_spoken_to"
    REFERRED_TO_SOCIAL_CARE = "referred_to_social_care"
    STRATEGY_DISCUSSION = "strategy_discussion"
    POLICE_INFORMED = "police_informed"
    EMPLOYER_INFORMED = "employer_informed"
    THRESHOLD_NOT_MET = "threshold_not_met"
    NO_FURTHER_ACTION = "no_further_action"
    OTHER = "other"


NOTICE: Final = (
    "This is recorded, and whoever has to act on it has been told. If a child is in immediate danger call the police on"
    " 999 now. Do not wait for an answer here: speak to the authority's safeguarding hub."
)


def recipient_of(
    kind: ConcernKind, raised_by: UUID, *, school_id: UUID | None, school_has_lead: bool, authority_id: UUID
) -> UUID:
    """The organisation that has to act: a child at risk is its school's where that names a safeguarding lead.

    What the school raises itself, and every allegation, is the authority's.
    """
    schools = kind is ConcernKind.CHILD_AT_RISK and school_has_lead and school_id != raised_by
    if schools and school_id is not None:
        return school_id
    return authority_id


def state_of(acts: frozenset[ConcernActKind]) -> ConcernState:
    """The state that its acts make."""
    if ConcernActKind.CLOSED in acts:
        return ConcernState.CLOSED
    return ConcernState.ACKNOWLEDGED if acts else ConcernState.RAISED
