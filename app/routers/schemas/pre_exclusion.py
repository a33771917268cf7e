"""Schools' pre-exclusion reviews in requests and answers."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.pre_exclusion import HeadsDecision, ReviewCause, ReviewFactor, ReviewOutcome
from app.routers.schemas.base import Code, In, LongText, Out, ShortText
from app.routers.schemas.types import Date

_EXAMPLE: Final[dict[str, Any]] = {
    "pupil": {"given_name": "Ada", "family_name": "Sampleton", "year_group": "8", "mis_id": "P-1"},
    "held_on": "2026-11-18",
    "cause": "two_suspensions_in_half_term",
    "pupil_voice": "Mornings are hard since we moved.",
    "factors": [{"code": "home_circumstances", "words": "The family moved in October."}],
    "support_exhausted": [{"what": "Mentor, six weeks", "until": "2026-10-23", "result": "He came twice."}],
}


class ReviewedPupilIn(In):
    """The pupil, as the school knows it."""

    given_name: ShortText
    family_name: ShortText
    year_group: Code
    mis_id: Code | None = None


class FactorIn(In):
    """One thing that was considered."""

    code: ReviewFactor
    words: LongText | None = None


class SupportIn(In):
    """Support that was tried already."""

    what: ShortText
    until: Date | None = None
    result: LongText | None = None


class ReviewIn(In):
    """A review that the school, or its trust, held before an exclusion."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    pupil: ReviewedPupilIn
    school_group_id: UUID | None = Field(None, description="The trust or alliance that held it.")
    referral_id: UUID | None = Field(None, description="Your referral that came of it, or led to it.")
    held_on: Date
    cause: ReviewCause
    cause_words: LongText | None = None
    pupil_voice: LongText | None = Field(None, description="What the pupil said, in the pupil's words.")
    pupil_voice_missing_reason: ShortText | None = Field(None, description="Why the pupil was not heard.")
    family_voice: LongText | None = None
    factors: list[FactorIn] = Field(max_length=20)
    support_exhausted: list[SupportIn] = Field(max_length=30)
    decision: HeadsDecision | None = Field(None, description="The head's.")
    decision_words: LongText | None = None
    decided_on: Date | None = None
    decided_by: ShortText | None = None
    governors_meet_on: Date | None = Field(None, description="Where a permanent exclusion is considered.")


class ReviewChangeIn(In):
    """What changes of a review. Only the fields that are sent change; a list is sent whole."""

    pupil: ReviewedPupilIn | None = None
    school_group_id: UUID | None = None
    referral_id: UUID | None = None
    held_on: Date | None = None
    cause: ReviewCause | None = None
    cause_words: LongText | None = None
    pupil_voice: LongText | None = None
    pupil_voice_missing_reason: ShortText | None = None
    family_voice: LongText | None = None
    factors: list[FactorIn] | None = Field(None, max_length=20)
    support_exhausted: list[SupportIn] | None = Field(None, max_length=30)
    decision: HeadsDecision | None = None
    decision_words: LongText | None = None
    decided_on: Date | None = None
    decided_by: ShortText | None = None
    governors_meet_on: Date | None = None

    @model_validator(mode="after")
    def _stays_whole(self) -> "ReviewChangeIn":
        always = {"pupil", "held_on", "cause", "factors", "support_exhausted"} & self.model_fields_set
        if any(getattr(self, name) is None for name in always):
            raise PydanticCustomError("null", "Pupil, day, cause, factors and support cannot be emptied.")
        return self


class ReviewOutcomeIn(In):
    """What became of a review."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "not_excluded", "outcome_on": "2026-11-20"}]})

    outcome: ReviewOutcome
    outcome_on: Date
    excluded_on: Date | None = Field(None, description="The first day of a permanent exclusion, rescinded or not.")
    words: LongText | None = None


class ReviewToPanelIn(In):
    """Why a review is put before a panel, and which: that of the school's area, or of the authority, unless told."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"words": "The school asks what else could be tried."}]})

    panel_id: UUID | None = None
    words: LongText


class ReviewedPupilOut(Out):
    """The pupil of a review."""

    given_name: str
    family_name: str
    year_group: str
    mis_id: str | None


class FactorOut(Out):
    """One thing that was considered."""

    code: ReviewFactor
    words: str | None


class SupportOut(Out):
    """Support that was tried already."""

    what: str
    until: date | None
    result: str | None


class ReviewOut(Out):
    """A pre-exclusion review: the school's own, and the authority's to read."""

    id: UUID
    reference: str
    version: int
    school_id: UUID
    school_group_id: UUID | None
    referral_id: UUID | None
    pupil: ReviewedPupilOut
    held_on: date
    cause: ReviewCause
    cause_words: str | None
    pupil_voice: str | None
    pupil_voice_missing_reason: str | None
    family_voice: str | None
    factors: list[FactorOut]
    support_exhausted: list[SupportOut]
    decision: HeadsDecision | None
    decision_words: str | None
    decided_on: date | None
    decided_by: str | None
    governors_meet_on: date | None
    outcome: ReviewOutcome | None
    outcome_on: date | None
    outcome_words: str | None
    excluded_on: date | None
    created_at: datetime
    updated_at: datetime
