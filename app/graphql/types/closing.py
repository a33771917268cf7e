"""What a case leaves behind: how goals went, signposts, the family's own words, and the timeline of its referral."""

from datetime import date, datetime
from uuid import UUID

import orjson
import strawberry
from strawberry.scalars import JSON

from app.access import Group
from app.domain.timeline import links, sentence
from app.graphql.rows import Row, edge, of_noun
from app.graphql.types.schools import Organisation
from app.graphql.types.supply import Practitioner
from app.graphql.visibility import case_type, resolved, seen
from app.queries.graph import nouns

_PUBLIC, _PROGRESS, _CASEWORK = Group.PUBLIC, Group.PROGRESS, Group.CASEWORK


@case_type
@of_noun(nouns.GOAL_PROGRESS)
@strawberry.type(description="What somebody said of a goal on a day.")
class GoalProgress(Row):
    """An entry."""

    goal_title: str | None = seen(_PROGRESS, "The goal's words when it was recorded.")
    said_on: date | None = seen(_PROGRESS)
    said_by: str | None = seen(_PROGRESS, "A part, such as `parent_or_carer`; never a name.")
    words: str | None = seen(_PROGRESS)
    recorded_at: datetime | None = seen(_PROGRESS)


@case_type
@of_noun(nouns.SIGNPOST)
@strawberry.type(description="A service that the family was pointed to, and whether it went there.")
class SignpostRecord(Row):
    """A signpost. The school is given none that is for a parent alone."""

    record_id: UUID | None = strawberry.field(metadata={"group": _PROGRESS, "column": "id"})
    name: str | None = seen(_PROGRESS)
    kind: str | None = seen(_PROGRESS)
    url: str | None = seen(_PROGRESS)
    service_id: UUID | None = seen(_PROGRESS, "One of the authority's own services, if it is one.")
    signposted_on: date | None = seen(_PROGRESS)
    for_whom: str | None = seen(_PROGRESS, "`child`, `parent` or `family`.")
    taken_up: str | None = seen(_PROGRESS, "`yes`, `no` or `unknown`.")
    why_not: str | None = seen(_PROGRESS)
    followed_up_on: date | None = seen(_PROGRESS)
    recorded_at: datetime | None = seen(_PROGRESS)


@case_type
@of_noun(nouns.FAMILY_QUOTE)
@strawberry.type(description="The family's own words, kept with consent.")
class FamilyQuote(Row):
    """A quote."""

    record_id: UUID | None = strawberry.field(metadata={"group": _CASEWORK, "column": "id"})
    whose: str | None = seen(_CASEWORK, "`child`, `parent` or `other`.")
    words: str | None = seen(_CASEWORK, "Null once consent was taken back.")
    said_on: date | None = seen(_CASEWORK)
    anonymous: bool | None = seen(_CASEWORK)
    consent_by: str | None = seen(_CASEWORK)
    consent_on: date | None = seen(_CASEWORK)
    uses: list[str] | None = seen(_CASEWORK)
    withdrawn_on: date | None = seen(_CASEWORK)


@case_type
@of_noun(nouns.TIMELINE_ENTRY)
@strawberry.type(description="One act on a referral, as an event that the caller was told of.")
class TimelineEntry(Row):
    """An entry."""

    organisation_id: strawberry.Private[UUID]
    practitioner_id: strawberry.Private[UUID | None]
    data: strawberry.Private[str]
    record_id: UUID = strawberry.field(metadata={"group": _PUBLIC, "column": "id"})
    type: str = seen(_PUBLIC)
    occurred_at: datetime = seen(_PUBLIC, "Business time.")
    subject_kind: str = seen(_PUBLIC)
    subject_id: UUID = seen(_PUBLIC)
    subject_version: int = seen(_PUBLIC)
    organisation: Organisation | None = edge("organisation", "organisation_id", group=_PUBLIC)
    practitioner: Practitioner | None = edge("practitioner", "practitioner_id", group=_CASEWORK)

    @resolved("What happened, in plain English, without a name.", group=_PUBLIC)
    def sentence(self) -> str | None:
        """Made from the event's type and data."""
        return sentence(self.type, orjson.loads(self.data))

    @resolved("The ids of what it names, such as `contact_id`.", group=_PUBLIC)
    def links(self) -> JSON | None:
        """The ids alone."""
        return JSON(links(orjson.loads(self.data)))
