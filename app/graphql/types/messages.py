"""Messages between the parties of a referral."""

from datetime import datetime
from uuid import UUID

import strawberry

from app.access import Group
from app.graphql.context import Info
from app.graphql.rows import Row, edge, of_noun
from app.graphql.types.common import CHILDREN, First, children
from app.graphql.types.schools import Organisation
from app.graphql.visibility import case_type, resolved, seen
from app.queries.graph import nouns

_MESSAGES = Group.MESSAGES


@case_type
@of_noun(nouns.MESSAGE_READ)
@strawberry.type(description="That an organisation has read a message.")
class MessageRead(Row):
    """A mark."""

    organisation_id: strawberry.Private[UUID]
    read_at: datetime | None = seen(_MESSAGES)
    organisation: Organisation | None = edge("organisation", "organisation_id", group=_MESSAGES)


@case_type
@of_noun(nouns.MESSAGE)
@strawberry.type(description="A message, for those to whom it was addressed and who posted it.")
class Message(Row):
    """A message."""

    organisation_id: strawberry.Private[UUID]
    record_id: UUID | None = strawberry.field(metadata={"group": _MESSAGES, "column": "id"})
    addressed_to: list[str] | None = seen(_MESSAGES, "Parts in the referral, as they were then.")
    text: str | None = seen(_MESSAGES)
    posted_at: datetime | None = seen(_MESSAGES)
    posted_by: Organisation | None = edge("organisation", "organisation_id", group=_MESSAGES)

    @resolved("Who has read it, in the order in which they did.", group=_MESSAGES)
    def reads(self, info: Info, first: First = CHILDREN) -> list[MessageRead] | None:
        """The first marks."""
        return children(info, self, "message_read", "message_id", first)
