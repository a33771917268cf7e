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
        for text in selections(root, DEPTH, (query.name,)):
            result.append(f"{{ {name}{arguments(root)}{text} }}")
    return result


LONGEST = 12_000
"""Characters of a query from which it is asked in parts: the service takes so many tokens at once."""


def selections(field: GraphQLField, depth: int, path: tuple[str, ...]) -> list[str]:
    """What `selection` asks for, in as many parts as it takes for none to be too long."""
    whole = selection(field, depth, path)
    if len(whole) <= LONGEST:
        return [whole]
    kind = get_named_type(field.type)
    parts: list[str] = []
    scalars: list[str] = []
    for name, inner in getattr(kind, "fields", {}).items():
        for text in selections(inner, depth - 1, (*path, kind.name)) if asks_nothing(inner) else ():
            asked = f"{name}{arguments(inner)}{text}"
            (parts if text else scalars).append(asked)
    together: list[list[str]] = [["__typename", *scalars]]
    for part in parts:
        if sum(map(len, together[-1])) + len(part) > LONGEST:
            together.append(["__typename"])
        together[-1].append(part)
    # The same field twice in one selection would have to ask for the same things.
    return [" { " + " ".join(group) + " }" for group in apart(together)]


def apart(groups: list[list[str]]) -> list[list[str]]:
    """The groups, with fields that stand in one of them more than once moved into groups of their own."""
    result: list[list[str]] = []
    for group in groups:
        now: dict[str, str] = {}
        for asked in group:
            name = asked.split(" ", 1)[0].split("(", 1)[0]
            if name in now and " { " in asked:
                result.append(["__typename", asked])
            else:
                now[name] = asked
        result.append(list(now.values()))
    return result


def asks_nothing(field: GraphQLField) -> bool:
    """Whether a field can be asked for without stating an argument."""
    return not any(isinstance(a.type, GraphQLNonNull) and not argument_has_default(a) for a in field.args.values())


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
        if not asks_nothing(inner):
            continue
        parts.append(f"{name}{arguments(inner)}{selection(inner, depth - 1, (*path, kind.name))}")
    return " { " + " ".join(parts) + " }"
