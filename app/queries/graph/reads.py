"""The three statements that a graph is read with. Text is made from the nouns' own words; values are parameters."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from uuid import UUID

import asyncpg

from app.db import ReadSession
from app.queries.graph.nouns import Noun, Order


async def by_key(
    session: ReadSession, noun: Noun, keys: Sequence[UUID], names: frozenset[str]
) -> dict[UUID, asyncpg.Record]:
    """The rows with these keys that the caller may see, by key. Keys without one are absent."""
    rows = await session.rows(_by_key(noun, noun.columns(names)), session.authority_id, keys)
    return {row[noun.key]: row for row in rows}


@lru_cache(maxsize=512)
def _by_key(noun: Noun, columns: tuple[str, ...]) -> str:
    # A join with unnest: a generic plan misjudges `= ANY ($2)`.
    return (
        f"SELECT {_listed(columns)} FROM unnest($2::uuid[]) AS wanted (id)"  # noqa: S608 - our own names
        f" JOIN {noun.source} ON t.authority_id = $1 AND t.{noun.key} = wanted.id{_only(noun)}"
    )


async def children(
    session: ReadSession, noun: Noun, parent: str, keys: Sequence[UUID], *, first: int, names: frozenset[str]
) -> dict[UUID, list[asyncpg.Record]]:
    """Of each parent, its first children in the noun's order for that parent. Parents without any are absent."""
    rows = await session.rows(_children(noun, noun.columns(names), parent), session.authority_id, keys, first)
    found: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        found[row["parent_key"]].append(row)
    return found


@lru_cache(maxsize=512)
def _children(noun: Noun, columns: tuple[str, ...], parent: str) -> str:
    return (
        f"SELECT wanted.id AS parent_key, child.* FROM unnest($2::uuid[]) AS wanted (id) CROSS JOIN LATERAL"  # noqa: S608 - our own names
        f" (SELECT {_listed(columns)} FROM {noun.source} WHERE t.authority_id = $1 AND t.{parent} = wanted.id"
        f"{_only(noun)} ORDER BY {_ordered(noun.parents[parent])} LIMIT $3) child"
    )


async def page(
    session: ReadSession,
    noun: Noun,
    order: str,
    *,
    filters: Mapping[str, object],
    after: Sequence[object] | None,
    first: int,
    names: frozenset[str],
) -> list[asyncpg.Record]:
    """Rows of a list after a position: one more than `first` when there are further ones.

    `filters` are the noun's; raises KeyError for another.
    """
    own = noun.own.get(session.kind, "")
    text, switches = _page(noun, noun.columns(names), order, tuple(filters), own, after=after is not None)
    values = [value for name, value in filters.items() if name not in switches]
    if own:
        values.insert(0, session.organisation_id)
    return await session.rows(text, session.authority_id, first + 1, *values, *(after or ()))


@lru_cache(maxsize=2048)
def _page(
    noun: Noun, columns: tuple[str, ...], order: str, filters: tuple[str, ...], own: str, *, after: bool
) -> tuple[str, frozenset[str]]:
    """The statement, and those of the filters that take no value."""
    conditions = ["t.authority_id = $1"]
    switches = []
    position = 3
    if own:
        conditions.append(own.replace("{}", f"${position}"))
        position += 1
    for name in filters:
        condition = noun.filters[name]
        if "{}" in condition:
            conditions.append(condition.replace("{}", f"${position}"))
            position += 1
        else:
            conditions.append(condition)
            switches.append(name)
    sorting = noun.orders[order]
    if after:
        marks = ", ".join(f"${position + index}" for index in range(len(sorting.columns)))
        left = ", ".join(f"t.{column}" for column in sorting.columns)
        conditions.append(f"({left}) {'<' if sorting.descending else '>'} ({marks})")
    return (
        f"SELECT {_listed(columns)} FROM {noun.source} WHERE {' AND '.join(conditions)}{_only(noun)}"  # noqa: S608 - our own names
        f" ORDER BY {_ordered(sorting)} LIMIT $2",
        frozenset(switches),
    )


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(f't."{column}"' for column in columns)


def _ordered(order: Order) -> str:
    way = " DESC" if order.descending else ""
    return ", ".join(f"t.{column}{way}" for column in order.columns)


def _only(noun: Noun) -> str:
    return f" AND {noun.only}" if noun.only else ""
