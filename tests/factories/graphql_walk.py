"""Queries that ask for every field of the GraphQL schema, a few levels deep, made from the schema itself."""

from fastapi import FastAPI
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

DEPTH = 5
# What a required argument is given.
ARGUMENTS = {
    "measure": "ATTENDANCE",
    "groupBy": "NONE",
    "first": "50",
}


def everything(app: FastAPI) -> list[str]:
    """One query per root: all its scalars, and those of what hangs on it, cycles left out."""
    from app.graphql.schema import schema

    query = schema._schema.query_type
    assert query is not None
    result = []
    for name, root in query.fields.items():
        if name in ("node", "nodes"):
            continue
        text = selection(root, DEPTH, (query.name,))
        result.append(f"{{ {name}{arguments(root)}{text} }}")
    return result


def arguments(field: GraphQLField) -> str:
    given = []
    for name, argument in field.args.items():
        if isinstance(argument.type, GraphQLNonNull) and argument.default_value in (None, ...):
            kind = get_named_type(argument.type)
            value = ARGUMENTS.get(name)
            if value is None and isinstance(kind, GraphQLEnumType):
                value = next(iter(kind.values))
            if value is None and not argument_has_default(argument):
                raise AssertionError(f"the walk knows no value for the argument {name}")
            if value is not None:
                given.append(f"{name}: {value}")
        elif name == "first":
            given.append("first: 3")
    return f"({', '.join(given)})" if given else ""


def argument_has_default(argument: object) -> bool:
    from graphql import Undefined

    return getattr(argument, "default_value", Undefined) is not Undefined


def selection(field: GraphQLField, depth: int, path: tuple[str, ...]) -> str:
    kind = get_named_type(field.type)
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        return ""
    if depth == 0 or path.count(kind.name) > 0:
        return " { __typename }"
    parts = ["__typename"]
    for name, inner in getattr(kind, "fields", {}).items():
        if inner.args and any(
            isinstance(a.type, GraphQLNonNull) and not argument_has_default(a) for a in inner.args.values()
        ):
            continue
        parts.append(f"{name}{arguments(inner)}{selection(inner, depth - 1, (*path, kind.name))}")
    return " { " + " ".join(parts) + " }"
