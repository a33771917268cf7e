"""Who sees which field: every field of a type about a referral or a case names its group of facts, or cannot be made.

The table itself is `app.access.VISIBLE`. `FIELD_GROUPS` is the same knowledge as data, for tests to walk. A field that
the caller's part in the matter does not grant is null, whatever its row holds; the row policy stands below this and
decides first.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import strawberry
from strawberry.types import get_object_definition

from app.access import VISIBLE, Group, Principal, party_of

Type = TypeVar("Type", bound=type)
Method = TypeVar("Method", bound=Callable[..., Any])

FIELD_GROUPS: Final[dict[tuple[str, str], Group]] = {}
"""The group of every field of the types about referrals, pupils and cases, by (GraphQL type, Python field)."""

IDENTIFYING_GROUPS: Final = frozenset(
    {Group.IDENTITY, Group.STATUTORY, Group.NOTES, Group.CONCERNS, Group.SAFEGUARDING}
)
IDENTIFYING: Final[dict[str, frozenset[str]]] = {}
"""By type, the columns that tell who a family is, or what is written about it: who was given them is recorded."""


def groups_of(principal: Principal) -> frozenset[Group]:
    """What a caller sees of a row that its row policy lets it read: a provider reads a case only once it is its own."""
    return VISIBLE[party_of(principal.kind)]


def seen(group: Group, description: str | None = None, *, json: bool = False) -> Any:
    """A plain field of a case: a column of its row, which parties see that see the group. `json`: a JSON column."""
    return strawberry.field(description=description, metadata={"group": group, "json": json})


def resolved(
    description: str,
    *,
    name: str | None = None,
    group: Group | None = None,
    rule: str | None = None,
    price: int | None = None,
) -> Callable[[Method], Method]:
    """A field with a resolver: its group, the rule that it needs besides its parent's, and its own price if not 1."""
    metadata = {"group": group, "rule": rule, **({"price": price} if price is not None else {})}
    return cast("Callable[[Method], Method]", strawberry.field(name=name, description=description, metadata=metadata))


def plain(description: str | None = None, *, json: bool = False, column: str | None = None) -> Any:
    """A plain field of something that is no case: a column of its row."""
    return strawberry.field(description=description, metadata={"json": json, "column": column})


def record(description: str | None = None) -> Any:
    """A plain field of something that is a database record and nothing more."""
    return strawberry.field(description=description, metadata={"record": True})


def case_type(cls: Type) -> Type:
    """Register a type about a referral, a pupil or a case. Raises TypeError for a field that names no group."""
    definition = get_object_definition(cls, strict=True)
    for field in definition.fields:
        group = field.metadata.get("group")
        if not isinstance(group, Group):
            raise TypeError(f"{definition.name}.{field.python_name} says no Group: who may see it?")
        FIELD_GROUPS[definition.name, field.python_name] = group
    IDENTIFYING[definition.name] = frozenset(
        field.python_name
        for field in definition.fields
        if field.metadata["group"] in IDENTIFYING_GROUPS and field.is_basic_field and "edge" not in field.metadata
    )
    return cls
