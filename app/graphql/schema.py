"""The schema: Strawberry's types, finished for speed and for who sees what.

Strawberry builds the schema; here each field gets the resolver that its declaration asks for: a plain reader of a
row's column, a step along an edge, or the written method, each behind its field's group and rule.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import orjson
import strawberry
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.schema.config import StrawberryConfig

from app.access import Group
from app.graphql.documents import Documents
from app.graphql.executor import AHEAD, PLAIN, UNDECIDED
from app.graphql.ids import to_global
from app.graphql.prices import PRICE
from app.graphql.roots import Query
from app.graphql.rows import TYPES, Edge, Row
from app.graphql.types.outcomes import INTERFACE_OF, AttendanceOutcome, SuspensionsOutcome

_DECLARATION: Final = "strawberry-definition"
Resolve = Callable[..., Any]
Reader = Callable[[Any], Any]


def build() -> tuple[strawberry.Schema, GraphQLSchema]:
    """The schema as Strawberry knows it, and as it runs."""
    made = strawberry.Schema(
        query=Query,
        types=[*TYPES.values(), AttendanceOutcome, SuspensionsOutcome],
        config=StrawberryConfig(auto_camel_case=True),
    )
    running: GraphQLSchema = made._schema  # noqa: SLF001 - the schema that graphql-core runs
    for type_ in running.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLInterfaceType):
            type_.resolve_type = _type_of
        elif isinstance(type_, GraphQLObjectType):
            # Rows come from our own queries: asking each what it is would prove nothing.
            type_.is_type_of = None
            for field in type_.fields.values():
                _finish(type_, field)
    return made, running


def _type_of(value: Any, *_: Any) -> str:
    """The GraphQL type of a node or of an outcome's row."""
    if isinstance(value, Row):
        return value.type_name
    return INTERFACE_OF[type(value)]


def _finish(owner: GraphQLObjectType, field: GraphQLField) -> None:
    declared = field.extensions[_DECLARATION]
    metadata = declared.metadata
    group, rule = metadata.get("group"), metadata.get("rule")
    if "price" in metadata:
        field.extensions[PRICE] = metadata["price"]
    if declared.base_resolver is not None:
        field.resolve = _guarded(field.resolve, group, rule)  # type: ignore[arg-type]  # it has one
    elif "edge" in metadata:
        follow = _along(metadata["edge"])
        field.resolve = _guarded(lambda source, info: follow(source, info.context), group, rule)
        field.extensions[AHEAD] = _guarded_edge(follow, group, rule)
    else:
        reader = _guarded_reader(_reader(owner, field, declared), group)
        field.resolve = lambda source, _info: reader(source)
        # An enum's value is not yet its name; the library sees to that.
        if isinstance(get_named_type(field.type), GraphQLScalarType):
            field.extensions[PLAIN] = reader


def _along(way: Edge) -> Resolve:
    key, noun, by = attrgetter(way.key), way.noun, way.by

    def follow(source: Any, context: Any) -> Any:
        return context.one(noun, by).load(key(source))

    return follow


def _guarded_edge(follow: Resolve, group: Group | None, rule: str | None) -> Resolve:
    """As `_guarded`; where the rule would raise, the resolver is left to do so."""

    def guarded(source: Any, context: Any) -> Any:
        if group is not None and group not in source.sees:
            return None
        if rule is not None and not context.permits(rule):
            return UNDECIDED
        return follow(source, context)

    return guarded


def _guarded(resolve: Resolve, group: Group | None, rule: str | None) -> Resolve:
    """A resolver behind its field's group (null without it) and rule (an error without its scope, else null)."""
    if group is None and rule is None:
        return resolve

    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        if group is not None and group not in source.sees:
            return None
        if rule is not None and not info.context.may(rule):
            return None
        return resolve(source, info, **arguments)

    return guarded


def _guarded_reader(read: Reader, group: Group | None) -> Reader:
    if group is None:
        return read
    return lambda source: read(source) if group in source.sees else None


def _reader(owner: GraphQLObjectType, field: GraphQLField, declared: Any) -> Reader:
    """What reads a plain field from its source and finishes it for the JSON encoder."""
    name = declared.python_name
    if name == "id":
        type_name = owner.name
        return lambda source: to_global(type_name, source.id)
    if declared.metadata.get("record"):
        return lambda source: source[name]
    get: Reader = attrgetter(declared.metadata.get("column") or name)
    if declared.metadata.get("json"):
        return lambda source: _fragment(get(source))
    inner = field.type.of_type if is_non_null_type(field.type) else field.type
    if not is_list_type(inner) and getattr(inner, "name", "") == "UUID":
        return lambda source: _text(get(source))
    return get


def _fragment(text: str | None) -> orjson.Fragment | None:
    """A JSON column goes into the answer as it stands."""
    return None if text is None else orjson.Fragment(text)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


schema, SCHEMA = build()
DOCUMENTS: Final = Documents(SCHEMA)


def sdl() -> str:
    """The schema in the schema definition language, as `openapi/schema.graphql` holds it."""
    return schema.as_str() + "\n"
