"""Facts that ask for attention: what a rule of the policy found in a referral, and who looked at it."""

from datetime import date, datetime
from uuid import UUID

import orjson
import strawberry
from strawberry.scalars import JSON

from app.access import Group
from app.domain.attention import explained, state_of
from app.graphql.rows import Row, edge, of_noun
from app.graphql.types.schools import Organisation
from app.graphql.visibility import case_type, resolved, seen
from app.queries.graph import nouns

_ATTENDANCE, _DECISIONS = Group.ATTENDANCE, Group.DECISIONS


@case_type
@of_noun(nouns.ATTENTION)
@strawberry.type(description="What a rule found in the facts. It asks a person to look, and decides nothing.")
class Attention(Row):
    """A rule and a window."""

    rule_content: strawberry.Private[str]
    record_id: UUID | None = strawberry.field(metadata={"group": _ATTENDANCE, "column": "id"})
    rule_key: str | None = strawberry.field(name="rule", metadata={"group": _ATTENDANCE, "column": "rule"})
    window_key: str | None = seen(_ATTENDANCE, "A half-term, a term, a year, or dates.")
    starts_on: date | None = seen(_ATTENDANCE)
    ends_on: date | None = seen(_ATTENDANCE)
    figures: JSON | None = seen(_ATTENDANCE, "What was counted.", json=True)
    first_seen_at: datetime | None = seen(_ATTENDANCE)
    cleared_at: datetime | None = seen(_ATTENDANCE)
    cleared_because: str | None = seen(_ATTENDANCE, "`no_longer_true` or `closed`.")
    looked_at: datetime | None = seen(_ATTENDANCE)

    @resolved("`open`, `looked_at` or `cleared`.", group=_ATTENDANCE)
    def state(self) -> str | None:
        """Where it stands."""
        row = self.__dict__
        return state_of(cleared=row["cleared_at"] is not None, looked_at=row["looked_at"] is not None)

    @resolved("What the rule asks for: `flag`, `review_band`, `panel_agenda`.", group=_ATTENDANCE)
    def then(self) -> list[str] | None:
        """The rule's consequences."""
        asked: list[str] = orjson.loads(self.rule_content)["then"]
        return asked

    @resolved("What was found, in plain English.", group=_ATTENDANCE)
    def explanation(self) -> str | None:
        """As the sender reads it."""
        row = self.__dict__
        return explained(
            orjson.loads(self.rule_content), row["window_key"], row["ends_on"], orjson.loads(row["figures"])
        )


@case_type
@of_noun(nouns.ATTENTION_LOOK)
@strawberry.type(description="An officer's look at facts that asked for attention.")
class AttentionLook(Row):
    """Who looked, and what was decided."""

    organisation_id: strawberry.Private[UUID]
    rule_key: str | None = strawberry.field(name="rule", metadata={"group": _DECISIONS, "column": "rule"})
    window_keys: JSON | None = seen(_DECISIONS, json=True)
    looked_at: datetime | None = seen(_DECISIONS)
    looked_by_name: str | None = seen(_DECISIONS)
    looked_by_role: str | None = seen(_DECISIONS)
    decided: str | None = seen(_DECISIONS, "`no_change`, `band_changed`, `to_panel` or `other`.")
    note: str | None = seen(_DECISIONS)
    organisation: Organisation | None = edge("organisation", "organisation_id", group=_DECISIONS)
