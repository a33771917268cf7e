"""The family's own words over the wire: for the provider of the case and the authority alone."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool

from app.access import Group, Party
from app.domain.family_words import ConsentBy, Speaker, WordsUse
from app.routers.schemas.base import In, LongText, Public, Seen, show
from app.routers.schemas.codes import Distinct
from app.routers.schemas.types import Date


class ConsentIn(In):
    """Who agreed that the words are kept, when, and for what."""

    given_by: ConsentBy
    on: Date
    uses: Annotated[list[WordsUse], Distinct] = Field(min_length=1, max_length=3)


class FamilyQuoteIn(In):
    """Somebody's own words, with consent. Without it they are not sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "whose": "parent",
                    "words": "We are calmer in the mornings now.",
                    "said_on": "2026-11-12",
                    "anonymous": True,
                    "consent": {"given_by": "parent", "on": "2026-11-12", "uses": ["service_improvement", "report"]},
                }
            ]
        }
    )

    whose: Speaker
    words: LongText
    said_on: Date
    anonymous: StrictBool = Field(True, description="Whether the words may only be shown without a name.")
    consent: ConsentIn

    def values(self) -> dict[str, Any]:
        """As the record keeps them."""
        told = self.model_dump(exclude={"consent"})
        return {
            **told,
            "consent_by": self.consent.given_by.value,
            "consent_on": self.consent.on,
            "uses": [use.value for use in self.consent.uses],
        }


class WithdrawWordsIn(In):
    """Consent taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"withdrawn_by": "parent", "on": "2026-11-19"}]})

    withdrawn_by: ConsentBy
    on: Date = Field(description="When the family said so.")


class ConsentOut(Seen):
    """The consent that the words are kept with."""

    given_by: Annotated[ConsentBy, Group.CASEWORK]
    on: Annotated[date, Group.CASEWORK]
    uses: Annotated[list[WordsUse], Group.CASEWORK]


class FamilyQuoteKept(Seen):
    """That somebody's words are kept, and how. The answer to keeping them is stored for retries: it has no words."""

    id: Annotated[UUID, Group.CASEWORK]
    intervention_id: Annotated[UUID, Group.CASEWORK]
    whose: Annotated[Speaker, Group.CASEWORK]
    said_on: Annotated[date, Group.CASEWORK]
    anonymous: Annotated[bool, Group.CASEWORK]
    consent: Annotated[ConsentOut, Group.CASEWORK]
    withdrawn_on: Annotated[date | None, Group.CASEWORK]
    withdrawn_by: Annotated[ConsentBy | None, Group.CASEWORK]
    recorded_at: Annotated[datetime, Group.CASEWORK]
    version: Annotated[int, Public, Field(description="The number in the ETag.")]


class FamilyQuoteOut(FamilyQuoteKept):
    """Somebody's own words."""

    words: Annotated[str | None, Group.CASEWORK, Field(description="Null once consent was taken back.")]


def quote_as_seen(model: type[FamilyQuoteKept], row: dict[str, Any], party: Party) -> dict[str, Any]:
    """A quote's row as a party sees it, with its words or without."""
    consent = {"given_by": row["consent_by"], "on": row["consent_on"], "uses": row["uses"]}
    return show(model, party, {**row, "consent": consent})
