"""Types whose fields are the columns of a row, and the edges between them.

A type is bound to its noun by `of_noun`; its instances are made straight from the rows that the noun's queries give.
Edges are declared, not written: where they lead and which column holds the key is data, so that a page can load what
its edges ask for together with itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, TypeVar
from uuid import UUID

import strawberry

from app.access import Group, Principal
from app.graphql.visibility import groups_of
from app.queries.graph import Noun

RowType = TypeVar("RowType", bound="type[Row]")

TYPES: Final[dict[str, "type[Row]"]] = {}
"""The type of every noun, by the noun's name."""


class Row:
    """An instance holds its row's columns as attributes, and `sees`, the groups that the caller may see of it."""

    noun: ClassVar[Noun]
    rule: ClassVar[str | None]
    type_name: ClassVar[str]
    sees: frozenset[Group]

    @property
    def key(self) -> UUID:
        """By which the row is known."""
        found: UUID = self.__dict__[self.noun.key]
        return found

    @classmethod
    def of(cls, record: Mapping[str, Any], principal: Principal) -> Self:
        """An instance made from a row."""
        made = cls.__new__(cls)
        values = made.__dict__
        values.update(record.items())
        values["sees"] = cls.groups(record, principal)
        return made

    @classmethod
    def groups(cls, _record: Mapping[str, Any], principal: Principal) -> frozenset[Group]:
        """What the caller may see of this row."""
        return groups_of(principal)


@strawberry.interface(description="Anything that has an id of its own in the graph.")
class Node:
    """The Relay node. `id` and `record_id` are filled in when the schema is finished."""

    id: strawberry.ID = strawberry.field(
        description="The global id: opaque, unique in the whole graph.", metadata={"group": Group.PUBLIC}
    )
    record_id: UUID = strawberry.field(
        description="The id that the REST routes use.", metadata={"group": Group.PUBLIC, "column": "id"}
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """Where an edge leads: to the row of `noun` whose `by` column (its key unless told) is our `key` attribute."""

    noun: str
    key: str
    by: str | None = None


def edge(
    noun: str,
    key: str,
    *,
    by: str | None = None,
    group: Group | None = None,
    rule: str | None = None,
    description: str | None = None,
) -> Any:
    """A field that leads to one other row; the latest one where several have our key in their `by` column."""
    metadata = {"edge": Edge(noun, key, by), "group": group, "rule": rule}
    return strawberry.field(description=description, metadata=metadata)


def of_noun(noun: Noun, *, rule: str | None = None) -> Any:
    """Bind a type to its noun. `rule` is what `node(id:)` asks of a caller before it looks for such a row."""

    def bind(cls: RowType) -> RowType:
        cls.noun = noun
        cls.rule = rule
        cls.type_name = cls.__strawberry_definition__.name  # type: ignore[attr-defined]  # made by strawberry.type
        TYPES[noun.name] = cls
        return cls

    return bind
